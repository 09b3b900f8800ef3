"""Clone, censor, weight: two strategies with a grace period compared in the patients who might have followed either.

Strategy A starts treatment by the end of the grace period (day G), B does not start by then; later starts are allowed.
Every patient is followed once under each, until what was done no longer agrees with it. Under A nobody disagrees before
G: treatment starts when it naturally would, and who has not started is censored on day G; those who have started stand
for all who are at risk then, as if the others started then (if it matters when treatment started, the contrast is of
the starts as they were). Under B a start until G censors. Weights undo this censoring: 1 / P(started by G | at risk
just after G) for A, 1 / P(not yet started | covariates) for B. What counts as confounding has to be known at time zero.
Hernan & Robins, Am J Epidemiol 2016;183:758; Cain et al., Int J Biostat 2010;6:18; Maringe et al., Int J Epidemiol
2020;49:1719. On the day of an event treatment starts after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival.start_models import RidgeDesign, StartHazard, started_probability

BLOCK = 4_000_000


@dataclass(frozen=True)
class Arm:
    """One strategy: weighted survival at the distinct event times, and the weights of who follow it after grace."""

    survival: NDArray[np.float64]
    n_risk: NDArray[np.float64]
    n_event: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def effective_size(self) -> float:
        """Return Kish's effective sample size after the grace period."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())


@dataclass(frozen=True)
class Comparison:
    """Both arms over the common event times `time` (days)."""

    time: NDArray[np.float64]
    start: Arm
    none: Arm

    def survival_difference(self, day: float) -> float:
        """Return S(day) under A minus S(day) under B."""
        return self.survival_at(self.start, day) - self.survival_at(self.none, day)

    def survival_at(self, arm: Arm, day: float) -> float:
        """Return the weighted survival of an arm on a day."""
        position = np.searchsorted(self.time, day, side="right")
        return float(arm.survival[position - 1]) if position else 1.0

    def restricted_mean(self, arm: Arm, until: float) -> float:
        """Return the area under the curve of an arm until a day, in days."""
        inside = self.time < until
        edges = np.concatenate([[0.0], self.time[inside], [until]])
        return float(np.diff(edges) @ np.concatenate([[1.0], arm.survival[inside]]))

    def restricted_mean_difference(self, until: float) -> float:
        """Return the restricted mean under A minus that under B, in days."""
        return self.restricted_mean(self.start, until) - self.restricted_mean(self.none, until)

    def log_hazard_ratio(self) -> float:
        """Return the marginal log hazard ratio, A against B: Cox's weighted partial likelihood, Breslow's ties."""
        a, b = self.start, self.none
        both = (a.n_risk > 0) & (b.n_risk > 0)
        beta, events = 0.0, (a.n_event + b.n_event)[both]
        for _ in range(50):
            share = 1 / (1 + np.exp(-beta) * b.n_risk[both] / a.n_risk[both])
            information = float(events @ (share * (1 - share)))
            if information <= 0:
                break
            step = float(a.n_event[both].sum() - events @ share) / information
            beta += float(np.clip(step, -1, 1))
            if abs(step) < 1e-12:
                return beta
        raise NotEstimable("the marginal hazard ratio of the strategies does not converge")


