"""The list of faults, the expected values, and the promise that no fault touches the cohort."""

import csv
import io
import sys
from pathlib import Path

import pandas as pd
import pytest
import python_calamine

STUDY = Path(__file__).parents[3] / "resources" / "simulated"
sys.path.insert(0, str(STUDY))

from kmm import dialects, faults, values  # noqa: E402
from kmm.dialects import account, fields, formats, rules, sheets, statfiles  # noqa: E402

KINDS = {
    "date_impossible", "date_month_only", "date_year_only", "date_system_1904", "date_text", "not_numeric",
    "out_of_range", "unusual", "below_limit", "above_limit", "range_midpoint", "formula_error", "unit_suspect",
    "ambiguous_code", "duplicate_exact", "duplicate_differs", "dx_after_induction", "induction_after_transplant",
    "maintenance_before_transplant", "maintenance_end_before_start", "progression_before_transplant",
    "death_before_progression", "contact_after_cut", "contact_after_death", "maintenance_after_progression",
    "maintenance_stated_without_drug", "maintenance_stated_against_dates", "maintenance_too_short",
    "maintenance_beyond_progression", "iss_mismatch", "high_risk_mismatch", "riss_without_fish", "mel_dose_total",
    "spm_before_transplant", "spm_not_malignancy", "same_patient",
}  # fmt: skip
DECIDING = {
    "patient": [
        "sex", "dx_date", "diagnosis", "ind_regimen", "pd_date", "death_date", "last_assess_date", "birth_date",
        "vtd_cycles", "cr", "b2m", "emd_dx", "plasmacytoma", "ldh", "ldh_uln", "ldh_high", "del17p",
        "t_4_14", "t_14_16",
    ],
    "transplant": ["asct_date", "asct_type", "conditioning"],
    "maintenance": ["drug", "combination", "maint_start"],
    "response": ["response_date"],
}  # fmt: skip
ENCODINGS = {"CNUHH": "cp949", "JBUH": "cp949", "WKUH": "cp949", "HPH": "cp949", "CNUH": "euc-kr", "SNUH": "utf-8-sig"}


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(STUDY / "truth" / f"{name}.parquet") for name in dialects.TABLES}


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_parquet(STUDY / "truth" / "expected.parquet")


