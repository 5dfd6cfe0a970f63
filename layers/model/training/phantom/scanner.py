"""From what is in a slice to what a scanner shows of it."""

import numpy as np

from training.phantom.canvas import Layer, Phantom
from training.phantom.plane import SIDE, Plane, noise

Masks = dict[str, Layer]


def ct(
    rng: np.random.Generator, density: Layer, window: tuple[float, float], dose: float, *, masks: Masks, organ: Layer
) -> Phantom:
    """Convert Hounsfield units to a CT slice: kernel, quantum noise of about `dose` HU, streaks, a round field, a
    window.
    """
    smooth = _blur(density, rng.uniform(0.2, 0.9))
    grain = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
    sigma = dose * rng.uniform(0.5, 1.5)
    visible = smooth + sigma * (_blur(grain, rng.uniform(0.5, 0.9)) * 2.2)
    if rng.random() < 0.3:
        visible += _streaks(rng, 0.5 * sigma)
    low, high = window
    film = np.clip((visible - low) / (high - low), 0, 1)
    if rng.random() < 0.5:
        film = film * _round_field()
    return Phantom(film.astype(np.float32), masks, window, organ)


def mri(rng: np.random.Generator, signal: Layer, masks: Masks, organ: Layer) -> Phantom:
    """Convert signal, 0 to about 1 to an MR slice: coil shading, Rician noise, ghosts of the pulse, contrast as
    printed.
    """
    signal_with_bias = _blur(signal, rng.uniform(0.2, 0.9)) * (1 + rng.uniform(0.02, 0.12) * noise(rng, 260))
    if rng.random() < 0.2:
        signal_with_bias = signal_with_bias + rng.uniform(0.01, 0.03) * np.roll(
            signal_with_bias, int(rng.integers(40, 120)), 0
        )
    sigma = rng.uniform(0.012, 0.035)
    real, imaginary = rng.standard_normal((2, SIDE, SIDE)).astype(np.float32)
    visible = np.hypot(signal_with_bias + sigma * _blur(real, 0.5) * 1.6, sigma * _blur(imaginary, 0.5) * 1.6)
    gain, gamma = rng.uniform(0.8, 1.08), rng.uniform(0.8, 1.25)
    return Phantom(np.clip(gain * visible**gamma, 0, 1).astype(np.float32), masks, None, organ)


def table(plane: Plane, density: Layer, back: float) -> None:
    """Draw the scanner's table, under the patient: it does not turn with them."""
    rows = (np.arange(SIDE, dtype=np.float32)[:, None] + np.float32(0.5 - SIDE / 2)) * np.float32(plane.pixel)
    columns = (np.arange(SIDE, dtype=np.float32)[None, :] + np.float32(0.5 - SIDE / 2)) * np.float32(plane.pixel)
    far = rows - (back + plane.shift[1]) + np.float32(0.0012) * columns**2
    shell = (np.abs(far) < 1.3) | (np.abs(far - 16) < 1.0)
    density[:] = np.where((density < -900) & shell, -350, density)


def _blur(layer: Layer, sigma: float) -> Layer:
    """Draw gaussian, of at most three pixels to each side; the image is continued round its edges."""
    weights = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        shifts = [np.float32(w) * np.roll(layer, i - 3, axis) for i, w in enumerate(weights) if w > 1e-4]
        layer = np.asarray(np.add.reduce(shifts), np.float32)
    return layer


def _streaks(rng: np.random.Generator, strength: float) -> Layer:
    """Draw photon starvation: fine stripes, mostly from side to side."""
    angle = rng.normal(0, 0.12)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    profile = np.cumsum(rng.standard_normal(3 * SIDE)) * 0.12 + rng.standard_normal(3 * SIDE)
    lines = np.clip(y * np.cos(angle) - x * np.sin(angle) + SIDE, 0, 3 * SIDE - 1).astype(int)
    fade = np.exp(-(((y / SIDE - rng.uniform(0.35, 0.65)) / 0.25) ** 2))
    return np.asarray(strength * profile[lines] * fade, np.float32)


def _round_field() -> Layer:
    """Draw reconstructions are round: the corners are empty."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    inside: Layer = (np.hypot(x - SIDE / 2, y - SIDE / 2) < SIDE / 2).astype(np.float32)
    return inside
