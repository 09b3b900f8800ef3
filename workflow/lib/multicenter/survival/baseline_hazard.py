"""Cumulative hazard and survival that a Cox model predicts, by stratum, equal to R's `basehaz` and `survfit(coxph)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multicenter.survival.cox import CoxFit
from multicenter.survival.intervals import survival_bounds


@dataclass(frozen=True)
class PredictedCurve:
    """Step functions of one stratum, one element an event time; `std_error` is that of the cumulative hazard."""

    stratum: int
    time: NDArray[np.float64]
    cumulative_hazard: NDArray[np.float64]
    std_error: NDArray[np.float64]

    @property
    def survival(self) -> NDArray[np.float64]:
        return np.exp(-self.cumulative_hazard)

    def interval(self, ci: str = "log-log") -> tuple[NDArray, NDArray]:
        """Return 95% limits of the survival."""
        return survival_bounds(self.survival, self.std_error, ci)


def predicted_curves(fit: CoxFit, covariates: Mapping[str, float] | None = None) -> list[PredictedCurve]:
    """Return the curve of each stratum with events for somebody with these covariates (those not named are 0).

    Breslow's or Efron's estimator, as the ties of the fit; an offset of 0. The standard error is model-based: that of
    the hazard's steps and that of the coefficients (Tsiatis, Ann Stat 1981;9:93). Raises ValueError for a covariate
    that the model does not have.
    """
    unknown = [name for name in covariates or {} if name not in fit.names]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a covariate of the model")
    z = np.array([(covariates or {}).get(name, 0.0) for name in fit.names])
    here, used = fit.evaluation, fit.estimated
    sets, (s1, d1), t = here.of.sets, here.first_moments, here.tied
    sizes = np.diff(sets.edges)
    rows = sets.row_edges[:-1]
    level = fit.data.design[sets.rows[rows]] - here.of.x[:, rows].T
    shift = fit.data.design[sets.rows[rows]] @ fit.beta - here.eta[rows]
    if fit.data.offset is not None:
        shift = shift + fit.data.offset[sets.rows[rows]]
    ratio = np.exp(np.repeat(z @ fit.beta - shift - here.top, sizes))
    step, square = t.a * ratio, t.b * ratio**2
    moved = ((z - level).T.repeat(sizes, axis=1) * t.a - (s1 * t.b - d1 * t.bf)) * ratio
    covariance = fit.model_covariance[np.ix_(used, used)]
    curves = []
    for stratum in np.unique(sets.stratum):
        points = sets.stratum == stratum
        q = np.cumsum(moved[used][:, points], axis=1)
        variance = np.cumsum(square[points]) + np.einsum("ik,ij,jk->k", q, covariance, q)
        curves.append(PredictedCurve(int(stratum), sets.time[points], np.cumsum(step[points]), np.sqrt(variance)))
    return curves
