"""A new password for an account whose owner forgot the old one, by a token that only goes to the owner's inbox."""

from dataclasses import replace

from functions.auth.usecases.credentials import AccountChange, set_password_by_mail, write_change
from functions.auth.usecases.dependencies import AuthDeps
from scanward.domain.tokens import Claims, TokenType, password_fingerprint
from scanward.errors import NotAuthenticated
from scanward.security import passwords
from scanward.stores.accounts import Credentials
from scanward.stores.mail import ResetRequest


class InvalidResetToken(NotAuthenticated):
    """A reset token that does not hold, whatever is wrong with it."""

    message = "Invalid reset token"


def request_reset(deps: AuthDeps, address: str, email: str) -> None:
    """Have a mail sent if the email is an account's, and do not tell: known or unknown, the work here is the same.

    Raises TooManyRequests for an address that calls too often.
    """
    deps.login_limiter.count_call(address, "")
    deps.mails.enqueue_reset(ResetRequest(email, deps.login_limiter.network_mark(address)))


def confirm_reset(deps: AuthDeps, address: str, token: str, password: str) -> None:
    """Set a new password, which ends all sessions and the token.

    Raises InvalidResetToken, TooManyRequests, Conflict.
    """
    deps.login_limiter.count_call(address, "")
    try:
        claims = deps.tokens.verify(token, TokenType.RESET)
    except NotAuthenticated as error:
        raise InvalidResetToken from error
    _account_of(deps, claims)
    password_hash = passwords.hash_password(password)

    def with_password(before: Credentials) -> Credentials:
        account = replace(before.account, updated_at=deps.now())
        return set_password_by_mail(before, account, password_hash)

    # If the password was changed meanwhile, the token is over.
    write_change(deps, AccountChange(lambda: _account_of(deps, claims), with_password, ends_sessions=True))


def _account_of(deps: AuthDeps, claims: Claims) -> Credentials:
    credentials = deps.accounts.get(claims.account_id)
    if credentials is None or not credentials.account.is_active:
        raise InvalidResetToken
    if password_fingerprint(credentials.password_hash, credentials.account.names.email) != claims.session_id:
        raise InvalidResetToken
    return credentials
