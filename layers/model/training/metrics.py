"""Numbers that say how good scores are, and calibration. Scores and truth are n x labels unless said otherwise."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.burned_in_text import View, find_text
from imaging.decode import decode
from training.burned_in_text import (
    BITMAP,
    SCRIPTS,
    STROKES,
    WITH_TEXT,
    Grey,
    Mask,
    Style,
    as_jpeg,
    burn_in,
    fonts,
    plain,
    write_words,
)
from training.dataset import phantom
from training.foreign import foreign_images
from training.subjects import SUBJECTS

Floats = NDArray[np.float64]
Truth = NDArray[np.uint8]
Interval = tuple[float, float, float]
"""A measured value, and the ends of its 95 % confidence interval."""

_RESAMPLES = 1000
_BINS = 10


def auroc(scores: Floats, truth: Truth) -> float:
    """Return area under the ROC curve of one label (n scores, n truths): the chance that a positive outranks a
    negative.
    """
    order = np.sort(scores)
    ranks = (np.searchsorted(order, scores, "left") + np.searchsorted(order, scores, "right") + 1) / 2
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks[truth == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def sensitivity(positives: Truth, truth: Truth) -> float:
    """Return share of the images with the finding on which it was found."""
    return float(positives[truth == 1].mean())


def specificity(positives: Truth, truth: Truth) -> float:
    """Return share of the images without the finding on which it was not found."""
    return float(1 - positives[truth == 0].mean())


def calibration_error(scores: Floats, truth: Truth) -> float:
    """Return expected calibration error over all labels: how far scores lie from observed frequencies, in ten bins."""
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = [
        np.abs(scores[bins == b].mean() - truth[bins == b].mean()) * np.mean(bins == b)
        for b in range(_BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def interval(measure: Callable[[NDArray[np.intp]], float], count: int, seed: int = 0) -> Interval:
    """Return `measure` on all of `count` images, and the 95 % interval of it on bootstrap resamples of them."""
    rng = np.random.default_rng(seed)
    samples = [measure(rng.integers(0, count, count)) for _ in range(_RESAMPLES)]
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return measure(np.arange(count)), float(low), float(high)


_Z = 1.959964
"""Standard deviations within which 95 % of a normal distribution lie."""


def wilson(count: int, total: int) -> Interval:
    """Return a share and its 95 % interval by Wilson's score; it is right for few images, and for none missed, too."""
    share, square = count / total, _Z**2 / total
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return share, max(0.0, middle - half) if count else 0.0, middle + half if count < total else 1.0


