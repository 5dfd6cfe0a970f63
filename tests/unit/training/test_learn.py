"""A clinic's labelled images make a new version of its model, measured on those that did not fit it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.model import load_model
from imaging.model_check import check
from tests.support import networks
from tests.support.images import png
from training.learn import LEAST_IMAGES, LearningRefused, fit, main, next_version

NETWORK = networks.quarters()
LABELS = networks.LABELS
EACH = {
    "output": {"decision": "each"},
    "labels": [{"id": label, "title": label, "operating_point": 0.5} for label in LABELS[:2]]
    + [{"id": label, "title": label, "operating_point": 0.5, "trained": False} for label in LABELS[2:]],
}


def model(folder: Path, **changes: Any) -> Path:
    return networks.write(folder, networks.card("quarters", NETWORK, **changes), NETWORK)


def image(seed: int, *quarters: int) -> bytes:
    """Return a noisy picture of which some quarters are bright, more or less."""
    rng = np.random.default_rng([seed, *quarters])
    pixels = rng.integers(20, 60, (64, 64)).astype(np.uint8)
    for quarter in quarters:
        rows, columns = quarter // 2 * 32, quarter % 2 * 32
        pixels[rows : rows + 32, columns : columns + 32] += np.uint8(rng.integers(50, 190))
    return png(pixels)


def folders(root: Path, count: int = LEAST_IMAGES, labels: tuple[str, ...] = LABELS) -> Path:
    """Return a folder of images, `count` in a folder of each label."""
    for label in labels:
        (root / label).mkdir(parents=True)
        for seed in range(count):
            shown = [LABELS.index(label)] if label in LABELS else []
            (root / label / f"{seed}.png").write_bytes(image(seed, *shown))
    return root


def card_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "card.json").read_text())
    return document


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a model that chooses one label, fitted to images that are twice too sure of themselves."""
    root = tmp_path_factory.mktemp("fitted")
    document = networks.card("quarters", NETWORK, metrics={"accuracy": 1}, gate={"refuse": ["DOCUMENT"]})
    text = networks.pin(document, words=networks.words())["words.json"]
    home = networks.write(root / "old", document, NETWORK)
    (home / "words.json").write_bytes(text)
    evaluation, _ = fit(home, folders(root / "images", 24), root / "new" / "quarters")
    assert evaluation["images"] == {"fitted": 48, "measured": 48}
    return root / "new" / "quarters"


def test_new_version_is_one_that_can_be_served_and_that_claims_only_what_was_measured(fitted: Path) -> None:
    assert len(list(check(fitted))) >= 5
    card, old = card_of(fitted), card_of(fitted.parents[1] / "old" / "quarters")
    assert (old["version"], card["version"]) == ("1.0.0", "1.0.1")
    assert card["sha256"] == old["sha256"]
    assert "metrics" not in card
    assert card["gate"]["refuse"] == ["DOCUMENT"]
    assert card["calibration"]["temperature"] != 1
    assert card["labels"][0] == old["labels"][0]  # the label that says that there is nothing has no point of its own
    assert {path.name for path in fitted.iterdir()} == {"card.json", "model.onnx", "words.json"}
    assert [path.name for path in fitted.parent.iterdir()] == ["quarters"]


def test_measured_shares_come_with_their_counts_and_intervals(fitted: Path) -> None:
    evaluation = card_of(fitted)["local_evaluation"]
    for label in LABELS:
        numbers = evaluation["labels"][label]
        assert (numbers["images_with"], numbers["images_without"]) == (12, 36)
        for share, low, high in (numbers["sensitivity"], numbers["specificity"]):
            assert 0.9 <= share <= 1
            assert low < 1
            assert low <= share <= high
    assert evaluation["gate"]["warned"][0] < 0.2


def test_fitted_gate_knows_the_images_and_warns_of_another(fitted: Path) -> None:
    served = load_model(fitted, 1)
    assert analyse(decode(image(99, 2)), served).warnings == ()
    stripes = np.tile(np.repeat(np.array([20, 220], np.uint8), 8), (64, 4))
    assert {"UNFAMILIAR", "INVERTED"} & set(analyse(decode(png(stripes)), served).warnings)


