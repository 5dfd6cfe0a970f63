"""What operators do to a deployed stack, local or on AWS: create an administrator, rotate the token keys."""

import json
import os
import secrets
from collections.abc import Mapping

import boto3
from pydantic import TypeAdapter, ValidationError

from functions.auth.schemas.fields import Email
from infra.errors import UserError
from infra.local.clients import environment
from infra.local.paths import STACK_FILE, STACK_NAME
from infra.local.stack import find_stack
from scanward.clock import fresh_id, now
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.ids import parse_id
from scanward.domain.tokens import ANNOUNCEMENT_SECONDS, SigningKey, rotate_token_keys
from scanward.errors import NotFound
from scanward.security.passwords import hash_password
from scanward.stores.accounts import AccountStore
from scanward.stores.secrets import PseudonymKeyStore, read_token_keys, write_token_keys


def outputs() -> Mapping[str, str]:
    """Return the stack's outputs; clients made from now on speak to its cloud. Raises UserError."""
    if os.environ.get("CLOUD") == "aws":
        return _on_aws(os.environ.get("STACK") or STACK_NAME)
    try:
        endpoint = json.loads(STACK_FILE.read_text())["endpoint_url"]
    except (OSError, ValueError, KeyError) as missing:
        raise UserError("There is no local stack.", "make run, or CLOUD=aws for the one on AWS") from missing
    os.environ.update(environment(endpoint))
    stack = find_stack(endpoint)
    if stack is None:
        raise UserError(f"No stack answers at {endpoint}.", "make run")
    return stack.outputs


def _on_aws(name: str) -> Mapping[str, str]:
    stack = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def create_administrator(accounts_table: str, email: str) -> str:
    """Add an administrator and give its random password.

    `AWS_ENDPOINT_URL` says which cloud holds the table. Raises AlreadyTaken when the email is in use, and
    UserError for what is none: no login would work with it, and it would count as an administrator.
    """
    try:
        TypeAdapter[str](Email).validate_python(email)
    except ValidationError as error:
        raise UserError("That is no email address.", "make admin EMAIL=ada@example.org") from error
    password, when = secrets.token_urlsafe(15), now()
    account = accounts.register(
        id=fresh_id(when), role=Role.ADMIN, names=Names(email=email), profile=Profile(), now=when
    )
    AccountStore(accounts_table).add(account, hash_password(password))
    return password


def rotate_keys(secret: str, now: int) -> str:
    """Add a key that signs after the notice, and retires the others; its id. No session ends.

    Raises Unavailable.
    """
    keys = read_token_keys(secret)
    fresh = SigningKey(f"k{now}", secrets.token_urlsafe(48))
    write_token_keys(secret, rotate_token_keys(keys, fresh, now))
    return fresh.id


def rotate_pseudonyms(scans_table: str, account: str) -> None:
    """Have the next de-identified copies of an account made under another key. Raises UserError, Unavailable."""
    try:
        account_id = parse_id(account)
    except NotFound as error:
        raise UserError("This is no account's id.", "Name the one that GET /users/ shows.") from error
    PseudonymKeyStore(scans_table).forget(account_id)


def announcement() -> str:
    """Return when a new key begins to sign, in words."""
    return f"in {ANNOUNCEMENT_SECONDS // 60} minutes"
