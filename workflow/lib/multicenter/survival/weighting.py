"""Weights from a propensity score, and how well a weighted hazard ratio is then known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.propensity import PropensityModel

KINDS = ("overlap", "stabilized", "inverse", "exposed")


def propensity_weights(score: ArrayLike, exposed: ArrayLike, kind: str = "overlap") -> NDArray[np.float64]:
    """Return one weight a patient from the score e.

    "overlap": 1 − e for the exposed, e for the others: the average effect in the overlap population (ATO), exactly
    balanced means. Li, Morgan & Zaslavsky, JASA 2018;113:390. "inverse": 1/e and 1/(1 − e), the average effect in all
    (ATE); "stabilized" the same times the share of the own group. "exposed": 1 and e/(1 − e), the effect in the exposed
    (ATT). Raises ValueError for a score outside (0, 1).
    """
    e, y = np.asarray(score, dtype=float), np.asarray(exposed).astype(bool)
    if kind not in KINDS:
        raise ValueError(f"weights {kind!r} are none of {', '.join(KINDS)}")
    if e.shape != y.shape or not ((e > 0) & (e < 1)).all():
        raise ValueError("a propensity score is not between 0 and 1")
    if kind == "overlap":
        return np.where(y, 1 - e, e)
    if kind == "exposed":
        return np.where(y, 1.0, e / (1 - e))
    share = np.where(y, y.mean(), 1 - y.mean()) if kind == "stabilized" else 1.0
    return share / np.where(y, e, 1 - e)


def truncate_weights(weights: ArrayLike, lower: float = 0.01, upper: float = 0.99) -> NDArray[np.float64]:
    """Pull weights to their own quantiles (R's type 7). Cole & Hernán, Am J Epidemiol 2008;168:656."""
    if not 0 <= lower < upper <= 1:
        raise ValueError("quantiles must lie between 0 and 1, the lower one first")
    w = np.asarray(weights, dtype=float)
    return np.clip(w, *np.quantile(w, [lower, upper]))


def effective_sample_size(weights: ArrayLike) -> float:
    """Return (Σw)² / Σw² (Kish 1965): how many equally weighted patients would say as much."""
    w = np.asarray(weights, dtype=float)
    if not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise ValueError("weights must be finite, not negative, and not all zero")
    return float(w.sum() ** 2 / (w @ w))


def weight_slopes(model: PropensityModel, kind: str = "overlap") -> NDArray[np.float64]:
    """Return d weight / d coefficient of the score's model (n, p); a stabilizing share counts as known."""
    e, y = model.score, model.exposed
    w = propensity_weights(e, y, kind)
    by_logit = {
        "overlap": np.where(y, -1.0, 1.0) * e * (1 - e),
        "exposed": np.where(y, 0.0, w),
        "inverse": np.where(y, -(1 - e), e) * w,
        "stabilized": np.where(y, -(1 - e), e) * w,
    }[kind]
    return by_logit[:, None] * model.columns


def score_residuals_with_estimated_weights(
    residuals: NDArray, weights: NDArray, model: PropensityModel, kind: str = "overlap"
) -> NDArray[np.float64]:
    """Return the weighted score residuals (n, p) of a Cox fit, corrected for the estimation of its weights.

    `residuals` are those of the weighted fit per unit of weight (R's `residuals(fit, "score")`, unweighted): they are
    also the derivatives of the weighted score by each weight. The sum of squares of the result, between inverse
    informations, is the covariance; without the correction it is the robust one of `coxph(weights, robust = TRUE)`,
    which takes the weights as known and is too wide. Shu, Young, Toh & Wang, Biometrics 2021;77:846.
    """
    moved = residuals.T @ weight_slopes(model, kind)
    return residuals * weights[:, None] + model.influence @ moved.T
