"""Two independent estimates compared: their difference or ratio with limits and Wald's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from multicenter.errors import NotEstimable
from multicenter.survival.intervals import Z95


@dataclass(frozen=True)
class Contrast:
    """A difference or ratio with 95% limits; `std_error` (of a ratio: of its logarithm), `z` and two-sided p."""

    value: float
    std_error: float
    ci_low: float
    ci_high: float
    z: float
    p_value: float


def difference(value: float, std_error: float, other: float, other_std_error: float) -> Contrast:
    """Return value − other of two independent groups. Raises NotEstimable where one is unknown or neither varies."""
    gap, se = value - other, float(np.hypot(std_error, other_std_error))
    if not (np.isfinite(gap) and np.isfinite(se) and se > 0):
        raise NotEstimable("the standard error of a difference of these estimates is unknown or 0")
    z = gap / se
    return Contrast(gap, se, gap - Z95 * se, gap + Z95 * se, z, float(2 * norm.sf(abs(z))))


def ratio(value: float, std_error: float, other: float, other_std_error: float) -> Contrast:
    """Return value / other of two independent groups, limits and test on the log scale (delta method)."""
    if not (value > 0 and other > 0):
        raise NotEstimable("a ratio needs two positive estimates")
    log = difference(float(np.log(value)), std_error / value, float(np.log(other)), other_std_error / other)
    limits = np.exp([log.value, log.ci_low, log.ci_high])
    return Contrast(float(limits[0]), log.std_error, float(limits[1]), float(limits[2]), log.z, log.p_value)
