"""The ledger of queries: one row a query that was ever asked, and how its state follows from findings and answers.

Nothing but the ledger before, the findings now, the answers and declared dates go in; the clock does not. The same
inputs give the same ledger, however often it is made. A query that has to be asked again, or about another value, is
asked in a new round; an answer counts in the round in which it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from multicenter.errors import StudyError
from multicenter.opencsv import read_csv
from multicenter.queries.ids import KEY, key_of, query_id
from multicenter.queries.words import CORRECTED, Answer, word_of

OPEN, REOPENED, RESOLVED, WAIVED = "OPEN", "REOPENED", "RESOLVED", "WAIVED"
ASKED = (OPEN, REOPENED)
LEDGER_COLUMNS = [
    "query", *KEY, "value", "evidence", "first_asked", "round", "asked_on", "last_seen", "status", "status_since",
    "remark", "answer", "answered_value", "answered_evidence", "answered_round", "comment", "answered_by",
    "answered_on", "answer_file", "delivery", "history",
]  # fmt: skip
DAYS = ("first_asked", "asked_on", "last_seen", "status_since")
GONE = "not found in the delivery of {date}"
GONE_UNSENT = "the patient is no longer sent (delivery of {date}): to be checked by the coordinating center"
GONE_SAME = "no longer found in the same delivery: the mapping or the rule was changed"
FOUND_AGAIN = "it was resolved and is found again"
CHANGED = "the value is another than the one that was answered"
UNNAMED = "answered without a name or a date that can be used: not counted"


@dataclass(frozen=True)
class Standing:
    """Where a center stands: the day its accepted delivery arrived, that delivery, and the patients in it."""

    asked_on: str
    sha256: str
    patients: frozenset[str]


def read_ledger(path: Path) -> list[dict[str, str]]:
    """Return the rows of the ledger before; none if there is no file or an empty one.

    Raises StudyError if the file is damaged: it is never written over then.
    """
    if not path.is_file() or not path.stat().st_size:
        return []
    mend = "Restore it from a copy, or move it away: what the returned workbooks hold is then recovered from them."
    try:
        frame = read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: the ledger cannot be read ({str(error).splitlines()[0]}). {mend}") from None
    missing = [name for name in LEDGER_COLUMNS if name not in frame.columns]
    if missing:
        raise StudyError(f"{path}: the ledger lacks the column {missing[0]}. {mend}")
    rows = frame[LEDGER_COLUMNS].to_dict("records")
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        problem = _problem(row) or (f"the query {row['query']} stands twice" if row["query"] in seen else "")
        if problem:
            raise StudyError(f"{path}, row {number}: {problem}. {mend}")
        seen.add(row["query"])
    return rows


def recover(ledger: list[dict[str, str]], recorded: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the ledger with the queries that only returned workbooks know, as of the latest round that one carries.

    recorded: `layout.RECORD_COLUMNS` of each query.
    """
    known = {row["query"] for row in ledger}
    latest: dict[str, Mapping[str, str]] = {}
    for row in recorded:
        if row["query"] not in known and int(row["round"]) >= int(latest.get(row["query"], row)["round"]):
            latest[row["query"]] = row
    return ledger + [_recovered(row) for row in latest.values()]


def ask(
    ledger: Iterable[Mapping[str, str]], queries: pd.DataFrame, standing: Mapping[str, Standing]
) -> list[dict[str, str]]:
    """Return the ledger after what is found now: asked, asked again, or resolved.

    queries: what is found (KEY, value, evidence; each key once). A center that is not in `standing` keeps its rows.
    """
    found = {key_of(row): row for row in queries.to_dict("records")}
    rows = []
    for before in ledger:
        now, center = found.pop(key_of(before), None), standing.get(before["center"])
        if center is None:
            rows.append(dict(before))
        else:
            rows.append(_found(dict(before), now, center) if now else _gone(dict(before), center))
    return rows + [_new(now, standing[now["center"]]) for now in found.values()]


