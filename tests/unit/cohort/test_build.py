"""A cohort of a handful of patients whose every date can be checked by eye."""

import pandas as pd
import pytest

from multicenter.cohort.build import build_cohort
from multicenter.errors import StudyError

CUTS = {"A": "2020-12-31", "B": "2020-06-30"}
PROTOCOL = {
    "study": {"id": "S"},
    "records": {
        "table": "operation",
        "labels": {"records": "Records", "duplicates": "Duplicates", "repeats": "Repeats", "transfers": "Transfers"},
        "same_patient": ["sex", "zero"],
    },
    "criteria": [
        {"id": "no_zero", "label": "No time zero", "exclude": "missing(zero)"},
        {"id": "early", "label": "Event before zero", "exclude": "relapse < zero"},
    ],
    "variables": {
        "zero": {"first": "operation.day", "order": "no"},
        "treated": {"any": "drug", "where": "begin >= zero"},
        "GROUP": {"levels": ["No", "Yes"], "cases": [{"when": "treated", "then": "Yes"}], "otherwise": "No"},
        "ZERODT": {"value": "zero"},
        "LASTDT": {"latest": ["patient.seen", "drug.begin"]},
    },
    "endpoints": {
        "EFS": {
            "label": "Event-free survival",
            "start": "zero",
            "events": [
                {"description": "Relapse", "earliest": ["patient.relapse"]},
                {"description": "Death", "earliest": ["patient.death"]},
            ],
            "censor": [{"description": "Last seen", "latest": ["patient.seen", "drug.begin"]}],
        },
        "REL": {
            "label": "Relapse",
            "start": "zero",
            "events": [{"description": "Relapse", "earliest": ["patient.relapse"]}],
            "competing": [{"description": "Death", "earliest": ["patient.death"]}],
            "censor": [{"description": "Last seen", "latest": ["patient.seen"]}],
        },
    },
    "response": {"table": "visit", "visit": "when", "result": "result", "date": "day"},
}
LEVELS = {"when": ["before", "after"], "result": ["good", "bad"]}


