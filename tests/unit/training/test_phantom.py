"""Phantoms: the same from the same seed, different from each other, and true about what is on them."""

import numpy as np
import pytest

from training.dataset import make_examples, phantom, truth_of
from training.phantom.canvas import Phantom
from training.samples import SLICES
from training.subjects import SUBJECTS

DRAWN = [(name, label) for name, drawn in SLICES.items() for label in drawn.TITLES]
SICK = [(name, label) for name, label in DRAWN if label != SUBJECTS[name].nothing]


def drawn(name: str, label: str, seed: int = 3) -> Phantom:
    made: Phantom = SLICES[name].draw(np.random.default_rng(seed), (label,))
    return made


@pytest.mark.parametrize(("name", "label"), DRAWN)
def test_a_seed_draws_the_same_phantom_again(name: str, label: str) -> None:
    first, again, other = drawn(name, label), drawn(name, label), drawn(name, label, 4)
    assert (first.film == again.film).all()
    assert all((first.masks[key] == again.masks[key]).all() for key in first.masks | again.masks)
    assert (first.film != other.film).mean() > 0.2


@pytest.mark.parametrize("name", SLICES)
def test_labels_are_drawn_differently_from_one_seed(name: str) -> None:
    films = [drawn(name, label).film for label in SLICES[name].TITLES]
    for i, film in enumerate(films):
        assert all((film != other).any() for other in films[i + 1 :])


@pytest.mark.parametrize(("name", "label"), DRAWN)
def test_a_film_is_brightness_that_varies(name: str, label: str) -> None:
    film = drawn(name, label).film
    assert film.dtype == np.float32
    assert (film >= 0).all()
    assert (film <= 1).all()
    assert film.std() > 0.05


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("name", "label"), SICK)
def test_the_mask_lies_in_the_organ(name: str, label: str, seed: int) -> None:
    made = drawn(name, label, seed)
    assert set(made.masks) == {label}
    mask, organ = made.masks[label] > 0, made.organ
    assert organ is not None
    assert 20 < mask.sum() < 0.25 * mask.size
    assert (mask & (organ > 0)).sum() > 0.95 * mask.sum()


@pytest.mark.parametrize("name", SLICES)
def test_the_label_that_says_nothing_has_no_mask(name: str) -> None:
    nothing = SUBJECTS[name].nothing
    assert nothing is not None
    assert drawn(name, nothing).masks == {}


@pytest.mark.parametrize(("name", "label"), SICK)
def test_a_finding_changes_the_film_where_the_mask_is(name: str, label: str) -> None:
    """Over many phantoms, brightness inside masks differs from that of the organ around by more than chance."""
    contrasts = []
    for seed in range(6):
        made = drawn(name, label, seed)
        mask, organ = made.masks[label] > 0, made.organ
        assert organ is not None
        around = (organ > 0) & ~mask
        contrasts.append(abs(float(made.film[mask].mean() - made.film[around].mean())))
    assert max(contrasts) > 0.05


@pytest.mark.parametrize("name", SUBJECTS)
def test_splits_share_no_phantom(name: str) -> None:
    subject = SUBJECTS[name]
    films = [phantom(subject, 7, split, 0).film for split in ("train", "validation", "held-out")]
    assert len({film.tobytes() for film in films}) == 3


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_example_says_what_its_phantom_shows(name: str) -> None:
    subject = SUBJECTS[name]
    examples = make_examples(subject, 7, "validation", 6)
    side = subject.input.height
    assert examples.images.shape == (6, 1, side, side)
    assert examples.grids.shape == (6, len(subject.labels), subject.cells, subject.cells)
    for i in range(6):
        made = phantom(subject, 7, "validation", i)
        assert (examples.truth[i] == truth_of(subject, made)).all()
        found = {label for label, grid in zip(subject.labels, examples.grids[i], strict=True) if grid.any()}
        assert found == set(made.masks)


@pytest.mark.parametrize("name", SLICES)
def test_every_label_comes_up_about_as_often(name: str) -> None:
    subject, rng = SUBJECTS[name], np.random.default_rng(1)
    counts = np.sum([truth_of(subject, subject.draw(rng)) for _ in range(24)], axis=0)
    assert counts.sum() == 24
    assert counts.min() >= 2