def settle(rows: Iterable[Mapping[str, str]], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Return the ledger (LEDGER_COLUMNS, text; by natural key) after the answers to its queries in their round."""
    settled = [_settled(dict(row), answers.get(row["query"])) for row in rows]
    return pd.DataFrame(sorted(settled, key=key_of), columns=LEDGER_COLUMNS)


def age_days(status: str, since: str, as_of: str) -> int | None:
    """Return for how many days an open query has waited since it was (re)opened; None for a closed one."""
    if status not in ASKED:
        return None
    return max((date.fromisoformat(as_of) - date.fromisoformat(since)).days, 0)


def is_day(text: str) -> bool:
    """Return whether a text is a date, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problem(row: Mapping[str, str]) -> str:
    """What is wrong with a row of the ledger, as a spreadsheet program leaves it that takes texts for numbers."""
    if row["query"] != query_id(row):
        return f"{row['query']} is not the query that stands beside it (patient_id {row['patient_id']!r} …)"
    if row["status"] not in (OPEN, REOPENED, RESOLVED, WAIVED):
        return f"status {row['status']!r} is none"
    if not row["round"].isdigit():
        return f"round {row['round']!r} is no number"
    wrong = [name for name in DAYS if not is_day(row[name])]
    return f"{wrong[0]} {row[wrong[0]]!r} is no date (YYYY-MM-DD)" if wrong else ""


def _opened(row: Mapping[str, str], day: str) -> dict[str, str]:
    """A row of the ledger with a query's natural key and value, asked for the first time."""
    new = dict.fromkeys(LEDGER_COLUMNS, "") | {name: row[name] for name in (*KEY, "value", "evidence")}
    new |= {"query": query_id(row), "first_asked": day, "asked_on": day, "last_seen": day, "round": "1"}
    return _set(new, OPEN, day, "")


def _new(now: Mapping[str, str], center: Standing) -> dict[str, str]:
    return _opened(now, center.asked_on) | {"delivery": center.sha256}


def _recovered(row: Mapping[str, str]) -> dict[str, str]:
    opened = _opened(row, row["first_asked"])
    if row["round"] == "1":
        return opened
    return _set(opened, REOPENED, row["asked_on"], "") | {name: row[name] for name in ("round", "asked_on")}


def _set(row: dict[str, str], status: str, since: str, remark: str) -> dict[str, str]:
    """The row in a status; a new one goes into the history, never with an earlier day than the one before."""
    if row["status"] != status:
        since = max(since, row["status_since"])
        entry = f"{since} {status}" + (f" ({row['answered_by']})" if status == WAIVED else "")
        history = f"{row['history']}; {entry}" if row["history"] else entry
        row = row | {"status": status, "status_since": since, "history": history}
    return row | {"remark": remark}


def _ask_again(row: dict[str, str], day: str, why: str) -> dict[str, str]:
    """The row in a new round: opened again, or still open with another value."""
    row = row | {"remark": why} if row["status"] in ASKED else _set(row, REOPENED, day, why)
    return row | {"round": str(int(row["round"]) + 1), "asked_on": max(day, row["status_since"])}


def _found(row: dict[str, str], now: Mapping[str, str], center: Standing) -> dict[str, str]:
    """The finding is there (again)."""
    changed = (row["value"], row["evidence"]) != (now["value"], now["evidence"])
    row |= {"value": now["value"], "evidence": now["evidence"], "delivery": center.sha256}
    row["last_seen"] = max(row["last_seen"], center.asked_on)
    if row["status"] == RESOLVED:
        return _ask_again(row, center.asked_on, FOUND_AGAIN)
    return _ask_again(row, center.asked_on, CHANGED if row["answer"] else "") if changed else row


def _gone(row: dict[str, str], center: Standing) -> dict[str, str]:
    """The finding is not there (any more)."""
    if row["status"] == RESOLVED:
        return row
    if row["patient_id"] and row["patient_id"] not in center.patients:
        return _set(row, RESOLVED, center.asked_on, GONE_UNSENT.format(date=center.asked_on))
    same = bool(row["delivery"]) and row["delivery"] == center.sha256
    return _set(row, RESOLVED, center.asked_on, GONE_SAME if same else GONE.format(date=center.asked_on))


def _settled(row: dict[str, str], answer: Answer | None) -> dict[str, str]:
    """The row with the answer to its round, and so about its value: closed, opened again, or with a remark."""
    if answer:
        row |= {
            "answer": answer.answer, "answered_value": row["value"], "answered_evidence": row["evidence"],
            "answered_round": row["round"], "comment": answer.comment, "answered_by": answer.by,
            "answered_on": answer.on, "answer_file": answer.file,
        }  # fmt: skip
    word = word_of(row["answer"])
    if word is None or row["status"] == RESOLVED or row["answered_round"] != row["round"]:
        return row
    if word.closes and row["answered_by"] and row["answered_on"]:
        return _set(row, WAIVED, row["answered_on"], "")
    if row["status"] != WAIVED:
        return row | {"remark": _why_open(row)}
    row = _ask_again(row, row["answered_on"], _why_open(row))
    return row | {"answered_round": row["round"]}


def _why_open(row: Mapping[str, str]) -> str:
    """What is to be said of an answer that does not close the query."""
    word = word_of(row["answer"])
    if word is CORRECTED:
        last = row["last_seen"]
        waits = row["answered_on"] > last if row["answered_on"] else row["asked_on"] == last
        return "answered as corrected, waiting for the re-extract" if waits else "answered as corrected, still there"
    return UNNAMED if word.closes else word.remark
