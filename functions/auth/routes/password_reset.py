"""A new password by mail, in the envelope family."""

from functions.auth.routes.envelope import FORMS
from functions.auth.schemas.password_reset import NewPasswordBody, ResetBody
from functions.auth.usecases import password_reset
from functions.auth.usecases.dependencies import Auth
from scanward.web.call import Call
from scanward.web.families import Family
from scanward.web.messages import MessageOut
from scanward.web.routes import PUBLIC, Routes

routes = Routes[Auth]("auth", Family.ENVELOPE)
ASKED = "If the address is that of an account, a mail is on its way"


@routes.post("/auth/password-reset", MessageOut, ResetBody, audience=PUBLIC, media=FORMS)
def ask(call: Call[ResetBody], auth: Auth) -> MessageOut:
    """Ask for a mail to set a new password with; the answer is the same whether or not the address is known."""
    password_reset.ask(auth, call.address, call.body.email)
    return MessageOut(message=ASKED)


@routes.post("/auth/password-reset/confirm", MessageOut, NewPasswordBody, audience=PUBLIC, media=FORMS)
def confirm(call: Call[NewPasswordBody], auth: Auth) -> MessageOut:
    """Set a new password with the token from the mail, once; all sessions end."""
    password_reset.confirm(auth, call.address, call.body.token, call.body.password)
    return MessageOut(message="Password changed")
