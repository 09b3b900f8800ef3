"""Both centers of a pair are asked, about what is open only, and learn no more than whom to ask about."""

import pandas as pd
import pytest

from multicenter.cohort.same_patient import same_patient_findings
from multicenter.harmonize.delivery import FINDING_COLUMNS

CHECKS = pd.DataFrame(
    [{"id": "same_patient", "outcome": "query", "action": "kept", "message_en": "{other} has this patient"}]
)


@pytest.fixture
def patients():
    ids = [("A", "1"), ("B", "2"), ("C", "3"), ("A", "4")]
    frame = pd.DataFrame(ids, columns=["center", "patient_id"], dtype="string")
    frame = frame.assign(src_file="x.csv", src_sheet="", src_row=range(2, 6))
    return frame.set_index((frame["center"] + "-" + frame["patient_id"]).rename("USUBJID"))


def found(patients, *rows):
    columns = ["center_1", "patient_id_1", "center_2", "patient_id_2", "proposed", "state"]
    pairs = pd.DataFrame([[*one.split("-"), *other.split("-"), *rest] for one, other, *rest in rows], columns=columns)
    pairs = pairs.astype({"proposed": bool})
    place = {"file": "x.csv", "sheet": "", "column": "id"}
    return same_patient_findings(patients, pairs, dict.fromkeys("ABC", place), CHECKS)


def messages(findings):
    return dict(zip(findings["center"] + "-" + findings["patient_id"], findings["message"], strict=True))


def test_a_finding_stands_where_the_id_stands(patients):
    findings = found(patients, ("A-1", "B-2", True, "open"))
    assert list(findings.columns) == FINDING_COLUMNS
    assert findings[["center", "row", "column", "value", "outcome", "action"]].to_numpy().tolist() == [
        ["A", 2, "id", "1", "query", "kept"],
        ["B", 3, "id", "2", "query", "kept"],
    ]
    assert messages(findings) == {"A-1": "B has this patient", "B-2": "A has this patient"}


def test_what_is_decided_is_not_asked_again(patients):
    findings = found(patients, ("A-1", "B-2", True, "decided"))
    assert findings["action"].tolist() == ["decided", "decided"]
    assert messages(findings)["A-1"] == "B has this patient (a decision is recorded)"


def test_of_several_pairs_of_a_record_those_that_are_open_are_asked(patients):
    findings = found(
        patients, ("A-1", "B-2", True, "decided"), ("A-1", "C-3", True, "open"), ("A-1", "A-4", True, "open")
    )
    assert messages(findings) == {
        "A-1": "A (4), C has this patient",
        "A-4": "A (1) has this patient",
        "B-2": "A has this patient (a decision is recorded)",
        "C-3": "A has this patient",
    }


def test_a_decided_pair_that_is_not_proposed_gives_no_finding(patients):
    assert found(patients, ("A-1", "B-2", False, "decided")).empty
    assert list(found(patients).columns) == FINDING_COLUMNS
