"""Small, fast fits for work on many simulated studies: seed searches, true values, validity benchmarks.

Results that are reported come from `multicenter.survival`; these agree with them (Efron's ties, Newton steps until
the score vanishes) but return nothing except coefficients and their covariance. Rows are (start, stop] intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class Fit:
    """Coefficients of a fit and their model-based covariance."""

    coefficients: np.ndarray
    covariance: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> np.ndarray:
        """Two-sided Wald p-values."""
        return 2.0 * ndtr(-np.abs(self.coefficients / self.errors))


class _RiskSets:
    """Which rows are at risk at each distinct (stratum, time) of an event, by positions in sorted rows."""

    def __init__(self, start: np.ndarray | None, stop: np.ndarray, event: np.ndarray, strata: np.ndarray | None):
        width = float(stop.max()) + 1.0
        base = 0.0 if strata is None else strata * width
        key = stop + base
        self.n = len(stop)
        self.by_stop = np.argsort(key, kind="stable")
        sorted_stop = key[self.by_stop]
        event_rows = self.by_stop[np.asarray(event, dtype=bool)[self.by_stop]]
        self.event_rows = event_rows
        self.times, self.first, self.group = np.unique(key[event_rows], return_index=True, return_inverse=True)
        self.counts = np.bincount(self.group, minlength=len(self.times))
        self.fraction = (np.arange(len(event_rows)) - self.first[self.group]) / self.counts[self.group]
        above = np.floor(self.times / width) * width + width if strata is not None else np.full(len(self.times), np.inf)
        self.stop_from = np.searchsorted(sorted_stop, self.times, "left")
        self.stop_to = np.searchsorted(sorted_stop, above, "left")
        self.row_last = np.searchsorted(self.times, key, "right")
        self.row_first = np.searchsorted(self.times, base + np.zeros(self.n), "right")
        self.by_start = None
        if start is not None and np.any(start > 0):
            entry = start + base
            self.by_start = np.argsort(entry, kind="stable")
            sorted_start = entry[self.by_start]
            self.start_from = np.searchsorted(sorted_start, self.times, "left")
            self.start_to = np.searchsorted(sorted_start, above, "left")
            self.row_first = np.searchsorted(self.times, entry, "right")

    def at_risk(self, values: np.ndarray) -> np.ndarray:
        """Sums of row values over those at risk, one a distinct event time."""
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values[self.by_stop], axis=0)])
        out = total[self.stop_to] - total[self.stop_from]
        if self.by_start is not None:
            total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values[self.by_start], axis=0)])
            out -= total[self.start_to] - total[self.start_from]
        return out

    def spread(self, per_time: np.ndarray) -> np.ndarray:
        """For each row the sum of `per_time` over the event times at which it is at risk."""
        total = np.concatenate([[0.0], np.cumsum(per_time)])
        return total[self.row_last] - total[np.minimum(self.row_first, self.row_last)]


def cox(
    x: np.ndarray,
    stop: np.ndarray,
    event: np.ndarray,
    start: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    rounds: int = 30,
) -> Fit:
    """Fit a Cox model with Efron's ties (as `survival::coxph`; weighted ties take the mean weight of the tied).

    `x` is (n, p); `stop` > 0 and `start` are times, `strata` small integers. Raises FloatingPointError if Newton's
    steps do not settle (separation) and numpy.linalg.LinAlgError for an aliased covariate.
    """
    x = np.asarray(x, dtype=float)
    x = x - x.mean(axis=0)
    sets = _RiskSets(start, stop, event, strata)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    rows, group, fraction = sets.event_rows, sets.group, sets.fraction
    event_weight = (np.bincount(group, w[rows]) / sets.counts)[group]
    target = (w[rows, None] * x[rows]).sum(axis=0)
    beta = np.zeros(x.shape[1])
    for _ in range(rounds):
        risk = w * np.exp(x @ beta)
        tied = np.column_stack([risk[rows], risk[rows, None] * x[rows]])
        tied_sum = np.add.reduceat(tied, sets.first, axis=0)
        sums = sets.at_risk(np.column_stack([risk, risk[:, None] * x]))[group] - fraction[:, None] * tied_sum[group]
        share = event_weight / sums[:, 0]
        mean = sums[:, 1:] / sums[:, :1]
        score = target - event_weight @ mean
        exposure = sets.spread(np.bincount(group, share))
        exposure[rows] -= np.bincount(group, fraction * share)[group]
        information = (x * (risk * exposure)[:, None]).T @ x - (mean * event_weight[:, None]).T @ mean
        step = np.linalg.solve(information, score)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            return Fit(beta, np.linalg.inv(information))
    raise FloatingPointError("the Cox fit did not settle: separation or too few events")


def score_residuals(
    fit: Fit,
    x: np.ndarray,
    stop: np.ndarray,
    event: np.ndarray,
    start: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Score residuals (n, p) of a fit, per unit of weight, as R's `residuals(fit, "score")`, with Efron's ties."""
    x = np.asarray(x, dtype=float)
    x = x - x.mean(axis=0)
    sets = _RiskSets(start, stop, event, strata)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    rows, group, fraction = sets.event_rows, sets.group, sets.fraction
    ratio = np.exp(x @ fit.coefficients)
    risk = w * ratio
    moments = np.column_stack([risk, risk[:, None] * x])
    tied = np.add.reduceat(moments[rows], sets.first, axis=0)
    sums = sets.at_risk(moments)[group] - fraction[:, None] * tied[group]
    mean = sums[:, 1:] / sums[:, :1]
    share = (np.bincount(group, w[rows]) / sets.counts)[group] / sums[:, 0]
    hazard, early = np.bincount(group, share), np.bincount(group, fraction * share)
    out = x * sets.spread(hazard)[:, None]
    for j in range(x.shape[1]):
        out[:, j] -= sets.spread(np.bincount(group, share * mean[:, j]))
    out *= -ratio[:, None]
    own = x[rows] * early[group, None]
    for j in range(x.shape[1]):
        own[:, j] -= np.bincount(group, fraction * share * mean[:, j])[group]
        own[:, j] -= (np.bincount(group, mean[:, j]) / sets.counts)[group] / ratio[rows]
    out[rows] += ratio[rows, None] * own + x[rows]
    return out


