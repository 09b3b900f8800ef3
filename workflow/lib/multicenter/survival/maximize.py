"""The maximum of a concave log-likelihood that may rise for ever in some directions (separation, monotone likelihood).

Newton's method with step halving, in coordinates in which the information at 0 is the identity: scales and correlations
of the covariates do not matter. On a direction without a maximum the information vanishes and goes on vanishing with
each step (by a factor of about e); at a maximum, however far away or flat, it stays.
Source: Heinze & Schemper, Biometrics 2001;57:114 (monotone likelihood of Cox's model).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multicenter.errors import NotEstimable

CONVERGED = 1e-16
FLAT = 1e-10
FLAT_CONVERGED = 1e-9
ROUNDING = 1e-15
STILL_FALLING = 0.9
MAX_STEPS = 200


@dataclass(frozen=True)
class Point:
    """The log-likelihood somewhere: its value, score (p,) and information (p, p)."""

    value: float
    score: NDArray[np.float64]
    information: NDArray[np.float64]


@dataclass(frozen=True)
class Maximum:
    """Where it is, or, where it runs to infinity along the columns of `rising`, far enough for `value` to be its limit.

    `covariance` is the inverse information, across `rising` alone where there is such a direction.
    """

    at: NDArray[np.float64]
    value: float
    covariance: NDArray[np.float64]
    rising: NDArray[np.float64]


@dataclass(frozen=True)
class _Axes:
    """Independent directions (columns), each with information 1 at 0: the information and the slope here."""

    direction: NDArray
    information: NDArray
    slope: NDArray

    @property
    def step(self) -> NDArray:
        return self.slope / self.information

    @property
    def gain(self) -> NDArray:
        """Twice what Newton's step is expected to add to the log-likelihood."""
        return self.slope * self.step


Evaluate = Callable[[NDArray], Point]


def maximize(evaluate: Evaluate, size: int) -> Maximum:
    """Climb from 0. Raises NotEstimable where the information at 0 is singular, and without convergence."""
    at = np.zeros(size)
    here = evaluate(at)
    try:
        root = np.linalg.inv(np.linalg.cholesky(here.information)).T
    except np.linalg.LinAlgError as error:
        raise NotEstimable("covariates determine one another") from error
    for _ in range(MAX_STEPS):
        axes = _axes(here, root)
        away = _runs_away(evaluate, at, axes)
        if axes.gain[~away].sum() < CONVERGED:
            at = at + axes.direction[:, ~away] @ axes.step[~away]
            return _finish(at, evaluate(at).value, axes, away)
        at, here = _climb(evaluate, at, axes.direction @ axes.step, here)
    raise NotEstimable("the fit does not converge")


def _axes(here: Point, root: NDArray) -> _Axes:
    information, rotation = np.linalg.eigh(root.T @ here.information @ root)
    direction = root @ rotation
    return _Axes(direction, np.maximum(information, ROUNDING), direction.T @ here.score)


def _runs_away(evaluate: Evaluate, at: NDArray, axes: _Axes) -> NDArray[np.bool_]:
    """Say on which directions nothing more is to gain while a step along the flat ones still takes their information.

    These are the flat directions that run away, and others that they leave without information.
    """
    exhausted = axes.gain < FLAT_CONVERGED
    flat = exhausted & (axes.information < FLAT)
    if not flat.any():
        return flat
    there = evaluate(at + axes.direction[:, flat] @ axes.step[flat]).information
    ahead = np.einsum("ij,ik,kj->j", axes.direction, there, axes.direction)
    falls = (ahead < STILL_FALLING * axes.information) | (axes.information < 10 * ROUNDING)
    return falls & exhausted if falls[flat].any() else np.zeros_like(flat)


def _climb(evaluate: Evaluate, at: NDArray, step: NDArray, here: Point) -> tuple[NDArray, Point]:
    """Take a step, halved until the log-likelihood does not fall by more than rounding."""
    for halving in range(MAX_STEPS):
        there = evaluate(at + step / 2**halving)
        if there.value >= here.value - 1e-12 * abs(here.value):
            return at + step / 2**halving, there
    raise NotEstimable("the fit does not converge")


def _finish(at: NDArray, value: float, axes: _Axes, away: NDArray[np.bool_]) -> Maximum:
    bounded = axes.direction[:, ~away]
    covariance = (bounded / axes.information[~away]) @ bounded.T
    return Maximum(at, value, covariance, axes.direction[:, away])
