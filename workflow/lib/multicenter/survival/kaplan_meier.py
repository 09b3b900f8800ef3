"""Kaplan-Meier curves, their confidence intervals, medians, milestones, reverse curves and risk tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival.contrast import Contrast, difference
from multicenter.survival.counts import (
    TIME_TOLERANCE,
    Counts,
    Times,
    at_risk,
    count,
    first_at_risk,
    follow_up,
    weighted_follow_up,
)
from multicenter.survival.infinitesimal_jackknife import running_products
from multicenter.survival.intervals import survival_bounds


@dataclass(frozen=True)
class SurvivalCurve:
    """A step function: one element a distinct time (see `counts.Counts`), S = 1 before the first.

    `counts` are of patients (of rows, if patients have several), `weighted` of their weights, which S is made of.
    """

    counts: Counts
    survival: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    n: int
    weighted: Counts

    @property
    def time(self) -> NDArray[np.float64]:
        return self.counts.time

    @property
    def n_events(self) -> int:
        return int(self.counts.n_event.sum())


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence limits; NaN where it is not reached."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class RiskTable:
    """Numbers under a curve, one element a tick; at risk + events + censored = those who had entered."""

    time: NDArray[np.float64]
    n_risk: NDArray[np.int64]
    cum_events: NDArray[np.int64]
    cum_censored: NDArray[np.int64]


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    ci: str = "log-log",
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> SurvivalCurve:
    """Estimate S(t) = prod(1 - d/n) with its standard error and a `ci` ("log-log", "log", "plain") interval.

    Kaplan & Meier, JASA 1958;53:457; Greenwood's standard error, as `survfit(Surv(entry, time, event) ~ 1)`. With case
    `weights`, or with `cluster` (of whom several rows are), n and d are sums of weights and the standard error is the
    infinitesimal jackknife, summed by cluster, as `survfit(…, weights, cluster, robust = TRUE)`.
    Raises ValueError on data that `counts.weighted_follow_up` refuses.
    """
    data, weight, members = weighted_follow_up(time, event, entry, weights, cluster)
    table = count(data)
    weighted = count(data, weight) if weights is not None else table
    # those who remain after the events, 0 where patients say so and a difference of weights would round
    left = np.where(table.n_risk == table.n_event, 0, weighted.n_risk - weighted.n_event)
    survival = np.cumprod(left / weighted.n_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        if weights is not None or cluster is not None:
            log_se = np.sqrt(_jackknife(data, weighted, left, weight, members))
            log_se[survival == 0] = 0
        else:
            log_se = np.sqrt(np.cumsum(table.n_event / (table.n_risk * left)))
        std_error = survival * log_se
    low, high = survival_bounds(survival, log_se, ci)
    return SurvivalCurve(table, survival, std_error, low, high, len(data), weighted)


def _jackknife(
    data: Times, weighted: Counts, left: NDArray, weight: NDArray, cluster: NDArray | None
) -> NDArray[np.float64]:
    """Sum over clusters of the squared influence on log S(t) of weighing each patient more.

    A patient's influence is −sum((dN − Y·d/n) / (n − d)), dN its event, Y whether it is at risk.
    """
    events = np.where(left > 0, 1 / left, 0.0)
    drift = np.cumsum(weighted.n_event / weighted.n_risk * events)
    end = np.searchsorted(weighted.time, data.time)
    start = first_at_risk(weighted.time, data)
    entered = np.where(start > 0, drift[start - 1], 0.0)
    own = np.where(data.event, events[end], 0.0)
    during = np.column_stack([weight * entered, -weight])
    after = np.column_stack([weight * (own - drift[end] + entered), np.zeros(len(data))])
    products = running_products(start, end, during, after, len(drift), cluster)
    return products[0, 0] + 2 * drift * products[0, 1] + drift**2 * products[1, 1]


def reverse_kaplan_meier(time: ArrayLike, event: ArrayLike) -> SurvivalCurve:
    """Estimate potential follow-up: the curve whose event is the end of observation without the event.

    Schemper & Smith, Control Clin Trials 1996;17:343; equals `survfit(Surv(time, 1 - event) ~ 1)`.
    """
    return kaplan_meier(time, 1 - np.asarray(event).astype(int))


def median(curve: SurvivalCurve) -> Estimate:
    """Return the median and the interval of Brookmeyer & Crowley (Biometrics 1982;38:29) from the curve's limits.

    As R's `print.survfit`: the first time with S <= 0.5, the midpoint of the interval where S equals 0.5. The lower
    limit is where the lower curve crosses 0.5, the upper where the upper one does; NaN where one never does.
    """
    return quantile(curve, 0.5)


def quantile(curve: SurvivalCurve, part: float) -> Estimate:
    """Return the time by which `part` of the patients have had the event, as `median` its 0.5."""
    columns = (curve.survival, curve.ci_low, curve.ci_high)
    return Estimate(*(_crossing(curve.time, limit, 1 - part) for limit in columns))


def _crossing(time: NDArray, curve: NDArray, level: float) -> float:
    below = np.flatnonzero(curve < level + TIME_TOLERANCE)
    if not len(below):
        return np.nan
    first = below[0]
    lower = below[curve[below] < curve[first]]
    if abs(curve[first] - level) < TIME_TOLERANCE and len(lower):
        return float((time[first] + time[lower[0]]) / 2)
    return float(time[first])


def survival_at(curve: SurvivalCurve, when: float) -> Estimate:
    """Return S(`when`) with its limits; all NaN when nobody was observed until then (and S is not yet 0)."""
    position = np.searchsorted(curve.time, when, side="right") - 1
    if position < 0:
        return Estimate(1.0, np.nan, np.nan)
    if when > curve.time[-1] and curve.survival[-1] > 0:
        return Estimate(np.nan, np.nan, np.nan)
    return Estimate(*(float(values[position]) for values in (curve.survival, curve.ci_low, curve.ci_high)))


def survival_difference(one: SurvivalCurve, other: SurvivalCurve, when: float) -> Contrast:
    """Return S(`when`) of one − of the other of two independent groups, with Wald's limits and test.

    Raises NotEstimable when a group was not observed until then or neither curve varies.
    """
    points = []
    for curve in (one, other):
        if np.isnan(survival_at(curve, when).value):
            raise NotEstimable(f"follow-up of a group ends at {curve.time[-1]:g}, before {when:g}")
        position = np.searchsorted(curve.time, when, side="right") - 1
        points += [1.0, 0.0] if position < 0 else [curve.survival[position], np.nan_to_num(curve.std_error[position])]
    return difference(*map(float, points))


def log_minus_log(curve: SurvivalCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log t and log(−log S(t)) at the events where 0 < S < 1: parallel curves mean proportional hazards."""
    shown = (curve.counts.n_event > 0) & (curve.survival > 0) & (curve.survival < 1)
    return np.log(curve.time[shown]), np.log(-np.log(curve.survival[shown]))


def risk_table(time: ArrayLike, event: ArrayLike, ticks: ArrayLike, entry: ArrayLike | None = None) -> RiskTable:
    """Count, at each tick, those at risk (as R's summary: entry < tick <= time) and events and censorings before it.

    At tick 0 those at risk are those who have entered by then.
    """
    data = follow_up(time, event, entry)
    moments = np.asarray(ticks, dtype=float)
    n_risk = at_risk(data, moments)
    n_risk = np.where(moments <= 0, _entered_at_start(data, moments), n_risk)
    events = np.searchsorted(np.sort(data.time[data.event]), moments, side="left")
    censored = np.searchsorted(np.sort(data.time[~data.event]), moments, side="left")
    return RiskTable(moments, n_risk, events, censored)


def _entered_at_start(data: Times, moments: NDArray) -> NDArray[np.int64]:
    if data.entry is None:
        return np.full(len(moments), len(data), dtype=np.int64)
    return np.searchsorted(np.sort(data.entry), moments, side="right")
