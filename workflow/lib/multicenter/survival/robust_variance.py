"""Sandwich variance of a Cox model's coefficients, with clusters: for case weights, repeated rows, centers.

Lin & Wei, J Am Stat Assoc 1989;84:1074; R's `coxph(…, weights, cluster, robust = TRUE)`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival.cox import CoxFit
from multicenter.survival.residuals import dfbeta


def robust_variance(fit: CoxFit, cluster: ArrayLike | None = None, few_clusters: bool = False) -> NDArray[np.float64]:
    """Return D'D (p, p), D the weighted dfbeta residuals summed by `cluster` (default: each row is its own).

    `few_clusters` multiplies by G/(G−1), G the clusters that are counted ("CR1"; R has none). A sandwich of few
    clusters (fewer than about 30) is too small even so. Raises NotEstimable for a single cluster, ValueError for a row
    without one.
    """
    influence = dfbeta(fit)
    if cluster is not None:
        codes = _codes(cluster, len(influence))
        influence = np.stack([np.bincount(codes, weights=column) for column in influence.T], axis=1)
    size = _size(fit, cluster)
    if size < 2:
        raise NotEstimable("a robust variance needs more than 1 cluster")
    return influence.T @ influence * (size / (size - 1) if few_clusters else 1.0)


def with_robust_errors(fit: CoxFit, cluster: ArrayLike | None = None, few_clusters: bool = False) -> CoxFit:
    """Return the fit with the robust covariance: its errors, limits, p-values and Wald tests are robust then."""
    return replace(fit, covariance=robust_variance(fit, cluster, few_clusters), naive=fit.model_covariance)


def _codes(cluster: ArrayLike, size: int) -> NDArray[np.int64]:
    codes, _ = pd.factorize(np.asarray(cluster))
    if codes.shape != (size,):
        raise ValueError("cluster and time differ in length")
    if (codes < 0).any():
        raise ValueError("a cluster is missing")
    return codes


def _size(fit: CoxFit, cluster: ArrayLike | None) -> int:
    """Return the number of clusters of rows that are counted."""
    if cluster is None:
        return fit.n
    counted = fit.data.counted
    return len(pd.unique(np.asarray(cluster) if counted is None else np.asarray(cluster)[counted]))
