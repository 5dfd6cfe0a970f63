"""Each benchmark runs, in small, and prints its rows. No test asserts a time."""

import json
import sysconfig
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench import analysing, imports, inputs, loading, login, predicting, round_trips, stages, working
from bench.__main__ import BENCHMARKS, main
from bench.environment import MODELS
from bench.inputs import samples
from bench.report import MET, MISSED, Report, markdown, show, verdict
from bench.timing import Spread, in_turns

HERE = [Path(sysconfig.get_path("purelib"))]


def test_reading_a_scan_is_compared_with_its_three_peers() -> None:
    from bench import reading

    report = reading.measure(rounds=2, calls=1)
    assert [row[0] for row in report.rows] == [reading.OURS, reading.BARE, reading.LOOP, reading.THREADS]


@pytest.mark.parametrize("sent", [59.9, 60.0])
def test_an_answer_counts_the_minute_in_which_its_request_was_sent(sent: float) -> None:
    answer = json.loads(inputs.answers(lambda: 60.0)["UpdateItem"](None))
    assert f"m{int(sent) // 60}" in answer["Attributes"]


def test_the_stages_of_a_read_add_up_to_the_whole() -> None:
    report = stages.measure(requests=5)
    assert report.rows[-1][0] == stages.WHOLE
    assert sum(int(row[1]) for row in report.rows[:-1]) == pytest.approx(int(report.rows[-1][1]), abs=len(report.rows))


def test_each_image_is_analysed_and_worked_on() -> None:
    images = samples()
    assert [row[0] for row in analysing.measure(images, rounds=1).rows] == list(images)
    assert [row[0] for row in working.measure(images, rounds=1).rows] == list(images)


def test_each_model_that_predicts_is_measured() -> None:
    images = {name: (inputs.SAMPLES / file).read_bytes() for name, file in inputs.SLICES.items()}
    rows = predicting.measure(images, rounds=2).rows
    assert [row[0] for row in rows] == ["brain_tumor", "chest_cancer", "kidney_stone"]


def test_each_model_is_loaded_and_all_are_held() -> None:
    *models, held = loading.measure(rounds=1).rows
    assert [row[0] for row in models] == sorted(card.parent.name for card in MODELS.glob("*/card.json"))
    assert held[-1] == MET


def test_a_cold_import_is_compared_with_what_it_needs() -> None:
    report = imports.measure(rounds=1, handlers=["functions.scans.sweep_handler"], folders=HERE)
    assert [row[0] for row in report.rows] == ["scans.sweep_handler"]


def test_a_function_that_imports_numpy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    strayed = {"functions.inference.analysis": ["import pynamodb"]}
    monkeypatch.setattr(imports, "NEEDED_IMPORTS", strayed)
    with pytest.raises(imports.Stray, match="numpy"):
        imports.measure(rounds=1, handlers=list(strayed), folders=HERE)


def test_round_trips_meet_their_budgets() -> None:
    report = round_trips.measure()
    assert {row[0] for row in report.rows} >= set(round_trips.BUDGETS)
    assert not report.misses


def test_a_login_is_compared_with_argon2id() -> None:
    assert [row[0] for row in login.measure(rounds=2, calls=1).rows] == [login.LOGIN, login.ARGON]


def test_subjects_take_turns() -> None:
    order = list[str]()
    in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2, calls=1)
    assert "".join(order) == "ab" + "ab" + "ba"


def test_a_spread_has_its_quartiles() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 5.0, 4.0]) == Spread(3.0, 2.0, 4.0)


def test_a_table_is_markdown_where_nobody_looks_and_drawn_where_somebody_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report("Title", ("what", "ratio", ""), [("one", "1.30", verdict(1.30, 1.25))], ["A note."])
    show(Console(file=StringIO(), force_terminal=False), report)
    assert capsys.readouterr().out.strip() == markdown(report).strip()
    drawn = StringIO()
    show(Console(file=drawn, force_terminal=True, width=80), report)
    assert all(part in drawn.getvalue() for part in ("Title", "one", MISSED, "A note."))


def test_an_unknown_benchmark_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in BENCHMARKS)
