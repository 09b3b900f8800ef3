"""Kaplan-Meier curves, their confidence intervals, medians, milestones, reverse curves and risk tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lifelines import KaplanMeierFitter
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.counts import TIME_TOLERANCE, Counts, Times, at_risk, count, follow_up
from multicenter.survival.intervals import survival_bounds


@dataclass(frozen=True)
class SurvivalCurve:
    """A step function: one element a distinct time (see `counts.Counts`), S = 1 before the first."""

    counts: Counts
    survival: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    n: int

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
    time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None, ci: str = "log-log"
) -> SurvivalCurve:
    """Estimate S(t) = prod(1 - d/n) with Greenwood's standard error and a `ci` ("log-log", "log", "plain") interval.

    Kaplan & Meier, JASA 1958;53:457. Equals `summary(survfit(Surv(entry, time, event) ~ 1, conf.type = ci))`.
    Raises ValueError on data that `counts.follow_up` refuses or that are empty.
    """
    data = follow_up(time, event, entry)
    if not len(data):
        raise ValueError("no patients")
    table = count(data)
    survival = _product_limit(data, table)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_se = np.sqrt(np.cumsum(table.n_event / (table.n_risk * (table.n_risk - table.n_event))))
        std_error = survival * log_se
    low, high = survival_bounds(survival, log_se, ci)
    return SurvivalCurve(table, survival, std_error, low, high, len(data))


def _product_limit(data: Times, table: Counts) -> NDArray[np.float64]:
    if data.entry is not None:
        # lifelines refuses data whose risk set empties before the last entry; R and the definition go on from there
        return np.cumprod(1 - table.n_event / table.n_risk)
    fitted = KaplanMeierFitter().fit(data.time, data.event)
    return fitted.survival_function_.iloc[:, 0].reindex(table.time).to_numpy()


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
    return Estimate(*(_crossing(curve.time, limit) for limit in (curve.survival, curve.ci_low, curve.ci_high)))


def _crossing(time: NDArray, curve: NDArray, level: float = 0.5) -> float:
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
