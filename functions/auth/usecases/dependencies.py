"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.security.attempts import Attempts
from scanward.security.tokens import Tokens
from scanward.stores.account_lists import AccountLists
from scanward.stores.accounts import AccountStore
from scanward.stores.gate import GateStore


@dataclass(frozen=True, slots=True)
class Auth:
    """`now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    lists: AccountLists
    gate: GateStore
    tokens: Tokens
    attempts: Attempts
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
