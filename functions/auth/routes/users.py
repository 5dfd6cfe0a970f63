"""Administration of accounts; administrators only."""

from functions.auth.schemas.contract_b import AccountOut, ActivityBody, ApprovalBody, ListQuery
from functions.auth.usecases import administration
from functions.auth.usecases.dependencies import AuthDeps
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import ADMINISTRATORS, Call, Page, Routes

routes = Routes[AuthDeps]("auth", Family.ENVELOPE)


@routes.get("/users", list[AccountOut], query=ListQuery, audience=ADMINISTRATORS)
def list_users(call: Call[None], deps: AuthDeps) -> Page:
    """List all accounts, newest first."""
    accounts, cursor = administration.list_accounts(
        deps, call.actor, call.query.to_filters(), call.query.page_request()
    )
    return Page([AccountOut.from_domain(account) for account in accounts], cursor)


@routes.get("/users/{user_id}", AccountOut, audience=ADMINISTRATORS)
def read_user(call: Call[None], deps: AuthDeps) -> AccountOut:
    """Read one account."""
    return AccountOut.from_domain(administration.read_account(deps, call.actor, call.path["user_id"]))


@routes.patch("/users/{user_id}", AccountOut, ActivityBody, audience=ADMINISTRATORS)
def change_user(call: Call[ActivityBody], deps: AuthDeps) -> AccountOut:
    """Deactivate an account, which ends its sessions at once, or reactivate it."""
    active = call.body.is_active
    return AccountOut.from_domain(administration.set_active(deps, call.actor, call.path["user_id"], active=active))


@routes.delete("/users/{user_id}", MessageOut, audience=ADMINISTRATORS)
def remove_user(call: Call[None], deps: AuthDeps) -> MessageOut:
    """Remove an account; its names are free again. One that was interrupted may be sent again."""
    administration.remove_account(deps, call.actor, call.path["user_id"])
    return MessageOut(message="Account removed")


@routes.post("/users/{user_id}/approval", AccountOut, ApprovalBody, audience=ADMINISTRATORS)
def approve(call: Call[ApprovalBody], deps: AuthDeps) -> AccountOut:
    """Approve a doctor, hospital or lab, or refuse; the reason is kept, and shown to whom it is about."""
    return AccountOut.from_domain(
        administration.decide_approval(deps, call.actor, call.path["user_id"], call.body.to_command())
    )


@routes.delete("/users/{user_id}/one-time-password", MessageOut, audience=ADMINISTRATORS)
def reset_one_time_password(call: Call[None], deps: AuthDeps) -> MessageOut:
    """Turn off the one-time passwords of another account, whose owner has neither phone nor recovery codes."""
    administration.turn_off_one_time_password(deps, call.actor, call.path["user_id"])
    return MessageOut(message="One-time passwords are off")
