"""Cox regression with Efron's ties, equal to R's `coxph`: strata, delayed entry, time-dependent rows.

Newton's method (`maximize`) on the partial likelihood of the design, made uncorrelated with unit variance: neither the
scale nor the collinearity of covariates costs digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from multicenter.errors import NotEstimable
from multicenter.survival.concordance import Concordance, concordance
from multicenter.survival.counts import Times, follow_up, stratum_codes
from multicenter.survival.intervals import Z95
from multicenter.survival.maximize import Point, maximize
from multicenter.survival.partial_likelihood import contributions, ever_counted

ALIAS_TOLERANCE = float(np.finfo(float).eps ** 0.75)  # as R's coxph.control(toler.chol)
CONSTANT = 1e-9
PART_OF_DIRECTION = 1e-3


@dataclass(frozen=True)
class CoxData:
    """What a Cox model is fitted to: complete rows, `design` (n, p) with a name a column, follow-up, strata codes."""

    names: tuple[str, ...]
    design: NDArray[np.float64]
    times: Times
    strata: NDArray[np.int64]


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; arrays are in the order of `names`, NaN for the names in `aliased` and `separated`.

    `coef` are log hazard ratios, `covariance` their inverse information, `loglik_null` and `loglik` Efron's partial
    log-likelihood at 0 and at the estimate (its supremum under separation).
    """

    names: tuple[str, ...]
    coef: NDArray[np.float64]
    covariance: NDArray[np.float64]
    loglik_null: float
    loglik: float
    n: int
    n_events: int
    aliased: tuple[str, ...]
    separated: tuple[str, ...]
    data: CoxData
    beta: NDArray[np.float64]

    @property
    def std_error(self) -> NDArray[np.float64]:
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_value(self) -> NDArray[np.float64]:
        """Two-sided Wald p-values."""
        return 2 * norm.sf(np.abs(self.coef / self.std_error))

    def interval(self) -> tuple[NDArray, NDArray]:
        """Return Wald's 95% limits of the coefficients."""
        half = Z95 * self.std_error
        return self.coef - half, self.coef + half

    @property
    def df(self) -> int:
        """Number of parameters that the likelihood moves in (aliased ones do not count)."""
        return len(self.names) - len(self.aliased)

    def likelihood_ratio(self) -> tuple[float, int, float]:
        """Return chi-square, degrees of freedom and p of the model against none."""
        chisq = 2 * (self.loglik - self.loglik_null)
        return chisq, self.df, float(chi2.sf(chisq, self.df))

    def wald(self, names: Sequence[str] | None = None) -> tuple[float, int, float]:
        """Return Wald's chi-square, df and p of the named coefficients together (default: all that are estimated)."""
        wanted = [i for i, name in enumerate(self.names) if names is None or name in names]
        used = [i for i in wanted if np.isfinite(self.coef[i])]
        if not used:
            raise NotEstimable("no coefficient is estimable")
        z, se = self.coef[used] / self.std_error[used], self.std_error[used]
        chisq = float(z @ np.linalg.solve(self.covariance[np.ix_(used, used)] / np.outer(se, se), z))
        return chisq, len(used), float(chi2.sf(chisq, len(used)))

    def concordance(self, cluster: ArrayLike | None = None) -> Concordance:
        """Return the concordance of the linear predictor within strata (see `concordance.concordance`)."""
        d = self.data
        return concordance(d.design @ self.beta, d.times.time, d.times.event, d.strata, d.times.entry, cluster)


