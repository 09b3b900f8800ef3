"""The shipped study as a run leaves it, made without Snakemake: a workspace with results/restricted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from multicenter.cohort.build import build_cohort
from multicenter.cohort.imputation import pool_imputed
from multicenter.cohort.pool import (
    data_status,
    id_columns,
    list_deliveries,
    pool_findings,
    pool_tables,
    simulated_centers,
)
from multicenter.config import Run, load_run
from multicenter.dictionary import build_dictionary
from multicenter.harmonize.run import Arrival, harmonize_center, write_harmonized, write_intake
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def study_run() -> Run:
    """The shipped configuration, seen from the clone."""
    return load_run(read_yaml(CLONE / "config" / "config.yaml"), CLONE, CLONE, [CLONE / "config"])


@pytest.fixture(scope="session")
def study_folder(made_once, study_run) -> Path:
    """A workspace in which every center has been harmonized and the cohort has been built. Tests only read it."""
    return made_once("study", lambda folder: _write_study(folder, study_run))


def _write_study(folder: Path, study_run: Run) -> None:
    restricted = folder / "results" / "restricted"
    checks = pd.read_csv(CLONE / study_run.files["checks"], dtype=str, keep_default_na=False)
    dictionary = build_dictionary(study_run.dictionary)
    for code, center in study_run.centers.items():
        files = [CLONE / path for path in center.extracts]
        done = harmonize_center(
            code, files, center.mapping, dictionary, study_run.codes, checks, center.data_cut, Arrival(center.received)
        )
        write_intake(done, restricted / "harmonized" / code)
        write_harmonized(done, restricted / "harmonized" / code)
    _write_cohort(folder, study_run, checks)
    for name in ("config", "resources"):
        os.symlink(CLONE / name, folder / name)


def _write_cohort(folder: Path, run: Run, checks: pd.DataFrame) -> None:
    restricted = folder / "results" / "restricted"
    folders = {code: restricted / "harmonized" / code for code in run.centers}
    tables = pool_tables(folders, run.dictionary["tables"])
    centers = {code: {"name": center.name, "hold": center.hold} for code, center in run.centers.items()}
    deliveries = list_deliveries(folders, centers, CLONE / run.files["simulated_deliveries"], tables["patient"])
    imputed = pool_imputed(folders)
    cohort = build_cohort(
        tables=tables,
        findings=pool_findings(folders),
        column_maps=id_columns(folders),
        decisions=pd.read_csv(CLONE / run.files["decisions"], dtype=str, keep_default_na=False),
        checks=checks,
        data_cuts=dict(zip(deliveries["center"], deliveries["data_cut"], strict=True)),
        simulated=simulated_centers(deliveries),
        protocol=run.cohort_protocol,
        result_levels=run.levels(run.study["response"]["table"]),
        imputed=imputed,
    )
    (restricted / "cohort").mkdir()
    for name in ("adsl", "adtte", "adrs", "findings"):
        getattr(cohort, name).to_parquet(restricted / "cohort" / f"{name}.parquet")
    cohort.excluded.to_csv(restricted / "cohort" / "excluded.csv", index=False)
    release = folder / "results" / "release"
    release.mkdir()
    cohort.flow.to_csv(release / "flow.csv", index=False)
    deliveries.to_csv(restricted / "cohort" / "deliveries.csv", index=False)
    status = data_status(cohort.adsl, deliveries)
    (release / "data_status.json").write_text(json.dumps(status, indent=1, ensure_ascii=False), encoding="utf-8")
