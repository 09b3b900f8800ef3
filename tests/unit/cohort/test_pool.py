import json

import pandas as pd

from multicenter.cohort.pool import data_status, id_columns, pool_tables, simulated_centers


def test_tables_are_stacked_and_patients_named_by_center(tmp_path):
    for center in ("A", "B"):
        (tmp_path / center).mkdir()
        pd.DataFrame({"center": [center], "patient_id": ["1"]}, dtype="string").to_parquet(
            tmp_path / center / "patient.parquet"
        )
    pooled = pool_tables({c: tmp_path / c for c in ("A", "B")}, ["patient"])
    assert pooled["patient"]["USUBJID"].tolist() == ["A-1", "B-1"]


def test_a_center_is_simulated_if_a_file_of_its_delivery_is_a_shipped_one(tmp_path):
    shipped = tmp_path / "deliveries.csv"
    shipped.write_text("center,file,sha256\nX,x.csv,aa\n")
    receipts = {}
    for center, digest in (("A", "aa"), ("B", "bb")):
        receipts[center] = tmp_path / f"{center}.json"
        receipts[center].write_text(json.dumps({"files": [{"file": "f", "sha256": digest}]}))
    assert simulated_centers(receipts, shipped) == {"A"}


def test_the_id_column_is_read_from_the_column_map(tmp_path):
    (tmp_path / "column_map.csv").write_text(
        "table,variable,item,file,sheet,column,header\npatient,sex,,f.xlsx,S,C,Sex\npatient,patient_id,,f.xlsx,S,A,ID\n"
    )
    assert id_columns({"A": tmp_path}) == {"A": {"file": "f.xlsx", "sheet": "S", "column": "A"}}


def test_the_status_counts_eligible_patients_by_center():
    adsl = pd.DataFrame({"SITEID": ["A", "A"]})
    status = data_status(adsl, {"A": {"name": "a"}, "B": {"name": "b"}}, {"B"})
    assert status == {
        "centers": [
            {"name": "a", "center": "A", "patients": 2, "simulated": False},
            {"name": "b", "center": "B", "patients": 0, "simulated": True},
        ],
        "patients": 2,
    }
