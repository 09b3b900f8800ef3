"""Cox's partial likelihood with strata, delayed entry and case weights: its value, score and information.

Ties after Efron (JASA 1977;72:557) or Breslow (Biometrics 1974;30:89), weighted as R's `coxph`: the events of one time
share their mean weight. The second moments of the risk sets are never held: their sum over the event times is
X' diag(E) X, E the events that a row is expected to have, so that one evaluation is a matrix product and O(n p) sums.
Where the risks of successive risk sets differ by more than a double can hold, follow-up is cut in blocks, each with its
own scale (a cut leaves every risk set as it is).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from multicenter.survival.maximize import Point
from multicenter.survival.risk_sets import RiskSets

TIES = ("efron", "breslow")
CHUNK = 8192  # rows that the processor's cache holds while they are turned


@dataclass(frozen=True)
class PartialLikelihood:
    """What a partial likelihood is a function of: risk sets and, in their order, covariates (p, m), weights, offset."""

    sets: RiskSets
    x: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] | None = None
    ties: str = "efron"

    def at(self, beta: NDArray) -> Evaluation:
        """Evaluate at `beta` (p,)."""
        eta = beta @ self.x
        if self.offset is not None:
            eta = eta + self.offset
        if not self.sets.too_wide(eta):
            return Evaluation(self, eta)
        sets, position = self.sets.cut(eta)
        weight = None if self.weight is None else self.weight[position]
        x = sets.centered(np.take(self.x, position, axis=1))
        offset = None if self.offset is None else sets.centered(self.offset[position])
        return PartialLikelihood(sets, x, weight, offset, self.ties)._uncut(beta)

    def _uncut(self, beta: NDArray) -> Evaluation:
        return Evaluation(self, beta @ self.x if self.offset is None else beta @ self.x + self.offset)

    def transformed(self, columns: list[int], basis: NDArray) -> PartialLikelihood:
        """Return the likelihood of other coordinates: the covariates `columns` times `basis`."""
        return PartialLikelihood(self.sets, basis.T @ self.x[columns], self.weight, self.offset, self.ties)

    @cached_property
    def event_x(self) -> NDArray[np.float64]:
        """Sums of the weighted covariates of the events at each point (p, K)."""
        return self.sets.events(self.x if self.weight is None else self.times(self.weight))

    def times(self, factor: NDArray) -> NDArray[np.float64]:
        """Return covariates times a number a row, in a place that the next call uses again."""
        return np.multiply(self.x, factor, out=self._scratch)

    @cached_property
    def _scratch(self) -> NDArray[np.float64]:
        return np.empty_like(self.x)

    @cached_property
    def event_weight(self) -> NDArray[np.float64] | float:
        """Mean weight of the events at each point."""
        return 1.0 if self.weight is None else self.sets.events(self.weight) / self.sets.n_event


def likelihood(
    sets: RiskSets,
    design: NDArray,
    weights: NDArray | None = None,
    offset: NDArray | None = None,
    ties: str = "efron",
) -> PartialLikelihood:
    """Return the partial likelihood of `design` (n, p), case `weights` and `offset` (n,) given in the data's order."""
    x = np.empty((design.shape[1], len(sets.rows)))
    for start in range(0, len(sets.rows), CHUNK):
        part = slice(start, start + CHUNK)
        x[:, part] = design[sets.rows[part]].T
    sets.centered(x)
    shift = None if offset is None else sets.centered(offset[sets.rows])
    return PartialLikelihood(sets, x, None if weights is None else weights[sets.rows], shift, ties)


