"""A finding holds what it speaks of beside its message: the values that its rule reads, and a remark."""

import json

import pytest

DECIDED = "reason: x, decided_by: x, decided_on: 2024-01-01"
KEEP = f"duplicates: {{exact: fold, differing: {{keep_latest: last_fu_date}}, {DECIDED}}}"
COLUMNS = "iss: iss\nb: {}\na: alb\nfu: last_fu_date"


def found(done, kind):
    (row,) = done.findings[done.findings["kind"] == kind].to_dict("records")
    return row["message"], row["remark"], json.loads(row["values"]) if row["values"] else {}


def test_the_values_that_a_rule_reads_stand_beside_its_message(deliver):
    done = deliver("id,iss,b,a,fu\n1,III,2.3,4.0,2020-01-01\n", COLUMNS.format("b2m"))
    message, remark, values = found(done, "iss_mismatch")
    assert message == "ISS III does not follow from b2m 2.3 mg/L and albumin 4 g/dL"
    assert (remark, values) == ("", {"iss": "III", "b2m": "2.3", "alb": "4"})


def test_values_that_the_message_does_not_show_are_held_too(deliver):
    columns = "h: cyto_high\nd: del17p\na: t_4_14\nb: t_14_16"
    _, _, values = found(deliver("id,h,d,a,b\n1,0,1,0,0\n", columns), "high_risk_mismatch")
    assert values == {"del17p": "1", "t_4_14": "0", "t_14_16": "0", "cyto_high": "0"}


@pytest.mark.parametrize(
    ("cell", "spec", "shown"),
    [
        ("<0.2", "b2m", "<0.2"),
        ("0.2 미만", "b2m", "0.2 미만"),
        ("1.1-1.3", "b2m", "1.1-1.3"),
        ("undetectable", "{to: b2m, below_detection: [undetectable]}", "undetectable"),
    ],
)
def test_a_limit_is_shown_as_it_was_delivered(deliver, cell, spec, shown):
    done = deliver(f"id,iss,b,a,fu\n1,III,{cell},4.0,2020-01-01\n", COLUMNS.format(spec))
    message, _, values = found(done, "iss_mismatch")
    assert message == f"ISS III does not follow from b2m {shown} mg/L and albumin 4 g/dL"
    assert values["b2m"] == shown


def test_a_limit_in_another_unit_is_shown_in_the_unit_of_the_message(deliver):
    done = deliver(
        "id,iss,b,a,fu\n1,I,2,<30,2020-01-01\n", "iss: iss\nb: b2m\na: {to: alb, unit: g/L}\nfu: last_fu_date"
    )
    assert found(done, "iss_mismatch")[0] == "ISS I does not follow from b2m 2 mg/L and albumin <3 g/dL"


def test_a_remark_stands_by_itself_too(deliver):
    message, remark, values = found(deliver("id,h\n1,120\n", "h: hb"), "unit_suspect")
    assert message.endswith(f" ({remark})") and "g/L" in remark and values == {}


def test_rows_that_differ_are_told_apart_by_what_differs(deliver):
    text = "id,iss,b,a,fu\n1,II,3.0,4.0,2020-01-01\n1,II,,4.00,2021-01-01\n"
    message, remark, values = found(deliver(text, COLUMNS.format("b2m"), source=KEEP), "duplicate_differs")
    assert values == {"differences": "b: 3.0 → –; fu: 2020-01-01 → 2021-01-01"}
    assert remark == "row 3 is later by last_fu_date"
    assert message == f"the patient has a later row that differs: {values['differences']} ({remark})"
