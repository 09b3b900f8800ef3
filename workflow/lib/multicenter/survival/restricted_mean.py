"""Restricted mean survival time: the area under a survival curve until a horizon tau, and its difference and ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival import contrast
from multicenter.survival.counts import Times, first_at_risk, weighted_follow_up
from multicenter.survival.intervals import Z95
from multicenter.survival.kaplan_meier import SurvivalCurve, kaplan_meier


@dataclass(frozen=True)
class RestrictedMean:
    """The mean time free of the event within the first `tau` days (or whatever unit the times have)."""

    tau: float
    value: float
    std_error: float

    @property
    def ci_low(self) -> float:
        return self.value - Z95 * self.std_error

    @property
    def ci_high(self) -> float:
        return self.value + Z95 * self.std_error


def restricted_mean(
    time: ArrayLike,
    event: ArrayLike,
    tau: float,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> RestrictedMean:
    """Estimate the area under the Kaplan-Meier curve (of `kaplan_meier`'s arguments) from 0 to `tau`.

    The standard error is Greenwood's, sqrt(sum(A(u)² d/(n(n − d)))) with A(u) the area from u to tau, as survRM2 and
    `print(survfit, rmean = tau)`; with `weights` or `cluster` the infinitesimal jackknife, as
    `residuals(survfit, type = "rmst")`. Royston & Parmar, BMC Med Res Methodol 2013;13:152. Raises NotEstimable where
    follow-up ends before `tau` (with survivors), ValueError on what `kaplan_meier` refuses and a tau that is not > 0.
    """
    curve = kaplan_meier(time, event, entry, weights=weights, cluster=cluster)
    value = area(curve, tau)
    if weights is None and cluster is None:
        squared = np.sum(_hazard_steps(curve) * _area_from(curve, tau) ** 2)
    else:
        data, weight, members = weighted_follow_up(time, event, entry, weights, cluster)
        influence = weight * _influence(curve, data, tau)
        if members is not None:
            influence = np.bincount(members, weights=influence)
        squared = np.sum(influence**2)
    return RestrictedMean(tau, value, float(np.sqrt(squared)))


def restricted_mean_difference(one: RestrictedMean, other: RestrictedMean) -> contrast.Contrast:
    """Return one − other of two independent groups, as survRM2's `rmst2`. Raises NotEstimable where neither varies."""
    _same_tau(one, other)
    return contrast.difference(one.value, one.std_error, other.value, other.std_error)


def restricted_mean_ratio(one: RestrictedMean, other: RestrictedMean) -> contrast.Contrast:
    """Return one / other of two independent groups, limits on the log scale, as survRM2's `rmst2`."""
    _same_tau(one, other)
    return contrast.ratio(one.value, one.std_error, other.value, other.std_error)


def _same_tau(one: RestrictedMean, other: RestrictedMean) -> None:
    if one.tau != other.tau:
        raise ValueError(f"restricted means to {one.tau:g} and to {other.tau:g} cannot be compared")


def area(curve: SurvivalCurve, tau: float) -> float:
    """Return the area under a curve from 0 to `tau`. Raises NotEstimable where the curve ends above 0 before `tau`."""
    if not (np.isfinite(tau) and tau > 0):
        raise ValueError(f"the horizon of a restricted mean must be positive, not {tau:g}")
    if tau > curve.time[-1] and curve.survival[-1] > 0:
        raise NotEstimable(f"the restricted mean to {tau:g} needs longer follow-up: it ends at {curve.time[-1]:g}")
    return float(min(curve.time[0], tau) + _area_from(curve, tau)[0])


def _area_from(curve: SurvivalCurve, tau: float) -> NDArray[np.float64]:
    """Return the area under the curve from each of its times to `tau`, 0 from `tau` on."""
    widths = np.diff(np.minimum(np.append(curve.time, tau), tau))
    return np.cumsum((widths * curve.survival)[::-1])[::-1]


def _hazard_steps(curve: SurvivalCurve) -> NDArray[np.float64]:
    """Return d / (n (n − d)) at each time, 0 where nobody is left."""
    n, d = curve.weighted.n_risk, curve.weighted.n_event
    left = np.where(curve.counts.n_risk > curve.counts.n_event, n - d, np.inf)
    return d / (n * left)


def _influence(curve: SurvivalCurve, data: Times, tau: float) -> NDArray[np.float64]:
    """Return each row's influence −sum(A(u)·(dN − Y·d/n) / (n − d)) on the area."""
    after = _area_from(curve, tau)
    drift = np.concatenate([[0.0], np.cumsum(_hazard_steps(curve) * after)])
    left = curve.weighted.n_risk - curve.weighted.n_event
    own = np.divide(after, left, out=np.zeros_like(after), where=after > 0)
    end = np.searchsorted(curve.time, data.time)
    at_risk = drift[end + 1] - drift[first_at_risk(curve.time, data)]
    return at_risk - np.where(data.event, own[end], 0.0)
