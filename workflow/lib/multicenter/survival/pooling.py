"""Rubin's rules: one estimate of several, made on as many imputed data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student


@dataclass(frozen=True)
class Pooled:
    """Pooled estimates, one element a term: total, within- and between-imputation variance, degrees of freedom.

    `increase` is the relative increase in variance due to what is missing, `missing_information` its fraction.
    """

    estimate: NDArray[np.float64]
    variance: NDArray[np.float64]
    within: NDArray[np.float64]
    between: NDArray[np.float64]
    df: NDArray[np.float64]
    increase: NDArray[np.float64]
    missing_information: NDArray[np.float64]
    m: int

    @property
    def std_error(self) -> NDArray[np.float64]:
        return np.sqrt(self.variance)

    @property
    def p_value(self) -> NDArray[np.float64]:
        """Two-sided p-values from Student's t."""
        return 2 * student.sf(np.abs(self.estimate / self.std_error), self.df)

    def interval(self, level: float = 0.95) -> tuple[NDArray, NDArray]:
        """Return confidence limits from Student's t."""
        half = student.ppf((1 + level) / 2, self.df) * self.std_error
        return self.estimate - half, self.estimate + half

    def monte_carlo_error(self) -> NDArray[np.float64]:
        """Return how far another `m` imputations would move the estimate, sqrt(B / m)."""
        return np.sqrt(self.between / self.m)


def pool(estimates: ArrayLike, variances: ArrayLike, complete_df: float) -> Pooled:
    """Pool `estimates` (m, p) and their `variances` (m, p): T = W + (1 + 1/m)·B.

    `complete_df` are the degrees of freedom that complete data would give; for a Cox model events − parameters.
    Rubin 1987; Barnard & Rubin, Biometrika 1999;86:948 (degrees of freedom). Equals mice's `pool.scalar`.
    Raises ValueError with fewer than two imputations, and for an estimate or variance that is missing.
    """
    q, u = np.atleast_2d(np.asarray(estimates, dtype=float).T).T, np.atleast_2d(np.asarray(variances, dtype=float).T).T
    m = len(q)
    if m < 2 or q.shape != u.shape:
        raise ValueError("pooling needs two or more imputations, with a variance for each estimate")
    if not np.isfinite(q).all() or not (np.isfinite(u) & (u > 0)).all():
        raise ValueError("an estimate is missing or its variance not positive")
    if complete_df <= 0:
        raise ValueError("complete_df must be positive: fewer events than parameters")
    within, between = u.mean(axis=0), q.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    increase = (1 + 1 / m) * between / within
    share = (1 + 1 / m) * between / total
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    with np.errstate(divide="ignore"):
        old = (m - 1) / share**2
    df = 1 / (1 / old + 1 / observed)
    return Pooled(q.mean(axis=0), total, within, between, df, increase, (increase + 2 / (df + 3)) / (increase + 1), m)
