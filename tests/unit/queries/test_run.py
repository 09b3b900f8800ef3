"""From harmonized folders to workbooks: own rows alone, ids that stay, the overview for the coordinating center."""

import json

import pandas as pd
import pytest
from openpyxl import load_workbook

from multicenter.queries.firewall import Inbox
from multicenter.queries.ids import KEY, query_id
from multicenter.queries.run import OVERVIEW_COLUMNS, Accepted, field_name, find_queries, source_cell, write_queries

PROTOCOL = {
    "study": {"id": "STUDY", "title": "A study"},
    "criteria": [],
    "variables": {},
    "endpoints": {"OS": {"label": "Overall survival", "start": "start", "events": [{"earliest": ["patient.death"]}]}},
    "primary": None,
    "exposure": "",
}
NAMES = {"AA": "Hospital A", "BB": "Hospital B", "CC": "Hospital C"}
NO_FINDINGS = {"outcome": "note"}


@pytest.fixture
def study(tmp_path, checks, dictionary, finding):
    """Write what harmonization leaves of three centers; returns a function that finds and writes their queries."""

    def run(answers=(), as_of="", name="out", shuffle=False, without=()):
        rows = {
            "AA": [
                finding("A1", row=5),
                finding("A2", variable="death", row=6),
                finding("A1", variable="height", row=5),
            ],
            "BB": [finding("B1", center="BB", file="bb.csv"), finding("B2", center="BB", file="bb.csv", **NO_FINDINGS)],
            "CC": [],
        }
        folders = {}
        for center, found in rows.items():
            folder = tmp_path / "harmonized" / name / center
            folder.mkdir(parents=True, exist_ok=True)
            kept = [row for row in found if row["variable"] not in without]
            frame = pd.DataFrame(kept[::-1] if shuffle else kept, columns=list(finding()))
            frame = frame.astype({column: "Int64" if column == "row" else "string" for column in frame})
            frame["row"] += 7 * shuffle
            frame.to_parquet(folder / "findings.parquet")
            names = ["table", "variable", "item", "file", "sheet", "column", "header", "source"]
            pd.DataFrame([("patient", "hb", "", "aa.csv", "", "hb", "hb", "main")], columns=names).to_csv(
                folder / "column_map.csv", index=False
            )
            pd.DataFrame(columns=["table", "patient_id", "item", "source", "row"]).to_parquet(
                folder / "source_rows.parquet"
            )
            pd.DataFrame({"patient_id": ["A1", "A2", "B1"]}).to_parquet(folder / "patient.parquet")
            arrived = {"AA": "2024-01-31", "BB": "2024-03-31", "CC": ""}[center]
            receipt = {"received": arrived, "data_cut": "2024-02-29", "files": [{"sha256": "0" * 8}]}
            (folder / "receipt.json").write_text(json.dumps(receipt))
            folders[center] = folder
        out, ledger = tmp_path / "out", tmp_path / "out" / "ledger.csv"
        out.mkdir(exist_ok=True)
        accepted = Accepted(
            folders=folders,
            receipts={center: folder / "receipt.json" for center, folder in folders.items()},
            pooled=pd.DataFrame([], columns=list(finding())),
            adsl=pd.DataFrame(),
            adtte=pd.DataFrame(),
            checks=pd.DataFrame(checks.values()),
            dictionary=dictionary,
            protocol=PROTOCOL,
            as_of=as_of,
        )
        queries = find_queries(accepted, Inbox(list(answers)), ledger)
        centers = [{"center": code, "name": full, "simulated": True} for code, full in NAMES.items()]
        write_queries(queries, PROTOCOL["study"], {"centers": centers}, out, ledger)
        return queries, out

    return run


def number(center, patient, variable="hb"):
    return query_id(dict(zip(KEY, (center, patient, "patient", "", variable, "not_numeric", ""), strict=True)))


def texts(path):
    book = load_workbook(path)
    return {str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None}


def test_a_workbook_holds_only_its_center(study):
    _, out = study()
    assert {"A1", "A2", number("AA", "A1")} <= texts(out / "AA.xlsx")
    assert not texts(out / "AA.xlsx") & {"B1", "B2", number("BB", "B1"), "bb.csv!row 2, column hb"}
    assert {"B1", number("BB", "B1"), "bb.csv!row 2, column hb"} <= texts(out / "BB.xlsx")
    assert not texts(out / "BB.xlsx") & {"A1", "A2", number("AA", "A1"), "B2"}
    assert not {text for text in texts(out / "CC.xlsx") if text.startswith(("AA-", "BB-"))}


