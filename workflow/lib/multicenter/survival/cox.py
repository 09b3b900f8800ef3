"""Cox regression: lifelines' fit with settings under which it agrees with R's `coxph`, and what it leaves out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from multicenter.errors import NotEstimable
from multicenter.survival.concordance import Concordance, concordance
from multicenter.survival.counts import Times, follow_up
from multicenter.survival.intervals import normal_quantile
from multicenter.survival.partial_likelihood import Contributions, contributions

ALIAS_TOLERANCE = 1e-10
SEPARATED_LOG_RATIO = 20.0
SEPARATED_ERROR = 1e3
CONVERGED = 1e-16
MAX_STEPS = 60
FIT_OPTIONS = {"precision": 1e-13, "r_precision": 1e-15, "step_size": 1.0, "max_steps": MAX_STEPS}


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

    def interval(self, level: float = 0.95) -> tuple[NDArray, NDArray]:
        """Return Wald limits of the coefficients."""
        half = normal_quantile(level) * self.std_error
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
        b = self.coef[used]
        chisq = float(b @ np.linalg.solve(self.covariance[np.ix_(used, used)], b))
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
    codes = (
        np.zeros(len(x), dtype=np.int64) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    )
    return CoxData(tuple(str(name) for name in design.columns), x, times, codes)


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
    null = contributions(data.design, data.times, data.strata, np.zeros(len(data.names)))
    kept = _independent(null.information.sum(axis=0), data.design, n_events)
    if not kept:
        raise NotEstimable(f"nothing varies while patients are at risk: {', '.join(data.names)}")
    if n_events < len(kept):
        raise NotEstimable(f"{_number(n_events, 'event')} for {_number(len(kept), 'parameter')}")
    found, separated = _estimate(data.design[:, kept], data, float(null.loglik.sum()))
    used = [j for j, far in zip(kept, separated, strict=True) if not far]
    beta = np.zeros(len(data.names))
    beta[kept] = found
    coef = np.full(len(data.names), np.nan)
    coef[used] = beta[used]
    final = contributions(data.design[:, kept], data.times, data.strata, found)
    covariance = np.full((len(data.names),) * 2, np.nan)
    information = final.information.sum(axis=0)[np.ix_(~separated, ~separated)]
    covariance[np.ix_(used, used)] = np.linalg.inv(information)
    return CoxFit(
        names=data.names,
        coef=coef,
        covariance=covariance,
        loglik_null=float(null.loglik.sum()),
        loglik=float(final.loglik.sum()),
        n=len(data.times),
        n_events=n_events,
        aliased=tuple(name for j, name in enumerate(data.names) if j not in kept),
        separated=tuple(data.names[j] for j in kept if j not in used),
        data=data,
        beta=beta,
    )


def _estimate(x: NDArray, data: CoxData, null: float) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the coefficients and which of them run to infinity.

    lifelines stops when the log-likelihood no longer moves, at 7 digits of a small coefficient, and with full steps it
    can end below the `null` log-likelihood: Newton's method with step halving goes on from where it ended, or from 0.
    A coefficient that has left for infinity is held where it is, so that the others reach their limit.
    """

    def evaluate(at: NDArray) -> Contributions:
        return contributions(x, data.times, data.strata, at)

    reach = np.ptp(x, axis=0)
    beta = _lifelines(x, data)
    if beta is None or not evaluate(beta).loglik.sum() >= null:
        beta = np.zeros(x.shape[1])
    here = evaluate(beta)
    for _ in range(MAX_STEPS):
        free = np.abs(beta) * reach <= SEPARATED_LOG_RATIO
        score, information = here.score.sum(axis=0)[free], here.information.sum(axis=0)[np.ix_(free, free)]
        step = np.zeros(len(beta))
        step[free] = np.linalg.lstsq(information, score, rcond=None)[0]
        if score @ step[free] < CONVERGED:
            beta = beta + step
            break
        beta, here = _climb(evaluate, beta, step, here)
    else:
        raise NotEstimable("the fit does not converge")
    return beta, _runs_away(here, free, reach)


def _climb(evaluate: Callable, beta: NDArray, step: NDArray, here: Contributions) -> tuple[NDArray, Contributions]:
    """Take a step, halved until the log-likelihood does not fall by more than rounding."""
    value = here.loglik.sum()
    for halving in range(MAX_STEPS):
        there = evaluate(beta + step / 2**halving)
        if there.loglik.sum() >= value - 1e-12 * abs(value):
            return beta + step / 2**halving, there
    raise NotEstimable("the fit does not converge")


def _runs_away(here: Contributions, free: NDArray, reach: NDArray) -> NDArray[np.bool_]:
    """Say which coefficients have left for infinity, or are so flat that they would (no information left)."""
    away = ~free
    information = here.information.sum(axis=0)
    while not away.all():
        rows = np.flatnonzero(~away)
        scaled = information[np.ix_(rows, rows)] / np.outer(reach[rows], reach[rows])
        value, direction = np.linalg.eigh(scaled)
        if value[0] > SEPARATED_ERROR**-2:
            break
        away[rows[np.abs(direction[:, 0]) > 0.1]] = True
    return away


def _lifelines(x: NDArray, data: CoxData) -> NDArray | None:
    """Return lifelines' coefficients, None where it gives up."""
    columns = [f"x{j}" for j in range(x.shape[1])]
    frame = pd.DataFrame(x, columns=columns).assign(time=data.times.time, event=data.times.event)
    options = {}
    if data.times.entry is not None:
        frame["entry"] = data.times.entry
        options["entry_col"] = "entry"
    if len(np.unique(data.strata)) > 1:
        frame["stratum"] = data.strata
        options["strata"] = "stratum"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter = CoxPHFitter().fit(frame, "time", "event", fit_options=FIT_OPTIONS, **options)
    except (ConvergenceError, np.linalg.LinAlgError):
        return None
    found = fitter.params_.loc[columns].to_numpy(copy=True)
    return found if np.isfinite(found).all() else None


def _independent(information: NDArray, design: NDArray, n_events: int) -> list[int]:
    """Return the columns that earlier ones do not explain, by a Cholesky sweep of the null information (as coxph).

    A column of unit variance has an information of about `n_events` when nothing explains it.
    """
    spread = design.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    left = information / np.outer(scale, scale)
    kept = []
    for j in range(len(left)):
        if spread[j] > 0 and left[j, j] > ALIAS_TOLERANCE * n_events:
            kept.append(j)
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return kept


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
