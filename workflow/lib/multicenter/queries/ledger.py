"""The ledger of queries: one row a query that was ever asked, and how its state follows from findings and answers.

Nothing but the ledger before, the findings now, the answers and declared dates go in; the clock does not. The same
inputs give the same ledger, however often it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from multicenter.errors import StudyError
from multicenter.queries.collect import KEY
from multicenter.queries.words import CORRECTED, Answer, word_of

OPEN, REOPENED, RESOLVED, WAIVED = "OPEN", "REOPENED", "RESOLVED", "WAIVED"
ASKED = (OPEN, REOPENED)
LEDGER_COLUMNS = [
    "query", *KEY, "value", "evidence", "first_asked", "last_seen", "status", "status_since", "remark", "answer",
    "answered_value", "answered_evidence", "comment", "answered_by", "answered_on", "answer_file", "delivery",
    "history",
]  # fmt: skip
GONE = "not found in the delivery of {date}"
GONE_UNSENT = "the patient is no longer sent (delivery of {date}): to be checked by the coordinating center"
GONE_SAME = "no longer found in the same delivery: the mapping or the rule was changed"


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
    mend = "Restore it from a copy, or move it away: ids are then recovered from the returned workbooks."
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: the ledger cannot be read ({str(error).splitlines()[0]}). {mend}") from None
    missing = [name for name in LEDGER_COLUMNS if name not in frame.columns]
    if missing:
        raise StudyError(f"{path}: the ledger lacks the column {missing[0]}. {mend}")
    for what, columns in (("query", ["query"]), ("natural key", KEY)):
        twice = frame[frame.duplicated(columns)]
        if len(twice):
            raise StudyError(
                f"{path}, row {twice.index[0] + 2}: the {what} of {twice['query'].iloc[0]} stands twice. {mend}"
            )
    return frame[LEDGER_COLUMNS].to_dict("records")


def recover(ledger: list[dict[str, str]], recorded: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the ledger with the queries that only returned workbooks know: their id, natural key and first date.

    recorded: query, KEY, value, evidence, first_asked, as the workbooks carry them. The ledger's id wins; an id that
    stands for another query there is not taken over.
    """
    known, ids = {_key(row): row for row in ledger}, {row["query"] for row in ledger}
    for row in sorted(recorded, key=lambda row: (row["first_asked"], row["query"])):
        if _key(row) in known or row["query"] in ids:
            continue
        blank = dict.fromkeys(LEDGER_COLUMNS, "")
        new = blank | {name: row[name] for name in ("query", *KEY, "value", "evidence", "first_asked")}
        new |= {"status": OPEN, "status_since": row["first_asked"], "last_seen": row["first_asked"]}
        new["history"] = f"{row['first_asked']} {OPEN}"
        known[_key(row)] = new
        ids.add(new["query"])
    return list(known.values())


def update_ledger(
    ledger: list[dict[str, str]],
    queries: pd.DataFrame,
    answers: Mapping[str, Answer],
    standing: Mapping[str, Standing],
) -> pd.DataFrame:
    """Return the ledger after this run (LEDGER_COLUMNS, text), ordered by query.

    queries: what is found now (KEY, value, evidence; each key once). answers: by query id of the ledger before. A
    center that is not in `standing` keeps its rows as they are.
    """
    found = {_key(row): row for row in queries.to_dict("records")}
    rows = []
    for before in ledger:
        now, center = found.pop(_key(before), None), standing.get(before["center"])
        if center is None:
            rows.append(before)
            continue
        row = _answered(dict(before), answers.get(before["query"]))
        rows.append(_still_asked(row, now, center) if now else _gone(row, center))
    last = _last_numbers(ledger)
    for now in found.values():
        center = now["center"]
        last[center] = last.get(center, 0) + 1
        rows.append(_new(now, f"{center}-{last[center]:04d}", standing[center]))
    frame = pd.DataFrame(rows, columns=LEDGER_COLUMNS)
    order = frame["query"].map(_place_of)
    return frame.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def age_days(status: str, since: str, as_of: str) -> int | None:
    """Return for how many days an open query has waited since it was (re)opened; None for a closed one."""
    if status not in ASKED:
        return None
    return max((date.fromisoformat(as_of) - date.fromisoformat(since)).days, 0)


