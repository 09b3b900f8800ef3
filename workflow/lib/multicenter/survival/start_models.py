"""Who starts treatment, and when: the models behind weights, with penalized effects of centers.

Covariates have free coefficients, centers a ridge: coefficients of a normal prior with mean 0 and standard deviation 1.
All sums allow case weights, so that a bootstrap sample is a vector of multiplicities.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable

CENTER_SD = 1.0
# keeps a level that a bootstrap sample lacks from making the equations singular; it moves no digit that is printed
FREE = 1e-6
MAX_STEPS = 60


class RidgeDesign:
    """Covariates in standard units and one indicator a center, with the penalty of each column."""

    def __init__(self, design: NDArray, center: ArrayLike):
        x = np.asarray(design, dtype=float)
        spread = x.std(axis=0)
        x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        codes = np.asarray(center)
        known = np.unique(codes)
        self.x = np.column_stack([x, codes[:, None] == known]) if len(known) > 1 else x
        centers = self.x.shape[1] - x.shape[1]
        self.penalty = np.concatenate([np.full(x.shape[1], FREE), np.full(centers, 1 / CENTER_SD**2)])


def started_probability(x: RidgeDesign, started: NDArray, case: NDArray) -> NDArray[np.float64]:
    """Return everybody's P(started) from a logistic regression, weighted by `case`; the intercept is not penalized."""
    design = np.column_stack([np.ones(len(x.x)), x.x])
    penalty = np.concatenate([[0.0], x.penalty])
    share = float(case @ started / case.sum())
    start = np.zeros(design.shape[1])
    start[0] = np.log(share / (1 - share))

    def step(beta: NDArray) -> tuple[NDArray, NDArray]:
        p = _expit(design @ beta)
        score = design.T @ (case * (started - p)) - penalty * beta
        return score, (design * (case * p * (1 - p))[:, None]).T @ design + np.diag(penalty)

    return _expit(design @ _newton(step, start))


class StartHazard:
    """Cox's model of the time to the start (Breslow's ties and baseline): P(not yet started) at any day.

    `until`: the day of the start or the end of being watched for it; `started`: whether it is a start.
    """

    def __init__(self, x: RidgeDesign, until: NDArray, started: NDArray):
        self._order = np.argsort(-until, kind="stable")
        self._x, self._penalty = x.x[self._order], x.penalty
        self._started = started[self._order]
        self.days, day = np.unique(until[started], return_inverse=True)
        self._day_of_start = np.full(len(until), -1)
        self._day_of_start[started] = day
        self._day_of_start = self._day_of_start[self._order]
        # how many (in falling order of time) are watched on each day, and the last day on which each is
        self._watched = len(until) - np.searchsorted(np.sort(until), self.days, side="left")
        self._last = np.searchsorted(self.days, until[self._order], side="right")
        self._risk = np.ones(len(until))
        self._hazard = np.zeros(len(self.days))

    def fit(self, case: NDArray) -> None:
        """Fit the model with these case weights."""
        case = case[self._order]
        events = np.bincount(self._day_of_start[self._started], weights=case[self._started], minlength=len(self.days))
        target = self._x.T @ (case * self._started)

        def step(beta: NDArray) -> tuple[NDArray, NDArray]:
            risk = case * np.exp(np.clip(self._x @ beta, -500, 500))
            s0 = np.cumsum(risk)[self._watched - 1]
            s1 = np.cumsum(risk[:, None] * self._x, axis=0)[self._watched - 1]
            share = np.divide(events, s0, out=np.zeros_like(s0), where=s0 > 0)
            mean = np.divide(s1, s0[:, None], out=np.zeros_like(s1), where=s0[:, None] > 0)
            exposed = risk * np.concatenate([[0.0], np.cumsum(share)])[self._last]
            information = (self._x * exposed[:, None]).T @ self._x - (mean * events[:, None]).T @ mean
            return target - events @ mean - self._penalty * beta, information + np.diag(self._penalty)

        beta = _newton(step, np.zeros(self._x.shape[1]))
        risk = np.exp(self._x @ beta)
        s0 = np.cumsum(case * risk)[self._watched - 1]
        self._hazard = np.cumsum(np.divide(events, s0, out=np.zeros_like(s0), where=s0 > 0))
        self._risk[self._order] = risk

    def inverse_probability(self, day: float | NDArray, inclusive: bool = False) -> NDArray[np.float64]:
        """Return everybody's 1 / P(no start before `day`; until its end if `inclusive`), the last axis the patients."""
        position = np.searchsorted(self.days, day, side="right" if inclusive else "left")
        return np.exp(np.concatenate([[0.0], self._hazard])[position] * self._risk)


def _newton(step, beta: NDArray) -> NDArray:
    for _ in range(MAX_STEPS):
        score, information = step(beta)
        move = np.linalg.solve(information, score)
        beta = beta + move * min(1.0, 5.0 / max(np.abs(move).max(initial=0.0), 1e-300))
        if np.abs(move).max(initial=0.0) < 1e-10:
            return beta
    raise NotEstimable("the model of who starts treatment does not converge")


def _expit(value: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-np.clip(value, -500, 500)))
