"""Who is there at all."""

from functions.records.usecases.dependencies import Clinic
from scanward.domain.accounts import Actor
from scanward.errors import NotFound


def require_known(clinic: Clinic, actor: Actor, account_id: int) -> None:
    """Raises NotFound to administrators for who is not there; to everybody else such an account is a stranger's.

    Without it they would be shown empty lists of nobody, and nobody would have an access log.
    """
    if actor.is_admin and clinic.accounts.get(account_id) is None:
        raise NotFound
