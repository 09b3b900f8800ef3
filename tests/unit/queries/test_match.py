"""Which answer counts, and what the log says of the others."""

import pytest

from multicenter.queries.answers import read_answers
from multicenter.queries.firewall import Inbox
from multicenter.queries.layout import RECORD
from multicenter.queries.ledger import LEDGER_COLUMNS
from multicenter.queries.match import match_answers
from multicenter.queries.words import CORRECTED, RIGHT, UNKNOWN, WITHDRAWN

FULL = {"answer": RIGHT.choice, "answered_by": "Dr Kim", "answered_on": "2024-03-01"}


@pytest.fixture
def ledger(row):
    """The ledger's row of the first query; any column may be given."""

    def one(**more):
        blank = dict.fromkeys(LEDGER_COLUMNS, "")
        return blank | {name: value for name, value in row(1).items() if name in blank} | more

    return one


def matched(ledger, *paths, as_of=""):
    """The answer that counts, and what the log says beside what was read."""
    returned = read_answers(Inbox(paths), ["AA"], "STUDY")
    chosen = match_answers(returned, [ledger], as_of)
    log = [(outcome, what) for *_, outcome, what in returned.log if outcome != "read"]
    return chosen.get(ledger["query"]), log


def test_an_answer_counts_for_the_query_whose_id_it_bears(write, row, answer, ledger):
    one, log = matched(ledger(), answer(write(row(1)), {1: FULL}))
    assert (one.answer, one.by, one.on, one.file) == (RIGHT.english, "Dr Kim", "2024-03-01", "AA.xlsx")
    assert log == []


EDITED = {
    "patient_id": "Queries!F3: 'Patient / 환자 번호'",
    "value": "Queries!H3: 'Value as delivered / 제출된 값'",
    "question_en": "Queries!J3: 'Question / 질의 (영어)'",
}


@pytest.mark.parametrize("field", EDITED)
@pytest.mark.parametrize("text", ["other", None])
def test_a_row_that_contradicts_what_was_asked_is_refused(write, row, answer, ledger, field, text):
    one, log = matched(ledger(), answer(write(row(1)), {1: FULL | {field: text}}))
    what = f"{EDITED[field]} is not that of {row(1)['query']}: moved or edited; nothing of this row is used"
    assert one is None and log == [("refused", what)]


def test_cells_that_were_sorted_without_their_ids_are_refused(write, row, answer, ledger):
    """The ids of two rows were exchanged: each answer stands beside another patient."""
    ids = {1: FULL | {"query": row(2)["query"]}, 2: {"query": row(1)["query"]}}
    one, log = matched(row(2) | ledger(query=row(2)["query"]), answer(write(row(1), row(2)), ids))
    assert one is None and log[0][0] == "refused" and "Queries!F3: 'Patient" in log[0][1]


def test_white_space_is_no_edit(write, row, answer, ledger):
    path = answer(write(row(1, value="a\nb")), {1: FULL | {"value": " a  b "}})
    assert matched(ledger(), path)[0].answer == RIGHT.english


@pytest.mark.parametrize(("value", "taken"), [("high", True), ("low", False)])
def test_without_a_record_it_is_compared_with_the_ledger(write, row, answer, ledger, value, taken):
    path = answer(write(row(1)), {1: FULL}, lambda book: book.remove(book[RECORD]))
    one, log = matched(ledger(value=value), path)
    assert (one is not None) == taken
    assert len(log) == (1 if taken else 2), "the record is missing, and the value is another"


def test_an_id_that_nobody_knows(write, row, answer, ledger):
    path = answer(write(row(1)), {1: FULL}, lambda book: book.remove(book[RECORD]))
    _, log = matched(ledger(query="AA-22222-33333"), path)
    assert log[1] == ("refused", f"there is no query {row(1)['query']!r}.")


