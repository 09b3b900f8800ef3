"""Cox regression equal to R's `coxph`: ties, strata, delayed entry, time-dependent rows, case weights, offset.

Newton's method (`maximize`) on the partial likelihood of the design, brought to unit variance, and made uncorrelated
where its columns nearly determine one another: neither scale nor collinearity of covariates costs digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from multicenter.errors import NotEstimable
from multicenter.survival.concordance import Concordance, concordance
from multicenter.survival.counts import Times, follow_up, stratum_codes
from multicenter.survival.intervals import Z95
from multicenter.survival.maximize import Point, maximize
from multicenter.survival.partial_likelihood import TIES, Evaluation, PartialLikelihood, likelihood
from multicenter.survival.risk_sets import RiskSets, risk_sets

ALIAS_TOLERANCE = float(np.finfo(float).eps ** 0.75)  # as R's coxph.control(toler.chol)
CONSTANT = 1e-9
WELL_CONDITIONED = 1e3
PART_OF_DIRECTION = 1e-3


@dataclass(frozen=True)
class CoxData:
    """What a Cox model is fitted to: complete rows, `design` (n, p) with a name a column, follow-up, strata codes.

    `weights` are case weights (None: all 1), `offset` is added to the linear predictor, `ties` are efron or breslow.
    """

    names: tuple[str, ...]
    design: NDArray[np.float64]
    times: Times
    strata: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] | None = None
    ties: str = "efron"

    @cached_property
    def counted(self) -> NDArray[np.bool_] | None:
        """The rows of positive weight; None: all are."""
        return None if self.weights is None or (self.weights > 0).all() else self.weights > 0

    @cached_property
    def risk_sets(self) -> RiskSets:
        return risk_sets(self.times, self.strata, self.counted)

    @property
    def n(self) -> int:
        return len(self.times) if self.counted is None else int(self.counted.sum())

    @property
    def n_events(self) -> int:
        return int((self.times.event if self.counted is None else self.times.event & self.counted).sum())

    def likelihood(self) -> PartialLikelihood:
        """Return the partial likelihood of the covariates as they are."""
        return likelihood(self.risk_sets, self.design, self.weights, self.offset, self.ties)


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; arrays are in the order of `names`, NaN for the names in `aliased` and `separated`.

    `coef` are log hazard ratios, `covariance` their inverse information or, where `naive` holds that, a robust one;
    `loglik_null` and `loglik` the partial log-likelihood at 0 and at the estimate (its supremum under separation).
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
    naive: NDArray[np.float64] | None = None

    @property
    def model_covariance(self) -> NDArray[np.float64]:
        """The inverse information, whatever `covariance` is."""
        return self.covariance if self.naive is None else self.naive

    @cached_property
    def evaluation(self) -> Evaluation:
        """The partial likelihood at the estimate, for residuals, tests and variances (the covariates as they are)."""
        return self.data.likelihood().at(self.beta)

    @property
    def estimated(self) -> NDArray[np.int64]:
        """Positions of the coefficients that are estimated; NotEstimable if none is."""
        used = np.flatnonzero(np.isfinite(self.coef))
        if not len(used):
            raise NotEstimable("no coefficient is estimable")
        return used

    @property
    def strata_without_events(self) -> int:
        """Number of strata that tell nothing because nobody in them had the event."""
        return len(np.unique(self.data.strata)) - len(np.unique(self.data.risk_sets.stratum))

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
        used = [i for i in self.estimated if i in wanted]
        if not used:
            raise NotEstimable("no coefficient is estimable")
        z, se = self.coef[used] / self.std_error[used], self.std_error[used]
        correlation = self.covariance[np.ix_(used, used)] / np.outer(se, se)
        if self.naive is not None and np.linalg.matrix_rank(correlation) < len(used):
            raise NotEstimable(f"too few clusters for a robust test of {len(used)} coefficients together")
        chisq = float(z @ np.linalg.solve(correlation, z))
        return chisq, len(used), float(chi2.sf(chisq, len(used)))

    def concordance(self, cluster: ArrayLike | None = None) -> Concordance:
        """Return the concordance of the linear predictor within strata (see `concordance.concordance`)."""
        d = self.data
        score = d.design @ self.beta if d.offset is None else d.design @ self.beta + d.offset
        return concordance(score, d.times.time, d.times.event, d.strata, d.times.entry, cluster, d.weights)


def cox_data(
    design: pd.DataFrame,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: str = "efron",
) -> CoxData:
    """Bind a numeric `design` (a column a parameter, no missing value) to follow-up; ValueError where they do not fit.

    Time-dependent covariates come as rows (`entry`, `time`], one or more a patient. A row of weight 0 is not counted.
    """
    if ties not in TIES:
        raise ValueError(f"ties {ties!r} are none of {', '.join(TIES)}")
    x = design.to_numpy(dtype=float)
    times = follow_up(time, event, entry)
    if len(x) != len(times):
        raise ValueError("design and time differ in length")
    finite = np.isfinite(x)
    if not finite.all():
        column = int(np.argmin(finite.all(axis=0)))
        missing = int((~finite[:, column]).sum())
        raise ValueError(f"a covariate is missing or not finite: {design.columns[column]} in {_number(missing, 'row')}")
    codes = stratum_codes(strata, len(x))
    names = tuple(str(name) for name in design.columns)
    return CoxData(names, x, times, codes, case_weights(weights, len(x)), _offset(offset, len(x)), ties)


def case_weights(weights: ArrayLike | None, size: int) -> NDArray[np.float64] | None:
    """Return checked case weights. Raises ValueError with the count of those that are negative or not finite."""
    if weights is None:
        return None
    found = np.asarray(weights, dtype=float)
    if found.shape != (size,):
        raise ValueError("weights and time differ in length")
    wrong = int((~(np.isfinite(found) & (found >= 0))).sum())
    if wrong:
        raise ValueError(f"{_number(wrong, 'weight')} of {size} negative, missing or not finite")
    return found


def _offset(offset: ArrayLike | None, size: int) -> NDArray[np.float64] | None:
    found = None if offset is None else np.asarray(offset, dtype=float)
    if found is not None and (found.shape != (size,) or not np.isfinite(found).all()):
        raise ValueError("an offset must be finite, and as long as time")
    return found


def fit_cox(
    design: pd.DataFrame,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: str = "efron",
) -> CoxFit:
    """Fit Cox's model, as R's `coxph(Surv(entry, time, event) ~ design + strata(strata) + offset(offset), weights)`.

    `ties` are Efron's or Breslow's. With weights that are no counts take `robust_variance` for the errors. A column
    that others explain (within strata and risk sets) is aliased: left out, named, NaN, as R's NA. A column
    whose coefficient runs to infinity is separated: NaN, the others stand at their limit. Raises NotEstimable with
    fewer than two events, fewer events than parameters, nothing to estimate, or no convergence.
    """
    return fit_cox_data(cox_data(design, time, event, entry, strata, weights, offset, ties))


def fit_cox_data(data: CoxData) -> CoxFit:
    """Fit Cox's model to checked data (see `fit_cox`)."""
    if data.n_events < 2:
        raise NotEstimable(f"{_number(data.n_events, 'event')} among {_number(data.n, 'patient')}")
    whole = data.likelihood()
    scale = _spread(whole, data.design)
    np.divide(whole.x, scale[:, None], out=whole.x)
    null = whole.at(np.zeros(len(scale))).point()
    kept = _independent(null.information, float((whole.event_weight * data.risk_sets.n_event).sum()))
    if not kept:
        raise NotEstimable(f"nothing varies while patients are at risk: {', '.join(data.names)}")
    if data.n_events < len(kept):
        raise NotEstimable(f"{_number(data.n_events, 'event')} for {_number(len(kept), 'parameter')}")
    basis = _basis(whole, kept, null)
    chosen = whole if basis is None else whole.transformed(kept, basis)
    basis = np.eye(len(kept)) if basis is None else basis
    basis = basis / scale[kept][:, None]
    found = maximize(lambda at: chosen.at(at).point(), len(kept))
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
        n=data.n,
        n_events=data.n_events,
        aliased=tuple(name for j, name in enumerate(data.names) if j not in kept),
        separated=tuple(data.names[j] for j in kept if j not in used),
        data=data,
        beta=beta,
    )


