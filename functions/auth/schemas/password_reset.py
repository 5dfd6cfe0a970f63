"""Bodies of a password reset."""

from typing import Annotated

from pydantic import StringConstraints

from functions.auth.schemas.fields import Email, NewPassword
from scanward.domain.claims import MAX_TOKEN_LENGTH
from scanward.web.fields import Body


class ResetBody(Body):
    """`POST /auth/password-reset`."""

    email: Email


class NewPasswordBody(Body):
    """`POST /auth/password-reset/confirm`. `token`: the one that was mailed."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TOKEN_LENGTH)]
    password: NewPassword