def _key(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)


def _place_of(query: str) -> tuple[str, int]:
    center, _, number = query.rpartition("-")
    return center, int(number) if number.isdigit() else 0


def _last_numbers(ledger: list[dict[str, str]]) -> dict[str, int]:
    """The greatest number that was ever given, by center: no number is used again."""
    last: dict[str, int] = {}
    for center, number in (_place_of(row["query"]) for row in ledger):
        last[center] = max(last.get(center, 0), number)
    return last


def _new(now: Mapping[str, str], query: str, center: Standing) -> dict[str, str]:
    row = dict.fromkeys(LEDGER_COLUMNS, "") | {name: now[name] for name in (*KEY, "value", "evidence")}
    row |= {"query": query, "first_asked": center.asked_on, "last_seen": center.asked_on, "delivery": center.sha256}
    return _set(row, OPEN, center.asked_on, "")


def _set(row: dict[str, str], status: str, since: str, remark: str) -> dict[str, str]:
    """The row in a status; a new one is dated and goes into the history."""
    if row["status"] != status:
        entry = f"{since} {status}" + (f" ({row['answered_by']})" if status == WAIVED else "")
        history = f"{row['history']}; {entry}" if row["history"] else entry
        row = row | {"status": status, "status_since": since, "history": history}
    return row | {"remark": remark}


def _answered(row: dict[str, str], answer: Answer | None) -> dict[str, str]:
    """The row with a workbook's answer, unless the ledger holds a later one (its workbook may be gone)."""
    if answer is None or (row["answer"] and answer.on < row["answered_on"]):
        return row
    return row | {
        "answer": answer.answer, "answered_value": answer.value, "answered_evidence": answer.evidence,
        "comment": answer.comment, "answered_by": answer.by, "answered_on": answer.on, "answer_file": answer.file,
    }  # fmt: skip


def _still_asked(row: dict[str, str], now: Mapping[str, str], center: Standing) -> dict[str, str]:
    """The finding is there (again)."""
    row = row | {"value": now["value"], "evidence": now["evidence"], "last_seen": center.asked_on}
    row["delivery"] = center.sha256
    changed = (row["answered_value"], row["answered_evidence"]) != (row["value"], row["evidence"])
    word = word_of(row["answer"])
    if word and word.closes and row["answered_by"] and not changed:
        return _set(row, WAIVED, row["answered_on"] or center.asked_on, "")
    closed = row["status"] in (RESOLVED, WAIVED)
    status, since = (REOPENED, center.asked_on) if closed else (row["status"], row["status_since"])
    return _set(row, status, since, _why_open(row, changed, center.asked_on))


def _why_open(row: Mapping[str, str], changed: bool, asked_on: str) -> str:
    """What is to be said of an answer that does not close the query."""
    word = word_of(row["answer"])
    if word is None:
        return ""
    if word is CORRECTED:
        waits = row["answered_on"] > asked_on
        return "answered as corrected, waiting for the re-extract" if waits else "answered as corrected, still there"
    if changed:
        return "the value is another than the one that was answered"
    return "answered without a name: not counted" if word.closes else word.remark


def _gone(row: dict[str, str], center: Standing) -> dict[str, str]:
    """The finding is not there (any more)."""
    if row["status"] == RESOLVED:
        return row
    if row["patient_id"] and row["patient_id"] not in center.patients:
        return _set(row, RESOLVED, center.asked_on, GONE_UNSENT.format(date=center.asked_on))
    same = bool(row["delivery"]) and row["delivery"] == center.sha256
    return _set(row, RESOLVED, center.asked_on, GONE_SAME if same else GONE.format(date=center.asked_on))