@pytest.fixture(scope="module")
def listed() -> pd.DataFrame:
    return pd.read_csv(STUDY / "faults.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def transfers() -> pd.DataFrame:
    return pd.read_csv(STUDY / "transfers.csv", dtype=str)


def cells_of(center: str, file: str, sheet: str) -> pd.DataFrame:
    """The cells of a delivered file as text, rows as a person counts them, columns as findings name them."""
    path = STUDY / "extracts" / file
    if sheet:
        grid = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
        names = [sheets.letter(i) for i in range(len(grid[0]))]
        return pd.DataFrame(grid, columns=names, index=range(1, len(grid) + 1))
    text = path.read_bytes().decode(ENCODINGS.get(center, "utf-8"))
    grid = list(csv.reader(io.StringIO(text), delimiter={"JBUH": ";", "CNUH": "\t"}.get(center, ",")))
    width = len(grid[0])
    squared = [row[: width // 3] + row[len(row) - width + width // 3 :] for row in grid]
    return pd.DataFrame(squared, columns=grid[0], index=range(1, len(grid) + 1))


def test_every_kind_is_planted_and_no_other(listed):
    assert set(listed["kind"]) == KINDS
    assert all(rules.outcome(kind) == how for kind, how in zip(listed["kind"], listed["outcome"], strict=True))
    assert not listed.duplicated(["center", "file", "sheet", "row", "column", "kind"]).any()


def test_the_value_of_a_fault_stands_at_its_place(listed):
    seen = 0
    for (center, file, sheet), rows in listed[listed["column"] != ""].groupby(["center", "file", "sheet"]):
        if Path(file).suffix in (".sav", ".xpt", ".dta"):
            continue
        grid = cells_of(center, file, sheet)
        for fault in rows.to_dict("records"):
            cell = grid.loc[int(fault["row"]), fault["column"]]
            if fault["value"].startswith("#"):
                continue
            shown = f"{cell:g}" if isinstance(cell, float) else str(cell)
            same = shown == fault["value"] or str(cell) == fault["value"]
            assert same or float(cell) == float(fault["value"]), fault
            seen += 1
    assert seen > 100


def test_the_number_of_rows_that_are_sent_twice(listed):
    counts = listed["kind"].value_counts()
    assert counts["duplicate_exact"] == 8 and counts["duplicate_differs"] == 6 and counts["same_patient"] == 12


def test_expected_has_one_row_for_every_canonical_cell(truth, expected, transfers):
    keys = ["center", "patient_id", "table", "item", "variable"]
    assert not expected.duplicated(keys).any()
    assert set(expected["status"]) == {"sent", "not_sent", "fault"}
    assert (expected.loc[expected["status"] == "not_sent", "value"] == "").all()
    have = set(expected[keys].itertuples(index=False, name=None))
    for name, frame in truth.items():
        records = sheets.Records("", {name: frame}, pd.Timestamp(0))
        cells = account.template(records)
        variables = cells["variable"].nunique()
        cells["center"] = frame["center"].to_numpy().repeat(variables)
        assert set(cells[keys].itertuples(index=False, name=None)) <= have
    patients = expected[expected["table"] == "patient"].groupby("center")["patient_id"].nunique()
    assert patients.sum() == len(truth["patient"]) + len(transfers) == 580


def test_a_transferred_record_says_what_the_kept_one_says(expected, transfers):
    mine = expected[(expected["status"] != "not_sent") & (expected["value"] != "")]
    for row in transfers.itertuples(index=False):
        kept = mine[(mine["center"] == row.kept_center) & (mine["patient_id"] == row.kept_id)]
        dropped = mine[(mine["center"] == row.dropped_center) & (mine["patient_id"] == row.dropped_id)]
        both = kept.merge(dropped, on=["table", "item", "variable"])
        both = both[~both["variable"].isin(["center", "patient_id"])]
        assert len(both) > 30 and (both["value_x"] == both["value_y"]).all()


def test_no_fault_touches_what_decides_about_an_eligible_patient(truth, expected):
    patients = truth["patient"]
    eligible = patients.loc[patients["x_eligible"] == 1, ["center", "patient_id"]]
    for table, variables in DECIDING.items():
        frame = truth[table].merge(eligible, on=["center", "patient_id"])
        item = sheets.ITEM[table]
        frame["item"] = frame[item].astype(str) if item else ""
        sent = expected[(expected["table"] == table) & (expected["status"] != "not_sent")]
        for variable in variables:
            both = frame.merge(sent[sent["variable"] == variable], on=["center", "patient_id", "item"])
            assert len(both), (table, variable)
            assert [account.text(x) for x in both[variable]] == list(both["value"]), (table, variable)


def test_last_contact_of_an_eligible_patient_moves_only_where_it_cannot_count(truth, expected):
    patients = truth["patient"].query("x_eligible == 1")
    sent = expected[(expected["variable"] == "last_fu_date") & (expected["status"] == "fault")]
    both = patients.merge(sent, on=["center", "patient_id"])
    cut = pd.to_datetime([values.center(code).cut for code in both["center"]])
    assert (both["death_date"].notna() | (both["last_fu_date"] == cut)).all()


def test_an_added_malignancy_is_prevalent_or_none(truth, expected):
    have = set(truth["malignancy"][["center", "patient_id"]].itertuples(index=False, name=None))
    rows = expected[(expected["table"] == "malignancy") & (expected["status"] != "not_sent")]
    wide = rows.pivot_table(index=["center", "patient_id"], columns="variable", values="value", aggfunc="first")
    added = wide[[key not in have for key in wide.index]]
    first = truth["transplant"].query("asct_no == 1").set_index(["center", "patient_id"])["asct_date"]
    prevalent = pd.to_datetime(added["spm_date"]) < first.reindex(added.index)
    assert len(added) == 7 and (prevalent | (added["spm_type"] == "not_spm")).all()


def test_the_day_numbers_of_every_date_system():
    day = pd.Series(pd.to_datetime(["2019-03-05", None]))
    assert fields.day_count(fields.EXCEL_1900)(day).raw[0] == 43529
    assert fields.day_count(fields.EXCEL_1904)(day).raw[0] == 42067
    assert fields.day_count(fields.SAS)(day).raw[0] == 21613
    assert fields.day_count(fields.SPSS, seconds=True)(day).raw[0] == 13771123200
    assert list(fields.day_int(9)(day).raw) == [20190305, 9]
    assert fields.day("%y/%m/%d", "99")(day).raw[0] == "19/03/05"


def test_a_rounded_value_stays_on_its_side_of_a_staging_limit():
    b2m = pd.Series([3.5, 5.5, 5.4, 3.4, None])
    cells = fields.number(0, 1000 / 11.8, cuts=(3.5, 5.5))(b2m)
    assert [x >= 5.5 for x in cells.sent[:4]] == [False, True, False, False]
    assert [x >= 3.5 for x in cells.sent[:4]] == [True, True, True, False]
    assert all(abs(s - x) <= t for s, x, t in zip(cells.sent, b2m, cells.tolerance, strict=True) if s is not None)


def test_a_word_that_is_the_missing_code_is_refused():
    with pytest.raises(ValueError, match="missing code"):
        fields.coded({"unknown": "ND"}, "ND")(pd.Series(["unknown"]))


def test_ibm_floats_are_those_of_the_standard():
    import numpy as np

    got = statfiles.ibm(np.array([1.0, -118.625, 0.0, np.nan]))
    assert got[0].tobytes().hex() == "4110000000000000" and got[1].tobytes().hex() == "c276a00000000000"
    assert got[2].tobytes() == b"\0" * 8 and got[3].tobytes() == b"." + b"\0" * 7


def test_rules_find_what_stands_in_the_cells():
    def cell(variable, sent, table="patient", item=""):
        return {"patient_id": "1", "table": table, "item": item, "variable": variable, "sent": sent}

    day = pd.Timestamp("2019-03-05")
    cells = pd.DataFrame(
        [
            cell("iss", "I"),
            cell("b2m", 6.0),
            cell("alb", 3.0),
            cell("asct_date", day, "transplant", "1"),
            cell("pd_date", day - pd.Timedelta(days=1)),
            cell("maint_start", day, "maintenance", "1"),
            cell("drug", "THAL", "maintenance", "1"),
            cell("maint_end", day + pd.Timedelta(days=27), "maintenance", "1"),
        ]
    )
    kinds = set(rules.found(cells, day)["kind"])
    after = "maintenance_after_progression"
    assert kinds == {"iss_mismatch", "progression_before_transplant", "maintenance_too_short", after}


def test_writing_again_gives_the_delivered_files(truth, tmp_path):
    dialects.write_extracts(truth, tmp_path, values.SHIPPED_SEED, values.SHIPPED_PATIENTS)
    for name in ("deliveries.csv", "centers.tsv", "faults.csv", "transfers.csv"):
        assert (tmp_path / name).read_bytes() == (STUDY / name).read_bytes(), name
    again = pd.read_parquet(tmp_path / "truth" / "expected.parquet")
    pd.testing.assert_frame_equal(again, pd.read_parquet(STUDY / "truth" / "expected.parquet"))
    for path in (STUDY / "codebooks").iterdir():
        assert path.read_bytes() == (tmp_path / "codebooks" / path.name).read_bytes()


def test_centers_of_a_scaled_study_reuse_the_dialects(truth, tmp_path):
    few = {}
    for name, frame in truth.items():
        mine = frame[frame["center"].isin(["KUAH", "HPH"])]
        few[name] = pd.concat([mine, mine.assign(center=mine["center"] + "2")], ignore_index=True)
    dialects.write_extracts(few, tmp_path, 3, 60)
    names = {path.name for path in (tmp_path / "extracts").iterdir()}
    assert names == {"KUAH_data.xlsx", "KUAH2_data.xlsx", "HPH_mm.csv", "HPH2_mm.csv"}
    planted = pd.read_csv(tmp_path / "faults.csv")
    assert not set(planted.loc[planted["kind"].isin(["date_system_1904", "not_numeric"]), "center"]) & {"KUAH2", "HPH2"}
    assert (tmp_path / "extracts" / "HPH2_mm.csv").read_bytes() and faults.REPEATS
    assert formats.Formula("=1", 1).value == 1