def test_scores_of_few_images_are_not_made_certain(tmp_path: Path) -> None:
    easy = tmp_path / "images"
    for i, label in enumerate(LABELS):
        (easy / label).mkdir(parents=True)
        for seed in range(LEAST_IMAGES):
            pixels = networks.shown(i)
            pixels[0, 0] = seed
            (easy / label / f"{seed}.png").write_bytes(png(pixels))
    fit(model(tmp_path / "old"), easy, tmp_path / "new" / "quarters")
    served = load_model(tmp_path / "new" / "quarters", 1)
    assert max(analyse(decode(png(networks.shown(2))), served).scores.values()) < 0.97


def test_wished_sensitivity_is_reached_by_lower_operating_points(tmp_path: Path) -> None:
    home = model(tmp_path / "old", **EACH)
    images = folders(tmp_path / "images", 30, (*LABELS[:2], "none"))
    points = []
    for wish in (0.6, 0.95):
        evaluation, _ = fit(home, images, tmp_path / str(wish) / "quarters", wish)
        assert evaluation["wished_sensitivity"] == wish
        points.append([label["operating_point"] for label in card_of(tmp_path / str(wish) / "quarters")["labels"]])
    assert points[1][0] < points[0][0]
    assert points[0][2:] == points[1][2:] == [0.5, 0.5]  # outputs that nobody trained
    assert list(evaluation["labels"]) == list(LABELS[:2])
    assert all(numbers["sensitivity"][0] >= 0.8 for numbers in evaluation["labels"].values())


def table(root: Path, rows: list[str], head: str = "file,label") -> Path:
    root.mkdir(exist_ok=True)
    (root / "labels.csv").write_text("\n".join([head, *rows]))
    return root


def with_table(root: Path, patients: int = 48) -> Path:
    """Return images in a table: two labels at once, or none, at least two images of each patient."""
    root.mkdir()
    rows = []
    for seed in range(48):
        for copy in range(2):
            labels = [i for i in (0, 1) if seed >> i & 1]
            (root / f"{seed}-{copy}.png").write_bytes(image(10 * seed + copy, *labels))
            rows.append(f"{seed}-{copy}.png,{';'.join(LABELS[i] for i in labels)},P{seed % patients}")
    return table(root, rows, "file,label,patient")


def test_table_may_name_several_labels_or_none_and_keeps_a_patients_images_in_one_half(tmp_path: Path) -> None:
    evaluation, _ = fit(model(tmp_path / "old", **EACH), with_table(tmp_path / "t"), tmp_path / "new" / "quarters")
    assert evaluation["images"] == {"fitted": 48, "measured": 48}
    assert evaluation["labels"]["top_left"]["images_with"] == 24
    with pytest.raises(LearningRefused, match="0 with the label top_left are left to measure by"):
        fit(model(tmp_path / "a", **EACH), with_table(tmp_path / "one", patients=1), tmp_path / "b" / "quarters")


def test_same_images_give_the_same_card_whatever_they_are_called(tmp_path: Path) -> None:
    home, images = model(tmp_path / "old"), folders(tmp_path / "images")
    fit(home, images, tmp_path / "a" / "quarters")
    for path in [*images.rglob("*.png")]:
        path.rename(path.with_name(f"{hash(path.name) % 997}-{path.name}"))
    (images / LABELS[0] / "copy.png").write_bytes(next((images / LABELS[0]).iterdir()).read_bytes())
    _, files = fit(home, images, tmp_path / "b" / "quarters")
    assert files.copies == 1
    one, other = (card_of(tmp_path / name / "quarters") for name in "ab")
    one["local_evaluation"].pop("left_out")
    other["local_evaluation"].pop("left_out")
    assert one == other


def test_images_of_one_folder_inside_a_labels_folder_are_of_one_patient(tmp_path: Path) -> None:
    images = folders(tmp_path / "images")
    patient = images / LABELS[3] / "anne"
    patient.mkdir()
    for path in [*(images / LABELS[3]).glob("*.png")]:
        path.rename(patient / path.name)
    with pytest.raises(LearningRefused, match="0 with the label bottom_right are left to"):
        fit(model(tmp_path / "old"), images, tmp_path / "new" / "quarters")


