"""What is common to all documents: where we differ from them, and that nobody is answered without a session."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.cloud import ROOT


@pytest.mark.parametrize("contract", "abcde")
def test_contracts_page_tells_of_each_difference_and_why(contract: str) -> None:
    rows = [
        line.rsplit(" | ", 1)
        for line in (ROOT / "docs" / "contracts.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    told = {row[-1].removesuffix(" |") for row in rows}
    assert set(Replay(contract).reasons()) <= told


@pytest.mark.parametrize("token", [None, "x", "e30.e30."])
@pytest.mark.parametrize("contract", "abde")
def test_documented_requests_with_a_token_are_401_without_one(api: ApiClient, contract: str, token: str | None) -> None:
    replay = Replay(contract)
    for name in replay.asking():
        refused = replay.play_as(token, name)
        assert (refused.status, b"Not authenticated" in refused.body) == (401, True), name
