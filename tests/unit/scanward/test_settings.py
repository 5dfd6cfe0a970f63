"""Settings are read from a dataclass's own fields; what is required and not there is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import pytest

from scanward.domain.orders import Priority
from scanward.settings import MissingSetting, Variable, load_settings


@dataclass(frozen=True, slots=True)
class Inner:
    """A part of other settings."""

    bucket: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One field of each kind."""

    inner: Inner
    table: str
    count: int
    sender: str | None
    origins: tuple[str, ...]
    limit: Annotated[int, Variable("CALLS_PER_MINUTE")]
    source: Annotated[str, Variable("MODELS_BUCKET", "BUCKET")]
    urls: Annotated[Mapping[Priority, str], Variable("{}_QUEUE_URL")]
    slots: Annotated[Mapping[Priority, int], Variable("{}_AT_ONCE")]
    prefix: Annotated[str, Variable("PREFIX", read=lambda text: f"{text}/")]


VALUES = {
    "BUCKET": "images",
    "TABLE": "accounts",
    "COUNT": "3",
    "CALLS_PER_MINUTE": "300",
    **{f"{name}_QUEUE_URL": name for name in Priority.__members__},
    **{f"{name}_AT_ONCE": "2" for name in Priority.__members__},
}


def test_settings_are_read_from_the_fields_of_the_class_by_their_types() -> None:
    settings = load_settings(Whole, VALUES | {"ORIGINS": "a, b,,", "SENDER": ""})
    assert settings == Whole(
        inner=Inner("images"),
        table="accounts",
        count=3,
        sender=None,
        origins=("a", "b"),
        limit=300,
        source="images",
        urls={priority: priority.name for priority in Priority},
        slots=dict.fromkeys(Priority, 2),
        prefix="/",
    )


def test_settings_take_the_first_variable_that_is_set() -> None:
    assert load_settings(Whole, VALUES | {"MODELS_BUCKET": "models"}).source == "models"


def test_an_absent_list_is_empty_and_an_absent_option_is_none() -> None:
    settings = load_settings(Whole, VALUES)
    assert (settings.origins, settings.sender) == ((), None)


@pytest.mark.parametrize("name", ["TABLE", "COUNT", "CALLS_PER_MINUTE", "BUCKET", "HIGH_QUEUE_URL", "LOW_AT_ONCE"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_variable_that_is_absent_or_empty_is_named(name: str, value: str | None) -> None:
    values = {key: text for key, text in VALUES.items() if key != name} | ({name: value} if value is not None else {})
    with pytest.raises(MissingSetting, match=name):
        load_settings(Whole, values)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="three"):
        load_settings(Whole, VALUES | {"COUNT": "three"})


def test_settings_come_from_the_process_environment_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET", "mine")
    assert load_settings(Inner) == Inner("mine")
