"""Log-rank tests: several groups, stratified, and pairwise with Holm's correction."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from multicenter.errors import NotEstimable
from multicenter.survival.counts import Times, at_risk, follow_up, stratum_codes


@dataclass(frozen=True)
class LogRank:
    """A test: per group (in the order of `groups`) observed and expected events and the covariance of O − E."""

    groups: tuple
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    covariance: NDArray[np.float64]
    chisq: float
    df: int
    p_value: float


@dataclass(frozen=True)
class PairwiseLogRank:
    """One comparison of two groups; `p_adjusted` is Holm's over all pairs that could be tested."""

    first: Hashable
    second: Hashable
    chisq: float
    p_value: float
    p_adjusted: float
    n: int
    n_events: int
    reason: str = ""


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    groups: Sequence | None = None,
) -> LogRank:
    """Test equal hazards in the groups: (O − E)' V⁻ (O − E) with the hypergeometric covariance of O − E.

    Mantel, Cancer Chemother Rep 1966;50:163; as R's `survdiff(Surv(time, event) ~ group + strata(strata))`: O, E and V
    are summed over strata, groups without an expected event leave the test. `groups` gives their order (default:
    sorted). Raises NotEstimable when there is no event or fewer than two groups are ever at risk together, ValueError
    for a missing group or stratum and for a group that is not in `groups`.
    """
    data = follow_up(time, event, entry)
    labels, names = _labels(group, groups)
    if labels.shape != (len(data),):
        raise ValueError("group and time differ in length")
    others = sorted(str(label) for label in set(labels.tolist()) - set(names))
    if others:
        raise ValueError(f"group holds labels that are not in groups: {', '.join(others)}; leave these patients out")
    member = np.stack([labels == name for name in names], axis=1) if names else np.zeros((len(data), 0), dtype=bool)
    layers = stratum_codes(strata, len(data))
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    covariance = np.zeros((len(names), len(names)))
    for layer in np.unique(layers):
        rows = layers == layer
        o, e, v = _one_stratum(data.take(rows), member[rows])
        observed, expected, covariance = observed + o, expected + e, covariance + v
    chisq, df = _chisq(observed, expected, covariance)
    return LogRank(tuple(names), observed, expected, covariance, chisq, df, float(chi2.sf(chisq, df)))


def _labels(group: ArrayLike, groups: Sequence | None) -> tuple[NDArray, list]:
    labels = np.asarray(group)
    if pd.isna(labels).any():
        raise ValueError("a group is missing")
    return labels, list(groups) if groups is not None else sorted(set(labels.tolist()))


def _one_stratum(data: Times, member: NDArray[np.bool_]) -> tuple[NDArray, NDArray, NDArray]:
    when, position = np.unique(data.time[data.event], return_inverse=True)
    events = np.zeros((len(when), member.shape[1]))
    np.add.at(events, position, member[data.event].astype(float))
    n_risk = np.stack([at_risk(data.take(column), when) for column in member.T], axis=1)
    total, d = n_risk.sum(axis=1), events.sum(axis=1)
    share = n_risk / total[:, None]
    spread = np.where(total > 1, d * (total - d) / np.maximum(total - 1, 1), 0.0)
    covariance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return events.sum(axis=0), d @ share, covariance


def _chisq(observed: NDArray, expected: NDArray, covariance: NDArray) -> tuple[float, int]:
    if observed.sum() == 0:
        raise NotEstimable("no event in any group")
    kept = np.flatnonzero(expected > 0)[1:]
    variance = covariance[np.ix_(kept, kept)]
    if not len(kept) or np.linalg.matrix_rank(variance, hermitian=True) < len(kept):
        raise NotEstimable("fewer than two groups are at risk when events happen")
    difference = (observed - expected)[kept]
    return float(difference @ np.linalg.solve(variance, difference)), len(kept)


def pairwise_logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    strata: ArrayLike | None = None,
    groups: Sequence | None = None,
) -> list[PairwiseLogRank]:
    """Test every pair of groups by `logrank` on their patients alone, p adjusted by Holm (Scand J Stat 1979;6:65).

    A pair that cannot be tested has NaN and the reason, and does not count in the correction.
    """
    times, happened = np.asarray(time), np.asarray(event)
    labels, names = _labels(group, groups)
    found = []
    for first, second in combinations(names, 2):
        rows = (labels == first) | (labels == second)
        size, events = int(rows.sum()), int(happened[rows].sum())
        layers = None if strata is None else np.asarray(strata)[rows]
        try:
            test = logrank(times[rows], happened[rows], labels[rows], layers, groups=[first, second])
            found.append((first, second, test.chisq, test.p_value, size, events, ""))
        except NotEstimable as error:
            found.append((first, second, np.nan, np.nan, size, events, str(error)))
    adjusted = holm([row[3] for row in found])
    return [PairwiseLogRank(*row[:4], float(p), *row[4:]) for row, p in zip(found, adjusted, strict=True)]


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values by Holm's step-down method, as R's `p.adjust(p, "holm")`; NaN stay NaN and do not count."""
    p = np.asarray(p_values, dtype=float)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted
