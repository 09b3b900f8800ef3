"""95% confidence intervals of a probability on the scales that survival analysis uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

CI_TYPES = ("log-log", "log", "plain")
Z95 = float(norm.ppf(0.975))

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]


def survival_bounds(survival: NDArray, log_se: NDArray, ci: str = "log-log") -> Bounds:
    """Return lower and upper limits of a survival probability, as R's `survfit(conf.type = ci)`.

    `log_se` is the standard error of log S (Greenwood). As in R a limit is NaN where its scale has none: S = 0 for log,
    S = 0 or 1 for log-log. Kalbfleisch & Prentice 2002, section 1.4.
    """
    if ci not in CI_TYPES:
        raise ValueError(f"confidence interval type {ci!r} is none of {', '.join(CI_TYPES)}")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if ci == "plain":
            half = Z95 * log_se * survival
            return np.maximum(survival - half, 0), np.minimum(survival + half, 1)
        if ci == "log":
            base = np.where(survival == 0, np.nan, survival)
            return base * np.exp(-Z95 * log_se), np.minimum(base * np.exp(Z95 * log_se), 1)
        base = np.log(np.where((survival == 0) | (survival == 1), np.nan, survival))
        shift = Z95 * log_se / base
        return np.exp(base * np.exp(-shift)), np.exp(base * np.exp(shift))


def incidence_bounds(incidence: NDArray, std_error: NDArray) -> Bounds:
    """Return limits F^exp(±z·se / (F·log F)) of a cumulative incidence F (log-log scale, as tidycmprsk's `cuminc`).

    NaN where F is 0 or 1 or its standard error is unknown. Choudhury, Stat Med 2002;21:1129.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        base = np.where((incidence <= 0) | (incidence >= 1), np.nan, incidence)
        shift = np.abs(Z95 * std_error / (base * np.log(base)))
        return base ** np.exp(shift), base ** np.exp(-shift)
