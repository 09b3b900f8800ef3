"""Cumulative incidence of one cause when others compete, with the standard errors of R's two packages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.counts import Counts, Times, count, follow_up
from multicenter.survival.intervals import incidence_bounds

VARIANCES = ("survfit", "cmprsk")


@dataclass(frozen=True)
class IncidenceCurve:
    """A step function, one element a distinct time; `counts.n_event` counts the cause, `n_competing` the others."""

    counts: Counts
    n_competing: NDArray[np.int64]
    incidence: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    event_free: NDArray[np.float64]
    n: int

    @property
    def time(self) -> NDArray[np.float64]:
        return self.counts.time


@dataclass(frozen=True)
class _Curve:
    """What the variances need, at each distinct time: S just before it and at it, F at it."""

    time: NDArray[np.float64]
    n_risk: NDArray[np.float64]
    mine: NDArray[np.int64]
    others: NDArray[np.int64]
    before: NDArray[np.float64]
    free: NDArray[np.float64]
    incidence: NDArray[np.float64]


def cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    of: int = 1,
    entry: ArrayLike | None = None,
    variance: str = "survfit",
) -> IncidenceCurve:
    """Estimate the Aalen-Johansen cumulative incidence of cause `of`; `cause` is 0 for censored, 1, 2, … for events.

    F(t) = sum of S(u−)·d(u)/n(u), S the probability of no event of any cause. `variance` "survfit" is the infinitesimal
    jackknife of R's `survfit(Surv(time, factor(cause)) ~ 1)` (prodlim prints the same); "cmprsk" the estimate of
    cmprsk's `cuminc` (Gray's code: tied events as a sample without replacement), which knows no delayed entry.
    Limits are log-log on F. Aalen & Johansen, Scand J Stat 1978;5:141. Raises ValueError for a missing cause and for
    data that `counts.follow_up` refuses.
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance {variance!r} is none of {', '.join(VARIANCES)}")
    if variance == "cmprsk" and entry is not None:
        raise ValueError("the cmprsk variance is not defined under delayed entry")
    causes = np.asarray(cause, dtype=float)
    if not (causes >= 0).all() or (causes % 1 != 0).any():
        raise ValueError("a cause is missing or not 0, 1, 2, …")
    data = follow_up(time, causes != 0, entry)
    if not len(data):
        raise ValueError("no patients")
    table = count(data)
    position = np.searchsorted(table.time, data.time)
    mine = np.bincount(position[causes == of], minlength=len(table.time))
    others = table.n_event - mine
    free = np.cumprod(1 - table.n_event / table.n_risk)
    before = np.concatenate([[1.0], free[:-1]])
    incidence = np.cumsum(before * mine / table.n_risk)
    curve = _Curve(table.time, table.n_risk.astype(float), mine, others, before, free, incidence)
    squared = _gray(curve) if variance == "cmprsk" else _jackknife(data, causes == of, curve)
    std_error = np.sqrt(np.maximum(squared, 0))
    low, high = incidence_bounds(incidence, std_error)
    counts = Counts(table.time, table.n_risk, mine, table.n_censor)
    return IncidenceCurve(counts, others, incidence, std_error, low, high, free, len(data))


def incidence_at(curve: IncidenceCurve, when: float) -> tuple[float, float, float, float]:
    """Return F(`when`), its standard error and limits; NaN when nobody was observed until then."""
    position = np.searchsorted(curve.time, when, side="right") - 1
    if position < 0:
        return 0.0, 0.0, np.nan, np.nan
    if when > curve.time[-1] and curve.event_free[-1] > 0:
        return (np.nan,) * 4
    columns = (curve.incidence, curve.std_error, curve.ci_low, curve.ci_high)
    return tuple(float(values[position]) for values in columns)


def _jackknife(data: Times, mine: NDArray[np.bool_], curve: _Curve) -> NDArray:
    """Sum over patients of the squared influence on F(t) of weighing one patient more.

    At time u an event of the cause moves F(t) by A − cF(t), another one by B − cF(t), with c = S(u−)/S(u),
    A = S(u−) + cF(u), B = cF(u); being at risk takes the mean of these away. A patient's influence is thus P − F(t)Q,
    fixed once its follow-up has ended, and the same but for the entry among those still at risk.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.where(curve.free > 0, curve.before / curve.free, 0.0)
    a, b, n, f = curve.before + c * curve.incidence, c * curve.incidence, curve.n_risk, curve.incidence
    drift_p = np.concatenate([[0.0], np.cumsum((curve.mine * a + curve.others * b) / n**2)])
    drift_q = np.concatenate([[0.0], np.cumsum((curve.mine + curve.others) * c / n**2)])
    end = np.searchsorted(curve.time, data.time)
    start = np.zeros(len(data), dtype=int) if data.entry is None else np.searchsorted(curve.time, data.entry, "right")
    entered_p, entered_q = drift_p[start], drift_q[start]
    own = np.where(mine, a[end], np.where(data.event, b[end], 0.0)) / n[end]
    p = own - (drift_p[end + 1] - entered_p)
    q = np.where(data.event, c[end] / n[end], 0.0) - (drift_q[end + 1] - entered_q)

    def ended(values: NDArray) -> NDArray:
        return np.cumsum(np.bincount(end, weights=values, minlength=len(f)))

    def still(values: NDArray) -> NDArray:
        return np.cumsum(np.bincount(start, weights=values, minlength=len(f))) - ended(values)

    shift = f * drift_q[1:] - drift_p[1:]
    linear = still(entered_p) - f * still(entered_q)
    square = still(entered_p**2) - 2 * f * still(entered_p * entered_q) + f**2 * still(entered_q**2)
    gone = ended(p**2) - 2 * f * ended(p * q) + f**2 * ended(q**2)
    return gone + shift**2 * still(np.ones(len(data))) + 2 * shift * linear + square


def _gray(curve: _Curve) -> NDArray:
    """Gray's delta-method variance, tied events of a cause drawn without replacement (cmprsk's Fortran `cinc`)."""
    n, before, free = curve.n_risk, curve.before, curve.free
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(free > 0, 1 / free, 0.0)

    def weight(d: NDArray) -> NDArray:
        ties = np.where(d > 1, 1 - (d - 1) / np.maximum(n - 1, 1), 1.0)
        return before**2 * ties * d / n**2

    f, g = curve.incidence, inverse * curve.incidence
    own, other = weight(curve.mine), np.where(free > 0, weight(curve.others), 0.0)
    constant = (1 + g) ** 2 * own + g**2 * other
    linear = inverse * ((1 + g) * own + g * other)
    square = inverse**2 * (own + other)
    return np.cumsum(constant) - 2 * f * np.cumsum(linear) + f**2 * np.cumsum(square)
