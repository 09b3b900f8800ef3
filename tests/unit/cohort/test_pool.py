import json

import pandas as pd

from multicenter.cohort.pool import data_status, id_columns, list_deliveries, pool_tables, simulated_centers


def test_tables_are_stacked_and_patients_named_by_center(tmp_path):
    for center in ("A", "B"):
        (tmp_path / center).mkdir()
        pd.DataFrame({"center": [center], "patient_id": ["1"]}, dtype="string").to_parquet(
            tmp_path / center / "patient.parquet"
        )
    pooled = pool_tables({c: tmp_path / c for c in ("A", "B")}, ["patient"])
    assert pooled["patient"]["USUBJID"].tolist() == ["A-1", "B-1"]


def accepted(folder, center: str, *digests: str, received: str = "") -> None:
    """An accepted delivery of two sources."""
    (folder / center).mkdir()
    receipt = {
        "received": received,
        "data_cut": "2022-12-31",
        "files": [{"file": f"f{i}.csv", "sha256": digest} for i, digest in enumerate(digests)],
        "sources": [{"rows": 3}, {"rows": 4}],
    }
    (folder / center / "receipt.json").write_text(json.dumps(receipt))


def deliveries(folder) -> pd.DataFrame:
    shipped = folder / "deliveries.csv"
    shipped.write_text(f"center,file,sha256\nX,x.csv,{'a' * 64}\n")
    accepted(folder, "A", "a" * 64, "c" * 64, received="2023-02-01")
    accepted(folder, "B", "b" * 64)
    centers = {"A": {"name": "a", "hold": ""}, "B": {"name": "b", "hold": "columns renamed"}}
    patients = pd.DataFrame({"center": ["A", "A", "B"]})
    return list_deliveries({c: folder / c for c in centers}, centers, shipped, patients)


def test_what_each_center_stands_at_is_what_its_accepted_receipt_says(tmp_path):
    a, b = deliveries(tmp_path).to_dict("records")
    assert a == {
        "center": "A", "name": "a", "files": "f0.csv;f1.csv", "sha256": "aaaaaaaaaaaa;cccccccccccc",
        "received": "2023-02-01", "data_cut": "2022-12-31", "rows": 7, "patients": 2, "simulated": True,
        "state": "current", "reason": "", "replaces": "", "changed_values": 0,
    }  # fmt: skip
    assert (b["received"], b["patients"], b["state"], b["reason"]) == ("", 1, "held", "columns renamed")


def test_a_center_is_simulated_if_a_file_of_its_delivery_is_a_shipped_one(tmp_path):
    assert simulated_centers(deliveries(tmp_path)) == {"A"}


def test_the_id_column_is_read_from_the_column_map(tmp_path):
    (tmp_path / "column_map.csv").write_text(
        "table,variable,item,file,sheet,column,header\npatient,sex,,f.xlsx,S,C,Sex\npatient,patient_id,,f.xlsx,S,A,ID\n"
    )
    assert id_columns({"A": tmp_path}) == {"A": {"file": "f.xlsx", "sheet": "S", "column": "A"}}


def test_the_status_counts_eligible_patients_by_center_and_names_no_file_and_no_digest(tmp_path):
    status = data_status(pd.DataFrame({"SITEID": ["A", "A"]}), deliveries(tmp_path))
    assert status == {
        "centers": [
            {"name": "a", "data_cut": "2022-12-31", "received": "2023-02-01", "state": "current", "center": "A",
             "patients": 2, "simulated": True},
            {"name": "b", "data_cut": "2022-12-31", "received": "", "state": "held", "center": "B",
             "patients": 0, "simulated": False},
        ],
        "patients": 2,
    }  # fmt: skip
