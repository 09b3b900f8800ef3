"""Every state of a query, and how it is reached."""

import dataclasses

import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.queries.ledger import LEDGER_COLUMNS, Standing, age_days, read_ledger, recover, update_ledger
from multicenter.queries.words import COMMENT, CORRECTED, NOT_OURS, RIGHT, UNKNOWN, Answer

FIRST = Standing("2024-01-31", "aaa", frozenset({"1", "2", "3"}))
SECOND = Standing("2024-05-31", "bbb", frozenset({"1", "2", "3"}))
THIRD = Standing("2024-09-30", "ccc", frozenset({"1", "2", "3"}))


def queries(*rows):
    """(patient, value, evidence) each."""
    names = ["center", "patient_id", "table", "item", "variable", "kind", "which", "value", "evidence"]
    lines = [("AA", patient, "patient", "", "hb", "not_numeric", "", value, "") for patient, value in rows]
    return pd.DataFrame(lines, columns=names)


def run(before, found, standing=FIRST, **answers):
    """The ledger after a run: `answers` by the query's number (q1=…)."""
    rows = before.to_dict("records") if isinstance(before, pd.DataFrame) else list(before)
    given = {f"AA-{int(name[1:]):04d}": answer for name, answer in answers.items()}
    return update_ledger(rows, found, given, {"AA": standing})


def says(word, value="high", by="Dr Kim", on="2024-03-01", comment="", file="AA_1.xlsx"):
    return Answer("AA-0001", word.english, value, "", comment, by, on, file)


@pytest.fixture
def asked():
    return run([], queries(("1", "high")))


def state(ledger, query="AA-0001"):
    row = ledger.set_index("query").loc[query]
    return row["status"], row["status_since"], row["remark"]


def test_a_new_finding_is_open_since_its_delivery(asked):
    assert state(asked) == ("OPEN", "2024-01-31", "")
    row = asked.iloc[0]
    assert (row["first_asked"], row["last_seen"], row["delivery"], row["history"]) == (
        "2024-01-31", "2024-01-31", "aaa", "2024-01-31 OPEN",
    )  # fmt: skip


def test_unanswered_stays_open_and_ages(asked):
    after = run(asked, queries(("1", "high")), SECOND)
    assert state(after) == ("OPEN", "2024-01-31", "")
    assert after.iloc[0]["first_asked"] == "2024-01-31" and after.iloc[0]["last_seen"] == "2024-05-31"
    assert age_days("OPEN", "2024-01-31", "2024-05-31") == 121
    assert age_days("OPEN", "2024-05-31", "2024-01-31") == 0
    assert age_days("WAIVED", "2024-01-31", "2024-05-31") is None


def test_fixed_in_the_re_extract_is_resolved(asked):
    after = run(asked, queries(), SECOND, q1=says(CORRECTED))
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
def test_justified_with_a_name_is_waived(asked, word):
    after = run(asked, queries(("1", "high")), q1=says(word))
    assert state(after) == ("WAIVED", "2024-03-01", "")
    row = after.iloc[0]
    assert (row["answer"], row["answered_by"], row["answered_on"], row["answer_file"]) == (
        word.english, "Dr Kim", "2024-03-01", "AA_1.xlsx",
    )  # fmt: skip
    assert row["history"] == "2024-01-31 OPEN; 2024-03-01 WAIVED (Dr Kim)"


def test_a_waiver_without_a_date_counts_from_the_delivery(asked):
    assert state(run(asked, queries(("1", "high")), q1=says(RIGHT, on=""))) == ("WAIVED", "2024-01-31", "")


def test_justified_without_a_name_stays_open(asked):
    after = run(asked, queries(("1", "high")), q1=says(RIGHT, by=""))
    assert state(after) == ("OPEN", "2024-01-31", "answered without a name: not counted")


def test_answered_as_corrected_but_still_there(asked):
    waiting = run(asked, queries(("1", "high")), q1=says(CORRECTED))
    assert state(waiting) == ("OPEN", "2024-01-31", "answered as corrected, waiting for the re-extract")
    again = run(waiting, queries(("1", "high")), SECOND, q1=says(CORRECTED))
    assert state(again) == ("OPEN", "2024-01-31", "answered as corrected, still there")


@pytest.mark.parametrize("word", [NOT_OURS, COMMENT], ids=lambda word: word.english)
def test_answers_that_need_a_decision_stay_open(asked, word):
    status, _, remark = state(run(asked, queries(("1", "high")), q1=says(word)))
    assert status == "OPEN" and remark.endswith("to be decided by the coordinating center")


