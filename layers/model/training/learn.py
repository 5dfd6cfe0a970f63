"""A model fitted to a clinic's own images, as a new version: `python -m training.learn DIR IMAGES [OUT]`.

Half of the labelled images fit a gate, a temperature and operating points; the other half measures what came of it.
Weights are not touched. The model that was given stays as it is.
"""

import argparse
import csv
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.card_schema import Gate, Label
from imaging.decode import decode
from imaging.errors import ImageError, ModelError, bad_input
from imaging.findings import decide_findings, scores_of
from imaging.input_checks import check_input, learn
from imaging.model import Model, load_model
from imaging.model_card import CARD_FILE, Card
from imaging.preprocess import prepare
from training.dataset import progress
from training.metrics import Floats, Truth, best_temperature, operating_points, wilson

LABELS_FILE = "labels.csv"
NOTHING = frozenset({"none", "nothing"})
"""Folders of images that show none of the labels, for a model that judges each label by itself."""
LEAST_IMAGES = 20
"""With each label, and without it: half of them fit, half measure."""
_LEAST_OF_A_HALF = 5
_GATE_BYTES = 256 << 20
"""Of prepared images that are kept to learn the gate from."""
_NAMES = 20
"""Files that are named one by one."""
SPLIT = (
    "Every second patient measures, the others fit: ordered by label, then by the sha256 of the image or of the "
    "patient's name. An image of which no patient is known is a patient of its own."
)


class LearningRefused(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True)
class LabelledImage:
    """`labels`: of all that are trained, those that the image shows. `group`: by what halves are told apart."""

    path: Path
    labels: frozenset[str]
    group: str


@dataclass(frozen=True, eq=False)
class Sample:
    """What the model makes of n images: raw outputs, and what is true. Both are n x the card's labels."""

    raw: NDArray[np.float32]
    truth: Truth
    flagged: int
    """Images of which the new gate says anything."""


@dataclass
class FileTally:
    """What became of the files on the way. `unreadable`: why, by name."""

    unreadable: dict[str, str] = field(default_factory=dict)
    copies: int = 0

    def lines(self) -> Iterator[str]:
        """Yield what was left out, for a person; of many files the first are named."""
        if self.unreadable:
            yield f"{len(self.unreadable)} files were not read and are left out:"
            yield from [f"  {name}: {why}" for name, why in list(self.unreadable.items())[:_NAMES]]
        if len(self.unreadable) > _NAMES:
            yield f"  and {len(self.unreadable) - _NAMES} more"
        if self.copies:
            yield f"{self.copies} files are copies of others and count once"


