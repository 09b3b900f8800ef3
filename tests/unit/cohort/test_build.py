"""A cohort of a handful of patients whose every date can be checked by eye."""

import pandas as pd
import pytest

from multicenter.cohort.build import build_cohort
from multicenter.cohort.imputation import COLUMNS, sources_of
from multicenter.errors import StudyError

CUTS = {"A": "2020-12-31", "B": "2020-06-30"}
PROTOCOL = {
    "study": {"id": "S"},
    "records": {
        "table": "operation",
        "labels": {"records": "Records", "duplicates": "Duplicates", "repeats": "Repeats", "transfers": "Transfers"},
    },
    "linkage": {
        "dates": {"of": ["zero"], "m_agree": 0.95},
        "calendar": {"m_agree": 0.95},
        "variables": {"sex": {"m_agree": 0.99}, "mark": {"m_agree": 0.95}},
        "prior": 0.5,
        "propose_above": 0.5,
        "most_neighbors": 10,
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


def patient(center, patient_id, seen, relapse=None, death=None, sex="F", mark=None):
    return {
        "center": center, "patient_id": patient_id, "sex": sex, "seen": seen, "relapse": relapse, "death": death,
        "mark": mark or center + patient_id,
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
                patient("A", "3", "2020-03-01", sex="M", mark="x"),
                patient("A", "4", "2020-03-01", relapse="2019-12-01"),
                patient("B", "1", "2020-09-01", relapse="2020-08-01", sex="M"),
                patient("B", "2", "2020-03-01"),
                patient("B", "9", "2020-03-02", sex="M", mark="x"),
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
    columns = ["center", "patient_id", "kept_center", "kept_patient_id", "verdict"]
    return pd.DataFrame(rows, columns=columns, dtype="string")


def imputed(*rows):
    """Imputed dates as (USUBJID, table, item, variable, value, flag, lo, hi)."""
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype="string")
    return frame.astype(dict.fromkeys(("value", "lo", "hi"), "datetime64[ns]"))


def build(tables, dropped=("A",), decided=(("B", "9", "A", "3", "same"),), filled_in=()):
    checks = pd.DataFrame(
        [{"id": "same_patient", "outcome": "query", "action": "kept", "message_en": "{other} has this patient"}]
    )
    place = {"file": "x.csv", "sheet": "", "column": "id"}
    places = {"A": place, "B": place}
    return build_cohort(
        tables, findings(*dropped), places, decisions(*decided), checks, CUTS, {"A"}, PROTOCOL, LEVELS,
        imputed=imputed(*filled_in),
    )  # fmt: skip


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
        "B has this patient (a decision is recorded)",
        "A has this patient (a decision is recorded)",
    ]
    assert found["action"].tolist() == ["decided", "decided"]
    undecided = build(tables, decided=())
    assert undecided.findings["message"].tolist() == ["B has this patient", "A has this patient"]
    assert undecided.findings["action"].tolist() == ["kept", "kept"]
    assert "B-9" in undecided.adsl["USUBJID"].tolist()


def test_without_a_pair_there_is_no_finding(tables):
    tables["patient"]["mark"] = tables["patient"]["USUBJID"]
    cohort = build(tables, decided=())
    assert cohort.linkage.pairs.empty and cohort.findings.empty


def test_two_patients_who_are_decided_to_be_different_both_stay(tables):
    cohort = build(tables, decided=(("B", "9", "A", "3", "different"),))
    assert {"A-3", "B-9"} <= set(cohort.adsl["USUBJID"])
    assert cohort.findings["action"].tolist() == ["decided", "decided"]
    pairs = cohort.linkage.pairs
    assert pairs[["patient_id_1", "patient_id_2", "state", "verdict"]].to_numpy().tolist() == [
        ["3", "9", "decided", "different"]
    ]
    assert cohort.flow.set_index(["center", "step"]).loc[("all", "transfers"), "n_excluded"] == 0


def test_a_decision_about_nobody_is_refused(tables):
    with pytest.raises(StudyError) as error:
        build(tables, decided=(("B", "99", "A", "3", "same"),))
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


def test_a_time_whose_dates_were_partly_filled_in_is_flagged(tables):
    filled = [
        ("A-1", "operation", "1", "day", "2020-01-01", "M", "2020-01-01", "2020-12-31"),
        ("A-1", "operation", "2", "day", "2020-03-01", "D", "2020-03-01", "2020-03-31"),
        ("A-1", "patient", "", "relapse", "2020-02-01", "D", "2020-02-01", "2020-02-29"),
        ("A-2", "patient", "", "seen", "2020-03-01", "D", "2020-03-01", "2020-03-31"),
    ]
    adtte = build(tables, filled_in=filled).adtte
    assert list(adtte.columns[5:9]) == ["STARTDT", "STARTDTF", "ADT", "ADTF"]
    flags = adtte[adtte["PARAMCD"] == "EFS"].set_index("USUBJID")[["STARTDTF", "ADTF"]].fillna("")
    assert flags.loc["A-1"].tolist() == ["M", "D"]  # the second operation is not time zero
    assert flags.loc["A-2"].tolist() == ["", ""]  # the death counts, not the imputed last visit
    assert build(tables).adtte[["STARTDTF", "ADTF"]].isna().all(axis=None)


def test_where_a_derived_date_may_come_from():
    variables = {
        "zero": {"first": "operation.day", "order": "no"},
        "end": {"latest": ["patient.seen", "drug.begin"]},
        "both": {"value": "earliest(zero, end, death)"},
    }
    assert sources_of("both", variables) == {"operation.day", "patient.seen", "drug.begin", "patient.death"}
