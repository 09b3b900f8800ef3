"""Validity benchmark: many studies of the shipped size whose truth is known, each estimator against its own true value.

    python -m kmm.validity [--studies 4000] [--cores 2] [--out validity.json]      (run in resources/simulated)

Each scenario has its own seeds, fixed here before any result was seen: a study is never chosen. The true values are
those of `estimators.json` (scenarios "null" and "common"), found by the same generator on two million patients.
Also writes bias_map.csv: the naive hazard ratio by start of the exposure and true hazard ratio.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import replace
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "workflow" / "lib")]

from kmm import analyses  # noqa: E402
from kmm import values as v  # noqa: E402
from kmm.core import Arrays, draw_core  # noqa: E402
from multicenter.simulate import quickfit  # noqa: E402
from multicenter.survival.propensity import fit_propensity  # noqa: E402
from multicenter.survival.weighting import propensity_weights, score_residuals_with_estimated_weights  # noqa: E402

FIRST_SEEDS = {"null": 60_000_000, "common": 70_000_000}
MECHANISMS = {"null": v.with_common_ratio(1.0), "common": v.with_common_ratio(v.PLANTED.pooled_ratio)}
MAP_SEED = 80_000_000
MAP_STARTS = (1.5, 2.0, 3.2, 4.0, 6.0)
MAP_RATIOS = (0.5, 0.69, 0.85, 1.0, 1.2)
CENTER_SD = 1.0
Z95 = 1.959963984540054
TRUE_VALUE_OF = {
    "naive": "naive_adjusted",
    "landmark_6": "landmark_6_adjusted",
    "time_dependent": "time_dependent_adjusted",
    "overlap_weighted_landmark_6": "landmark_6_overlap_weighted",
}


def four_fits(a: Arrays) -> dict[str, tuple[float, float]]:
    """Log hazard ratio and standard error of each estimator; planted covariates, center as stratum."""
    x = analyses.planted_matrix(a)
    fits = {
        "naive": analyses.naive(a, x, strata=True),
        "landmark_6": analyses.landmark(a, x, 6),
        "time_dependent": analyses.time_dependent(a, x),
    }
    found = {name: (float(fit.coefficients[0]), float(fit.errors[0])) for name, fit in fits.items()}
    return found | {"overlap_weighted_landmark_6": overlap_weighted(a, x)}


def overlap_weighted(a: Arrays, x: np.ndarray) -> tuple[float, float]:
    """Overlap-weighted landmark at 6 months, centers as ridge in the score; the error knows the estimated weights."""
    rows, started = analyses.landmark_set(a, 6)
    model = fit_propensity(pd.DataFrame(x[rows]), started[rows], a["center"][rows], center_sd=CENTER_SD)
    weights = propensity_weights(model.score, model.exposed)
    y, stop = model.exposed[:, None].astype(float), a["pfs"][rows] - 6 * v.DAYS_PER_MONTH
    fit = quickfit.cox(y, stop, a["pfs_event"][rows], weights=weights)
    residuals = quickfit.score_residuals(fit, y, stop, a["pfs_event"][rows], weights=weights)
    corrected = score_residuals_with_estimated_weights(residuals, weights, model)
    return float(fit.coefficients[0]), float(np.linalg.norm(corrected) * fit.covariance[0, 0])


def one_study(task: tuple[str, int]) -> list[tuple[float, float]]:
    """The four fits of study `number` of a scenario."""
    scenario, number = task
    scale = v.scale()
    found = four_fits(draw_core(FIRST_SEEDS[scenario] + number, scale.sizes, scale, MECHANISMS[scenario]))
    return [found[name] for name in TRUE_VALUE_OF]


def summary(estimates: np.ndarray, errors: np.ndarray, true: dict[str, float]) -> dict[str, float]:
    """Bias, coverage, model against empirical standard error, and how often no effect is rejected."""
    n, truth = len(estimates), np.log(true["value"])
    covered = np.abs(estimates - truth) <= Z95 * errors
    share, sd = covered.mean(), estimates.std(ddof=1)
    found = {
        "true_hazard_ratio": true["value"],
        "true_mc_se": true["mc_se"],
        "mean_hazard_ratio": np.exp(estimates.mean()),
        "bias": estimates.mean() - truth,
        "bias_mc_se": np.hypot(sd / np.sqrt(n), true["mc_se"]),
        "coverage": share,
        "coverage_mc_se": np.sqrt(share * (1 - share) / n),
        "se_ratio": errors.mean() / sd,
        "rejects_no_effect": (np.abs(estimates) > Z95 * errors).mean(),
    }
    return {key: round(float(value), 5) for key, value in found.items()}


def run(studies: int, cores: int) -> dict:
    """Both scenarios; `first` holds the estimates of the first studies, so that a test can make them again."""
    true_values = json.loads((HERE / "estimators.json").read_text(encoding="utf-8"))
    out: dict = {"patients": v.SHIPPED_PATIENTS, "studies": studies, "scenarios": {}, "first": {}}
    with Pool(cores) as pool:
        for scenario in FIRST_SEEDS:
            tasks = [(scenario, number) for number in range(studies)]
            fits = np.array(pool.map(one_study, tasks, chunksize=50))
            out["scenarios"][scenario] = {
                name: summary(fits[:, k, 0], fits[:, k, 1], true_values[scenario][key])
                for k, (name, key) in enumerate(TRUE_VALUE_OF.items())
            }
            out["first"][scenario] = fits[:3].round(8).tolist()
    return out


def map_cell(task: tuple[float, float]) -> dict[str, float]:
    """The naive hazard ratio (planted covariates, center as stratum) at one start and true ratio: 100,000 patients."""
    start, ratio = task
    mechanism = replace(v.with_common_ratio(ratio), start_median=start)
    scale = v.scale(20_000)
    runs = []
    for number in range(5):
        a = draw_core(MAP_SEED + number, scale.sizes, scale, mechanism)
        runs.append(analyses.naive(a, analyses.planted_matrix(a), strata=True).coefficients[0])
    found = np.array(runs)
    return {
        "start_median_months": start,
        "true_hazard_ratio": ratio,
        "naive_hazard_ratio": round(float(np.exp(found.mean())), 4),
        "mc_se": round(float(found.std(ddof=1) / np.sqrt(len(found))), 4),
        "n": 5 * 20_000,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=4000, help="studies of each scenario")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "validity.json")
    parser.add_argument("--map", type=Path, default=HERE / "bias_map.csv")
    args = parser.parse_args(argv)
    began = time.perf_counter()
    args.out.write_text(json.dumps(run(args.studies, args.cores), indent=1) + "\n", encoding="utf-8")
    print(f"{2 * args.studies} studies, four fits each: {time.perf_counter() - began:.0f} s")
    with Pool(args.cores) as pool:
        cells = pool.map(map_cell, [(start, ratio) for start in MAP_STARTS for ratio in MAP_RATIOS])
    with args.map.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(cells[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells)
    return 0


if __name__ == "__main__":
    sys.exit(main())