def sigmoid(logits: Floats) -> Floats:
    """Convert logits to scores."""
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def softmax(logits: Floats) -> Floats:
    """Convert logits, n x labels to scores that add up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


_TEMPERATURES = np.geomspace(0.2, 5.0, 200)
_MOST_OF_A_CHOICE = 0.4
"""Of four labels the chosen one has nearly always more: a choice below its operating point stays rare."""


def best_temperature(logits: Floats, truth: Truth | Floats, *, chooses: bool) -> float:
    """Return the temperature under which the truth is most likely. Both are n x labels, of the validation set.

    A truth that is not sure of itself may lie between 0 and 1.
    """
    losses = []
    for temperature in _TEMPERATURES:
        scores = np.clip((softmax if chooses else sigmoid)(logits / temperature), 1e-7, 1 - 1e-7)
        loss = 0.0 if chooses else (1 - truth) * np.log(1 - scores)
        losses.append(-np.mean(truth * np.log(scores) + loss))
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)


def operating_point(scores: Floats, truth: Truth) -> float:
    """Return the threshold with the best sensitivity + specificity (Youden) on n images; the middle of equally good
    ones.
    """
    thresholds = np.linspace(0.01, 0.99, 393)
    positives = scores[None, :] >= thresholds[:, None]
    youden = positives[:, truth == 1].mean(axis=1) - positives[:, truth == 0].mean(axis=1)
    best = thresholds[youden >= youden.max() - 1e-9]
    return round(float(np.median(best)), 4)


def sensitive_point(scores: Floats, truth: Truth, sensitivity: float) -> float:
    """Return the highest threshold that finds this share of the positives among n images.

    It lies half-way to the next lower score: of images to come not all score as high as the last one found.
    """
    positives = np.sort(scores[truth == 1])[::-1]
    last = positives[ceil(sensitivity * len(positives) - 1e-9) - 1]
    below = scores[scores < last].max(initial=0.0)
    return float(np.clip(floor((last + below) / 2 * 1e4) / 1e4, 1e-4, 1 - 1e-4))


def operating_points(scores: Floats, truth: Truth, *, chooses: bool, sensitivity: float | None = None) -> list[float]:
    """Return one for each label, of scores and truth that are n x labels.

    `sensitivity`: the one to reach at least; without it sensitivity + specificity are as high as can be.
    """
    points = [
        operating_point(label_scores, label_truth)
        if sensitivity is None
        else sensitive_point(label_scores, label_truth, sensitivity)
        for label_scores, label_truth in zip(scores.T, truth.T, strict=True)
    ]
    return [min(point, _MOST_OF_A_CHOICE) for point in points] if chooses else points


_CONDITIONS: dict[str, tuple[Style, int | None]] = {
    **{f"{size} pixels": (Style("any", size), None) for size in (8, 10, 12, 16, 24, 40, 60)},
    "white": (Style("any", 16, tone="white"), None),
    "black": (Style("any", 16, tone="black"), None),
    "boxed": (Style("any", 16, tone="boxed"), None),
    "low contrast (25 of 255)": (Style("any", 16, tone="grey", contrast=25), None),
    "upright (90 degrees)": (Style("any", 16, turn=90), None),
    "after JPEG of quality 40": (Style("any", 14), 40),
    "other scripts": (Style("scripts", 16), None),
    "signs of strokes": (Style(STROKES, 18), None),
    "dots": (Style(BITMAP, 11), None),
}
"""What is measured: how the text is drawn, and the quality of the JPEG that it has been."""
_LINES = 6
_SHOWN_SIDES = (512, 1024)
_DRAWINGS = 5


@dataclass(frozen=True)
class TextMetrics:
    """`recall`: by condition, the share of the text's pixels in regions, and of images with 98 % of theirs in them.

    `blanked`: by kind of image without text, the share of pixels in regions and that of images with any.
    """

    recall: dict[str, tuple[float, float]]
    false_share: dict[str, tuple[float, float]]


def measure_finder(seed: int = 7) -> TextMetrics:
    """Measure the finder of burned-in text on images and fonts that it was not trained with."""
    grounds = _held_out_grounds(seed)
    false_share: defaultdict[str, list[float]] = defaultdict(list)
    for kind, grey in grounds:
        false_share[kind].append(float(covered_mask(grey).mean()))
    recall = {
        name: _measure_condition(np.random.default_rng([seed, 43, number]), grounds, style, quality)
        for number, (name, (style, quality)) in enumerate(_CONDITIONS.items())
    }
    return TextMetrics(
        recall, {kind: (float(np.mean(one)), float(np.mean(np.array(one) > 0))) for kind, one in false_share.items()}
    )


def covered_mask(grey: Grey) -> Mask:
    """Return which pixels lie in regions that are taken for text."""
    mask = np.zeros(grey.shape, bool)
    for region in find_text([View(grey)], *grey.shape):
        mask[region.top : region.top + region.rows, region.left : region.left + region.columns] = True
    return mask


def _held_out_grounds(seed: int) -> list[tuple[str, Grey]]:
    """Return images without text as people are shown them, with their kinds."""
    grounds = []
    for image in foreign_images():
        if image.is_held_out and not any(part in image.name for part in WITH_TEXT):
            grounds.append((image.kind, decode(image.data).to_grey()))
    for name, subject in SUBJECTS.items():
        for index in range(_DRAWINGS):
            film = Image.fromarray((phantom(subject, seed, "held-out", index).film * 255 + 0.5).astype(np.uint8))
            side = _SHOWN_SIDES[index % 2]
            grounds.append((f"phantoms: {name}", np.asarray(film.resize((side, side * film.height // film.width)))))
    return grounds


def _measure_condition(
    rng: np.random.Generator, grounds: Sequence[tuple[str, Grey]], style: Style, quality: int | None
) -> tuple[float, float]:
    shares, names = [], fonts(held_out=True)
    for _, grey in grounds[:: 1 + len(grounds) // 40]:
        example = plain(grey)
        for _ in range(_LINES):
            font, text = style.font, write_words(rng, "")
            if style.font == "any":
                font = str(rng.choice(names))
            elif style.font == "scripts":
                font, text = "DejaVuSerif-Bold", "".join(rng.choice(list(str(rng.choice(SCRIPTS))), 8))
            example = burn_in(rng, example, text, replace(style, font=font))
        if not example.ink.any():
            continue
        mask = covered_mask(example.grey if quality is None else as_jpeg(example.grey, quality))
        shares.append((int((mask & example.ink).sum()), int(example.ink.sum())))
    total = sum(all_ink for _, all_ink in shares)
    return sum(part for part, _ in shares) / total, float(np.mean([part >= 0.98 * ink for part, ink in shares]))
