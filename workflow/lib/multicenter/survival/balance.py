"""Whether two groups are alike: standardized differences before and after weighting, and where they can be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.weighting import effective_sample_size


def standardized_differences(
    design: pd.DataFrame, exposed: ArrayLike, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return (mean of the exposed − mean of the others) / SD for each column (a level of a category: its share).

    Means are weighted; the SD is that of the data before weighting, sqrt((s²₁ + s²₀)/2), so that a smaller difference
    after weighting is a smaller difference of means and not a larger SD. NaN for a constant column whose groups differ
    (0 where they do not). Austin, Stat Med 2009;28:3083; Austin & Stuart, Stat Med 2015;34:3661.
    """
    x, y = design.to_numpy(dtype=float), np.asarray(exposed).astype(bool)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if min(y.sum(), (~y).sum()) < 2:
        raise ValueError("each group needs two patients")
    one, none = (w[rows] @ x[rows] / w[rows].sum() for rows in (y, ~y))
    spread = np.sqrt((x[y].var(axis=0, ddof=1) + x[~y].var(axis=0, ddof=1)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((spread == 0) & (one == none), 0.0, np.where(spread > 0, (one - none) / spread, np.nan))


def balance_table(design: pd.DataFrame, exposed: ArrayLike, weights: dict[str, ArrayLike]) -> pd.DataFrame:
    """Return one row a column of `design`: its standardized difference `before` and with each of the named weights."""
    before = {"before": standardized_differences(design, exposed)}
    after = {name: standardized_differences(design, exposed, w) for name, w in weights.items()}
    return pd.DataFrame(before | after, index=pd.Index(design.columns, name="term"))


def positivity_table(group: ArrayLike, exposed: ArrayLike, score: ArrayLike | None = None) -> pd.DataFrame:
    """Return, for each center (or other group): patients, exposed, their share, and whether it is 0 or 1 (`one_sided`).

    With a score: its range in each center.
    """
    y = pd.Series(np.asarray(exposed).astype(int))
    by = y.groupby(np.asarray(group), sort=True)
    table = pd.DataFrame({"n": by.size(), "exposed": by.sum()})
    table["share"] = table["exposed"] / table["n"]
    table["one_sided"] = table["share"].isin([0, 1])
    if score is not None:
        scores = pd.Series(np.asarray(score, dtype=float)).groupby(np.asarray(group), sort=True)
        table["score_low"], table["score_high"] = scores.min(), scores.max()
    return table.rename_axis("group")


def overlap_of_scores(score: ArrayLike, exposed: ArrayLike) -> dict[str, float]:
    """Return the range of scores that both groups have, and how many patients lie outside of it."""
    e, y = np.asarray(score, dtype=float), np.asarray(exposed).astype(bool)
    low, high = max(e[y].min(), e[~y].min()), min(e[y].max(), e[~y].max())
    return {"low": float(low), "high": float(high), "outside": int(((e < low) | (e > high)).sum())}


def effective_sizes(exposed: ArrayLike, weights: ArrayLike) -> tuple[float, float]:
    """Return the effective sample size of the exposed and of the others."""
    y, w = np.asarray(exposed).astype(bool), np.asarray(weights, dtype=float)
    return effective_sample_size(w[y]), effective_sample_size(w[~y])