def test_ids_stay_when_rows_are_reordered_and_moved(study):
    first, _ = study()
    second, _ = study(name="later", shuffle=True)
    pd.testing.assert_frame_equal(second.ledger, first.ledger)
    assert set(second.overview["cell"]) != set(first.overview["cell"])


def test_the_overview_counts_age_from_declared_dates(study):
    queries, out = study()
    assert queries.as_of == "2024-03-31"
    overview = pd.read_csv(out / "queries.csv", dtype=str, keep_default_na=False)
    assert list(overview.columns) == OVERVIEW_COLUMNS
    assert dict(zip(overview["query"], overview["age_days"], strict=True))[number("AA", "A1")] == "60"
    assert dict(zip(overview["query"], overview["age_days"], strict=True))[number("BB", "B1")] == "0"
    later, _ = study(as_of="2024-04-30")
    assert later.overview.set_index("query").loc[number("AA", "A1"), "age_days"] == 90


def test_what_touches_an_endpoint_comes_first(study):
    queries, _ = study()
    assert queries.overview["variable"].tolist() == ["death", "hb", "height", "hb"]
    assert queries.overview["can_change"].tolist()[:2] == ["Overall survival (event)", "No endpoint"]
    assert queries.overview["rank"].tolist() == [1, 2, 3, 4]


def test_a_closed_query_moves_to_its_own_sheet(study):
    study()
    queries, out = study(name="later", without=("height",))
    closed = queries.overview[queries.overview["status"] == "RESOLVED"]
    assert closed["variable"].tolist() == ["height"] and closed["rank"].isna().all()
    book = load_workbook(out / "AA.xlsx")
    assert book["Closed"]["A3"].value == closed["query"].iloc[0]
    assert book["Queries"].max_row == 4


def test_a_second_run_gives_the_same_bytes(study):
    _, out = study()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    study()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_fields_and_cells_as_a_person_finds_them(dictionary):
    assert field_name(dictionary, "patient", "", "hb") == "Hemoglobin\npatient.hb"
    assert field_name(dictionary, "visit", "m3", "result") == "Result, 3 months\nvisit[m3].result"
    assert field_name(dictionary, "patient", "", "") == "The whole row\npatient"
    assert field_name(dictionary, "gone", "", "x") == "The whole row\ngone"
    seen = {"file": "a.xlsx", "sheet": "Data", "row": 17, "column": "M"}
    assert source_cell(seen) == "a.xlsx!Data!M17"
    assert source_cell(seen | {"row": pd.NA, "column": ""}) == "a.xlsx!Data"
    assert source_cell({}) == ""


def test_a_round_trip_and_what_is_left_when_everything_is_lost(study, answer):
    """Answered, read twice, then everything made is lost: the returned workbook brings back what it holds."""
    _, out = study()
    sent = (out / "AA.xlsx").rename(out.parent / "AA.xlsx")
    row = [line[0].value for line in load_workbook(sent)["Queries"].iter_rows(min_row=3)].index(number("AA", "A1")) + 1
    full = {"answer": "Value is right as it stands", "answered_by": "Kim", "answered_on": "2024-02-05"}
    back = answer(sent, {row: full}, name="AA_2024-02.xlsx")
    first, _ = study(answers=[back])
    waived = first.ledger.set_index("query").loc[number("AA", "A1")]
    assert (waived["status"], waived["status_since"], waived["answered_value"]) == ("WAIVED", "2024-02-05", "high")
    again, _ = study(answers=[back])
    pd.testing.assert_frame_equal(again.ledger, first.ledger)
    (out / "ledger.csv").unlink()
    lost, _ = study(answers=[back], name="later", shuffle=True)
    pd.testing.assert_frame_equal(lost.ledger, first.ledger)


def test_texts_that_look_like_formulas_are_harmless_in_every_file(study, answer):
    _, out = study()
    sent = (out / "AA.xlsx").rename(out.parent / "AA.xlsx")
    full = {"answer": "See comment", "answered_by": "@Kim", "comment": "+1-1"}
    queries, _ = study(answers=[answer(sent, {1: full}, name="AA_2024-02.xlsx")])
    assert "+1-1" in set(queries.ledger["comment"])
    for name in ("ledger.csv", "queries.csv"):
        text = (out / name).read_text(encoding="utf-8")
        assert "'+1-1" in text and "'@Kim" in text and ",+1-1" not in text
    again, _ = study()
    assert "+1-1" in set(again.ledger["comment"]), "read back as it was"
