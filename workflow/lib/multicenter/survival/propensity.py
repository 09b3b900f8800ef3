"""The propensity score: the probability of exposure given what is known at time zero, centers as normal effects.

Dummies of centers separate as soon as one center exposes nobody or everybody; effects drawn to a common mean do not.
Rosenbaum & Rubin, Biometrika 1983;70:41; Arpino & Mealli, Comput Stat Data Anal 2011;55:1770 (clusters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logit

from multicenter.errors import NotEstimable
from multicenter.survival.counts import stratum_codes
from multicenter.survival.logistic import LogisticFit, fit_logistic, independent_columns

LARGEST_CENTER_SD = 10.0
SD_TOLERANCE = 1e-8


@dataclass(frozen=True)
class PropensityModel:
    """A fitted score: `score` (n,), coefficients by name (the intercept first), effects and SD of the centers.

    `columns` is the matrix of the fit: constant, covariates, then one column a center (times the SD, with penalty 1).
    """

    names: tuple[str, ...]
    coef: NDArray[np.float64]
    aliased: tuple[str, ...]
    score: NDArray[np.float64]
    exposed: NDArray[np.bool_]
    center_effects: NDArray[np.float64]
    center_sd: float
    columns: NDArray[np.float64]
    fit: LogisticFit

    @property
    def logit(self) -> NDArray[np.float64]:
        return logit(self.score)

    @property
    def influence(self) -> NDArray[np.float64]:
        """Each patient's influence on the coefficients of `columns` (n, p): score residual by inverse information."""
        residuals = self.columns * (self.exposed - self.score)[:, None]
        return np.linalg.solve(self.fit.information, residuals.T).T


def fit_propensity(
    design: pd.DataFrame, exposed: ArrayLike, center: ArrayLike | None = None, center_sd: float | None = None
) -> PropensityModel:
    """Fit exposure on a numeric `design` (no constant, no missing value) and, with `center`, a normal center effect.

    `center_sd` fixes the SD of the effects on the logit scale (a ridge penalty 1/SD²); by default it is estimated by
    Laplace's approximation, as lme4's `glmer(exposed ~ design + (1 | center), binomial, nAGQ = 0)`. Covariates that
    earlier ones explain are left out and named in `aliased`. Raises NotEstimable where nobody or everybody is exposed
    and under separation, ValueError for misuse.
    """
    x = design.to_numpy(dtype=float)
    y = _exposure(exposed, x)
    kept = independent_columns(x)
    names = ("(Intercept)", *(str(design.columns[j]) for j in kept))
    fixed = np.column_stack([np.ones(len(x)), x[:, kept]])
    members = np.zeros((len(x), 0))
    if center is not None:
        codes = stratum_codes(center, len(x))
        members = np.eye(codes.max() + 1)[codes]
        if center_sd is None:
            center_sd = _center_sd(fixed, members, y, names)
        elif not np.isfinite(center_sd) or center_sd <= 0:
            raise ValueError("center_sd must be positive")
    sd = 0.0 if center is None else float(center_sd)
    columns = np.column_stack([fixed, sd * members])
    fit = _penalized(fixed, members, y, sd, names)
    return PropensityModel(
        names=names,
        coef=fit.coef[: len(names)],
        aliased=tuple(str(name) for j, name in enumerate(design.columns) if j not in kept),
        score=fit.probability,
        exposed=y.astype(bool),
        center_effects=sd * fit.coef[len(names) :],
        center_sd=sd,
        columns=columns,
        fit=fit,
    )


def _exposure(exposed: ArrayLike, x: NDArray) -> NDArray[np.float64]:
    y = np.asarray(exposed)
    if y.shape != (len(x),) or not np.isin(y, (0, 1)).all():
        raise ValueError("exposed must be 0 or 1, one a row of the design")
    if not np.isfinite(x).all():
        raise ValueError("a covariate is missing or not finite")
    n = int(y.sum())
    if n in (0, len(y)):
        raise NotEstimable(f"{n} of {len(y)} patients are exposed")
    return y.astype(float)


def _penalized(fixed: NDArray, members: NDArray, y: NDArray, sd: float, names: tuple[str, ...]) -> LogisticFit:
    penalty = np.concatenate([np.zeros(fixed.shape[1]), np.ones(members.shape[1])])
    centers = [f"center {k + 1}" for k in range(members.shape[1])]
    return fit_logistic(np.column_stack([fixed, sd * members]), y, penalty, names=[*names, *centers])


def laplace_deviance(fixed: NDArray, members: NDArray, y: NDArray, sd: float, names: tuple[str, ...]) -> float:
    """Return −2 log of Laplace's approximate likelihood of a center SD, the other coefficients at their joint mode."""
    fit = _penalized(fixed, members, y, sd, names)
    spherical = fit.coef[fixed.shape[1] :]
    weight = members.T @ (fit.probability * (1 - fit.probability))
    return float(-2 * fit.loglik + spherical @ spherical + np.log1p(sd**2 * weight).sum())


def _center_sd(fixed: NDArray, members: NDArray, y: NDArray, names: tuple[str, ...]) -> float:
    found = minimize_scalar(
        lambda sd: laplace_deviance(fixed, members, y, sd, names),
        bounds=(0, LARGEST_CENTER_SD),
        method="bounded",
        options={"xatol": SD_TOLERANCE},
    )
    return float(found.x)
