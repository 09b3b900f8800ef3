"""The patients whom the simulated study sends from two hospitals are found, also after their dates were shifted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from multicenter.cohort.derive import derive_variables, patient_frame
from multicenter.linkage.link import link_records
from multicenter.yamlfile import read_yaml

PROJECT = Path(__file__).parents[3]
SIMULATED = PROJECT / "resources" / "simulated"
STUDY = read_yaml(PROJECT / "config" / "study.yaml")
DICTIONARY = read_yaml(PROJECT / "config" / "variables.yaml")["tables"]
TRANSFERS = pd.read_csv(SIMULATED / "transfers.csv", dtype=str)
NO_DECISIONS = pd.DataFrame(columns=["center", "patient_id", "kept_center", "kept_patient_id", "verdict"], dtype=str)
MOST_FALSE = 2
KINDS = {"date": "datetime64[ns]", "number": "float64", "integer": "Int64", "flag": "Int64"}


def canonical(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """A table as the centers' extracts give it, from the list of what survives their dialects."""
    here = cells[(cells["table"] == table) & ~cells["variable"].isin(["center", "patient_id"])]
    keys = ["center", "patient_id", "item"]
    wide = here.pivot_table(index=keys, columns="variable", values="value", aggfunc="first").reset_index()
    for name, spec in DICTIONARY[table]["variables"].items():
        if name not in keys:
            known = wide[name].where(wide[name] != "") if name in wide else pd.Series(index=wide.index, dtype=object)
            known = pd.to_numeric(known) if spec["type"] in ("number", "integer", "flag") else known
            wide[name] = known.astype(KINDS.get(spec["type"], "string"))
    return wide.assign(USUBJID=(wide["center"] + "-" + wide["patient_id"]).astype("string"), src_row=1)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    cells = pd.read_parquet(SIMULATED / "truth" / "expected.parquet")
    cells["value"] = cells["value"].where(cells["status"] != "not_sent", "")
    return {table: canonical(cells, table) for table in DICTIONARY}


def records(tables) -> pd.DataFrame:
    centers = pd.read_csv(SIMULATED / "centers.tsv", sep="\t", dtype=str)
    cuts = dict(zip(centers["center"], pd.to_datetime(centers["data_cut"]), strict=True))
    return derive_variables(patient_frame(tables, cuts), tables, STUDY["variables"])


def planted() -> list[frozenset]:
    rows = TRANSFERS.itertuples(index=False)
    return [frozenset((f"{r.kept_center}-{r.kept_id}", f"{r.dropped_center}-{r.dropped_id}")) for r in rows]


def proposed(patients: pd.DataFrame) -> dict[frozenset, float]:
    """The proposed pairs with their shift, decisions ignored."""
    pairs = link_records(patients, NO_DECISIONS, STUDY["linkage"]).pairs
    pairs = pairs[pairs["proposed"]]
    ones, others = (pairs[f"center_{i}"] + "-" + pairs[f"patient_id_{i}"] for i in (1, 2))
    return {frozenset(pair): days for *pair, days in zip(ones, others, pairs["shift_days"], strict=True)}


def moved(tables, shifts: dict[str, int]) -> dict[str, pd.DataFrame]:
    """The tables with every date of some patients, the year of birth too, later by a constant of each."""
    days = {
        name: pd.to_timedelta(table["USUBJID"].map(shifts).fillna(0).astype(int), unit="D")
        for name, table in tables.items()
    }
    born = tables["patient"]["birth_year"] + (days["patient"].dt.days / 365.25).round().astype("Int64")
    tables = {**tables, "patient": tables["patient"].assign(birth_year=born)}
    return {
        name: table.assign(**{column: table[column] + days[name] for column in table.select_dtypes("datetime64[ns]")})
        for name, table in tables.items()
    }


def second_records(value) -> dict[str, int]:
    ids = TRANSFERS["dropped_center"] + "-" + TRANSFERS["dropped_id"]
    return dict(zip(ids, value, strict=True))


def test_the_planted_pairs_are_found_and_hardly_any_other(tables):
    patients = records(tables)
    found = proposed(patients)
    assert len(patients) == 580
    assert set(planted()) <= set(found)
    assert len(found) <= len(planted()) + MOST_FALSE
    assert [found[pair] for pair in planted()] == [0] * 6


@pytest.mark.parametrize("seed", range(5))
def test_they_are_found_after_a_shift_of_all_dates_of_the_second_record(tables, seed):
    shifts = second_records(np.random.default_rng(seed).integers(1, 4000, 6) * [1, -1, 1, -1, 1, -1])
    found = proposed(records(moved(tables, shifts)))
    assert set(planted()) <= set(found)
    assert len(found) <= len(planted()) + MOST_FALSE
    assert sorted(abs(found[pair]) for pair in planted()) == sorted(map(abs, shifts.values()))


@pytest.mark.parametrize("years", [-1, 1])
@pytest.mark.parametrize("days", [0, 365, -2000])
def test_they_are_found_with_another_age_and_without_isotype(tables, years, days):
    patients = records(moved(tables, second_records([days] * 6)))
    second = list(second_records([0] * 6))
    patients.loc[second, "AGE"] += years
    patients.loc[second, ["mprotein_heavy", "mprotein_light"]] = pd.NA
    found = proposed(patients)
    assert set(planted()) <= set(found)
    assert len(found) <= len(planted()) + MOST_FALSE


@pytest.mark.parametrize("days", [0, 400, 3000])
def test_they_are_found_without_dates_of_diagnosis_and_induction(tables, days):
    patients = records(moved(tables, second_records([days] * 6)))
    patients.loc[list(second_records([0] * 6)), ["dx_date", "ind_start"]] = pd.NaT
    found = proposed(patients)
    assert set(planted()) <= set(found)
    assert len(found) <= len(planted()) + MOST_FALSE


def test_a_second_registration_in_the_same_center_is_found(tables):
    patients = records(tables)
    again = patients.loc[["SMC-SMC_10"]].rename(index={"SMC-SMC_10": "SMC-SMC_999"}).assign(patient_id="SMC_999")
    found = proposed(pd.concat([patients, again]))
    assert frozenset(("SMC-SMC_10", "SMC-SMC_999")) in found