def table(rows: list[dict], dates: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame["USUBJID"] = (frame["center"] + "-" + frame["patient_id"]).astype("string")
    frame["src_file"], frame["src_sheet"] = "x.csv", ""
    frame["src_row"] = pd.array(range(2, len(frame) + 2), dtype="Int64")
    for column in dates:
        frame[column] = pd.to_datetime(frame[column])
    return frame


def patient(center, patient_id, seen, relapse=None, death=None, sex="F"):
    return {
        "center": center, "patient_id": patient_id, "sex": sex, "seen": seen, "relapse": relapse, "death": death,
    }  # fmt: skip


def operation(center, patient_id, day, no=1):
    return {"center": center, "patient_id": patient_id, "no": no, "day": day}


@pytest.fixture
def tables():
    return {
        "patient": table(
            [
                patient("A", "1", "2020-03-01", relapse="2020-02-01", death="2020-05-01"),
                patient("A", "2", "2020-03-01", death="2020-04-01"),
                patient("A", "3", "2020-03-01", sex="M"),
                patient("A", "4", "2020-03-01", relapse="2019-12-01"),
                patient("B", "1", "2020-09-01", relapse="2020-08-01", sex="M"),
                patient("B", "2", "2020-03-01"),
                patient("B", "9", "2020-03-02", sex="M"),
            ],
            ["seen", "relapse", "death"],
        ),
        "operation": table(
            [
                operation("A", "1", "2020-01-01"),
                operation("A", "1", "2020-03-01", no=2),
                operation("A", "2", "2020-01-01"),
                operation("A", "3", "2020-01-05"),
                operation("A", "4", "2020-01-01"),
                operation("B", "1", "2020-01-01"),
                operation("B", "9", "2020-01-05"),
            ],
            ["day"],
        ),
        "drug": table([{"center": "A", "patient_id": "3", "begin": "2020-04-01"}], ["begin"]),
        "visit": table(
            [
                {"center": "A", "patient_id": "3", "when": "after", "result": "bad", "day": "2020-02-01"},
                {"center": "A", "patient_id": "3", "when": "before", "result": "good", "day": None},
            ],
            ["day"],
        ),
    }


def findings(*centers):
    return pd.DataFrame({"center": list(centers), "action": ["row_dropped"] * len(centers)}, dtype="string")


def decisions(*rows):
    return pd.DataFrame(rows, columns=["center", "patient_id", "kept_center", "kept_patient_id"], dtype="string")


def build(tables, dropped=("A",), decided=(("B", "9", "A", "3"),)):
    checks = pd.DataFrame(
        [{"id": "same_patient", "outcome": "query", "action": "kept", "message_en": "the same as {other}"}]
    )
    place = {"file": "x.csv", "sheet": "", "column": "id"}
    return build_cohort(
        tables, findings(*dropped), {"A": place, "B": place}, decisions(*decided), checks, CUTS, {"A"}, PROTOCOL, LEVELS
    )


def test_every_record_is_counted_in_the_flow(tables):
    flow = build(tables).flow
    total = flow[flow["center"] == "all"]
    assert total[["step", "n_in", "n_excluded", "n_out"]].to_numpy().tolist() == [
        ["records", 9, 0, 9],
        ["duplicates", 9, 1, 8],
        ["repeats", 8, 1, 7],
        ["transfers", 7, 1, 6],
        ["no_zero", 6, 1, 5],
        ["early", 5, 1, 4],
    ]
    by_center = flow[flow["center"] != "all"].groupby("step")[["n_in", "n_excluded", "n_out"]].sum()
    assert (
        by_center.loc[total["step"]].to_numpy().tolist() == total[["n_in", "n_excluded", "n_out"]].to_numpy().tolist()
    )


def test_adsl_has_one_row_an_eligible_patient(tables):
    adsl = build(tables).adsl.set_index("USUBJID")
    assert list(adsl.index) == ["A-1", "A-2", "A-3", "B-1"]
    assert adsl["GROUP"].tolist() == ["No", "No", "Yes", "No"]
    assert list(adsl["GROUP"].cat.categories) == ["No", "Yes"]
    assert adsl["SIMFL"].tolist() == ["Y", "Y", "Y", "N"]
    assert adsl.loc["A-3", "LASTDT"] == pd.Timestamp("2020-04-01")


def test_each_endpoint_says_its_reason_and_its_source(tables):
    adtte = build(tables).adtte.set_index(["PARAMCD", "USUBJID"])
    columns = ["AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "SRCSEQ"]
    got = {
        key: [None if pd.isna(v) else v for v in row]
        for key, row in zip(adtte.index, adtte[columns].to_numpy(), strict=True)
    }
    assert got == {
        ("EFS", "A-1"): [31, 0, "Relapse", None, "patient", "relapse", 2],
        ("EFS", "A-2"): [91, 0, "Death", None, "patient", "death", 3],
        ("EFS", "A-3"): [87, 1, None, "Last seen", "drug", "begin", 2],
        # relapse after the center's data cut: not yet observed, censored at the cut
        ("EFS", "B-1"): [181, 1, None, "Data cut", "patient", "seen", 6],
        ("REL", "A-1"): [31, 0, "Relapse", None, "patient", "relapse", 2],
        ("REL", "A-2"): [91, 2, "Death", None, "patient", "death", 3],
        ("REL", "A-3"): [56, 1, None, "Last seen", "patient", "seen", 4],
        ("REL", "B-1"): [181, 1, None, "Data cut", "patient", "seen", 6],
    }


def test_an_event_on_the_day_of_a_competing_one_counts_as_the_event(tables):
    tables["patient"].loc[0, "death"] = tables["patient"].loc[0, "relapse"]
    adtte = build(tables).adtte.set_index(["PARAMCD", "USUBJID"])
    assert adtte.loc[("REL", "A-1"), "CNSR"] == 0
    assert adtte.loc[("EFS", "A-1"), "EVNTDESC"] == "Relapse"


def test_responses_are_ordered_by_visit(tables):
    adrs = build(tables).adrs
    assert adrs[["AVISIT", "AVISITN", "AVALC", "AVAL"]].to_numpy().tolist() == [
        ["before", 1, "good", 1],
        ["after", 2, "bad", 2],
    ]


def test_a_patient_of_two_centers_is_a_query_until_and_after_it_is_decided(tables):
    found = build(tables).findings
    assert found[["center", "patient_id", "row", "column", "kind", "outcome"]].to_numpy().tolist() == [
        ["A", "3", 4, "id", "same_patient", "query"],
        ["B", "9", 8, "id", "same_patient", "query"],
    ]
    assert found["message"].tolist() == [
        "the same as B-9; a decision is recorded",
        "the same as A-3; a decision is recorded",
    ]
    undecided = build(tables, decided=())
    assert undecided.findings["message"].str.endswith("no decision is recorded").all()
    assert "B-9" in undecided.adsl["USUBJID"].tolist()


def test_a_decision_about_nobody_is_refused(tables):
    with pytest.raises(StudyError) as error:
        build(tables, decided=(("B", "99", "A", "3"),))
    assert str(error.value) == (
        "decisions: patient B-99 is in no delivery. Did you mean 'B-9'? "
        "Correct the id, or remove the line if the patient is no longer sent."
    )


def test_a_date_before_time_zero_censors_nothing(tables):
    tables["patient"].loc[2, "seen"] = pd.Timestamp("2019-12-31")
    tables["drug"] = tables["drug"].iloc[:0]
    row = build(tables).adtte.set_index(["PARAMCD", "USUBJID"]).loc[("EFS", "A-3")]
    assert (row["AVAL"], row["CNSR"], row["CNSDTDSC"]) == (1, 1, "Nothing known after time zero")
    assert pd.isna(row["SRCVAR"])