@dataclass(frozen=True)
class Evaluation:
    """A partial likelihood at one beta; `eta` (m,) is the linear predictor, but for a constant in each block."""

    of: PartialLikelihood
    eta: NDArray[np.float64]

    @cached_property
    def relative_risk(self) -> NDArray[np.float64]:
        """Risk of each row, in units of its block."""
        return np.exp(self.eta - self.of.sets.by_row(self.top))

    @cached_property
    def top(self) -> NDArray[np.float64]:
        return self.of.sets.block_max(self.eta)

    @cached_property
    def risk(self) -> NDArray[np.float64]:
        """Weighted risk of each row."""
        return self.relative_risk if self.of.weight is None else self.relative_risk * self.of.weight

    @cached_property
    def tied(self) -> TieSums:
        s0, d0 = self.of.sets.sums(self.risk)
        return TieSums(self.of.sets, s0, d0, self.of.event_weight, self.of.ties)

    @cached_property
    def first_moments(self) -> tuple[NDArray, NDArray]:
        """Sums (p, K) of risk times covariates over those at risk, and over the events."""
        return self.of.sets.sums(self.of.times(self.risk))

    @property
    def value(self) -> float:
        """The log-likelihood."""
        sets, weight = self.of.sets, self.of.event_weight
        dead = self.eta[sets.event] if self.of.weight is None else (self.eta * self.of.weight)[sets.event]
        scale = np.repeat(self.top, np.diff(sets.edges)) * sets.n_event * weight
        return float(dead.sum() - self.tied.log.sum() - scale.sum())

    @cached_property
    def expected_mean(self) -> NDArray[np.float64]:
        """Sum over the events of each point of the mean covariates at risk (p, K)."""
        s1, d1 = self.first_moments
        return s1 * self.tied.a - d1 * self.tied.af

    @property
    def score_by_time(self) -> NDArray[np.float64]:
        """What each point adds to the score (p, K)."""
        return self.of.event_x - self.expected_mean

    def exposure(self, g: NDArray | float = 1.0) -> NDArray[np.float64]:
        """Return the cumulative baseline hazard that each row lives through, that of each point times g."""
        sets = self.of.sets
        return sets.spread(g * self.tied.a) - sets.own(g * self.tied.af)

    def information(self, g: NDArray | float = 1.0) -> NDArray[np.float64]:
        """Return the information (p, p), that of each point times g."""
        x, (s1, d1), t = self.of.x, self.first_moments, self.tied
        cross = (s1 * (g * t.bf)) @ d1.T
        means = (s1 * (g * t.b)) @ s1.T - cross - cross.T + (d1 * (g * t.bff)) @ d1.T
        return self.of.times(self.risk * self.exposure(g)) @ x.T - means

    def point(self) -> Point:
        """Return value, score and information for `maximize`."""
        return Point(self.value, self.score_by_time.sum(axis=1), self.information())

    def to_rows(self, values: NDArray, size: int) -> NDArray:
        """Return values (m,) or (p, m) as (n,) or (n, p) in the order of the data, 0 for rows that are not counted."""
        rows = self.of.sets.rows
        if values.ndim == 1:
            return np.bincount(rows, weights=values, minlength=size)
        return np.stack([np.bincount(rows, weights=row, minlength=size) for row in values], axis=1)


class TieSums:
    """Sums over the d tied events, k = 0 … d−1, of w/s, fw/s, w/s², fw/s², f²w/s² and w·log s at each point.

    s = s0 − f·d0 with f = k/d (Efron) or 0 (Breslow); w the mean weight of the tied events.
    """

    def __init__(self, sets: RiskSets, s0: NDArray, d0: NDArray, weight: NDArray | float, ties: str):
        if ties == "efron" and len(sets.owner) > len(s0):
            f = sets.tied_fraction
            s = s0[sets.owner] - f * d0[sets.owner]
            one = 1 / s
            two = one * one
            terms = (one, f * one, two, f * two, f * f * two, np.log(s))
            sums = np.add.reduceat(np.stack(terms), sets.tie_starts, axis=1)
        else:
            none = np.zeros_like(s0)
            sums = np.stack([1 / s0, none, 1 / s0**2, none, none, np.log(s0)]) * sets.n_event
        self.a, self.af, self.b, self.bf, self.bff, self.log = sums * weight
