"""Rows that stand twice: folded as the center file has decided, or a stop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from multicenter.harmonize.cells import QUERY, Note, Outcome
from multicenter.harmonize.delivery import Delivery, Sheet
from multicenter.intake.table import written

EMPTY = "–"
NAMED = 3  # so many differing columns are named
# Rows of one patient that differ in as many columns, and in more than this share, may be two patients: what a later
# export adds to a course (progression, death, a next treatment) are a dozen of sixty columns.
OTHER_COLUMNS, OTHER_SHARE = 10, 1 / 3
DECIDE = "Ask the center which row is right, then record the decision under 'duplicates' (exact, differing)."


def fold_duplicates(delivery: Delivery, sheet: Sheet) -> None:
    """Drop repeated rows by the recorded decision, with a finding each; without a decision note a problem.

    Exact: the same id and the same in every mapped value (columns that are dropped and other spellings of the same code
    do not count); the first row stays. Differing: the same patient (or the same item of a patient) in rows that
    differ; the row with the latest declared date stays.
    """
    others = ~_fold_exact(delivery, sheet)
    if sheet.source.row_is == "patient":
        _fold_differing(delivery, sheet, pd.Series(sheet.ids).where(others))
    else:
        items = _items(sheet)
        if items is not None:
            joined = pd.Series(sheet.ids, dtype=object) + "\0" + items.astype(str)
            _fold_differing(delivery, sheet, joined.where(items.notna().to_numpy() & others))


def _fold_exact(delivery: Delivery, sheet: Sheet) -> np.ndarray:
    """(n,) which rows repeat an earlier one: dropped, or a problem."""
    frame = _meaning(sheet)
    repeated = frame.duplicated(keep="first").to_numpy()
    if not repeated.any():
        return repeated
    if sheet.source.duplicates.get("exact") != "fold":
        rows = _rows(sheet, repeated)
        ids = ", ".join(dict.fromkeys(sheet.ids[repeated][:5]))
        delivery.problem(
            sheet.raw.place(rows[0]), f"{len(rows)} row(s) repeat an earlier row exactly (id {ids})", DECIDE
        )
        return repeated
    first = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy()
    origin = {group: position for position, group in reversed(list(enumerate(first)))}
    for position in np.flatnonzero(repeated):
        other = int(sheet.raw.rows[origin[first[position]]])
        _drop(delivery, sheet, int(position), Note("duplicate_exact", detail=f"row {other}"))
    return repeated


def _meaning(sheet: Sheet) -> pd.DataFrame:
    """What each row says: its id and every mapped value; a cell that is a query counts as it is written."""
    columns: dict[str, np.ndarray | pd.Series] = {"id": sheet.ids}
    columns["left out"] = np.where(sheet.kept, -1, np.arange(len(sheet.ids)))
    for slot, (header, outcome) in sheet.slots().items():
        codes = sheet.distinct[header].codes
        values, _ = pd.factorize(outcome.take(codes))
        asked = outcome.take_status(codes) == QUERY
        columns["\0".join(slot)] = np.where(asked, -2 - codes, values)
    return pd.DataFrame(columns)


def _fold_differing(delivery: Delivery, sheet: Sheet, identity: pd.Series) -> None:
    live = identity[sheet.kept].dropna()
    twice = live[live.duplicated(keep=False)]
    if twice.empty:
        return
    decision = sheet.source.duplicates.get("differing")
    if not decision:
        ids = ", ".join(dict.fromkeys(sheet.ids[twice.index][:5]))
        rows = ", ".join(map(str, _rows(sheet, twice.index)[:6]))
        what = f"{len(twice)} rows share an id and differ (id {ids}; rows {rows})"
        delivery.problem(sheet.raw.place(_rows(sheet, twice.index)[0]), what, DECIDE)
        return
    dates = _values_of(sheet, decision["keep_latest"])
    meaning = _meaning(sheet)
    said = meaning.to_numpy()
    for _, group in twice.groupby(twice, sort=False):
        at = group.index.to_numpy()
        if sheet.source.row_is == "patient" and _refuse_two_patients(delivery, sheet, at, said[at]):
            continue
        known = dates.iloc[at].dropna()
        if known.empty or (known == known.max()).sum() != 1:
            rows, names = ", ".join(map(str, _rows(sheet, at))), _named(_differing(sheet, meaning.iloc[at]))
            what = f"the rows {rows} share an id and no one of them is the latest; they differ in {names}"
            delivery.problem(sheet.raw.place(_rows(sheet, at)[0]), what, DECIDE)
            continue
        keep = int(known.idxmax())
        for position in at[at != keep]:
            detail = f"row {int(sheet.raw.rows[keep])} is later by {decision['keep_latest']}"
            shown = {"differences": _differences(sheet, meaning.iloc[[position, keep]], int(position), keep)}
            _drop(delivery, sheet, int(position), Note("duplicate_differs", detail=detail, shown=shown))


def _refuse_two_patients(delivery: Delivery, sheet: Sheet, at: np.ndarray, said: np.ndarray) -> bool:
    """Note a problem if rows of one id say other things in most columns; -1 in `said` is nothing."""
    unlike = (said != said[0]) & (said != -1) & (said[0] != -1)
    both = ((said != -1) & (said[0] != -1)).sum(axis=1)
    worst = int(np.argmax(unlike.sum(axis=1) / both))
    n, of = int(unlike[worst].sum()), int(both[worst])
    if n < OTHER_COLUMNS or n <= OTHER_SHARE * of:
        return False
    rows, ident = ", ".join(map(str, _rows(sheet, at))), sheet.ids[at[0]]
    what = f"the rows {rows} share the id {ident!r} but differ in {n} of {of} columns: they may be two patients"
    delivery.problem(
        sheet.raw.place(_rows(sheet, at)[0], sheet.source.id_column), what, "Ask the center for the right ids."
    )
    return True


def _differing(sheet: Sheet, rows: pd.DataFrame) -> list[str]:
    """The columns in which rows differ by what they mean."""
    headers = {"\0".join(slot): header for slot, (header, _) in sheet.slots().items()}
    unlike = (rows != rows.iloc[0]).any()
    return list(dict.fromkeys(header for name, header in headers.items() if unlike[name]))


def _named(headers: list[str]) -> str:
    """The first three by name, the others counted."""
    return ", ".join(headers[:NAMED]) + (f" and {len(headers) - NAMED} more" if len(headers) > NAMED else "")


def _differences(sheet: Sheet, rows: pd.DataFrame, dropped: int, kept: int) -> str:
    """What two rows say otherwise, column by column: "Progression: 2020-01-01 → 2020-03-01; …"."""
    texts = {
        header: [written(sheet.raw.cells[header].iloc[i]) or EMPTY for i in (dropped, kept)]
        for header in _differing(sheet, rows)
    }
    return "; ".join(f"{header}: {one} → {other}" for header, (one, other) in texts.items())


def _drop(delivery: Delivery, sheet: Sheet, position: int, note: Note) -> None:
    sheet.kept[position] = False
    sheet.dropped[position] = f"{note.kind}: {note.detail}"
    delivery.find(sheet, "", position, sheet.source.row_is, "", note)


def _items(sheet: Sheet) -> pd.Series | None:
    """(n,) the item key of a long source's rows, if a column gives it; None if the rows are numbered later."""
    slots = sheet.slots()
    for slot, (header, outcome) in slots.items():
        table, item, name = slot
        if table == sheet.source.row_is and item == "" and name == sheet.item_name and name not in sheet.source.number:
            return pd.Series(_taken(sheet, header, outcome))
    return None


def _values_of(sheet: Sheet, variable: str) -> pd.Series:
    table, _, name = variable.rpartition(".")
    for slot, (header, outcome) in sheet.slots().items():
        if slot[2] == name and slot[0] == (table or sheet.source.row_is):
            return pd.Series(_taken(sheet, header, outcome))
    raise KeyError(variable)


def _taken(sheet: Sheet, header: str, outcome: Outcome) -> np.ndarray:
    return outcome.take(sheet.distinct[header].codes)


def _rows(sheet: Sheet, at: Sequence[int] | np.ndarray | pd.Index) -> list[int]:
    return [int(r) for r in sheet.raw.rows[np.asarray(at)]]
