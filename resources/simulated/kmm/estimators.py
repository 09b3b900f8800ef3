"""The true value of each estimator under the planted mechanism, by simulation on a million patients or more.

    python -m kmm.estimators [--studies 40] [--patients 50000] [--out estimators.json]      (run in resources/simulated)

Estimators of different estimands have different true values although the planted hazard ratio is one: starters after
the landmark dilute a landmark contrast, marginal ratios differ from conditional ones, and the naive comparison is
wrong by immortal time. A value is the mean over independent large studies, its Monte-Carlo standard error their
standard deviation / sqrt(studies). Ratios are averaged on the log scale, and `mc_se` is on the log scale for them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "workflow" / "lib")]

from kmm import analyses  # noqa: E402
from kmm import values as v  # noqa: E402
from kmm.core import Arrays, draw_core, use_log_odds  # noqa: E402
from multicenter.simulate import events, quickfit  # noqa: E402
from multicenter.simulate.streams import stream  # noqa: E402
from multicenter.survival.logistic import fit_logistic  # noqa: E402

MONTH = v.DAYS_PER_MONTH
GRACE = 6 * MONTH
NEVER = 1e9
SCENARIOS = {
    "planted": v.PLANTED,
    "null": v.with_common_ratio(1.0),
    "common": v.with_common_ratio(v.PLANTED.pooled_ratio),
}
FIRST_SEED = 5_000_000
DESCRIPTIONS = {
    "naive_unadjusted": "Cox, ever maintained as if known at ASCT",
    "naive_adjusted": "the same, planted covariates, center as stratum",
    "naive_protocol": "the same, covariates of the protocol (response before ASCT), no stratum",
    "time_dependent_unadjusted": "Cox, maintained from its start on, center as stratum",
    "time_dependent_adjusted": "the same, planted covariates",
    "time_dependent_protocol": "the same, covariates of the protocol",
    "landmark_6_overlap_weighted": "Cox, overlap weights (planted covariates, year, center), marginal",
    "ccw_hazard_ratio": "start by month 6 against no start by month 6, marginal Cox on the two potential outcomes",
    "ccw_risk_difference_36": "progression-free at 36 months, start by month 6 minus no start by month 6",
    "ccw_rmst_difference_60": "restricted mean to 60 months, difference in months",
    "type_duration_pi": "published-style model among the maintained: bortezomib or ixazomib",
    "type_duration_per_month": "the same model: each month on drug (its true effect is 1)",
}
for _month in (3, 6, 9, 12):
    _text = f"Cox, started by month {_month} among those free of an event then, center as stratum"
    DESCRIPTIONS |= {f"landmark_{_month}_adjusted": f"{_text}, planted covariates"}
    DESCRIPTIONS |= {f"landmark_{_month}_protocol": f"{_text}, covariates of the protocol"}
    DESCRIPTIONS |= {f"landmark_{_month}_unadjusted": _text}
DIFFERENCES = ("ccw_risk_difference_36", "ccw_rmst_difference_60")


def estimate_once(seed: int, patients: int, mechanism: v.Mechanism) -> dict[str, float]:
    """Every estimator on one large study (log hazard ratios; differences as they are)."""
    scale = v.scale(patients)
    a = draw_core(seed, scale.sizes, scale, mechanism)
    for key in ("fish_missing", "iss_missing", "ldh_missing"):
        a[key] = np.zeros_like(a[key])
    planted, protocol = analyses.planted_matrix(a), analyses.protocol_covariates(a)
    sets = {"unadjusted": None, "adjusted": planted, "protocol": protocol}
    out: dict[str, float] = {}
    for name, x in sets.items():
        out[f"naive_{name}"] = analyses.naive(a, x, strata=name == "adjusted").coefficients[0]
        out[f"time_dependent_{name}"] = analyses.time_dependent(a, x).coefficients[0]
        for month in (3, 6, 9, 12):
            out[f"landmark_{month}_{name}"] = analyses.landmark(a, x, month).coefficients[0]
    out["landmark_6_overlap_weighted"] = overlap_weighted(a, planted)
    out |= strategies(seed, a, scale, mechanism)
    out["type_duration_pi"], out["type_duration_per_month"] = analyses.type_and_duration(a).coefficients[:2]
    return out


def overlap_weighted(a: Arrays, x: np.ndarray) -> float:
    """Marginal log hazard ratio at landmark 6 with overlap weights, propensity refitted in the landmark set."""
    rows, started = analyses.landmark_set(a, 6)
    dummies = a["center"][:, None] == np.arange(1, a["center"].max() + 1)
    design = np.column_stack([np.ones(len(x)), x, a["year"] - 2018.0, dummies]).astype(float)[rows]
    y = started[rows].astype(float)
    score = 1.0 / (1.0 + np.exp(-design @ fit_logistic(design, y).coef))
    weights = np.where(y == 1, 1 - score, score)
    fit = quickfit.cox(y[:, None], a["pfs"][rows] - GRACE, a["pfs_event"][rows], weights=weights)
    return fit.coefficients[0]


def strategies(seed: int, a: Arrays, scale: v.Scale, m: v.Mechanism) -> dict[str, float]:
    """Both potential outcomes of every patient, what clone-censor-weight aims at.

    A: start by month 6: who starts earlier by nature does so, all others still free of an event start at month 6.
    B: no start by month 6: who would have started takes the course of the comparable who had not: a few start later.
    """
    rng = stream(seed, "strategies")
    n = len(a["time0"])
    by_six = a["maintained"] & (a["start0"] <= GRACE)
    ratios = np.array(m.drug_ratios)[_any_drug(a) - 1]
    start_a = np.where(by_six, a["start0"], GRACE)
    time_a = events.change_hazard(a["time0"], start_a, ratios)
    intended = use_log_odds(seed, scale, a, m) - a["use_score"][a["maintained"]].min()
    low, high = m.start_limits
    late = rng.random(2 * n)
    waits = events.start_times(rng, 40 * n, m.start_median, m.start_sigma, low, high) * MONTH
    after_six = waits[waits > GRACE]
    odds = np.exp(intended) * len(after_six) / len(waits)
    redrawn = by_six & (late[:n] < odds / (1 + odds))
    later = after_six[(late[n:] * len(after_six)).astype(int)]
    start_b = np.where(by_six, np.where(redrawn, later, NEVER), np.where(a["maintained"], a["start0"], NEVER))
    time_b = events.change_hazard(a["time0"], start_b, ratios)
    until = a["seen_until"].astype(float)
    arms = [(np.minimum(t, until), t <= until) for t in (time_a, time_b)]
    arm = np.repeat([1.0, 0.0], n)[:, None]
    both = [np.concatenate(parts) for parts in zip(*arms, strict=True)]
    survival = [quickfit.survival_at(*pair, 36 * MONTH) for pair in arms]
    mean = [quickfit.restricted_mean(*pair, 60 * MONTH) / MONTH for pair in arms]
    return {
        "ccw_hazard_ratio": quickfit.cox(arm, *both).coefficients[0],
        "ccw_risk_difference_36": survival[0] - survival[1],
        "ccw_rmst_difference_60": mean[0] - mean[1],
    }


def _any_drug(a: Arrays) -> np.ndarray:
    """The drug (1..3) that each patient has or, not maintained, would be given by the same preferences."""
    drug = a["drug"].copy()
    lowest = [a["drug_scores"][drug == k, k - 1].min() for k in (2, 3)]
    new = np.where(a["drug_scores"][:, 2] >= lowest[1], 3, np.where(a["drug_scores"][:, 1] >= lowest[0], 2, 1))
    return np.where(a["maintained"], drug, new)


def true_values(studies: int, patients: int) -> dict[str, dict[str, dict[str, float | int | str]]]:
    """True value and Monte-Carlo SE of every estimator in every scenario."""
    out = {}
    for name, mechanism in SCENARIOS.items():
        runs = [estimate_once(FIRST_SEED + k, patients, mechanism) for k in range(studies)]
        out[name] = {key: _summary(key, np.array([run[key] for run in runs]), patients) for key in DESCRIPTIONS}
    return out


def _summary(key: str, x: np.ndarray, patients: int) -> dict[str, float | int | str]:
    value, kind = (x.mean(), "difference") if key in DIFFERENCES else (np.exp(x.mean()), "hazard ratio")
    return {
        "value": round(float(value), 5),
        "mc_se": round(float(x.std(ddof=1) / np.sqrt(len(x))), 5),
        "scale": kind,
        "n": patients * len(x),
        "what": DESCRIPTIONS[key],
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=40)
    parser.add_argument("--patients", type=int, default=50_000, help="patients of each study")
    parser.add_argument("--out", type=Path, default=HERE / "estimators.json")
    args = parser.parse_args(argv)
    began = time.perf_counter()
    found = true_values(args.studies, args.patients)
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{args.studies} studies of {args.patients}: {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
