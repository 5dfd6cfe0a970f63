"""From what the rays met to what the film shows: exposure, texture, noise, collimation, side marker."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.phantom.canvas import SIZE, Layer, clouds
from training.phantom.thorax import Thorax


def expose(rng: np.random.Generator, person: Thorax, density: Layer) -> Layer:
    """Convert density, 0 (air) to about 1 (bone over heart) to brightness, 0 to 1."""
    y = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None]
    shading = rng.normal(0, 0.03) * (y - 0.5) + 0.012 * clouds(rng, 150)
    film = density + shading + 0.008 * clouds(rng, 9)
    gamma, gain, base = rng.uniform(0.8, 1.3), rng.uniform(0.82, 1.05), rng.uniform(0.0, 0.06)
    film = base + gain * np.clip(film, 0, 1.2) ** gamma
    grain = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
    noisy: Layer = (film + rng.uniform(0.006, 0.022) * (0.6 * grain + 0.8 * _smooth(grain))).astype(np.float32)
    return np.clip(_collimate(rng, _mark(rng, person, noisy)), 0, 1)


def _smooth(grain: Layer) -> Layer:
    """Draw grain of two pixels' size, standard deviation about 1."""
    around = grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, (1, 1), (0, 1))
    return np.asarray(around / 2, np.float32)


def _mark(rng: np.random.Generator, person: Thorax, film: Layer) -> Layer:
    """Draw most films carry a lead letter beside the patient's right shoulder."""
    if rng.random() < 0.3:
        return film
    image = Image.new("L", (SIZE, SIZE))
    x, y = max(6, person.centre - 1.32 * person.half_width), person.apex + rng.uniform(-0.15, 0.0) * person.height
    ImageDraw.Draw(image).text((x, max(4, y)), "R", fill=255, font_size=26)
    letter = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), np.float32) / np.float32(255)
    return np.asarray(np.maximum(film, 0.97 * letter), np.float32)


def _collimate(rng: np.random.Generator, film: Layer) -> Layer:
    """Return some films have dark edges where the collimator stopped the rays."""
    if rng.random() < 0.6:
        return film
    top, bottom, left, right = (int(v) for v in rng.integers(0, SIZE // 28, 4))
    visible_film = np.zeros_like(film)
    inner = (slice(top, SIZE - bottom), slice(left, SIZE - right))
    visible_film[inner] = film[inner]
    return visible_film
