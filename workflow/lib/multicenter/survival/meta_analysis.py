"""Estimates of several centers put together: pooled effect, heterogeneity, prediction, funnel, leaving one out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, norm, poisson
from scipy.stats import t as student

from multicenter.errors import NotEstimable

METHODS = ("REML", "DL", "PM", "EE")
STEPS = 10_000
SETTLED = 1e-14


@dataclass(frozen=True)
class MetaAnalysis:
    """The pooled effect and its limits; heterogeneity: tau² (between centers), I² (%), Cochran's Q.

    `prediction_*` is where the effect of a new center lies; `weights` are the centers' shares in the pooled effect.
    """

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p_value: float
    prediction_low: float
    prediction_high: float
    weights: NDArray[np.float64]


def meta_analysis(
    estimates: ArrayLike, std_errors: ArrayLike, method: str = "REML", knapp_hartung: bool = False
) -> MetaAnalysis:
    """Pool independent estimates (log hazard ratios of centers) with random effects, as metafor's `rma`.

    `method` estimates tau²: "REML" (Viechtbauer, J Educ Behav Stat 2005;30:261), "DL" (DerSimonian & Laird, Control
    Clin Trials 1986;7:177), "PM" (Paule & Mandel 1982), "EE" takes it as 0. `knapp_hartung` gives the variance and
    t-quantiles of Hartung, Knapp, Sidik & Jonkman (Stat Med 2003;22:2693), right for few centers. The prediction
    interval uses the same quantiles as the limits. Raises NotEstimable with fewer than two centers or no convergence.
    """
    y, v = _checked(estimates, std_errors)
    if method not in METHODS:
        raise ValueError(f"method {method!r} is none of {', '.join(METHODS)}")
    k = len(y)
    if k < 2:
        raise NotEstimable(f"{k} center with an estimate: nothing to pool")
    tau2 = {"REML": _reml, "DL": _dersimonian_laird, "PM": _paule_mandel, "EE": lambda y, v: 0.0}[method](y, v)
    w = 1 / (v + tau2)
    mean = float(w @ y / w.sum())
    variance = 1 / w.sum()
    if knapp_hartung:
        variance *= float(w @ (y - mean) ** 2 / (k - 1))
        reach, p_value = student.ppf(0.975, k - 1), 2 * student.sf(abs(mean) / np.sqrt(variance), k - 1)
    else:
        reach, p_value = norm.ppf(0.975), 2 * norm.sf(abs(mean) / np.sqrt(variance))
    fixed = 1 / v
    q = _cochran_q(y, v)
    typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - fixed @ fixed)
    half, wide = reach * np.sqrt(variance), reach * np.sqrt(variance + tau2)
    return MetaAnalysis(
        estimate=mean,
        std_error=float(np.sqrt(variance)),
        ci_low=float(mean - half),
        ci_high=float(mean + half),
        p_value=float(p_value),
        tau2=tau2,
        i2=float(100 * tau2 / (tau2 + typical)) if method != "EE" else float(100 * max(0, (q - k + 1) / q)),
        h2=float((tau2 + typical) / typical) if method != "EE" else float(q / (k - 1)),
        q=q,
        q_df=k - 1,
        q_p_value=float(chi2.sf(q, k - 1)),
        prediction_low=float(mean - wide),
        prediction_high=float(mean + wide),
        weights=w / w.sum(),
    )


def leave_one_out(fit: Callable[[NDArray[np.bool_]], object], group: ArrayLike) -> dict[object, object]:
    """Return `fit(rows)` without each center (or patient) in turn, by the one left out; a NotEstimable stands as value.

    `rows` marks who stays. Everything that is estimated from data must be estimated inside `fit`.
    """
    labels = np.asarray(group)
    out: dict[object, object] = {}
    for one in np.unique(labels).tolist():
        try:
            out[one] = fit(labels != one)
        except NotEstimable as reason:
            out[one] = reason
    return out


def funnel_limits(std_errors: ArrayLike, center: float, level: float = 0.95) -> tuple[NDArray, NDArray]:
    """Return where estimates with these standard errors lie with probability `level` if all aim at `center`."""
    half = norm.ppf((1 + level) / 2) * np.asarray(std_errors, dtype=float)
    return center - half, center + half


def event_ratio_limits(expected: ArrayLike, level: float = 0.95) -> tuple[NDArray, NDArray]:
    """Return the funnel of observed / expected events: exact Poisson limits of a center with `expected` events.

    Each tail holds at most (1 − level)/2; the discrete quantiles are interpolated. Spiegelhalter, Stat Med
    2005;24:1185, appendix A.1.1.
    """
    mean = np.asarray(expected, dtype=float)
    if not (mean > 0).all():
        raise ValueError("expected events must be positive")
    tail = (1 - level) / 2
    return _poisson_quantile(tail, mean) / mean, _poisson_quantile(1 - tail, mean) / mean


def _poisson_quantile(p: float, mean: NDArray) -> NDArray[np.float64]:
    """Return Spiegelhalter's interpolated quantile: r − (P(X ≤ r) − p) / (P(X ≤ r) − P(X ≤ r − 1)), at least 0."""
    r = poisson.ppf(p, mean)
    share = (poisson.cdf(r, mean) - p) / poisson.pmf(r, mean)
    return np.maximum(r - share, 0.0)


def _checked(estimates: ArrayLike, std_errors: ArrayLike) -> tuple[NDArray, NDArray]:
    y, se = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if y.shape != se.shape or y.ndim != 1:
        raise ValueError("estimates and standard errors differ in length")
    if not np.isfinite(y).all() or not (np.isfinite(se) & (se > 0)).all():
        raise ValueError("an estimate is missing or its standard error not positive")
    return y, se**2


def _cochran_q(y: NDArray, v: NDArray, tau2: float = 0.0) -> float:
    w = 1 / (v + tau2)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def _dersimonian_laird(y: NDArray, v: NDArray) -> float:
    w = 1 / v
    return max(0.0, (_cochran_q(y, v) - len(y) + 1) / float(w.sum() - w @ w / w.sum()))


def _paule_mandel(y: NDArray, v: NDArray) -> float:
    def excess(tau2: float) -> float:
        return _cochran_q(y, v, tau2) - (len(y) - 1)

    if excess(0) <= 0:
        return 0.0
    high = 1.0
    while excess(high) > 0:
        high *= 2
    return float(brentq(excess, 0, high, xtol=1e-15, rtol=4 * np.finfo(float).eps))


def _reml(y: NDArray, v: NDArray) -> float:
    """Fisher scoring on the restricted likelihood; a step below 0 ends at 0."""
    tau2 = max(0.0, float(y.var(ddof=1) - v.mean()))
    for _ in range(STEPS):
        w = 1 / (v + tau2)
        total = w.sum()
        residual = w * (y - w @ y / total)
        score = residual @ residual - (total - w @ w / total)
        information = w @ w - 2 * (w**3).sum() / total + (w @ w / total) ** 2
        new = max(0.0, float(tau2 + score / information))
        if abs(new - tau2) <= SETTLED * (tau2 + v.mean()):
            return new
        tau2 = new
    raise NotEstimable("the between-center variance does not converge")