class CloneCensorWeight:
    """The data of a comparison; `compare` may be asked again with other case weights (a bootstrap's multiplicities).

    `time` and `event`: follow-up in days; `start`: the day on which treatment starts (NaN: never); `grace`: day G;
    `design` (n, p): covariates known at time zero; `center`: codes, whose effects are penalized (a normal prior with
    standard deviation 1 on the log scale), so that centers where all or none start are no obstacle.
    """

    def __init__(
        self, time: ArrayLike, event: ArrayLike, start: ArrayLike, grace: float, design: NDArray, center: ArrayLike
    ):
        self.time, self.event = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
        starts = np.asarray(start, dtype=float)
        self.grace = float(grace)
        if not (self.time > 0).all():
            raise ValueError("a time is not positive")
        # treatment that starts on the day on which follow-up ends has not been followed
        self.start = np.where(starts < self.time, starts, np.inf)
        self.by_grace = self.start <= self.grace
        self.at_grace = self.time > self.grace
        self._check()
        self._x = RidgeDesign(design, center)
        self._hazard = StartHazard(self._x, np.minimum(np.minimum(self.start, self.time), self.grace), self.by_grace)
        self._times = np.unique(self.time[self.event])
        self._position = np.searchsorted(self._times, self.time, side="right")
        self._late = self._times > self.grace

    def compare(self, weight: NDArray | None = None, truncate: float | None = None) -> Comparison:
        """Compare the strategies; `weight`: case weights; `truncate`: the quantile at which the weights are cut.

        Raises NotEstimable when nobody follows one of the strategies or a model does not converge.
        """
        case = np.ones(len(self.time)) if weight is None else np.asarray(weight, dtype=float)
        a, b = (self.at_grace & who & (case > 0) for who in (self.by_grace, ~self.by_grace))
        if not a.any() or not b.any():
            raise NotEstimable(f"nobody {'starts' if not a.any() else 'does not start'} by day {self.grace:g}")
        probability = started_probability(self._x, self.by_grace, case * self.at_grace)
        self._hazard.fit(case)
        of_a, of_b = 1 / probability, self._hazard.inverse_probability(self.grace, inclusive=True)
        limits = [np.inf if truncate is None else np.quantile(of[who], truncate) for of, who in ((of_a, a), (of_b, b))]
        arm_a = self._arm(case, np.minimum(of_a, limits[0]), self.by_grace, early=self._naturally(case), who=a)
        arm_b = self._arm(
            case, np.minimum(of_b, limits[1]), ~self.by_grace, early=self._not_yet(case, limits[1]), who=b
        )
        return Comparison(self._times, arm_a, arm_b)

    def risk_sets(self, arm: str) -> tuple[NDArray, NDArray]:
        """Return the follow-up of an arm's clones, "start" or "none": (until, event)."""
        follows = self.by_grace if arm == "start" else ~self.by_grace
        stop = np.full(len(self.time), self.grace) if arm == "start" else self.start
        until = np.where(follows, self.time, np.minimum(self.time, stop))
        return until, self.event & (until == self.time)

    def _check(self) -> None:
        sizes = {"starts": int(self.by_grace.sum()), "does not start": int((~self.by_grace & self.at_grace).sum())}
        for what, size in sizes.items():
            if size < 2:
                raise NotEstimable(f"{size or 'nobody'} {what} by day {self.grace:g}")

    def _arm(
        self, case: NDArray, inverse: NDArray, follows: NDArray, early: tuple[NDArray, NDArray], who: NDArray
    ) -> Arm:
        weights = np.where(follows, case * inverse, 0.0)
        n_risk = np.where(self._late, self._at_risk(weights), _padded(early[0], len(self._times)))
        n_event = np.where(self._late, self._events(weights), _padded(early[1], len(self._times)))
        with np.errstate(divide="ignore", invalid="ignore"):
            survival = np.cumprod(np.where(n_risk > 0, 1 - n_event / n_risk, 1.0))
        return Arm(survival, n_risk, n_event, weights[who])

    def _naturally(self, case: NDArray) -> tuple[NDArray, NDArray]:
        """Until the end of grace everybody follows A, with weight 1."""
        early = ~self._late
        return self._at_risk(case)[early], self._events(case)[early]

    def _not_yet(self, case: NDArray, limit: float) -> tuple[NDArray, NDArray]:
        """Return the numbers at risk and of events at the event times of the grace period of who has not started."""
        days = self._times[~self._late]
        n_risk, n_event = np.zeros(len(days)), np.zeros(len(days))
        size = max(1, BLOCK // max(1, len(self.time)))
        for first in range(0, len(days), size):
            some = days[first : first + size, None]
            weights = np.minimum(self._hazard.inverse_probability(some), limit) * case * (self.start >= some)
            n_risk[first : first + size] = (weights * (self.time >= some)).sum(axis=1)
            n_event[first : first + size] = (weights * ((self.time == some) & self.event)).sum(axis=1)
        return n_risk, n_event

    def _at_risk(self, weights: NDArray) -> NDArray:
        ended = np.bincount(self._position, weights=weights, minlength=len(self._times) + 1)
        return np.cumsum(ended[::-1])[::-1][1:]

    def _events(self, weights: NDArray) -> NDArray:
        position = self._position[self.event] - 1
        return np.bincount(position, weights=weights[self.event], minlength=len(self._times))


def _padded(values: NDArray, size: int) -> NDArray:
    return np.concatenate([values, np.zeros(size - len(values))])


def resampled(center: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how often each patient is drawn when patients are drawn with replacement within their centers."""
    weight = np.zeros(len(center))
    for code in np.unique(center):
        rows = np.flatnonzero(center == code)
        weight[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
    return weight
