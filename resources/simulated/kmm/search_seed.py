"""Search the seed of the shipped study: the first seeds whose study looks like the published one.

    python -m kmm.search_seed [--first 0] [--count 20000] [--log seed_search.log]      (run in resources/simulated)

The study is CHOSEN BY ITS RESULTS. It demonstrates the workflow; it is no evidence on maintenance therapy or on the
validity of any method. Every criterion is below, in the order in which it is asked; the log counts how many seeds
left at each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "workflow" / "lib")]

from kmm import analyses  # noqa: E402
from kmm import values as v  # noqa: E402
from kmm.core import Arrays, draw_core  # noqa: E402
from multicenter.simulate import quickfit  # noqa: E402

MONTH = v.DAYS_PER_MONTH
MEDIANS = {"median_none": (26.4, 0.5), "median_maintained": (44.1, 1.0)}
TRUE_RATIO = v.PLANTED.pooled_ratio


class Left(Exception):
    """The seed fails a criterion."""


def need(holds: bool, criterion: str) -> None:
    if not holds:
        raise Left(criterion)


def judge(a: Arrays) -> dict[str, float]:
    """Ask every criterion of one study; returns its numbers, or raises Left with the criterion that fails."""
    found: dict[str, float] = {}
    _medians(a, found)
    _malignancies(a, found)
    _overall_survival(a, found)
    _published(a, found)
    _corrected(a, found)
    return found


def _medians(a: Arrays, found: dict[str, float]) -> None:
    use = a["maintained"]
    for name, rows in (("median_none", ~use), ("median_maintained", use)):
        found[name] = quickfit.median_time(a["pfs"][rows], a["pfs_event"][rows]) / MONTH
        target, margin = MEDIANS[name]
        need(abs(found[name] - target) <= margin, f"{name} {target} +- {margin} months")


def _malignancies(a: Arrays, found: dict[str, float]) -> None:
    found["spm"] = int((a["spm"] >= 0).sum())
    need(16 <= found["spm"] <= 20, "16 to 20 second malignancies")
    found["spm_use_p"], found["spm_type_p"] = analyses.spm_p(a)
    need(min(found["spm_use_p"], found["spm_type_p"]) > 0.05, "second malignancy by use and type, Fisher p > 0.05")


def _overall_survival(a: Arrays, found: dict[str, float]) -> None:
    use = a["maintained"]
    found["os_use_p"] = analyses.log_rank_p(a, use, "os")
    found["os_group_p"] = analyses.log_rank_p(a, a["drug"], "os")
    found["os_type_p"] = analyses.log_rank_p(a, a["drug"], "os", use)
    need(min(found[k] for k in ("os_use_p", "os_group_p", "os_type_p")) > 0.05, "OS by use and type, log-rank p > 0.05")


def _published(a: Arrays, found: dict[str, float]) -> None:
    found["pfs_use_p"] = analyses.log_rank_p(a, a["maintained"], "pfs")
    need(found["pfs_use_p"] < 0.01, "PFS by use, log-rank p < 0.01")
    x = analyses.protocol_covariates(a)
    fit = analyses.naive(a, x)
    found["naive_hr"], found["naive_p"] = float(np.exp(fit.coefficients[0])), float(fit.p_values[0])
    need(found["naive_hr"] < 0.62 and found["naive_p"] < 0.05, "naive adjusted HR < 0.62, p < 0.05")
    os_fit = analyses.naive(a, x, "os")
    found["os_adjusted_hr"], found["os_adjusted_p"] = float(np.exp(os_fit.coefficients[0])), float(os_fit.p_values[0])
    need(found["os_adjusted_p"] > 0.05, "OS by use, adjusted p > 0.05")
    fit = analyses.type_and_duration(a)
    ratios, p = np.exp(fit.coefficients), fit.p_values
    found["pi_hr"], found["pi_p"], found["duration_hr"], found["duration_p"] = ratios[0], p[0], ratios[1], p[1]
    need(ratios[0] < 1 and p[0] < 0.05, "type + duration model: bortezomib or ixazomib HR < 1, p < 0.05")
    need(ratios[1] < 1 and p[1] < 0.05, "type + duration model: duration HR < 1, p < 0.05")


def _corrected(a: Arrays, found: dict[str, float]) -> None:
    x, planted = analyses.protocol_covariates(a), analyses.planted_matrix(a)
    found["time_dependent_hr"] = float(np.exp(analyses.time_dependent(a, x).coefficients[0]))
    need(abs(found["time_dependent_hr"] / TRUE_RATIO - 1) <= 0.07, "time-dependent HR within 7 % of 0.69")
    found["landmark6_hr"] = float(np.exp(analyses.landmark(a, x, 6).coefficients[0]))
    need(abs(found["landmark6_hr"] / TRUE_RATIO - 1) <= 0.10, "landmark-6 HR within 10 % of 0.69")
    fit = analyses.time_dependent(a, planted)
    found["time_dependent_planted_hr"] = float(np.exp(fit.coefficients[0]))
    near = abs(found["time_dependent_planted_hr"] / TRUE_RATIO - 1) <= 0.10
    need(near, "time-dependent HR with the planted covariates within 10 % of 0.69")
    truth = np.log(list(v.PLANTED.hazard_ratios.values()))
    off = np.abs(fit.coefficients[1:] - truth) / fit.errors[1:]
    found["worst_covariate_z"] = float(off.max())
    need(off.max() < 1.96, "planted covariate effects inside their 95 % CI")


def distance(found: dict[str, float]) -> float:
    """How far the study is from the targets, in units of the margins: the worst of them."""
    parts = [abs(found[k] - target) / margin for k, (target, margin) in MEDIANS.items()]
    parts.append(abs(found["time_dependent_hr"] / TRUE_RATIO - 1) / 0.07)
    parts.append(abs(found["landmark6_hr"] / TRUE_RATIO - 1) / 0.10)
    parts.append(found["pi_p"] / 0.05)
    return max(parts)


def search(first: int, count: int) -> tuple[list[tuple[int, dict[str, float]]], Counter]:
    """Judge `count` seeds from `first` on; returns those that pass and how many left at each criterion."""
    scale = v.scale()
    passed, left = [], Counter()
    for seed in range(first, first + count):
        try:
            passed.append((seed, judge(draw_core(seed, scale.sizes, scale))))
        except Left as reason:
            left[str(reason)] += 1
        except (FloatingPointError, np.linalg.LinAlgError):
            left["a model cannot be fitted"] += 1
    return passed, left


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--log", type=Path, default=HERE / "seed_search.log")
    args = parser.parse_args(argv)
    began = time.perf_counter()
    passed, left = search(args.first, args.count)
    passed.sort(key=lambda item: distance(item[1]))
    lines = [
        "Seed search of the simulated study: chosen by its results, proves nothing about the drugs.",
        f"Seeds tried: {args.count} ({args.first} to {args.first + args.count - 1}); passed: {len(passed)}.",
        "Left at each criterion, in the order in which they are asked:",
        *[f"  {n:6d}  {criterion}" for criterion, n in left.most_common()],
        "Passed, closest to the targets first (worst deviation in units of its margin):",
        *[f"  seed {s}: {distance(f):.2f} " + " ".join(f"{k}={x:.4g}" for k, x in f.items()) for s, f in passed],
    ]
    args.log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[:2]), f"{time.perf_counter() - began:.0f} s")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
