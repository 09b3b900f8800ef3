"""truth.json: what was planted in a simulated study, and the true value of each estimator under it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from . import values as v

HERE = Path(__file__).resolve().parent
NOTICE = (
    "Simulated data: every value is an assumption. The shipped study was chosen by its results to look like the "
    "published one and proves nothing about the drugs."
)


def truth_json(seed: int, patients: int, centers: int, mechanism: v.Mechanism = v.PLANTED) -> dict:
    """The planted values, and the estimators' true values that `estimators.py` found (kmm/estimators.json)."""
    stored = HERE / "estimators.json"
    names = ("thalidomide", "lenalidomide", "bortezomib_or_ixazomib")
    return {
        "notice": NOTICE,
        "seed": seed,
        "patients": patients,
        "centers": centers,
        "hazard_ratios": {
            "by_drug": dict(zip(names, mechanism.drug_ratios, strict=True)),
            "pooled_time_dependent": mechanism.pooled_ratio,
            "duration_per_month": 1.0,
            "covariates": mechanism.hazard_ratios,
        },
        "mechanism": asdict(mechanism),
        "estimators": json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {},
    }


def write_truth_json(path: Path, seed: int, patients: int, centers: int) -> None:
    """Write truth.json."""
    text = json.dumps(truth_json(seed, patients, centers), indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