def _spread(whole: PartialLikelihood, design: NDArray) -> NDArray[np.float64]:
    """Return standard deviations within strata of the rows counted; of a constant column, more than its rounding."""
    spread = np.sqrt(np.einsum("ij,ij->i", whole.x, whole.x) / whole.x.shape[1])
    spread = np.maximum(spread, CONSTANT * np.maximum(design.max(axis=0), -design.min(axis=0)))
    return np.where(spread > 0, spread, 1.0)


def _basis(whole: PartialLikelihood, kept: list[int], null: Point) -> NDArray[np.float64] | None:
    """Return the matrix that makes the columns `kept` uncorrelated with unit variance; None where they stand as well.

    Newton's steps do not need it: it keeps the digits of covariates that nearly determine one another.
    """
    if len(kept) == len(whole.x) and np.linalg.cond(null.information) < WELL_CONDITIONED:
        return None
    rows = whole.x[kept]
    return np.linalg.inv(np.linalg.qr(rows.T, mode="r") / np.sqrt(rows.shape[1]))


def _moved_by(directions: NDArray, scale: NDArray) -> NDArray[np.bool_]:
    """Say which coefficients the directions (columns) move by more than rounding."""
    size = np.abs(directions) * scale[:, None]
    return (size > PART_OF_DIRECTION * size.max(axis=0, initial=0)).any(axis=1)


def _independent(information: NDArray, weight: float) -> list[int]:
    """Return the columns that earlier ones do not explain, by a Cholesky sweep of the null information (as coxph).

    A column of unit variance has an information of about `weight`, that of the events, when nothing explains it.
    """
    left = information.copy()
    kept = []
    for j in range(len(left)):
        if left[j, j] > ALIAS_TOLERANCE * weight:
            kept.append(j)
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return kept


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