def test_resolved_and_found_again_is_reopened(asked):
    gone = run(asked, queries(), SECOND)
    back = run(gone, queries(("1", "high")), THIRD)
    assert state(back) == ("REOPENED", "2024-09-30", "")
    assert back.iloc[0]["history"] == "2024-01-31 OPEN; 2024-05-31 RESOLVED; 2024-09-30 REOPENED"
    assert back.iloc[0]["first_asked"] == "2024-01-31"
    assert age_days(*state(back)[:2], "2024-10-10") == 10
    assert state(run(back, queries(), THIRD))[0] == "RESOLVED"


def test_a_waived_value_that_changed_is_reopened(asked):
    waived = run(asked, queries(("1", "high")), q1=says(RIGHT))
    changed = run(waived, queries(("1", "low")), SECOND, q1=says(RIGHT))
    assert state(changed) == ("REOPENED", "2024-05-31", "the value is another than the one that was answered")
    right = says(RIGHT, value="low", on="2024-06-10")
    assert state(run(changed, queries(("1", "low")), SECOND, q1=right)) == ("WAIVED", "2024-06-10", "")


def test_evidence_that_changed_reopens_too(asked):
    waived = run(asked, queries(("1", "high")), q1=says(RIGHT))
    other = queries(("1", "high")).assign(evidence="start=2020-01-01")
    assert state(run(waived, other, SECOND))[0] == "REOPENED"


def test_a_waiver_holds_when_its_workbook_is_gone_or_an_older_one_comes(asked):
    waived = run(asked, queries(("1", "high")), q1=says(RIGHT))
    assert state(run(waived, queries(("1", "high")), SECOND)) == ("WAIVED", "2024-03-01", "")
    older = says(CORRECTED, on="2024-02-01")
    assert state(run(waived, queries(("1", "high")), SECOND, q1=older))[0] == "WAIVED"


def test_a_justification_holds_as_long_as_the_same_value_is_sent(asked):
    waived = run(asked, queries(("1", "high")), q1=says(RIGHT))
    gone = run(waived, queries(), SECOND)
    assert state(gone)[0] == "RESOLVED"
    assert state(run(gone, queries(("1", "high")), THIRD))[0] == "WAIVED"


def test_running_twice_changes_nothing(asked):
    for found, standing, answers in [
        (queries(("1", "high")), SECOND, {"q1": says(RIGHT)}),
        (queries(("1", "low"), ("2", "x")), SECOND, {"q1": says(RIGHT)}),
        (queries(), SECOND, {"q1": says(CORRECTED)}),
    ]:
        once = run(asked, found, standing, **answers)
        pd.testing.assert_frame_equal(run(once, found, standing, **answers), once)


def test_a_number_is_never_used_again(asked):
    more = run(asked, queries(("1", "high"), ("2", "high")))
    assert more["query"].tolist() == ["AA-0001", "AA-0002"]
    fewer = run(more, queries(("1", "high")), SECOND)
    again = run(fewer, queries(("1", "high"), ("3", "high")), THIRD)
    assert again["query"].tolist() == ["AA-0001", "AA-0002", "AA-0003"]
    assert again["patient_id"].tolist() == ["1", "2", "3"]


def test_a_center_that_is_not_in_this_run_keeps_its_rows(asked):
    after = update_ledger(asked.to_dict("records"), queries(), {}, {})
    pd.testing.assert_frame_equal(after, asked)


def test_a_lost_ledger_is_recovered_from_what_workbooks_carry(asked):
    carried = {name: asked.iloc[0][name] for name in asked.columns}
    after = run(recover([], [carried]), queries(("0", "x"), ("1", "high")), SECOND)
    assert after["query"].tolist() == ["AA-0001", "AA-0002"]
    assert after["patient_id"].tolist() == ["1", "0"]
    assert after["first_asked"].tolist() == ["2024-01-31", "2024-05-31"]


def test_what_the_ledger_knows_is_not_taken_from_a_workbook(asked):
    rows = asked.to_dict("records")
    other_id = rows[0] | {"query": "AA-0009"}
    other_query = rows[0] | {"patient_id": "2"}
    assert recover(rows, [other_id, other_query]) == rows


def test_a_damaged_ledger_stops(tmp_path, asked):
    path = tmp_path / "ledger.csv"
    mend = "Restore it from a copy, or move it away: ids are then recovered from the returned workbooks."
    asked.to_csv(path, index=False)
    assert read_ledger(path) == asked.to_dict("records")
    asked.drop(columns="status").to_csv(path, index=False)
    with pytest.raises(StudyError) as error:
        read_ledger(path)
    assert str(error.value) == f"{path}: the ledger lacks the column status. {mend}"
    pd.concat([asked, asked]).to_csv(path, index=False)
    with pytest.raises(StudyError) as error:
        read_ledger(path)
    assert str(error.value) == f"{path}, row 3: the query of AA-0001 stands twice. {mend}"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="the ledger cannot be read"):
        read_ledger(path)
    assert read_ledger(tmp_path / "none.csv") == []
    assert list(asked.columns) == LEDGER_COLUMNS
