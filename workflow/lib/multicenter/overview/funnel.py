"""Funnel limits: how far a center's rate may lie from the pooled one by chance (Spiegelhalter, Stat Med 2005;24:1185).

Exact limits, interpolated between the discrete values as in the appendix of that paper.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

Distribution = Callable[[np.ndarray], np.ndarray]

WATCH, ALARM = 0.95, 0.998
# as they are said: "far above the limits"
INSIDE, LOW, HIGH, FAR_LOW, FAR_HIGH = "inside", "below", "above", "far below", "far above"


def binomial_limits(share: float, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) lower and upper limit of a share among n patients if the pooled share holds there too."""
    n = np.asarray(n, dtype="int64")
    if share in (0.0, 1.0):
        return np.full(n.shape, share), np.full(n.shape, share)

    def distribution(count: np.ndarray) -> np.ndarray:
        return special.bdtr(np.floor(count), n, share)

    def continuous(p: float) -> np.ndarray:
        return special.bdtrik(p, n, share)

    return _limits(distribution, continuous, n.astype("float64"), level)


def poisson_limits(rate: float, exposure: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) lower and upper limit of a rate over an exposure (patients, patient-years) if the pooled rate holds."""
    exposure = np.asarray(exposure, dtype="float64")

    def distribution(count: np.ndarray) -> np.ndarray:
        return special.pdtr(np.floor(count), rate * exposure)

    def continuous(p: float) -> np.ndarray:
        return special.pdtrik(p, rate * exposure) if rate > 0 else np.zeros_like(exposure)

    return _limits(distribution, continuous, exposure, level)


def binomial_tails(count: np.ndarray, n: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the probability of so few and of so many among n patients if the pooled share holds there too."""
    count, n = np.asarray(count, dtype="int64"), np.asarray(n, dtype="int64")
    return special.bdtr(count, n, share), np.where(count > 0, special.bdtrc(np.maximum(count - 1, 0), n, share), 1.0)


def poisson_tails(count: np.ndarray, exposure: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the probability of so few and of so many over an exposure if the pooled rate holds there too."""
    count, mean = np.asarray(count, dtype="int64"), rate * np.asarray(exposure, dtype="float64")
    return special.pdtr(count, mean), np.where(count > 0, special.pdtrc(np.maximum(count - 1, 0), mean), 1.0)


def standing(few: np.ndarray, many: np.ndarray) -> list[str]:
    """(n,) where each center lies, by its tails: inside, below or above (beyond the watch level), far below or above.

    The tails are exact; of a very small center the interpolated limits that are drawn can be narrower.
    """
    found = np.full(len(few), INSIDE, dtype=object)
    for level, low, high in ((WATCH, LOW, HIGH), (ALARM, FAR_LOW, FAR_HIGH)):
        found[few <= (1 - level) / 2] = low
        found[many <= (1 - level) / 2] = high
    return list(found)


def _limits(
    distribution: Distribution, continuous: Callable[[float], np.ndarray], size: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolated limits: the smallest count r with P(R <= r) >= p, less the share of its probability above p."""
    bounds = []
    for p in ((1 - level) / 2, (1 + level) / 2):
        count = _quantile(distribution, continuous(p), p)
        below, at = np.where(count > 0, distribution(np.maximum(count - 1, 0)), 0.0), distribution(count)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(at > below, (at - p) / (at - below), 0.0)
            bounds.append(np.where(size > 0, np.maximum((count - part) / size, 0.0), np.nan))
    return bounds[0], bounds[1]


def _quantile(distribution: Distribution, continuous: np.ndarray, p: float) -> np.ndarray:
    """The smallest count whose distribution function reaches p, from the quantile that is no whole number."""
    count = np.ceil(np.nan_to_num(continuous, nan=0.0))
    return np.where((count > 0) & (distribution(np.maximum(count - 1, 0)) >= p), count - 1, count)