def survival_curve(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan-Meier: distinct event times and the survival after each."""
    order = np.argsort(time, kind="stable")
    time, event = time[order], np.asarray(event, dtype=bool)[order]
    times, deaths = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(time, times, "left")
    return times, np.cumprod(1.0 - deaths / at_risk)


def median_time(time: np.ndarray, event: np.ndarray) -> float:
    """Kaplan-Meier median as R gives it (the middle where the curve lies on 0.5); NaN if it is not reached."""
    times, survival = survival_curve(time, event)
    below = np.flatnonzero(survival <= 0.5 + 1e-12)
    if len(below) == 0:
        return float("nan")
    i = below[0]
    if abs(survival[i] - 0.5) <= 1e-12 and i + 1 < len(times):
        return float(times[i] + times[i + 1]) / 2.0
    return float(times[i])


def survival_at(time: np.ndarray, event: np.ndarray, when: float) -> float:
    """Kaplan-Meier survival at `when`."""
    times, survival = survival_curve(time, event)
    i = np.searchsorted(times, when, "right")
    return 1.0 if i == 0 else float(survival[i - 1])


def restricted_mean(time: np.ndarray, event: np.ndarray, until: float) -> float:
    """Area under the Kaplan-Meier curve from 0 to `until`."""
    times, survival = survival_curve(time, event)
    inside = times < until
    edges = np.concatenate([[0.0], times[inside], [until]])
    return float(np.diff(edges) @ np.concatenate([[1.0], survival[inside]]))


def log_rank(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> float:
    """Log-rank chi-square (groups - 1 degrees of freedom) with the hypergeometric variance."""
    levels, group = np.unique(group, return_inverse=True)
    order = np.argsort(time, kind="stable")
    time, event, group = time[order], np.asarray(event, dtype=bool)[order], group[order]
    times = np.unique(time[event])
    member = np.eye(len(levels))[group]
    after = np.concatenate([np.cumsum(member[::-1], axis=0)[::-1], np.zeros((1, len(levels)))])
    n_k = after[np.searchsorted(time, times, "left")]
    d_k = np.zeros_like(n_k)
    np.add.at(d_k, np.searchsorted(times, time[event]), member[event])
    n, d = n_k.sum(axis=1), d_k.sum(axis=1)
    difference = (d_k - n_k * (d / n)[:, None]).sum(axis=0)
    factor = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    share = n_k / n[:, None]
    variance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    part = difference[:-1]
    return float(part @ np.linalg.solve(variance[:-1, :-1], part))
