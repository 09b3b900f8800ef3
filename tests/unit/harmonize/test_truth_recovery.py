"""The test that matters most: what survives a center's dialect is recovered, cell by cell; every planted fault found.

The expected values and the faults were written by the dialect writers, which share nothing with the harmonizer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import harmonize_center
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
SIMULATED = CLONE / "resources" / "simulated"
CENTERS = pd.read_csv(SIMULATED / "centers.tsv", sep="\t", dtype=str).set_index("center")
PLACE = ["center", "file", "sheet", "row", "column", "kind", "outcome"]


@pytest.fixture(scope="module", params=list(CENTERS.index))
def recovered(request, dictionary, codes, checks):
    """(center, what harmonization makes of its extract)."""
    center = request.param
    config = read_yaml(CLONE / "config" / "centers" / f"{center}.yaml")
    assert check_center(config, dictionary, codes) == []
    files = [SIMULATED / "extracts" / name for name in CENTERS["extract"][center].split(";")]
    return center, harmonize_center(center, files, config, dictionary, codes, checks, CENTERS["data_cut"][center])


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_parquet(SIMULATED / "truth" / "expected.parquet")


@pytest.fixture(scope="module")
def faults() -> pd.DataFrame:
    listed = pd.read_csv(SIMULATED / "faults.csv", dtype=str, keep_default_na=False)
    return listed[listed["kind"] != "same_patient"]  # found where the centers are pooled


def as_text(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d").fillna("")
    if values.dtype == "float64":
        return values.map(lambda v: "" if np.isnan(v) else repr(v))
    return values.astype("string").fillna("")


def long_form(tables: dict[str, pd.DataFrame], dictionary) -> pd.DataFrame:
    """(table, patient_id, item, variable, got) of every harmonized cell."""
    found = []
    for name, table in tables.items():
        item = dictionary.tables[name].item
        texts = {c: as_text(table[c]) for c in table.columns if not c.startswith("src_")}
        keys = {"table": name, "id": texts["patient_id"], "item": texts[item] if item else ""}
        found += [pd.DataFrame({**keys, "variable": c, "got": text}) for c, text in texts.items()]
    return pd.concat(found, ignore_index=True)


def test_every_cell_is_recovered(recovered, expected, dictionary):
    center, done = recovered
    want = expected[expected["center"] == center].rename(columns={"patient_id": "id"}).astype({"item": "string"})
    keys = ["table", "id", "item", "variable"]
    both = want.merge(long_form(done.tables, dictionary), on=keys, how="left").fillna({"got": ""})
    equal = both["got"] == both["value"]
    numbers = both[["got", "value"]].apply(pd.to_numeric, errors="coerce")
    near = (numbers["got"] - numbers["value"]).abs() <= both["tolerance"] * (1 + 1e-9)
    exact = both["tolerance"] == 0
    wrong = both[~(equal | near.where(~exact, numbers["got"] == numbers["value"]))]
    assert len(both) > 1000
    assert wrong.empty, wrong.head(20).to_string()


def test_no_record_is_invented(recovered, expected, dictionary):
    center, done = recovered
    want = expected[expected["center"] == center]
    for name, table in done.tables.items():
        item = dictionary.tables[name].item
        known = set(
            zip(want.loc[want["table"] == name, "patient_id"], want.loc[want["table"] == name, "item"], strict=True)
        )
        ours = set(zip(as_text(table["patient_id"]), as_text(table[item]) if item else [""] * len(table), strict=True))
        assert ours <= known, f"{name}: {sorted(ours - known)[:5]}"


def test_what_is_not_sent_is_counted_as_not_sent(recovered, expected):
    center, done = recovered
    want = expected[expected["center"] == center]
    status = want.groupby(["table", "variable"])["status"].agg(set)
    not_sent = {pair for pair, found in status.items() if found == {"not_sent"}}
    sent = set(zip(done.column_map["table"], done.column_map["variable"], strict=True))
    assert not (not_sent & sent)


def test_findings_are_the_planted_faults_one_to_one(recovered, faults):
    center, done = recovered
    planted = faults.loc[faults["center"] == center, PLACE].value_counts()
    found = done.findings[PLACE].astype(str).value_counts()
    assert found.sub(planted, fill_value=0).loc[lambda n: n != 0].to_dict() == {}


def test_account_adds_up(recovered):
    _, done = recovered
    shapes = {(s["file"], s["sheet"]): s["rows"] for s in done.receipt["sources"]}
    sums = done.account.groupby(["file", "sheet", "column"])["n"].sum()
    assert len(sums) == sum(s["columns"] for s in done.receipt["sources"])
    for (file, sheet, _), n in sums.items():
        assert n == shapes[file, sheet]
    assert set(done.account["status"]) <= {"mapped", "missing", "dropped", "query"}
    assert (done.account.loc[done.account["status"] == "dropped", "reason"] != "").all()
