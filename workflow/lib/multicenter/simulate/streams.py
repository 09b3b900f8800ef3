"""Random streams by name: the same seed and names give the same numbers, whatever else was drawn before."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator that belongs to `seed` and `names`.

    Each different tuple of names has its own independent stream, so that adding a draw to one part of a
    simulation moves no number in another part.
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    return np.random.Generator(np.random.PCG64([seed, *(zlib.crc32(name.encode()) for name in names)]))
