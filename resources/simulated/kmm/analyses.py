"""The analyses that the seed search and the true values need, on the arrays of one simulated study."""

from __future__ import annotations

from math import comb

import numpy as np
from scipy.stats import chi2

from multicenter.simulate import quickfit

from . import values as v
from .core import Arrays, planted_covariates

MONTH = v.DAYS_PER_MONTH


def protocol_covariates(a: Arrays) -> np.ndarray:
    """The covariates of the protocol's multivariable model (response before ASCT, never after); NaN = missing."""
    high_risk = np.where(a["fish_missing"], np.nan, a["high_risk"])
    ldh = np.where(a["ldh_missing"], np.nan, a["ldh_high"])
    known_iss = ~a["iss_missing"]
    columns = [
        a["age"] / 10.0,
        a["male"],
        np.where(known_iss, a["iss"] == 2, np.nan),
        np.where(known_iss, a["iss"] == 3, np.nan),
        high_risk,
        ldh,
        a["emd"] > 0,
        a["cr_high"],
        a["cycles"] > 4,
        a["pre"] > 0,
        a["conditioning"] == 1,
        a["conditioning"] == 2,
        a["year"] - 2018.0,
    ]
    return np.column_stack(columns).astype(float)


def planted_matrix(a: Arrays) -> np.ndarray:
    """The covariates of the mechanism itself, nothing missing."""
    return np.column_stack(list(planted_covariates(a).values()))


def subset(a: Arrays, rows: np.ndarray) -> Arrays:
    """The arrays of some patients."""
    return {key: x[rows] for key, x in a.items() if isinstance(x, np.ndarray) and len(x) == len(a["center"])}


def complete(x: np.ndarray) -> np.ndarray:
    """Rows without a missing value."""
    return ~np.isnan(x).any(axis=1)


def naive(a: Arrays, x: np.ndarray | None, outcome: str = "pfs", strata: bool = False) -> quickfit.Fit:
    """Ever maintained as if known at ASCT (first coefficient), adjusted for `x` (complete cases)."""
    design = a["maintained"][:, None].astype(float)
    design = design if x is None else np.column_stack([design, x])
    ok = complete(design)
    center = a["center"][ok] if strata else None
    return quickfit.cox(design[ok], a[outcome][ok], a[f"{outcome}_event"][ok], strata=center)


def time_dependent(a: Arrays, x: np.ndarray | None) -> quickfit.Fit:
    """Maintained from its start on (first coefficient), adjusted for `x`, center as stratum."""
    m = np.flatnonzero(a["maintained"])
    rows = np.concatenate([np.arange(len(a["pfs"])), m])
    start = np.concatenate([np.zeros(len(a["pfs"])), a["start0"][m]])
    stop, event = a["pfs"][rows].astype(float), a["pfs_event"][rows].copy()
    stop[m], event[m] = a["start0"][m], False
    exposed = (np.arange(len(rows)) >= len(a["pfs"])).astype(float)[:, None]
    design = exposed if x is None else np.column_stack([exposed, x[rows]])
    ok = complete(design)
    return quickfit.cox(design[ok], stop[ok], event[ok], start=start[ok], strata=a["center"][rows][ok])


def landmark_set(a: Arrays, months: float) -> tuple[np.ndarray, np.ndarray]:
    """Who is free of an event and followed at the landmark, and who of all had started by then."""
    day = months * MONTH
    return a["pfs"] > day, a["maintained"] & (a["start0"] <= day)


def landmark(a: Arrays, x: np.ndarray | None, months: float) -> quickfit.Fit:
    """Started by the landmark (first coefficient) among those free of an event then, center as stratum."""
    rows, started = landmark_set(a, months)
    design = started[:, None].astype(float)
    design = design if x is None else np.column_stack([design, x])
    rows = rows & complete(design)
    return quickfit.cox(design[rows], a["pfs"][rows] - months * MONTH, a["pfs_event"][rows], strata=a["center"][rows])


def type_and_duration(a: Arrays, duration: np.ndarray | None = None) -> quickfit.Fit:
    """The published-style model among the maintained: bortezomib or ixazomib, months on drug, ISS III, high-risk
    cytogenetics, response before ASCT below CR (complete cases; time from ASCT). Duration is no baseline value:
    the model shows what such an analysis finds, not what is true."""
    rows = a["maintained"]
    months = (a["duration"] if duration is None else duration)[rows] / MONTH
    x = protocol_covariates(a)[rows]
    design = np.column_stack([a["drug"][rows] == 3, months, x[:, 3], x[:, 4], x[:, 9]]).astype(float)
    ok = complete(design)
    return quickfit.cox(design[ok], a["pfs"][rows][ok], a["pfs_event"][rows][ok])


def log_rank_p(a: Arrays, group: np.ndarray, outcome: str, rows: np.ndarray | None = None) -> float:
    """p-value of the log-rank test."""
    rows = np.ones(len(group), dtype=bool) if rows is None else rows
    statistic = quickfit.log_rank(a[outcome][rows], a[f"{outcome}_event"][rows], group[rows])
    return float(chi2.sf(statistic, len(np.unique(group[rows])) - 1))


def fisher_p(events: list[int], totals: list[int]) -> float:
    """Fisher's exact test of a k x 2 table: events of totals (sum of the probabilities not above the observed)."""
    counts: dict[tuple[int, ...], float] = {(): 1.0}
    for total in totals:
        counts = {(*key, k): w * comb(total, k) for key, w in counts.items() for k in range(min(total, sum(events)) + 1)
                  if sum(key) + k <= sum(events)}  # fmt: skip
    tables = {key: w for key, w in counts.items() if sum(key) == sum(events)}
    observed = tables[tuple(events)]
    return sum(w for w in tables.values() if w <= observed * (1 + 1e-9)) / sum(tables.values())


def spm_p(a: Arrays) -> tuple[float, float]:
    """Fisher p-values of second malignancy by use and by the four groups."""
    seen, use, drug = a["spm"] >= 0, a["maintained"], a["drug"]
    by_use = fisher_p([int((seen & ~use).sum()), int((seen & use).sum())], [int((~use).sum()), int(use.sum())])
    groups = [drug == k for k in range(4)]
    by_type = fisher_p([int((seen & g).sum()) for g in groups], [int(g.sum()) for g in groups])
    return by_use, by_type
