"""Test of proportional hazards: the score test of `cox.zph` in R's survival 3 and later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

from multicenter.errors import NotEstimable
from multicenter.survival.counts import Times, count
from multicenter.survival.cox import CoxFit

TRANSFORMS = ("km", "rank", "identity", "log")
GLOBAL = "GLOBAL"


@dataclass(frozen=True)
class HazardsTest:
    """One test: the term (or GLOBAL), its chi-square, degrees of freedom and p."""

    term: str
    chisq: float
    df: int
    p_value: float


def proportional_hazards(
    fit: CoxFit, transform: str = "km", terms: Mapping[str, Sequence[str]] | None = None
) -> list[HazardsTest]:
    """Test, per term and globally, that coefficients do not move with g(t): the score test of adding x·g(t) at 0.

    `transform` g: "km" (1 − S(t−) of all patients), "rank" (of all follow-up times, mid-ranks), "identity", "log".
    `terms` maps a term to the columns tested together (default: each column); a term without an estimated column is
    left out. As R's `cox.zph(fit, transform)`, survival >= 3; Grambsch & Therneau, Biometrika 1994;81:515.
    Raises NotEstimable when the test has no variance.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform {transform!r} is none of {', '.join(TRANSFORMS)}")
    used = fit.estimated
    score, information = _extended_score(fit, used, transform)
    position = {fit.names[j]: i for i, j in enumerate(used)}
    groups = terms if terms is not None else {fit.names[j]: [fit.names[j]] for j in used}
    tests = []
    for term, names in groups.items():
        columns = [position[name] for name in names if name in position]
        if columns:
            tests.append(_test(term, columns, score, information))
    return [*tests, _test(GLOBAL, list(range(len(used))), score, information)]


def _extended_score(fit: CoxFit, used: NDArray, transform: str) -> tuple[NDArray, NDArray]:
    """Return the score (p,) of x·g(t) at 0 and the information (2p, 2p) of x and x·g(t) at the estimate."""
    here = fit.evaluation
    g = _transformed(fit.data.times, here.of.sets.time, transform)
    score = here.score_by_time[used] @ g
    first, mixed, second = (here.information(g**power)[np.ix_(used, used)] for power in (0, 1, 2))
    return score, np.block([[first, mixed], [mixed, second]])


def _transformed(data: Times, when: NDArray, transform: str) -> NDArray:
    g = _scale(data, data.time, transform)
    center = g[data.event].mean()
    first = np.unique(data.time, return_index=True)
    return g[first[1]][np.searchsorted(first[0], when)] - center


def _scale(data: Times, time: NDArray, transform: str) -> NDArray:
    if transform == "identity":
        return time
    if transform == "log":
        return np.log(time)
    if transform == "rank":
        return rankdata(time)
    table = count(data)
    survival = np.concatenate([[1.0], np.cumprod(1 - table.n_event / table.n_risk)])
    return 1 - survival[np.searchsorted(table.time, time, side="left")]


def _test(term: str, columns: list[int], score: NDArray, information: NDArray) -> HazardsTest:
    p = len(score)
    rows = np.array([*range(p), *(p + j for j in columns)])
    u = np.concatenate([np.zeros(p), score[columns]])
    try:
        chisq = _quadratic(information[np.ix_(rows, rows)], u)
    except np.linalg.LinAlgError as error:
        raise NotEstimable(f"{term}: the test of proportional hazards has no variance") from error
    return HazardsTest(term, chisq, len(columns), float(chi2.sf(chisq, len(columns))))


def _quadratic(information: NDArray, u: NDArray) -> float:
    """Return u' information⁻¹ u, solved in units in which the diagonal is 1 (covariates may be of any scale)."""
    scale = np.sqrt(np.diag(information))
    if not (scale > 0).all():
        raise np.linalg.LinAlgError("no information")
    return float((u / scale) @ np.linalg.solve(information / np.outer(scale, scale), u / scale))
