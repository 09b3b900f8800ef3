"""Standardized mean differences between groups, of a number or of a category."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np


def smd_numeric(first: np.ndarray, second: np.ndarray) -> float:
    """|mean1 - mean2| / sqrt((var1 + var2) / 2), variances with n - 1; NaN where it is not defined.

    Source: Austin, Stat Med 2009;28:3083.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    gap = abs(first.mean() - second.mean())
    pooled = (first.var(ddof=1) + second.var(ddof=1)) / 2
    if pooled == 0:
        return 0.0 if gap == 0 else float("nan")
    return float(gap / np.sqrt(pooled))


def smd_categorical(first: np.ndarray, second: np.ndarray) -> float:
    """Mahalanobis distance of two groups' level proportions (`first`, `second`: counts by level); NaN if not defined.

    Levels that neither group has do not count. Source: Yang & Dalton, SAS Global Forum 2012, paper 335.
    """
    if first.sum() == 0 or second.sum() == 0:
        return float("nan")
    used = (first + second) > 0
    p, q = (counts[used][1:] / counts.sum() for counts in (first, second))
    if not len(p):
        return 0.0
    covariance = (_multinomial_covariance(p) + _multinomial_covariance(q)) / 2
    gap = p - q
    if np.linalg.matrix_rank(covariance) < len(gap) and not _in_range(covariance, gap):
        return float("nan")
    return float(np.sqrt(gap @ np.linalg.pinv(covariance) @ gap))


def _multinomial_covariance(p: np.ndarray) -> np.ndarray:
    return np.diag(p) - np.outer(p, p)


def _in_range(matrix: np.ndarray, vector: np.ndarray) -> bool:
    return bool(np.allclose(matrix @ np.linalg.pinv(matrix) @ vector, vector, atol=1e-10))


def largest_pairwise(parts: Mapping[str, np.ndarray], distance) -> tuple[str, float]:
    """Return ("A vs B", distance) of the pair of groups that differ most; NaN if no pair can be compared."""
    pairs = [(f"{a} vs {b}", distance(parts[a], parts[b])) for a, b in combinations(parts, 2)]
    known = [pair for pair in pairs if not np.isnan(pair[1])]
    return max(known, key=lambda pair: pair[1]) if known else ("", float("nan"))
