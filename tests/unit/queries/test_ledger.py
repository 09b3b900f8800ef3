"""Every state of a query, and how it is reached."""

import dataclasses

import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.opencsv import write_csv
from multicenter.queries.ids import KEY, query_id
from multicenter.queries.ledger import LEDGER_COLUMNS, Standing, age_days, ask, read_ledger, recover, settle
from multicenter.queries.words import COMMENT, CORRECTED, NOT_OURS, RIGHT, UNKNOWN, WITHDRAWN, Answer

FIRST = Standing("2024-01-31", "aaa", frozenset({"1", "2", "3"}))
SECOND = Standing("2024-05-31", "bbb", frozenset({"1", "2", "3"}))
THIRD = Standing("2024-09-30", "ccc", frozenset({"1", "2", "3"}))


def key(patient):
    return dict(zip(KEY, ("AA", patient, "patient", "", "hb", "not_numeric", ""), strict=True))


def number(patient):
    return query_id(key(patient))


def queries(*rows, evidence=""):
    """(patient, value) each."""
    lines = [key(patient) | {"value": value, "evidence": evidence} for patient, value in rows]
    return pd.DataFrame(lines, columns=[*KEY, "value", "evidence"])


def run(before, found, standing=FIRST, answer=None):
    """The ledger after a run; `answer` is to the query of patient 1, in its round."""
    rows = before.to_dict("records") if isinstance(before, pd.DataFrame) else list(before)
    return settle(ask(rows, found, {"AA": standing}), {number("1"): answer} if answer else {})


def says(word, by="Dr Kim", on="2024-03-01", comment="", file="AA_1.xlsx"):
    return Answer(word.english, comment, by, on, file)


HIGH = queries(("1", "high"))


@pytest.fixture
def asked():
    return run([], HIGH)


def state(ledger, patient="1"):
    row = ledger.set_index("patient_id").loc[patient]
    return row["status"], row["status_since"], row["remark"]


def test_a_new_finding_is_open_since_its_delivery(asked):
    assert state(asked) == ("OPEN", "2024-01-31", "")
    row = asked.iloc[0]
    assert row["query"] == number("1")
    assert row[["first_asked", "asked_on", "round", "last_seen", "delivery", "history"]].tolist() == [
        "2024-01-31", "2024-01-31", "1", "2024-01-31", "aaa", "2024-01-31 OPEN",
    ]  # fmt: skip


def test_unanswered_stays_open_and_ages(asked):
    after = run(asked, HIGH, SECOND)
    assert state(after) == ("OPEN", "2024-01-31", "")
    assert after.iloc[0]["first_asked"] == "2024-01-31" and after.iloc[0]["last_seen"] == "2024-05-31"
    assert age_days("OPEN", "2024-01-31", "2024-05-31") == 121
    assert age_days("OPEN", "2024-05-31", "2024-01-31") == 0
    assert age_days("WAIVED", "2024-01-31", "2024-05-31") is None


def test_fixed_in_the_re_extract_is_resolved(asked):
    after = run(asked, queries(), SECOND, says(CORRECTED))
    assert state(after) == ("RESOLVED", "2024-05-31", "not found in the delivery of 2024-05-31")
    assert after.iloc[0]["answer"] == "Corrected in the re-extract"
    assert after.iloc[0]["history"] == "2024-01-31 OPEN; 2024-05-31 RESOLVED"


def test_gone_with_its_patient_says_so(asked):
    after = run(asked, queries(), dataclasses.replace(SECOND, patients=frozenset({"2"})))
    assert state(after)[2].startswith("the patient is no longer sent")


def test_gone_without_a_new_delivery_says_so(asked):
    assert (
        state(run(asked, queries()))[2] == "no longer found in the same delivery: the mapping or the rule was changed"
    )


@pytest.mark.parametrize("word", [RIGHT, UNKNOWN], ids=lambda word: word.english)
def test_justified_with_a_name_and_a_date_is_waived(asked, word):
    after = run(asked, HIGH, answer=says(word))
    assert state(after) == ("WAIVED", "2024-03-01", "")
    row = after.iloc[0]
    assert row[["answer", "answered_value", "answered_by", "answered_on", "answer_file"]].tolist() == [
        word.english, "high", "Dr Kim", "2024-03-01", "AA_1.xlsx",
    ]  # fmt: skip
    assert row["history"] == "2024-01-31 OPEN; 2024-03-01 WAIVED (Dr Kim)"


