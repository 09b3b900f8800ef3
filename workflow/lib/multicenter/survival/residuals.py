"""Residuals of a Cox model, equal to R's `residuals.coxph`; a row of theirs is a row of the data, a column a name.

Columns of coefficients that are not estimated are NaN. Therneau & Grambsch, Modeling Survival Data, 2000, chapters 4-7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multicenter.survival.cox import CoxFit


@dataclass(frozen=True)
class Schoenfeld:
    """One element an event, by stratum and time: its position among the rows, and its residuals (d, p)."""

    row: NDArray[np.int64]
    time: NDArray[np.float64]
    stratum: NDArray[np.int64]
    residual: NDArray[np.float64]


def martingale(fit: CoxFit) -> NDArray[np.float64]:
    """Return events seen less events expected (n,)."""
    here = fit.evaluation
    size = len(fit.data.times)
    return _happened(fit) - here.to_rows(here.relative_risk * here.exposure(), size)


def deviance(fit: CoxFit) -> NDArray[np.float64]:
    """Return martingale residuals made symmetric: sign(m)·sqrt(−2(m + event·log(event − m)))."""
    m, event = martingale(fit), _happened(fit)
    expected = np.where(event > 0, event - m, 1.0)
    return np.sign(m) * np.sqrt(np.maximum(-2 * (m + event * np.log(expected)), 0))


def score(fit: CoxFit) -> NDArray[np.float64]:
    """Return each row's part in the score (n, p), without its case weight (Efron's ties in full)."""
    here = fit.evaluation
    sets, x, (s1, d1), t = here.of.sets, here.of.x, here.first_moments, here.tied
    part = x * (sets.event - here.relative_risk * here.exposure())
    part -= sets.own(here.expected_mean / (sets.n_event * here.of.event_weight))
    lived = sets.spread(s1 * t.b - d1 * t.bf)
    lived -= sets.own(s1 * t.bf - d1 * t.bff)
    lived *= here.relative_risk
    part += lived
    return _estimated(fit, here.to_rows(part, len(fit.data.times)))


def dfbeta(fit: CoxFit) -> NDArray[np.float64]:
    """Return the change of each coefficient (n, p) that a row makes, to first order: w · score · covariance.

    As R's `residuals(fit, "dfbeta", weighted = TRUE)`.
    """
    used = fit.estimated
    out = np.full((len(fit.data.times), len(fit.names)), np.nan)
    out[:, used] = score(fit)[:, used] @ fit.model_covariance[np.ix_(used, used)]
    return out if fit.data.weights is None else out * fit.data.weights[:, None]


def schoenfeld(fit: CoxFit) -> Schoenfeld:
    """Return the covariates of each event less their mean among those at risk then."""
    here = fit.evaluation
    sets = here.of.sets
    mean = here.expected_mean / (sets.n_event * here.of.event_weight)
    residual = (here.of.x - mean[:, sets.end])[:, sets.event].T
    point = sets.end[sets.event]
    return Schoenfeld(sets.rows[sets.event], sets.time[point], sets.stratum[point], _estimated(fit, residual))


def scaled_schoenfeld(fit: CoxFit) -> Schoenfeld:
    """Return β + d · covariance · Schoenfeld residual: its mean over time is that of a coefficient that moves, β(t)."""
    found, used = schoenfeld(fit), fit.estimated
    scaled = np.full_like(found.residual, np.nan)
    covariance = fit.model_covariance[np.ix_(used, used)] * len(found.row)
    scaled[:, used] = fit.coef[used] + found.residual[:, used] @ covariance
    return Schoenfeld(found.row, found.time, found.stratum, scaled)


def _happened(fit: CoxFit) -> NDArray[np.float64]:
    counted = fit.data.counted
    event = fit.data.times.event
    return (event if counted is None else event & counted).astype(float)


def _estimated(fit: CoxFit, values: NDArray) -> NDArray[np.float64]:
    return np.where(np.isfinite(fit.coef), values, np.nan)
