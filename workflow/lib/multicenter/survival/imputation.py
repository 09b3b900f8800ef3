"""Multiple imputation by chained equations: each incomplete variable drawn from its regression on all others, in turn.

van Buuren & Groothuis-Oudshoorn, J Stat Softw 2011;45(3). For a survival outcome the model holds the event and the
Nelson-Aalen estimate: White & Royston, Stat Med 2009;28:1982. Covariates that another one determines (a stage of its
parts) are derived after imputation ("passively") and are no predictors; their parts are.

Coefficients are drawn from a normal posterior whose prior is wide for covariates and standard normal for centers, so
that neither separation nor a center without any known value stops an imputation: that center is imputed as an average
one, with the variance of centers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.counts import count, follow_up, stratum_codes
from multicenter.survival.logistic import fit_logistic

DONORS = 5
CENTER_PRECISION = 1.0
COVARIATE_PRECISION = 0.01
Derive = Callable[[pd.DataFrame], pd.DataFrame]


def nelson_aalen(time: ArrayLike, event: ArrayLike) -> NDArray[np.float64]:
    """Return each patient's cumulative hazard Σ d/n up to the own time, as R's `survfit(…)$cumhaz`."""
    data = follow_up(time, event)
    table = count(data)
    hazard = np.cumsum(table.n_event / table.n_risk)
    return hazard[np.searchsorted(table.time, data.time)]


def missing_patterns(data: pd.DataFrame) -> pd.DataFrame:
    """Return one row a pattern: true where a column is missing, and `n` patients, the most frequent first."""
    missing = data.isna()
    counts = missing.groupby(list(missing.columns), sort=True).size().rename("n").reset_index()
    return counts.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def impute(
    data: pd.DataFrame,
    m: int,
    seed: Sequence[int],
    center: ArrayLike | None = None,
    derive: Derive | None = None,
    derived: Sequence[str] = (),
    shift: Mapping[str, float] | None = None,
    iterations: int = 10,
) -> Iterator[pd.DataFrame]:
    """Yield `m` completed copies of `data`; known values stay, imputation k depends on (`seed`, k) alone.

    Columns are numbers (predictive mean matching with five donors: every imputed value is one that occurs), flags or
    categoricals (logistic draws; more than two levels as successive choices). Put the exposure, the event and
    `nelson_aalen` among them. `center` enters every model. Columns named in `derived` are filled by `derive(frame)`
    where they are missing. `shift` adds to what is imputed (a number: on its scale; a category: log odds of each later
    level): values missing not at random. Raises ValueError for a column of another kind or without any known value.
    """
    parts = data.drop(columns=list(derived))
    model = _Chain(parts, center, dict(shift or {}))
    for k in range(m):
        filled = model.draw(np.random.default_rng([*seed, k]), iterations)
        frame = data.copy()
        for name, values in filled.items():
            frame[name] = values
        if derive is not None:
            found = derive(frame)
            for name in derived:
                frame[name] = data[name].where(data[name].notna(), found[name])
        yield frame


@dataclass(frozen=True)
class _Variable:
    """A column as numbers (or level codes; −1 or NaN where missing) and its columns in the design."""

    name: str
    numbers: NDArray[np.float64]
    missing: NDArray[np.bool_]
    levels: tuple | None
    columns: slice
    mean: float
    spread: float

    def encode(self, values: NDArray) -> NDArray[np.float64]:
        if self.levels is None:
            return ((values - self.mean) / self.spread)[:, None]
        return (values[:, None] == np.arange(1, len(self.levels))).astype(float)

    def decode(self, values: NDArray, like: pd.Series) -> pd.Series:
        if self.levels is None:
            return pd.Series(values, index=like.index, name=self.name)
        labels = np.array(self.levels, dtype=object)[values.astype(int)]
        if isinstance(like.dtype, pd.CategoricalDtype):
            return pd.Series(pd.Categorical(labels, dtype=like.dtype), index=like.index, name=self.name)
        return pd.Series(labels, index=like.index, name=self.name).astype(like.dtype)


class _Chain:
    """The variables of an imputation model and the design that they fill."""

    def __init__(self, data: pd.DataFrame, center: ArrayLike | None, shift: dict[str, float]):
        unknown = [name for name in shift if name not in data.columns]
        if unknown:
            raise ValueError(f"shift names {unknown[0]!r}, which is not imputed")
        self._data, self._shift = data, shift
        codes = None if center is None else stratum_codes(center, len(data))
        members = np.zeros((len(data), 0)) if codes is None else np.eye(codes.max() + 1)[codes]
        self._variables: list[_Variable] = []
        start = 1
        for name in data.columns:
            one = _variable(data[name], start)
            self._variables.append(one)
            start = one.columns.stop
        self._fixed = np.column_stack([np.ones(len(data)), np.zeros((len(data), start - 1)), members])
        self._precision = np.full(self._fixed.shape[1], COVARIATE_PRECISION)
        self._precision[0], self._precision[start:] = 0.0, CENTER_PRECISION
        for one in self._variables:
            if not one.missing.any():
                self._fixed[:, one.columns] = one.encode(one.numbers)
        self._holes = sorted((v for v in self._variables if v.missing.any()), key=lambda v: int(v.missing.sum()))

    def draw(self, rng: Generator, iterations: int) -> dict[str, pd.Series]:
        """Return one completed copy of every incomplete variable."""
        design, current = self._fixed.copy(), {}
        for one in self._holes:
            values = one.numbers.copy()
            values[one.missing] = rng.choice(values[~one.missing], int(one.missing.sum()))
            current[one.name] = values
            design[:, one.columns] = one.encode(values)
        for _ in range(iterations if self._holes else 0):
            for one in self._holes:
                others = np.ones(design.shape[1], dtype=bool)
                others[one.columns] = False
                x, precision = design[:, others], self._precision[others]
                draw = _matched if one.levels is None else _chosen
                current[one.name][one.missing] = draw(rng, x, one, precision, self._shift.get(one.name, 0.0))
                design[:, one.columns] = one.encode(current[one.name])
        return {one.name: one.decode(current[one.name], self._data[one.name]) for one in self._holes}


def _variable(column: pd.Series, start: int) -> _Variable:
    missing = column.isna().to_numpy()
    if missing.all():
        raise ValueError(f"{column.name} has no known value to impute from")
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = [level for level in column.cat.categories if (column == level).any()]
    elif pd.api.types.is_bool_dtype(column):
        used = [level for level in (False, True) if (column == level).any()]
    elif pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        known = values[~missing]
        columns = slice(start, start + 1)
        return _Variable(str(column.name), values, missing, None, columns, known.mean(), known.std() or 1.0)
    else:
        raise ValueError(f"{column.name} is neither a number nor a category; it cannot be imputed from")
    codes = np.full(len(column), -1.0)
    for k, level in enumerate(used):
        codes[(column == level).fillna(False).to_numpy(dtype=bool)] = k
    return _Variable(str(column.name), codes, missing, tuple(used), slice(start, start + len(used) - 1), 0.0, 1.0)


def _matched(rng: Generator, x: NDArray, one: _Variable, precision: NDArray, shift: float) -> NDArray[np.float64]:
    """Predictive mean matching (type 1): donors by the estimate, recipients by a draw of the coefficients."""
    known, y = x[~one.missing], (one.numbers[~one.missing] - one.mean) / one.spread
    inverse = np.linalg.inv(known.T @ known + np.diag(precision))
    coef = inverse @ (known.T @ y)
    residual = y - known @ coef
    df = max(len(y) - np.linalg.matrix_rank(known), 1)
    sigma = np.sqrt(residual @ residual / rng.chisquare(df))
    drawn = coef + sigma * (np.linalg.cholesky(inverse) @ rng.standard_normal(len(coef)))
    nearest = _donors(known @ coef, x[one.missing] @ drawn)
    picked = nearest[np.arange(len(nearest)), rng.integers(0, nearest.shape[1], len(nearest))]
    return one.numbers[~one.missing][picked] + shift


def _donors(known: NDArray, wanted: NDArray) -> NDArray[np.int64]:
    """Return, for each wanted prediction, the positions of the nearest known ones."""
    number = min(DONORS, len(known))
    order = np.argsort(known, kind="stable")
    sorted_ = known[order]
    at = np.searchsorted(sorted_, wanted)[:, None] + np.arange(-number, number)
    distance = np.abs(sorted_[np.clip(at, 0, len(known) - 1)] - wanted[:, None])
    distance[(at < 0) | (at >= len(known))] = np.inf
    best = np.argsort(distance, axis=1, kind="stable")[:, :number]
    return order[np.take_along_axis(at, best, axis=1)]


def _chosen(rng: Generator, x: NDArray, one: _Variable, precision: NDArray, shift: float) -> NDArray[np.float64]:
    """Draw levels by successive choices: this level, or a later one? Each choice a logistic regression with drawn
    coefficients (continuation ratios; with two levels an ordinary logistic regression)."""
    known, codes, wanted = x[~one.missing], one.numbers[~one.missing], x[one.missing]
    drawn = np.zeros(len(wanted))
    staying = np.ones(len(wanted), dtype=bool)
    for k in range(len(one.levels) - 1):
        among = codes >= k
        later = (codes[among] > k).astype(float)
        fit = fit_logistic(known[among], later, np.maximum(precision, COVARIATE_PRECISION))
        coef = fit.coef + np.linalg.cholesky(fit.covariance) @ rng.standard_normal(len(fit.coef))
        odds = np.exp(np.clip(wanted @ coef + shift, -700, 700))
        staying &= rng.random(len(wanted)) < odds / (1 + odds)
        drawn[staying] = k + 1
    return drawn