def fit(folder: Path, images: Path, out: Path, sensitivity: float | None = None) -> tuple[dict[str, Any], FileTally]:
    """Write the model of `folder`, fitted to `images`, into `out`, which must not be there yet.

    `sensitivity`: the share of images with a label that should be found; without it sensitivity + specificity are
    as high as can be. Returns the new card's `local_evaluation`. Raises LearningRefused, ModelError.
    """
    folder, out = folder.resolve(), out.resolve()
    _check_request(folder, images, out, sensitivity)
    model = load_model(folder, 1)
    files = FileTally()
    fit_half, measure_half = _split(_labelled(images, model.card), files)
    planes: list[NDArray[np.float32]] = []
    fit_sample = _read(fit_half, model, files, "read to fit", planes=planes)
    _check_counts(fit_sample, model.card, "fit", files)
    gate = {**model.card.document.get("gate", {}), "familiar": learn(np.stack(planes))}
    document = _fitted_document(model, gate, fit_sample, sensitivity)
    judge = replace(model, card=replace(model.card, gate=Gate.model_validate({"familiar": gate["familiar"]})))
    measure_sample = _read(measure_half, judge, files, "read to measure")
    _check_counts(measure_sample, model.card, "measure", files)
    evaluation: dict[str, Any] = {
        "of_version": model.card.version,
        "images": {"fitted": len(fit_sample.truth), "measured": len(measure_sample.truth)},
        "left_out": {"unreadable": len(files.unreadable), "copies": files.copies},
        "split": SPLIT,
        "intervals": "value, then the ends of Wilson's 95 % interval",
        "wished_sensitivity": sensitivity,
        "labels": {},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        new_folder = Path(scratch) / folder.name
        shutil.copytree(folder, new_folder, ignore=shutil.ignore_patterns(".*"))
        _write_card(new_folder, document)
        card = load_model(new_folder, 1).card
        evaluation["labels"] = _evaluate(measure_sample, card)
        evaluation["gate"] = {"warned": _share(measure_sample.flagged, len(measure_sample.truth))}
        _write_card(new_folder, {**document, "local_evaluation": evaluation})
        load_model(new_folder, 1)
        new_folder.rename(out)
    return evaluation, files


def _check_request(folder: Path, images: Path, out: Path, sensitivity: float | None) -> None:
    if out.exists():
        raise LearningRefused(f"{out} is there already; a new version is never written over another")
    if out.name != folder.name:
        raise LearningRefused(f"OUT must end in the model's name: …/{folder.name}")
    if not images.is_dir():
        raise LearningRefused(f"{images} is no folder of images")
    if sensitivity is not None and not 0 < sensitivity < 1:
        raise LearningRefused("SENSITIVITY is a share between 0 and 1, such as 0.95")


def _trained(card: Card) -> list[Label]:
    return [label for label in card.labels if label.trained]


def _labelled(images: Path, card: Card) -> list[LabelledImage]:
    """Return the images with their labels, from `labels.csv` or from the names of folders."""
    table = images / LABELS_FILE
    labelled = list(_rows(table, card) if table.is_file() else _folders(images, card))
    if not labelled:
        raise LearningRefused(f"{images} holds no images")
    for label in _trained(card):
        if not any(label.id in image.labels for image in labelled):
            raise LearningRefused(f"no image is labelled {label.id}; at least {LEAST_IMAGES} are needed of each label")
    if not card.chooses_one and all(image.labels for image in labelled):
        raise LearningRefused(
            f"no image shows nothing; put at least {LEAST_IMAGES} that show none of the labels into the folder `none`"
            f" (in {LABELS_FILE}: leave the label empty)"
        )
    return labelled


def _folders(images: Path, card: Card) -> Iterator[LabelledImage]:
    """Yield the files of each label's folder. Those of one folder in there are of one patient."""
    folders = sorted(path for path in images.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise LearningRefused(
            f"{images} has neither folders named by the labels ({_names(card)}) nor the table {LABELS_FILE}"
        )
    for folder in folders:
        labels = _labels_of([] if _is_nothing(folder.name, card) else [folder.name], card, f"the folder {folder.name}")
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder).parts
            if path.is_file() and not any(part.startswith(".") for part in inner):
                yield LabelledImage(path, labels, f"patient {inner[0]}" if len(inner) > 1 else "")


def _rows(table: Path, card: Card) -> Iterator[LabelledImage]:
    """Yield the rows of a table: `file`, `label` (several: with ; between them), and `patient` if it has that."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (ValueError, csv.Error):
        raise LearningRefused(f"{LABELS_FILE} is no table in UTF-8") from None
    if rows and not {"file", "label"} <= rows[0].keys():
        raise LearningRefused(f"{LABELS_FILE} must begin with the line `file,label` or `file,label,patient`")
    paths: set[Path] = set()
    for number, row in enumerate(rows, 2):
        path = table.parent / (row["file"] or "").strip()
        if path in paths:
            raise LearningRefused(f"{LABELS_FILE}, line {number}: {row['file']} is named twice")
        paths.add(path)
        words = [word.strip() for word in (row["label"] or "").split(";") if word.strip()]
        labels = _labels_of([word for word in words if not _is_nothing(word, card)], card, f"line {number}")
        patient = (row.get("patient") or "").strip()
        yield LabelledImage(path, labels, f"patient {patient}" if patient else "")


def _is_nothing(word: str, card: Card) -> bool:
    return not card.chooses_one and word in NOTHING.difference(label.id for label in card.labels)


def _labels_of(words: Sequence[str], card: Card, where: str) -> frozenset[str]:
    """Return the labels, if the card has them. Raises LearningRefused, with `where` they were named."""
    known = {label.id for label in _trained(card)}
    for word in words:
        if word not in known:
            raise LearningRefused(f"{where}: the card has no trained label {word!r}; its labels are {_names(card)}")
    if card.chooses_one and len(words) != 1:
        raise LearningRefused(f"{where}: the model chooses one label, so an image has exactly one")
    return frozenset(words)


def _names(card: Card) -> str:
    nothing = [] if card.chooses_one else ["none"]
    return ", ".join([*(label.id for label in _trained(card)), *nothing])


def _split(labelled: Sequence[LabelledImage], files: FileTally) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Return those to fit and those to measure, as `SPLIT` says. The same image twice counts once."""
    images_by_hash: dict[str, LabelledImage] = {}
    for image in progress(labelled, len(labelled), "find copies"):
        try:
            key = hashlib.sha256(image.path.read_bytes()).hexdigest()
        except OSError:
            files.unreadable[_name(image)] = "there is no such file, or it may not be read"
            continue
        other = images_by_hash.setdefault(key, image)
        if other.labels != image.labels:
            raise LearningRefused(f"{_name(image)} and {_name(other)} are the same image, with other labels")
        files.copies += other is not image
    groups: dict[str, list[str]] = {}
    for key, image in sorted(images_by_hash.items()):
        group = hashlib.sha256(image.group.encode()).hexdigest() if image.group else key
        groups.setdefault(group, []).append(key)

    def order(group: str) -> tuple[list[str], str]:
        return sorted({label for key in groups[group] for label in images_by_hash[key].labels}), group

    ordered = sorted(groups, key=order)
    fit_keys, measure_keys = ([key for group in ordered[start::2] for key in groups[group]] for start in (0, 1))
    return [images_by_hash[key] for key in fit_keys], [images_by_hash[key] for key in measure_keys]


def _name(image: LabelledImage) -> str:
    return f"{image.path.parent.name}/{image.path.name}"


def _read(
    images: Sequence[LabelledImage],
    model: Model,
    files: FileTally,
    title: str,
    planes: list[NDArray[np.float32]] | None = None,
) -> Sample:
    """Read each image as an upload is. Prepared ones are added to `planes`, as many as may be kept of all."""
    target, rows, truth, flagged = model.card.input, [], [], 0
    step = 1 + len(images) * target.height * target.width * 4 // _GATE_BYTES
    for number, image in enumerate(progress(images, len(images), title)):
        try:
            picture = decode(image.path.read_bytes())
            prepared_input = prepare(picture, target)
            [row] = model.run(prepared_input.tensor, scores_only=True)[0]
            scores_of(row[None], model.card)
            flagged += bool(check_input(picture, prepared_input, model.card)) if planes is None else 0
        except (ImageError, OSError) as refusal:
            why = refusal if isinstance(refusal, ImageError) else bad_input("The file cannot be read.")
            files.unreadable[_name(image)] = why.message
            continue
        if planes is not None and number % step == 0:
            planes.append(prepared_input.plane(target).copy())
        rows.append(row)
        truth.append([label.id in image.labels for label in model.card.labels])
    return Sample(np.array(rows, np.float32), np.array(truth, np.uint8), flagged)


def _check_counts(sample: Sample, card: Card, half: str, files: FileTally) -> None:
    """Require enough images of each label, and enough without it, in one half."""
    least = LEAST_IMAGES // 2 if half == "fit" else _LEAST_OF_A_HALF
    for i, label in enumerate(card.labels):
        if not label.trained:
            continue
        count = int(sample.truth[:, i].sum()) if len(sample.truth) else 0
        for number, which in ((count, "with"), (len(sample.truth) - count, "without")):
            if number < least:
                raise LearningRefused(
                    f"too few images: {number} {which} the label {label.id} are left to {half} by, and {least} are"
                    f" needed. Give at least {LEAST_IMAGES} readable images with each label and {LEAST_IMAGES} without"
                    " it, of different patients" + "".join(f"\n{line}" for line in ["Up to here:", *files.lines()])
                )


def _fitted_document(
    model: Model, gate: Mapping[str, Any], sample: Sample, sensitivity: float | None
) -> dict[str, Any]:
    """Return the new version's card. What was measured of the old one is not claimed of it."""
    card = model.card
    document = {key: value for key, value in card.document.items() if key not in ("metrics", "local_evaluation")}
    trained = [i for i, label in enumerate(card.labels) if label.trained]
    truth, temperature = sample.truth[:, trained], card.temperature
    if card.output.kind == "logits":
        logits = sample.raw[:, trained].astype(np.float64)
        temperature = best_temperature(logits, _smooth(truth, chooses=card.chooses_one), chooses=card.chooses_one)
    scores = scores_of(sample.raw, replace(card, temperature=temperature))[:, trained]
    points = operating_points(scores, truth, chooses=card.chooses_one, sensitivity=sensitivity)
    points_by_index = dict(zip(trained, points, strict=True))
    labels = [
        {**label, "operating_point": points_by_index[i]} if i in points_by_index and card.labels[i].finding else label
        for i, label in enumerate(document["labels"])
    ]
    fitted_on = f"{len(truth)} labelled images, see local_evaluation"
    calibration = {**document["calibration"], "temperature": temperature}
    return document | {
        "version": next_version(card.version),
        "labels": labels,
        "calibration": calibration | ({"fitted_on": fitted_on} if card.output.kind == "logits" else {}),
        "gate": dict(gate),
    }


def _smooth(truth: Truth, *, chooses: bool) -> Floats:
    """Return what is true, less sure the fewer the images: with few, parted without a mistake, no score is certain.

    Targets as in Platt, Probabilistic outputs for support vector machines, 1999.
    """
    yes = truth.sum(axis=0) + 1.0
    high = yes / (yes + 1)
    if chooses:
        low: Floats = ((1 - high) * truth).sum(axis=1, keepdims=True) / (truth.shape[1] - 1)
    else:
        low = 1 / (len(truth) - yes + 3)
    return np.asarray(np.where(truth == 1, high, low), np.float64)


def next_version(version: str) -> str:
    """Return the version with its patch, or else its last number, one higher. Raises LearningRefused if too long."""
    parts = re.fullmatch(r"(\d+\.\d+\.)(\d+)(.*)", version) or re.fullmatch(r"(.*?)(\d+)(\D*)", version)
    head, number, rest = parts.groups() if parts else (f"{version}.", "0", "")
    following = f"{head}{int(number) + 1}{rest}"
    if len(following) > 32:
        raise LearningRefused(f"the version {version} is too long to count on from")
    return following


def _evaluate(sample: Sample, card: Card) -> dict[str, Any]:
    """Return the numbers of each label, decided as for an upload."""
    decisions = [decide_findings(row, card) for row in sample.raw]
    evaluation = {}
    for i, label in enumerate(card.labels):
        if label.trained:
            yes = np.array(
                [
                    decision.choice == label.id
                    if not label.finding
                    else any(finding.label == label.id and finding.positive for finding in decision.findings)
                    for decision in decisions
                ]
            )
            present = sample.truth[:, i] == 1
            evaluation[label.id] = {
                "images_with": int(present.sum()),
                "images_without": int((~present).sum()),
                "sensitivity": _share(int(yes[present].sum()), int(present.sum())),
                "specificity": _share(int((~yes[~present]).sum()), int((~present).sum())),
            }
    return evaluation


def _share(count: int, of: int) -> list[float]:
    return [round(number, 4) for number in wilson(count, of)]


def _write_card(folder: Path, document: Mapping[str, Any]) -> None:
    (folder / CARD_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _report(evaluation: Mapping[str, Any], files: FileTally, out: Path) -> Iterator[str]:
    yield from files.lines()
    images = evaluation["images"]
    yield f"✓ {out}: fitted to {images['fitted']} images, measured on {images['measured']} others"
    for label, numbers in evaluation["labels"].items():
        values = [f"{name} {_interval(numbers[name])}" for name in ("sensitivity", "specificity")]
        counts = f"{numbers['images_with']} images with it, {numbers['images_without']} without"
        yield f"  {label}: {', '.join(values)}; {counts}"
        wish = evaluation["wished_sensitivity"]
        if wish and numbers["sensitivity"][0] < wish:
            yield f"  ! {label}: on images that did not fit it, the sensitivity is below the {wish} that was wished for"
    yield f"  the gate warns of {_interval(evaluation['gate']['warned'])} of the right images"
    yield f"Now: make model-check DIR={out}"


def _interval(share: Sequence[float]) -> str:
    value, low, high = share
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def main(arguments: Sequence[str]) -> int:
    """Report; 1 when nothing was made."""
    parser = argparse.ArgumentParser(prog="python -m training.learn", description=__doc__)
    parser.add_argument("folder", type=Path, help="the model")
    parser.add_argument("images", type=Path, help=f"folders named by label, or {LABELS_FILE} and the files it names")
    parser.add_argument("out", type=Path, nargs="?", help="new folder; new/NAME without it")
    parser.add_argument("--sensitivity", type=float, help="the share of each finding that should be found, e.g. 0.95")
    options = parser.parse_args(arguments)
    out = options.out or Path("new") / options.folder.resolve().name
    try:
        evaluation, files = fit(options.folder, options.images, out, options.sensitivity)
    except (LearningRefused, ModelError) as refusal:
        print(f"✗ {refusal}", file=sys.stderr)
        return 1
    for line in _report(evaluation, files, out):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
