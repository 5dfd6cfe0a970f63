"""Weights for a network without training: the same for the same seed and name, wherever they are drawn."""

import zlib

import numpy as np
from numpy.typing import NDArray


def draw_weights(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw weights of a size that keeps activations about as large as they come in."""
    uniform = 2 * np.random.default_rng([seed, zlib.crc32(name.encode())]).random(shape) - 1
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        return np.asarray(uniform * np.sqrt(6 / fan_in), np.float32)
    if name.endswith("weight"):
        return np.asarray(1 + 0.1 * uniform, np.float32)
    return np.asarray(0.1 * uniform, np.float32)