def test_the_later_of_two_answers_counts_and_the_other_is_told(write, row, answer, ledger):
    path = write(row(1))
    late = answer(path, {1: FULL | {"answered_on": "2024-04-01"}}, name="AA_1.xlsx")
    early = answer(path, {1: FULL | {"answer": CORRECTED.choice}}, name="AA_2.xlsx")
    told = [("noted", "superseded by the answer of 2024-04-01 in AA_1.xlsx (Value is right as it stands)")]
    one, log = matched(ledger(), late, early)
    assert one.file == "AA_1.xlsx" and log == told
    late.rename(late.with_name("AA_3.xlsx"))
    one, log = matched(ledger(), late.with_name("AA_3.xlsx"), early)
    assert one.file == "AA_3.xlsx" and log == [("noted", told[0][1].replace("AA_1", "AA_3"))]


def test_of_one_day_a_withdrawal_counts_else_the_last_file(write, row, answer, ledger):
    path = write(row(1))
    withdrawn = answer(path, {1: FULL | {"answer": WITHDRAWN.choice}}, name="AA_1.xlsx")
    right = answer(path, {1: FULL}, name="AA_2.xlsx")
    unknown = answer(path, {1: FULL | {"answer": UNKNOWN.choice}}, name="AA_3.xlsx")
    assert matched(ledger(), withdrawn, right, unknown)[0].answer == WITHDRAWN.english
    assert matched(ledger(), right, unknown)[0].answer == UNKNOWN.english


def test_the_same_answer_twice_is_one(write, row, answer, ledger):
    path = answer(write(row(1)), {1: FULL})
    again = answer(path, {}, name="AA_2.xlsx")
    one, log = matched(ledger(), path, again)
    assert one.file == "AA.xlsx" and log == []


def test_a_later_answer_of_the_ledger_holds(write, row, answer, ledger):
    held = {
        "answer": UNKNOWN.english, "answered_by": "Lee", "answered_on": "2024-05-01", "answer_file": "AA_9.xlsx",
        "answered_round": "1",
    }  # fmt: skip
    one, log = matched(ledger(**held), answer(write(row(1)), {1: FULL}))
    assert one is None
    assert log == [("noted", "superseded by the answer of 2024-05-01 in AA_9.xlsx (Not known, cannot be obtained)")]


def test_an_answer_to_an_earlier_round_does_not_count(write, row, answer, ledger):
    again = ledger(round="2", asked_on="2024-06-30")
    one, log = matched(again, answer(write(row(1)), {1: FULL}))
    assert one is None
    assert log == [("noted", "it was asked again since (on 2024-06-30): this answer does not count")]
    late = answer(write(row(1, round="2", asked_on="2024-06-30")), {1: FULL | {"answered_on": "2024-07-01"}})
    assert matched(again, late)[0].on == "2024-07-01"


DAYS = {
    "before": ("2024-01-30", "the date 2024-01-30 is before the query was asked (2024-01-31) and is left out"),
    "after": ("2024-03-02", "the date 2024-03-02 is after 2024-03-01 (as_of in the configuration) and is left out"),
}


@pytest.mark.parametrize("case", DAYS)
def test_a_date_that_cannot_be_is_left_out(write, row, answer, ledger, case):
    on, what = DAYS[case]
    one, log = matched(ledger(), answer(write(row(1)), {1: FULL | {"answered_on": on}}), as_of="2024-03-01")
    open_ = "answered without a name or a date that can be used: it does not close the query"
    assert one.on == "" and log == [("noted", what), ("noted", open_)]


def test_a_year_that_is_a_slip_of_the_pen_is_left_out_although_no_last_day_is_declared(write, row, answer, ledger):
    one, log = matched(ledger(), answer(write(row(1)), {1: FULL | {"answered_on": "2999-02-20"}}))
    why = "more than 5 years after the query was asked (2024-01-31)"
    assert one.on == "" and log[0] == (
        "noted",
        f"the date 2999-02-20 is {why} and is left out; declare as_of if it is right",
    )


@pytest.mark.parametrize("on", ["2024-01-31", "2024-03-01"])
def test_the_days_on_which_it_was_asked_and_counted_are_possible(write, row, answer, ledger, on):
    one, log = matched(ledger(), answer(write(row(1)), {1: FULL | {"answered_on": on}}), as_of="2024-03-01")
    assert one.on == on and log == []