def cox_data(
    design: pd.DataFrame,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> CoxData:
    """Bind a numeric `design` (a column a parameter, no missing value) to follow-up; ValueError where they do not fit.

    Time-dependent covariates come as rows (`entry`, `time`], one or more a patient.
    """
    x = design.to_numpy(dtype=float)
    times = follow_up(time, event, entry)
    if len(x) != len(times):
        raise ValueError("design and time differ in length")
    if not np.isfinite(x).all():
        raise ValueError("a covariate is missing or not finite")
    return CoxData(tuple(str(name) for name in design.columns), x, times, stratum_codes(strata, len(x)))


def fit_cox(
    design: pd.DataFrame,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> CoxFit:
    """Fit Cox's model with Efron's ties, as R's `coxph(Surv(entry, time, event) ~ design + strata(strata))`.

    A column that others explain (within strata and risk sets) is aliased: left out, named, NaN, as R's NA. A column
    whose coefficient runs to infinity is separated: NaN, the others stand at their limit. Raises NotEstimable with
    fewer than two events, fewer events than parameters, nothing to estimate, or no convergence.
    """
    data = cox_data(design, time, event, entry, strata)
    n_events = int(data.times.event.sum())
    if n_events < 2:
        raise NotEstimable(f"{_number(n_events, 'event')} among {_number(len(data.times), 'patient')}")
    scale = _spread(data)
    null = _evaluate(data, data.design / scale, np.zeros(len(scale)))
    kept = _independent(null.information, n_events)
    if not kept:
        raise NotEstimable(f"nothing varies while patients are at risk: {', '.join(data.names)}")
    if n_events < len(kept):
        raise NotEstimable(f"{_number(n_events, 'event')} for {_number(len(kept), 'parameter')}")
    basis = _basis(data, kept)
    design = (data.design - data.design.mean(axis=0))[:, kept] @ basis
    found = maximize(lambda at: _evaluate(data, design, at), len(kept))
    estimated = ~_moved_by(basis @ found.rising, scale[kept])
    used = np.array(kept)[estimated]
    beta, coef = np.zeros(len(data.names)), np.full(len(data.names), np.nan)
    beta[kept] = basis @ found.at
    coef[used] = beta[used]
    covariance = np.full((len(data.names),) * 2, np.nan)
    covariance[np.ix_(used, used)] = (basis @ found.covariance @ basis.T)[np.ix_(estimated, estimated)]
    return CoxFit(
        names=data.names,
        coef=coef,
        covariance=covariance,
        loglik_null=null.value,
        loglik=found.value,
        n=len(data.times),
        n_events=n_events,
        aliased=tuple(name for j, name in enumerate(data.names) if j not in kept),
        separated=tuple(data.names[j] for j in kept if j not in used),
        data=data,
        beta=beta,
    )


def _spread(data: CoxData) -> NDArray[np.float64]:
    """Return the standard deviations among those at risk at an event; of a constant column, more than its rounding."""
    rows = data.design[ever_counted(data.times, data.strata)]
    spread = np.maximum(rows.std(axis=0), CONSTANT * np.abs(rows).max(axis=0))
    return np.where(spread > 0, spread, 1.0)


def _basis(data: CoxData, kept: list[int]) -> NDArray[np.float64]:
    """Return the matrix that makes the columns `kept` uncorrelated with unit variance."""
    rows = data.design[ever_counted(data.times, data.strata)][:, kept]
    scale = rows.std(axis=0)
    triangle = np.linalg.qr((rows - rows.mean(axis=0)) / scale, mode="r") / np.sqrt(len(rows))
    return np.linalg.inv(triangle) / scale[:, None]


def _moved_by(directions: NDArray, scale: NDArray) -> NDArray[np.bool_]:
    """Say which coefficients the directions (columns) move by more than rounding."""
    size = np.abs(directions) * scale[:, None]
    return (size > PART_OF_DIRECTION * size.max(axis=0, initial=0)).any(axis=1)


def _evaluate(data: CoxData, design: NDArray, beta: NDArray) -> Point:
    parts = contributions(design, data.times, data.strata, beta)
    return Point(float(parts.loglik.sum()), parts.score.sum(axis=0), parts.information.sum(axis=0))


def _independent(information: NDArray, n_events: int) -> list[int]:
    """Return the columns that earlier ones do not explain, by a Cholesky sweep of the null information (as coxph).

    A column of unit variance has an information of about `n_events` when nothing explains it.
    """
    left = information.copy()
    kept = []
    for j in range(len(left)):
        if left[j, j] > ALIAS_TOLERANCE * n_events:
            kept.append(j)
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return kept


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
