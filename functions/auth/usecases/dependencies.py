"""What the use-cases work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import LoginRateLimiter
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore
from scanward.stores.identity.account_lists import AccountListStore
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.mail import MailQueue
from scanward.stores.queues import PersonalDataQueue
from scanward.stores.s3 import ProfilePictures
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class AuthDeps:
    """`authenticator` is for tokens that come in a body. `now` and `fresh_id` are where time and chance come from."""

    accounts: AccountStore
    lists: AccountListStore
    sessions: SessionStore
    authenticator: Authenticator
    tokens: Tokens
    login_limiter: LoginRateLimiter
    mails: MailQueue
    undo_tokens: UndoTokenStore
    pictures: ProfilePictures
    personal_data: PersonalDataQueue
    access: Access
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]
