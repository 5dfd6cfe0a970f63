"""Care links as tests need them: there, without a token that was handed out and spent."""

from scanward.domain.care import CareLink
from scanward.stores.care import CareLinkStore, write_link
from scanward.stores.dynamo import transact_write
from tests.support.cloud import TABLES


def keep_link(link: CareLink) -> None:
    """Let a professional in who was not let in before."""
    CareLinkStore(TABLES["CLINIC_TABLE"])  # which binds the items
    transact_write(lambda write: write_link(write, link))
