"""Turning one-time passwords on and off for one's own account."""

from dataclasses import dataclass, replace

from functions.auth.usecases.credentials import AccountChange, write_change
from functions.auth.usecases.dependencies import AuthDeps
from functions.auth.usecases.own_account import get_own, require_password
from functions.auth.usecases.sessions import spend_code
from scanward.domain.accounts import Account, Actor
from scanward.domain.one_time_passwords import OneTimePassword
from scanward.errors import Conflict, InvalidFields, InvalidOneTimePassword
from scanward.security.authentication import AuthContext
from scanward.security.one_time_passwords import (
    enrolment_uri,
    find_step,
    hash_recovery_code,
    new_recovery_codes,
    new_secret,
)
from scanward.stores.accounts import Credentials


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app makes codes from, and the same as a URI that it scans."""

    secret: str
    uri: str


def read_own(deps: AuthDeps, actor: Actor) -> OneTimePassword | None:
    """Return the caller's one-time passwords; None while they are off."""
    credentials = get_own(deps, actor)
    return credentials.one_time_password if credentials.has_one_time_password else None


def begin_enrolment(deps: AuthDeps, actor: Actor, address: str, password: str) -> Enrolment:
    """Return a new secret, in place of any that no code has confirmed.

    Raises InvalidFields for a wrong password, TooManyRequests, Conflict when one-time passwords are on.
    """
    deps.login_limiter.count_call(address, str(actor.account_id))
    secret = new_secret()

    def with_secret(before: Credentials) -> Credentials:
        if before.has_one_time_password:
            raise Conflict("One-time passwords are on already")
        return replace(before, one_time_password=OneTimePassword(secret))

    _, account = write_change(
        deps,
        AccountChange(
            lambda: require_password(deps, actor, address, {"password": password}),
            with_secret,
            ends_sessions=False,
            caller=actor.session_id,
        ),
    )
    return Enrolment(secret, enrolment_uri(secret, _label(account)))


def _label(account: Account) -> str:
    return account.names.email or account.names.username or str(account.id)


def confirm_enrolment(deps: AuthDeps, auth: AuthContext, address: str, code: str) -> tuple[str, ...]:
    """Turn one-time passwords on by a first code, and return the recovery codes; all other sessions end.

    They were opened without a code. Raises InvalidFields for a wrong one, TooManyRequests, Conflict when no enrolment
    has begun.
    """
    actor = auth.actor
    deps.login_limiter.count_call(address, str(actor.account_id))
    recovery_codes = new_recovery_codes()

    def with_one_time_password(before: Credentials) -> Credentials:
        pending = before.one_time_password
        if pending is None or pending.is_on:
            raise Conflict("No enrolment has begun")
        step = find_step(pending.secret, code, deps.now())
        if step is None:
            raise _wrong_code(deps, actor, address)
        one_time_password = OneTimePassword(
            pending.secret, deps.now(), step, tuple(hash_recovery_code(code) for code in recovery_codes)
        )
        account = replace(before.account, updated_at=deps.now())
        return replace(before, account=account, one_time_password=one_time_password)

    write_change(
        deps,
        AccountChange(
            lambda: get_own(deps, actor),
            with_one_time_password,
            ends_sessions=True,
            caller=actor.session_id,
            survivor=auth.session,
        ),
    )
    return recovery_codes


def turn_off(deps: AuthDeps, actor: Actor, address: str, password: str, code: str) -> None:
    """Turn one-time passwords off, by the password and a code or recovery code.

    Raises InvalidFields for a wrong one of them, TooManyRequests, Conflict when they are off.
    """
    deps.login_limiter.count_call(address, str(actor.account_id))
    credentials = require_password(deps, actor, address, {"password": password})
    if not credentials.has_one_time_password:
        raise Conflict("One-time passwords are off already")
    try:
        spend_code(deps, credentials, code)
    except InvalidOneTimePassword as wrong:
        raise _wrong_code(deps, actor, address) from wrong

    def without_one_time_password(before: Credentials) -> Credentials:
        return replace(before, account=replace(before.account, updated_at=deps.now()), one_time_password=None)

    write_change(
        deps,
        AccountChange(
            lambda: get_own(deps, actor), without_one_time_password, ends_sessions=False, caller=actor.session_id
        ),
    )


def _wrong_code(deps: AuthDeps, actor: Actor, address: str) -> InvalidFields:
    """Count the failure, and return what it is answered."""
    deps.login_limiter.count_failure(address, str(actor.account_id))
    return InvalidFields({"one_time_password": ["This is not a code of yours, or it was used before."]})
