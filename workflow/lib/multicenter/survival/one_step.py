"""How far a Cox model's coefficients would move if one patient's record were another: one Newton step, without a refit.

The score of the changed data at the fitted coefficients, times the fitted covariance: β' − β ≈ I⁻¹(β) U'(β); U(β) = 0.
Cain & Lange, Biometrics 1984;40:493 (score residuals as influence); Storer & Crowley, JASA 1985;80:139 (one step from
the augmented fit). Sums over distinct times are made once, in O(n p); each question then costs O(p²), the change of an
event also O(ties at its time). Efron's ties, strata; no delayed entry. It is first order: among 452 patients with 290
events and 12 coefficients the step is within 0.0003 (event), 0.003 (covariate) and 0.004 (left out) of refits, which
move a log hazard ratio by up to 0.016, 0.048 and 0.019.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multicenter.errors import StudyError
from multicenter.survival.cox import CoxFit


@dataclass(frozen=True)
class _Stratum:
    """Sums at the distinct times `when` (K,) of one stratum.

    s0 (K,), s1 (K, p): risk, and risk times covariates, of those at risk. n_event, d0, d1: the same of those with an
    event then. hazard (K,), mean (K, p): cumulative sums of 1/s and of x̄/s over the events up to each time.
    tied_hazard, tied_mean: what of the last step a patient with an event of its own does not share (Efron).
    """

    when: NDArray
    s0: NDArray
    s1: NDArray
    n_event: NDArray
    d0: NDArray
    d1: NDArray
    hazard: NDArray
    mean: NDArray
    tied_hazard: NDArray
    tied_mean: NDArray


class OneStep:
    """The questions that can be asked of a fit, by the position of a patient among its rows.

    Each answer is the change of all estimated coefficients (p,), in the order of `names`. Aliased coefficients, and
    those that run to infinity, stay where they are. Raises StudyError, which names the analysis, for a fit with delayed
    entry.
    """

    def __init__(self, fit: CoxFit, analysis: str = "this analysis"):
        times = fit.data.times
        if times.entry is not None:
            raise StudyError(
                f"{analysis}: the influence of single patients is not known for patients who enter late. "
                "Name another analysis as study.primary, or none."
            )
        used = np.isfinite(fit.coef)
        self.names = [name for name, estimated in zip(fit.names, used, strict=True) if estimated]
        self._covariance = fit.covariance[np.ix_(used, used)]
        self._coef = fit.coef[used]
        center = fit.data.design.mean(axis=0)
        eta = (fit.data.design - center) @ fit.beta
        self._center, self._x = center[used], fit.data.design[:, used] - center[used]
        self._risk = np.exp(eta - eta.max(initial=0.0))
        self._time, self._event, self._codes = times.time, times.event, fit.data.strata
        self._strata = {code: self._sums(np.flatnonzero(self._codes == code)) for code in np.unique(self._codes)}

    def column(self, i: int, name: str) -> float:
        """Return what column `name` of patient i is."""
        j = self.names.index(name)
        return float(self._x[i, j] + self._center[j])

    def flip_event(self, i: int) -> NDArray[np.float64]:
        """Return the change if the event of patient i were a censoring at the same time, or the other way round."""
        stratum, k = self._at(i)
        sign = -1 if self._event[i] else 1
        d, d0, d1 = int(stratum.n_event[k]), stratum.d0[k], stratum.d1[k]
        s0, s1, own = stratum.s0[k], stratum.s1[k], sign * self._risk[i]
        now = _means(s0, s1, d, d0, d1)[0]
        then = _means(s0, s1, d + sign, d0 + own, d1 + own * self._x[i])[0]
        return self._covariance @ (sign * self._x[i] - (then - now))

    def switch(self, i: int, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the change if the named columns of patient i had these values (risk sets change to first order)."""
        step = np.zeros(len(self.names))
        for name, value in values.items():
            step[self.names.index(name)] = value - self.column(i, name)
        x, before = self._x[i], self._risk[i]
        after = before * np.exp(step @ self._coef)
        hazard, mean = self._exposed(i)
        in_risk_sets = (after * (x + step) - before * x) * hazard - (after - before) * mean
        return self._covariance @ (step * self._event[i] - in_risk_sets)

    def leave_out(self, i: int) -> NDArray[np.float64]:
        """Return the change if patient i were not in the data: minus its score residual, times the covariance."""
        stratum, k = self._at(i)
        hazard, mean = self._exposed(i)
        residual = -self._risk[i] * (self._x[i] * hazard - mean)
        if self._event[i]:
            d = int(stratum.n_event[k])
            residual += self._x[i] - _means(stratum.s0[k], stratum.s1[k], d, stratum.d0[k], stratum.d1[k])[0] / d
        return -self._covariance @ residual

    def _at(self, i: int) -> tuple[_Stratum, int]:
        stratum = self._strata[self._codes[i]]
        return stratum, int(np.searchsorted(stratum.when, self._time[i]))

    def _exposed(self, i: int) -> tuple[float, NDArray]:
        """The cumulative hazard, and its mean covariates, that patient i was exposed to until its time."""
        stratum, k = self._at(i)
        if self._event[i]:
            return stratum.hazard[k] - stratum.tied_hazard[k], stratum.mean[k] - stratum.tied_mean[k]
        return stratum.hazard[k], stratum.mean[k]

    def _sums(self, rows: NDArray) -> _Stratum:
        when, position = np.unique(self._time[rows], return_inverse=True)
        size, event = len(when), self._event[rows]
        risk, x = self._risk[rows], self._x[rows]
        ends0, ends1 = _binned(position, risk, size), _binned2(position, risk, x, size)
        s0, s1 = (np.cumsum(ends[::-1], axis=0)[::-1] for ends in (ends0, ends1))
        n_event = np.bincount(position[event], minlength=size)
        d0 = _binned(position[event], risk[event], size)
        d1 = _binned2(position[event], risk[event], x[event], size)
        steps = [_steps(s0[k], s1[k], int(n_event[k]), d0[k], d1[k]) for k in range(size)]
        hazard, mean, tied_hazard, tied_mean = (np.array(column) for column in zip(*steps, strict=True))
        return _Stratum(
            when, s0, s1, n_event, d0, d1, np.cumsum(hazard), np.cumsum(mean, axis=0), tied_hazard, tied_mean
        )


def _means(s0: float, s1: NDArray, d: int, d0: float, d1: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return the sum (p,) of the mean covariates at risk over d tied events (Efron), each one's 1/s (d,) and k/d."""
    part = np.arange(d) / max(d, 1)
    each = 1 / (s0 - part * d0)
    return s1 * each.sum() - d1 * (part * each).sum(), each, part


def _steps(s0: float, s1: NDArray, d: int, d0: float, d1: NDArray) -> tuple[float, NDArray, float, NDArray]:
    """What the events of one time add to `hazard`, `mean`, `tied_hazard` and `tied_mean` of a stratum."""
    _, each, part = _means(s0, s1, d, d0, d1)
    square, tied = each**2, part * each**2
    mean = s1 * square.sum() - d1 * tied.sum()
    return each.sum(), mean, (part * each).sum(), s1 * tied.sum() - d1 * (part * tied).sum()


def _binned(position: NDArray, values: NDArray, size: int) -> NDArray:
    return np.bincount(position, weights=values, minlength=size)


def _binned2(position: NDArray, weight: NDArray, x: NDArray, size: int) -> NDArray:
    return np.stack([_binned(position, weight * column, size) for column in x.T], axis=1)
