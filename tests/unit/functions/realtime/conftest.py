"""A world for each test."""

import pytest

from tests.support.sockets import World


@pytest.fixture
def world(aws: None) -> World:
    """Accounts, sockets and an AWS of its own."""
    return World()