@pytest.mark.parametrize("lacking", [{"by": ""}, {"on": ""}])
def test_justified_without_a_name_or_a_date_stays_open(asked, lacking):
    after = run(asked, HIGH, answer=says(RIGHT, **lacking))
    remark = "answered without a name or a date that can be used: not counted"
    assert state(after) == ("OPEN", "2024-01-31", remark)


@pytest.mark.parametrize("on", ["2024-03-01", ""])
def test_answered_as_corrected_but_still_there(asked, on):
    waiting = run(asked, HIGH, answer=says(CORRECTED, on=on))
    assert state(waiting) == ("OPEN", "2024-01-31", "answered as corrected, waiting for the re-extract")
    again = run(waiting, HIGH, SECOND, says(CORRECTED))
    assert state(again) == ("OPEN", "2024-01-31", "answered as corrected, still there")


@pytest.mark.parametrize("word", [NOT_OURS, COMMENT], ids=lambda word: word.english)
def test_answers_that_need_a_decision_stay_open(asked, word):
    status, _, remark = state(run(asked, HIGH, answer=says(word)))
    assert status == "OPEN" and remark.endswith("to be decided by the coordinating center")


def test_resolved_and_found_again_is_reopened(asked):
    gone = run(asked, queries(), SECOND)
    back = run(gone, HIGH, THIRD)
    assert state(back) == ("REOPENED", "2024-09-30", "it was resolved and is found again")
    row = back.iloc[0]
    assert row["history"] == "2024-01-31 OPEN; 2024-05-31 RESOLVED; 2024-09-30 REOPENED"
    assert row[["first_asked", "asked_on", "round"]].tolist() == ["2024-01-31", "2024-09-30", "2"]
    assert age_days(*state(back)[:2], "2024-10-10") == 10
    assert state(run(back, queries(), THIRD))[0] == "RESOLVED"


def test_a_waiver_ends_when_its_query_is_resolved(asked):
    waived = run(asked, HIGH, answer=says(RIGHT))
    gone = run(waived, queries(), SECOND)
    assert state(gone)[0] == "RESOLVED"
    back = run(gone, HIGH, THIRD)
    assert state(back) == ("REOPENED", "2024-09-30", "it was resolved and is found again")
    assert state(run(back, HIGH, THIRD, says(RIGHT, on="2024-10-02"))) == ("WAIVED", "2024-10-02", "")


def test_a_waived_value_that_changed_is_reopened_and_asked_in_a_new_round(asked):
    waived = run(asked, HIGH, answer=says(RIGHT))
    low = queries(("1", "low"))
    changed = run(waived, low, SECOND)
    assert state(changed) == ("REOPENED", "2024-05-31", "the value is another than the one that was answered")
    assert changed.iloc[0]["round"] == "2" and changed.iloc[0]["answered_value"] == "high"
    assert state(run(changed, low, SECOND, says(RIGHT, on="2024-06-10"))) == ("WAIVED", "2024-06-10", "")
    assert state(run(changed, HIGH, THIRD))[0] == "REOPENED", "the waiver of the first value has ended"


def test_an_open_query_about_another_value_is_asked_in_a_new_round(asked):
    after = run(asked, queries(("1", "low")), SECOND)
    assert state(after) == ("OPEN", "2024-01-31", "")
    assert after.iloc[0][["round", "asked_on"]].tolist() == ["2", "2024-05-31"]


def test_evidence_that_changed_reopens_too(asked):
    waived = run(asked, HIGH, answer=says(RIGHT))
    other = queries(("1", "high"), evidence="start=2020-01-01")
    assert state(run(waived, other, SECOND))[0] == "REOPENED"


def test_a_waiver_holds_when_its_workbook_is_gone(asked):
    waived = run(asked, HIGH, answer=says(RIGHT))
    assert state(run(waived, HIGH, SECOND)) == ("WAIVED", "2024-03-01", "")


@pytest.mark.parametrize("word", [WITHDRAWN, COMMENT], ids=lambda word: word.english)
def test_a_waiver_that_is_withdrawn_is_asked_again(asked, word):
    waived = run(asked, HIGH, answer=says(RIGHT))
    back = run(waived, HIGH, answer=says(word, on="2024-04-01"))
    assert state(back) == ("REOPENED", "2024-04-01", word.remark)
    assert back.iloc[0]["history"] == "2024-01-31 OPEN; 2024-03-01 WAIVED (Dr Kim); 2024-04-01 REOPENED"
    assert state(run(back, HIGH, SECOND)) == ("REOPENED", "2024-04-01", word.remark)
    assert state(run(back, HIGH, SECOND, says(RIGHT, on="2024-06-01")))[0] == "WAIVED"


