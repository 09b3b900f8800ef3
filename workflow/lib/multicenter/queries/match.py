"""Which answer counts: of rows that centers filled in, the latest that is about what is asked now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from multicenter.errors import did_you_mean
from multicenter.queries.answers import NOTED, REFUSED, Answered, Returned, named
from multicenter.queries.collect import shortened
from multicenter.queries.layout import QUERY_SHEET
from multicenter.queries.words import WITHDRAWN, Answer

LATE = 5  # years from a query to its answer that are a slip of the pen if no `as_of` says how late it is


def match_answers(returned: Returned, ledger: Iterable[Mapping[str, str]], as_of: str = "") -> dict[str, Answer]:
    """Return the answer to each query of the ledger in its round, by its id: the latest; of one day a withdrawal, else
    that of the last file. Everything that is not used, or not as it stands, goes into the log.

    ledger: after what is found now was asked. as_of: the declared day after which nobody can have answered, or "".
    """
    rows = {row["query"]: row for row in ledger}
    chosen: dict[str, tuple[Answered, Answer]] = {}
    for one in sorted(returned.answered, key=lambda one: one.file):
        row = rows.get(one.query)
        if row is None:
            _note(returned, one, REFUSED, f"there is no query {one.query!r}.{did_you_mean(one.query, rows)}")
            continue
        if contradiction := _contradiction(one, row):
            _note(returned, one, REFUSED, contradiction)
            continue
        if one.recorded and int(one.recorded["round"]) < int(row["round"]):
            _note(returned, one, NOTED, f"it was asked again since (on {row['asked_on']}): this answer does not count")
            continue
        answer = _answer(one, row, as_of, returned)
        held = _held(row)
        if held and _said(held) != _said(answer) and _order(held) > _order(answer):
            _note(returned, one, NOTED, _superseded(held))
            continue
        _choose(chosen, one, answer, returned)
    return {query: answer for query, (_, answer) in chosen.items()}


def _choose(chosen: dict[str, tuple[Answered, Answer]], one: Answered, answer: Answer, returned: Returned) -> None:
    """Keep the later of two answers, the first of two that say the same."""
    if one.query not in chosen:
        chosen[one.query] = one, answer
        return
    before, other = chosen[one.query]
    if _said(other) == _said(answer):
        return
    if _order(other) > _order(answer):
        _note(returned, one, NOTED, _superseded(other))
    else:
        chosen[one.query] = one, answer
        _note(returned, before, NOTED, _superseded(answer))


def _answer(one: Answered, row: Mapping[str, str], as_of: str, returned: Returned) -> Answer:
    """The answer with its date, if that can be one."""
    asked_on, on = (one.recorded or row)["asked_on"], one.on
    if on and on < asked_on:
        _note(returned, one, NOTED, f"the date {on} is before the query was asked ({asked_on}) and is left out")
        on = ""
    elif on and as_of and on > as_of:
        _note(returned, one, NOTED, f"the date {on} is after {as_of} (as_of in the configuration) and is left out")
        on = ""
    elif on and not as_of and int(on[:4]) - int(asked_on[:4]) > LATE:
        why = f"more than {LATE} years after the query was asked ({asked_on})"
        _note(returned, one, NOTED, f"the date {on} is {why} and is left out; declare as_of if it is right")
        on = ""
    by = one.shown.get("answered_by", "")
    if one.word.closes and not (by and on):
        _note(returned, one, NOTED, "answered without a name or a date that can be used: it does not close the query")
    return Answer(one.word.english, one.shown.get("comment", ""), by, on, one.file)


def _contradiction(one: Answered, row: Mapping[str, str]) -> str:
    """Why a row of a workbook does not speak of the query whose id it bears: moved or edited by hand; "" if it does."""
    asked = one.recorded or {name: row[name] for name in ("patient_id", "value")}
    for column in QUERY_SHEET:
        name = column.field
        if name in asked and name in one.letters and one.shown.get(name, "") != shortened(asked[name]):
            where = f"{one.sheet}!{one.letters[name]}{one.row}: {named(column)}"
            return f"{where} is not that of {one.query}: moved or edited; nothing of this row is used"
    return ""


def _held(row: Mapping[str, str]) -> Answer | None:
    """The answer to this round that the ledger holds already."""
    if not row["answer"] or row["answered_round"] != row["round"]:
        return None
    return Answer(row["answer"], row["comment"], row["answered_by"], row["answered_on"], row["answer_file"])


def _order(answer: Answer) -> tuple[str, bool]:
    return answer.on, answer.answer == WITHDRAWN.english


def _said(answer: Answer) -> tuple[str, ...]:
    return answer.answer, answer.comment, answer.by, answer.on


def _superseded(by: Answer) -> str:
    return f"superseded by the answer of {by.on or 'no date'} in {by.file} ({by.answer})"


def _note(returned: Returned, one: Answered, outcome: str, what: str) -> None:
    returned.note(one.file, outcome, what, one.row, one.query, one.sheet)
