"""What all tests share: an environment without secrets, an AWS in the process, a client of the whole API."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.cloud import BUCKET, LANES, MARK, REGION, ROOT, SECRET, TABLES

if TYPE_CHECKING:
    from tests.support.client import ApiClient
    from tests.support.sockets import Sockets
    from tests.support.workers import Workers
    from tests.support.world import World

BUILDING = ("tests/stack/", "tests/unit/infra/", "tests/unit/bench/")
"""Folders of tests that build and deploy: one process runs them all, since they share a cache and a cloud."""

os.environ.update(
    {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "BUCKET": BUCKET,
        "TOKEN_KEYS_SECRET": SECRET,
        "REQUESTS_PER_MINUTE": "100",
        "GLASSES_PER_DAY": "10",
        "REFERENCE_MODELS": "on",
        "UPLOADS_PER_WINDOW": "20",
        "HIGH_PER_PATIENT": "3",
        "HIGH_PER_PROFESSIONAL": "6",
        "PREDICT_MODELS": "chest_cancer,brain_tumor,kidney_stone",
        **{f"{lane}_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{lane.lower()}" for lane in LANES},
        **{
            f"{lane}_ARRIVALS_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{lane.lower()}-arrivals"
            for lane in LANES
        },
        **{f"{lane}_AT_ONCE": "2" for lane in LANES},
        "OWN_DATA_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/own-data",
        "MAIL_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/mail",
        "SIGN_IN_CALLS_PER_MINUTE": "300",
        "SIGN_IN_FAILURES_PER_MINUTE": "10",
        "PUBLIC_CALLS_PER_MINUTE": "100000",  # a process counts, and one of these answers the calls of many tests
        "ALLOWED_ORIGINS": "https://app.example.org",
        "DISTRIBUTION_MARK": MARK,
        **TABLES,
    }
)
os.environ.pop("AWS_ENDPOINT_URL", None)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands a file's tests to one process, and all tests that build to the same."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "building" if file.startswith(BUILDING) else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort what builds to the front: it takes longest."""
    items.sort(key=lambda item: not item.path.relative_to(ROOT).as_posix().startswith(BUILDING))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Take the place of `--dist loadgroup`, which xdist 3.8 has lost under pytest 9.2 without a word."""
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords by argon2id at its least cost: thousands of accounts log in here, and a hash says what it cost."""
    from argon2 import PasswordHasher

    from scanward.security import passwords

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        yield


@pytest.fixture
def aws() -> Iterator[None]:
    """Provide an empty AWS with the template's tables, bucket and secret."""
    from tests.support.cloud import cloud

    with cloud():
        yield


@pytest.fixture
def world(aws: None) -> "World":
    """Provide what tests put into that AWS, under the real time."""
    from tests.support.world import World

    return World()


@pytest.fixture
def sockets(world: "World") -> "Sockets":
    return world.sockets


@pytest.fixture
def workers(world: "World") -> "Workers":
    return world.workers


@pytest.fixture
def api(aws: None) -> "ApiClient":
    """Provide a client of the whole API that has not signed in."""
    from tests.support.client import ApiClient

    return ApiClient()


@pytest.fixture
def admin(api: "ApiClient") -> "ApiClient":
    """Provide an administrator."""
    from tests.support.people import sign_in_administrator

    return sign_in_administrator(api)


@pytest.fixture
def patient(api: "ApiClient") -> "ApiClient":
    """Provide a client that has signed in as a patient."""
    from tests.support.people import sign_in

    return sign_in(api, "ada@example.org")
