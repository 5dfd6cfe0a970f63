"""The routes of accounts: one's own, and those of others, which are for administrators."""

from functools import partial
from typing import Any

from tests.contracts.policy.belongings import Target
from tests.contracts.policy.requests import get, of, send
from tests.contracts.policy.rows import ADMINISTRATORS, Row, always
from tests.support.client import ApiClient, Reply
from tests.support.people import numbers

PUBLIC = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/password-reset",
    "POST /auth/password-reset/confirm",
    "POST /auth/undo",
    "POST /api/register",
    "POST /api/login",
    "POST /api/token/refresh",
    "POST /api/user/register",
    "POST /api/doctor/register",
    "POST /api/hospital/register",
    "POST /api/labo/register",
    "POST /api/user/login",
    "POST /api/doctor/login",
    "POST /api/hospital/login",
    "POST /api/labo/login",
}


def address(_: Target) -> dict[str, Any]:
    return {"email": f"{next(numbers)}@example.org"}


def refresh(client: ApiClient, _: Target) -> Reply:
    """With a token that is for something else."""
    return client.send("POST", "/auth/refresh-token")


Own = partial(Row, about_patients=False)
ROWS = (
    Own("POST /auth/refresh-token", refresh, always(401)),
    Own(
        "POST /auth/password",
        send("POST", "/auth/password", {"old_password": "wrong", "new_password": "battery staple"}),
        always(422),
    ),
    Own("POST /auth/logout", send("POST", "/auth/logout", {}), always(), alone=True),
    Own("POST /api/logout", send("POST", "/api/logout", {}), always(), alone=True),
    Own("GET /users/me", get("/users/me"), always()),
    Own("PUT /users/me", send("PUT", "/users/me", address), always()),
    Own("DELETE /users/me", send("DELETE", "/users/me", {"password": "wrong"}), always(422)),
    Own("GET /users/me/one-time-password", get("/users/me/one-time-password"), always()),
    Own(
        "POST /users/me/one-time-password",
        send("POST", "/users/me/one-time-password", {"password": "wrong"}),
        always(422),
    ),
    Own(
        "POST /users/me/one-time-password/confirm",
        send("POST", "/users/me/one-time-password/confirm", {"one_time_password": "000000"}),
        always(409),
    ),
    Own(
        "DELETE /users/me/one-time-password",
        send("DELETE", "/users/me/one-time-password", {"password": "wrong", "one_time_password": "000000"}),
        always(422),
    ),
    Own("GET /users/me/sessions", get("/users/me/sessions"), always()),
    Own("DELETE /users/me/sessions/{session_id}", send("DELETE", "/users/me/sessions/s7"), always(404)),
    Own("GET /api/profile", get("/api/profile"), always()),
    Own("PATCH /api/profile", send("PATCH", "/api/profile", address), always()),
    Own("GET /users", get("/users"), always(), ADMINISTRATORS),
    Row("GET /users/{user_id}", get("/users/{patient}"), always(), ADMINISTRATORS),
    Own(
        "PATCH /users/{user_id}",
        of("PATCH", "/users/{id}", "new_account", {"is_active": False}),
        always(),
        ADMINISTRATORS,
    ),
    Own("DELETE /users/{user_id}", of("DELETE", "/users/{id}", "new_account"), always(), ADMINISTRATORS),
    Own(
        "DELETE /users/{user_id}/one-time-password",
        of("DELETE", "/users/{id}/one-time-password", "new_account"),
        always(),
        ADMINISTRATORS,
    ),
    Own(
        "POST /users/{user_id}/approval",
        of("POST", "/users/{id}/approval", "new_account", {"approved": True}),
        always(),
        ADMINISTRATORS,
    ),
)