def remove(path: str) -> Callable[[Path], None]:
    return lambda images: shutil.rmtree(images / path)


def make_contradiction(images: Path) -> None:
    shutil.copy(images / LABELS[0] / "0.png", images / LABELS[1] / "again.png")


def leave_few(images: Path) -> None:
    for path in list((images / LABELS[2]).iterdir())[3:]:
        path.write_bytes(path.name.encode())


def empty(images: Path) -> None:
    for path in images.iterdir():
        shutil.rmtree(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda images: (images / LABELS[0]).rename(images / "cat"), "folder cat: the card has no trained label 'cat'"),
        (lambda images: (images / LABELS[0]).rename(images / "none"), "its labels are top_left, top_right, "),
        (remove(LABELS[1]), "no image is labelled top_right; at least 20 are needed"),
        (leave_few, r"images: \d with the label bottom_left .* at least 20 .*:\n\d+ files were not read"),
        (make_contradiction, "top_right/again.png and top_left/0.png are the same image, with other labels|"
         "top_left/0.png and top_right/again.png"),
        (empty, "neither folders named by the labels .top_left, .* nor the table labels.csv"),
        (lambda images: table(images, []), "holds no images"),
        (lambda images: table(images, ["a.png"], "name"), "must begin with the line `file,label`"),
        (lambda images: table(images, ["a.png,top_left", "a.png,top_left"]), "line 3: a.png is named twice"),
        (lambda images: table(images, ["a.png,top_left;top_right"]), "an image has exactly one"),
        (lambda images: (images / "labels.csv").write_bytes(b"\xff\xfe,"), "no table in UTF-8"),
    ],
)  # fmt: skip
def test_images_that_do_not_fit_the_model_are_refused_in_plain_words_and_nothing_is_written(
    tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    home, images = model(tmp_path / "old"), folders(tmp_path / "images")
    change(images)
    with pytest.raises(LearningRefused, match=f"(?s){words}"):
        fit(home, images, tmp_path / "new" / "quarters")
    assert {path.name for path in tmp_path.iterdir()} == {"old", "images"}


def test_model_that_judges_each_label_needs_images_that_show_nothing(tmp_path: Path) -> None:
    with pytest.raises(LearningRefused, match="no image shows nothing; put at least 20"):
        fit(model(tmp_path / "old", **EACH), folders(tmp_path / "i", labels=LABELS[:2]), tmp_path / "new" / "quarters")


def test_learning_writes_over_nothing(tmp_path: Path) -> None:
    home, images = model(tmp_path / "old"), folders(tmp_path / "images", 1)
    for out, words in ((home, "there already"), (tmp_path / "another", "the model's name")):
        with pytest.raises(LearningRefused, match=words):
            fit(home, images, out)
    with pytest.raises(LearningRefused, match="between 0 and 1"):
        fit(home, images, tmp_path / "new" / "quarters", 95)


def test_command_names_what_was_not_read_and_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, images = model(tmp_path / "old"), folders(tmp_path / "images", LEAST_IMAGES + 2)
    (images / LABELS[0] / "notes.txt").write_text("no image")
    (images / LABELS[0] / ".DS_Store").write_text("not even named")
    monkeypatch.chdir(tmp_path)
    assert main([str(home), str(images), "--sensitivity", "0.9"]) == 0
    text = capsys.readouterr().out
    assert "1 files were not read" in text
    assert "top_left/notes.txt: The file is neither a JPEG, a PNG nor a DICOM image." in text
    assert "bottom_right: sensitivity 1.000 (0.7" in text
    assert (tmp_path / "new" / "quarters" / "card.json").is_file()
    assert main([str(home), str(images)]) == 1
    assert "✗" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "following"),
    [("1.0.0", "1.0.1"), ("1.2.9+int8", "1.2.10+int8"), ("2024", "2025"), ("v7b", "v8b"), ("beta", "beta.1")],
)
def test_next_version_is_one_higher(version: str, following: str) -> None:
    assert next_version(version) == following


def test_version_that_gets_too_long_is_refused() -> None:
    with pytest.raises(LearningRefused, match="too long"):
        next_version("x" * 32)
