"""Contract B's scan, X-ray, task and file requests, played as its document shows them."""

from typing import Any

import pytest

from scanward.domain.ids import parse_id
from scanward.domain.image_formats import ImageFormat, format_of
from scanward.stores.clients import s3
from tests.contracts.replay import Replay
from tests.faults.injection import failing
from tests.support.client import ApiClient
from tests.support.people import own_id
from tests.support.scans import analyse

FRIENDLY, EXPERT = "friendly analysis", "expert analysis"


@pytest.fixture
def replay(patient: ApiClient) -> Replay:
    """Provide a patient who is signed in."""
    played = Replay("b")
    played.tokens["access"] = patient.token or ""
    played.named["patient_id"] = own_id(patient)
    return played


def finished(replay: Replay, name: str) -> dict[str, Any]:
    """Return what an upload is answered, once a worker has read it."""
    made: dict[str, Any] = replay.play(name).data
    analyse(made)
    return made


@pytest.mark.parametrize("kind", list(ImageFormat))
def test_an_image_of_each_kind_becomes_a_scan_with_a_result_and_a_picture(replay: Replay, kind: ImageFormat) -> None:
    made = finished(replay, f"upload a {kind} file")
    for spelling in (made["scan_id"], parse_id(made["scan_id"])):
        replay.named["scan_id"] = spelling
        replay.play("scan")
        assert format_of(replay.play("image").body) is ImageFormat.JPEG


def test_an_image_that_is_not_given_is_told_as_the_document_tells_it(replay: Replay) -> None:
    made = finished(replay, "upload a PNG file")
    replay.named["scan_id"] = made["scan_id"]
    with failing(s3(), "s3.GetObject"):
        assert replay.play("image that cannot be read").headers["retry-after"] == "2"
    replay.named["scan_id"] = 123
    replay.play("image that is missing")
    replay.named["scan_id"] = replay.play("upload a PNG file").data["scan_id"]
    replay.play("image that is missing")


@pytest.mark.parametrize("name", [FRIENDLY, EXPERT])
def test_an_analysis_is_ordered_polled_and_asked_for_suggestions(replay: Replay, name: str) -> None:
    replay.named["task_id"] = finished(replay, name)["task_id"]
    replay.play("task status", "treatment suggestions")


@pytest.mark.parametrize("name", ["upload a PNG file", FRIENDLY, EXPERT])
def test_contract_b_cancels_a_waiting_task(replay: Replay, name: str) -> None:
    replay.named["task_id"] = replay.play(name).data["task_id"]
    replay.play("cancel task")
