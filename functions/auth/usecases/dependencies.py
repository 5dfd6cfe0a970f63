"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.security.access import Access
from scanward.security.attempts import Attempts
from scanward.security.gate import Gate
from scanward.security.tokens import Tokens
from scanward.stores.account_lists import AccountLists
from scanward.stores.accounts import AccountStore
from scanward.stores.gate import GateStore
from scanward.stores.mail_queue import MailQueue
from scanward.stores.own_data_queue import OwnDataQueue
from scanward.stores.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Auth:
    """`entry` is for tokens that come in a body. `now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    lists: AccountLists
    gate: GateStore
    entry: Gate
    tokens: Tokens
    attempts: Attempts
    mails: MailQueue
    pictures: Pictures
    own_data: OwnDataQueue
    access: Access
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
