"""The policy, every cell of it."""

import pytest

from scanward.domain.accounts import Actor, Role
from scanward.domain.policy import Action, Resource, allows

OWN, FOREIGN = 1, 2


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("owner", [OWN, FOREIGN])
def test_each_role_each_action_each_relationship(role: Role, action: Action, owner: int, approved: bool) -> None:
    waiting = role in {Role.DOCTOR, Role.HOSPITAL, Role.LAB} and not approved
    expected = role is Role.ADMIN or (owner == OWN and not (waiting and action is Action.UPLOAD_SCAN))
    assert allows(Actor(OWN, role, approved, "session"), action, Resource(owner)) is expected