def test_a_waiver_can_give_way_to_a_correction(asked):
    waived = run(asked, HIGH, answer=says(RIGHT))
    back = run(waived, HIGH, answer=says(CORRECTED, on="2024-04-01"))
    assert state(back) == ("REOPENED", "2024-04-01", "answered as corrected, waiting for the re-extract")
    assert state(run(back, HIGH, SECOND))[2] == "answered as corrected, still there"


def test_the_history_is_in_order_though_an_answer_is_later_than_its_delivery(asked):
    waived = run(asked, HIGH, answer=says(RIGHT, on="2024-07-01"))
    gone = run(waived, queries(), SECOND)
    assert gone.iloc[0]["history"] == "2024-01-31 OPEN; 2024-07-01 WAIVED (Dr Kim); 2024-07-01 RESOLVED"


def test_running_twice_changes_nothing(asked):
    for found, standing, answer in [
        (HIGH, SECOND, says(RIGHT)),
        (queries(("1", "low"), ("2", "x")), SECOND, None),
        (queries(), SECOND, says(CORRECTED)),
    ]:
        once = run(asked, found, standing, answer)
        pd.testing.assert_frame_equal(run(once, found, standing, answer), once)


def test_an_id_never_stands_for_another_question(asked):
    """Neither while the ledger is kept nor after it is lost."""
    both = run(asked, queries(("1", "high"), ("2", "high")))
    later = run(run(both, HIGH, SECOND), queries(("1", "high"), ("3", "high")), THIRD)
    assert dict(zip(later["patient_id"], later["query"], strict=True)) == {n: number(n) for n in "123"}
    lost = run([], queries(("3", "high"), ("2", "high")), THIRD)
    assert dict(zip(lost["patient_id"], lost["query"], strict=True)) == {n: number(n) for n in "23"}


def test_a_center_that_is_not_in_this_run_keeps_its_rows(asked):
    after = settle(ask(asked.to_dict("records"), queries(), {}), {})
    pd.testing.assert_frame_equal(after, asked)


def test_a_lost_ledger_is_recovered_from_what_workbooks_carry(asked):
    carried = asked.iloc[0].to_dict()
    later = carried | {"round": "3", "asked_on": "2024-03-31"}
    recovered = recover([], [later, carried])
    assert [(row["status"], row["round"], row["history"]) for row in recovered] == [
        ("REOPENED", "3", "2024-01-31 OPEN; 2024-03-31 REOPENED")
    ]
    after = run(recover([], [carried]), queries(("0", "x"), ("1", "high")), SECOND)
    assert after["first_asked"].tolist() == ["2024-05-31", "2024-01-31"]


def test_what_the_ledger_knows_is_not_taken_from_a_workbook(asked):
    rows = asked.to_dict("records")
    assert recover(rows, [rows[0] | {"value": "low", "first_asked": "2020-01-01"}]) == rows


MEND = "Restore it from a copy, or move it away: what the returned workbooks hold is then recovered from them."
DAMAGED = {
    "column": (lambda frame: frame.drop(columns="status"), ": the ledger lacks the column status"),
    "row twice": (lambda frame: pd.concat([frame, frame]), f", row 3: the query {number('1')} stands twice"),
    "an id made a number": (
        lambda frame: frame.assign(patient_id="01"),
        f", row 2: {number('1')} is not the query that stands beside it (patient_id '01' …)",
    ),
    "another date format": (
        lambda frame: frame.assign(asked_on="31/01/2024"),
        ", row 2: asked_on '31/01/2024' is no date (YYYY-MM-DD)",
    ),
    "status": (lambda frame: frame.assign(status="closed"), ", row 2: status 'closed' is none"),
    "round": (lambda frame: frame.assign(round="1.0"), ", row 2: round '1.0' is no number"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_ledger_stops(tmp_path, asked, case):
    change, what = DAMAGED[case]
    path = tmp_path / "ledger.csv"
    write_csv(change(asked), path)
    with pytest.raises(StudyError) as error:
        read_ledger(path)
    assert str(error.value) == f"{path}{what}. {MEND}"


def test_what_is_no_table_stops_and_none_is_empty(tmp_path, asked):
    path = tmp_path / "ledger.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="the ledger cannot be read"):
        read_ledger(path)
    assert read_ledger(tmp_path / "none.csv") == []


def test_a_ledger_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "ledger.csv"
    written = run([], queries(("1", "=1+1"), ("2", "'=a"), ("3", "-5")), answer=says(RIGHT, by="@kim"))
    write_csv(written, path)
    assert "'=1+1" in path.read_text(encoding="utf-8")
    assert read_ledger(path) == written.to_dict("records")
    assert list(written.columns) == LEDGER_COLUMNS
