"""Logistic regression by Newton's method, with an optional quadratic penalty (ridge, normal random effects).

Equals R's `glm(y ~ x, family = binomial)` without a penalty. Separation has no finite estimate: it is reported with the
columns that run away, where `glm` stops on its way to infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from multicenter.errors import NotEstimable

ROUNDS = 60
SETTLED = 1e-9
LONGEST_STEP = 4.0  # on the scale of the linear predictor
PART_OF_STEP = 1e-2
RANK_TOLERANCE = 1e-7  # as R's glm.fit (qr tol)


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients (p,), (penalized) information, fitted probabilities, and the log-likelihood without the penalty."""

    coef: NDArray[np.float64]
    information: NDArray[np.float64]
    probability: NDArray[np.float64]
    loglik: float

    @property
    def covariance(self) -> NDArray[np.float64]:
        return np.linalg.inv(self.information)

    @property
    def std_error(self) -> NDArray[np.float64]:
        return np.sqrt(np.diag(self.covariance))


def fit_logistic(
    x: NDArray,
    y: NDArray,
    penalty: NDArray | None = None,
    weights: NDArray | None = None,
    names: Sequence[str] | None = None,
    start: NDArray | None = None,
) -> LogisticFit:
    """Maximize the log-likelihood − Σ penalty_j·coef_j² / 2; `x` (n, p) holds its own constant column.

    Raises NotEstimable under separation (with the `names` of the columns) and where columns determine one another.
    """
    ridge = np.zeros(x.shape[1]) if penalty is None else penalty
    w = np.ones(len(x)) if weights is None else weights
    coef = np.zeros(x.shape[1]) if start is None else start
    spread = np.abs(x).max(axis=0)
    moves = spread
    for _ in range(ROUNDS):
        eta = x @ coef
        p = expit(eta)
        information = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        try:
            step = np.linalg.solve(information, x.T @ (w * (y - p)) - ridge * coef)
        except np.linalg.LinAlgError:
            break
        moves = np.abs(step) * spread
        if moves.max() < SETTLED:
            return LogisticFit(coef, information, p, float(w @ (y * eta - np.logaddexp(0, eta))))
        coef = coef + step * min(1.0, LONGEST_STEP / moves.max())
    if np.abs(coef).max() == 0:
        raise NotEstimable("covariates determine one another")
    names = names or [f"column {j + 1}" for j in range(x.shape[1])]
    away = [name for name, move in zip(names, moves, strict=True) if move > PART_OF_STEP * moves.max()]
    raise NotEstimable(f"separation: no finite coefficient of {', '.join(away[1:] or away)}")


def independent_columns(x: NDArray) -> list[int]:
    """Return the columns that a constant and earlier columns do not explain (as R's `glm` keeps them)."""
    centered = x - x.mean(axis=0)
    left = centered.copy()
    size = np.maximum(np.linalg.norm(centered, axis=0), RANK_TOLERANCE * np.linalg.norm(x, axis=0))
    kept = []
    for j in range(x.shape[1]):
        rest = np.linalg.norm(left[:, j])
        if size[j] > 0 and rest > RANK_TOLERANCE * size[j]:
            kept.append(j)
            unit = left[:, j] / rest
            left = left - np.outer(unit, unit @ left)
    return kept
