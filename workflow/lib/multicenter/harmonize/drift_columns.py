"""How a delivery's columns differ from those of the accepted one: renamed, of another type, with other codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import permutations, product

import numpy as np
import pandas as pd

from multicenter.harmonize.accepted import Accepted, Change, by_patient
from multicenter.harmonize.cells import UNMAPPED, Distinct, Outcome
from multicenter.harmonize.convert import convert
from multicenter.harmonize.dates import EPOCHS
from multicenter.harmonize.delivery import Delivery, Sheet, Slot, shown_column
from multicenter.harmonize.ids import read_ids
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Column, Source, Target
from multicenter.harmonize.texts import read_texts
from multicenter.intake.table import RawTable

SAME_SHARE = 0.5  # two columns that agree in fewer of their patients are two columns
AGREE = 0.8  # so many of the changed values must fit what is said to have happened to the column
SAME_FACTOR = 0.05  # numbers that differ by less are in the same unit
PATIENTS = 3  # with fewer patients in common nothing can be told
KINDS = {"text": "texts", "number": "numbers", "date": "dates"}
EXCHANGED = "If the headers or the mapping are exchanged, correct the one that is wrong; or ask the center."
NAMED = 5  # so many columns or ids are named, the others counted


def find_renamed(delivery: Delivery, source: Source, raw: RawTable, units: Units) -> dict[str, tuple[str, str]]:
    """For columns that are gone, the new column that says the same of the same patients: header → (header, sentence).

    A new column is read as the center file says of the one that is gone, and compared with what was accepted. Of
    equally good ones the more similar name wins; no new column stands for two.
    """
    gone = [name for name in source.columns if name not in raw.cells.columns]
    new = [name for name in raw.cells.columns if name not in source.columns and name != source.id_column]
    if not delivery.before or not gone or not new or source.id_column not in raw.cells.columns:
        return {}
    ids = read_ids(Delivery(delivery.center, delivery.kinds), source, raw)
    found = []
    for old in gone:
        for name in new:
            same, n = _agreement(delivery.before, source.columns[old], raw, name, ids, units)
            if n >= PATIENTS and same >= SAME_SHARE * n:
                found.append((same / n, SequenceMatcher(None, old, name).ratio(), old, name, same, n))
    renamed: dict[str, tuple[str, str]] = {}
    for _, _, old, name, same, n in sorted(found, reverse=True):
        if old not in renamed and name not in {taken for taken, _ in renamed.values()}:
            told = f"holds the same values in {100 * same // n} % of the patients ({same} of {n})"
            renamed[old] = (name, told)
    return renamed


def refuse_exchanged(delivery: Delivery, sheet: Sheet, units: Units) -> set[str]:
    """Note pairs of columns that say what was accepted of one another, if values of one of them are not mapped.

    Returns the headers of both: nothing else is wrong with them.
    """
    read = [header for header, slots in sheet.outcomes.items() if slots]
    odd = [h for h in read if any((o.status == UNMAPPED).any() for o in sheet.outcomes[h].values())]
    found: set[str] = set()
    for one, other in product(odd[:NAMED], read) if delivery.before else ():
        if one == other or found & {one, other}:
            continue
        ways = [
            _agreement(delivery.before, sheet.source.columns[a], sheet.raw, b, sheet.ids, units)
            for a, b in ((one, other), (other, one))
        ]
        if all(n >= PATIENTS and same >= AGREE * n for same, n in ways):
            found |= {one, other}
            same = min(same for same, _ in ways)
            what = f"the columns {one!r} and {other!r} are exchanged: each says what the other said of {same} patients"
            delivery.problem(sheet.raw.place(None, shown_column(sheet.raw, one)), what, EXCHANGED)
            delivery.blamed |= {other, shown_column(sheet.raw, other)}
    return found


def _agreement(
    before: Accepted, column: Column, raw: RawTable, name: str, ids: np.ndarray, units: Units
) -> tuple[int, int]:
    """In how many patients a new column says what the column that is gone had said, and how many either speaks of."""
    distinct = Distinct(raw.cells[name].to_numpy())
    slots = _read_as(distinct, column, units)
    for slot, outcome in slots.items():
        old = before.per_patient(slot)
        new = by_patient(ids, outcome.take(distinct.codes))
        both = set(before.table("patient")["patient_id"]) & set(ids)
        either = [ident for ident in {**dict(old), **dict(new)} if ident in both]
        return sum(i in old and set(old[i]) <= set(new.get(i, ())) for i in either), len(either)
    return 0, 0


def _read_as(distinct: Distinct, column: Column, units: Units) -> dict[Slot, Outcome]:
    if column.reader is not None:
        return read_texts(distinct, column.reader, units)
    return {target.slot: convert(distinct, target, units) for target in column.targets[:1]}


def find_type_changes(delivery: Delivery, sources: Mapping[str, Source], raws: Mapping[str, RawTable],
                      profile: pd.DataFrame) -> list[Change]:  # fmt: skip
    """Columns of which most cells were of one type and now are of another; those that changed alike in one Change.

    profile: of the delivery. Columns that are dropped do not count, nor do files that come in another format than
    before: the center file says so.
    """
    before = delivery.before
    if not before:
        return []
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    rows = {(r["file"], r["sheet"], r["header"]): r for r in profile.to_dict("records")}
    for name, source in sources.items():
        for header, column in source.columns.items():
            now = rows.get((raws[name].file, raws[name].sheet, header))
            then = before.columns.get((name, header))
            if column.drop or now is None or then is None or _suffix(now) != _suffix(then):
                continue
            (old, n_old, of_old), (new, n_new, of_new) = _kind(then), _kind(now)
            if old and new and old != new and min(of_old, of_new) >= delivery.limits.cells:
                told = f"{n_new} of {of_new} filled cells are {KINDS[new]}; {n_old} of {of_old} were {KINDS[old]}"
                found.setdefault((name, old, new), []).append((header, told))
    return [_type_change(raws[key[0]], *key[1:], columns) for key, columns in found.items()]


def _type_change(raw: RawTable, old: str, new: str, columns: list[tuple[str, str]]) -> Change:
    headers = [header for header, _ in columns]
    fix = "Ask the center how the file was made this time."
    if len(headers) == 1:
        return Change("type", raw.place(None, shown_column(raw, headers[0])), columns[0][1], fix, tuple(headers))
    what = f"{len(headers)} columns hold {KINDS[new]} where they held {KINDS[old]} before: {listed(headers)}"
    return Change("type", raw.place(), what, fix, tuple(headers))


def listed(words: list[str]) -> str:
    """The first words; the others are counted."""
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more


def _kind(row: Mapping[str, object]) -> tuple[str, int, int]:
    """The type of more than half of a column's filled cells ("": none), how many have it, and how many are filled."""
    filled = int(row["n"]) - int(row["blank"])
    kind = max(KINDS, key=lambda name: int(row[name]))
    n = int(row[kind])
    return (kind if 2 * n > filled else ""), n, filled


def _suffix(row: Mapping[str, object]) -> str:
    return str(row["file"]).rpartition(".")[2].casefold()


def against_accepted(
    delivery: Delivery, sheet: Sheet, header: str, outcome: Outcome, target: Target, units: Units
) -> str:
    """How numbers or dates relate to those accepted of the same patients, as a sentence; "" if that tells nothing.

    Compared is what stands there before any range sets it missing.
    """
    if not delivery.before:
        return ""
    distinct = sheet.distinct[header]
    if target.variable.type == "date" and sheet.source.columns[header].reader is None:
        free = replace(target, variable=replace(target.variable, range=None, usual=None))
        read = convert(distinct, free, units).take(distinct.codes)
    elif outcome.read is not None:
        read = np.append(outcome.read, np.nan)[distinct.codes]
    else:
        return ""
    now = pd.Series(read, index=sheet.ids)
    then = delivery.before.of_patients(target.slot, sheet.ids).astype(read.dtype)
    pairs = pd.concat({"now": now[~now.index.duplicated()], "then": then}, axis=1, join="inner").dropna()
    told = _days_apart(pairs) if read.dtype.kind == "M" else _factor(pairs)
    return f" In the patients known before it is {told}." if told else ""


def _factor(pairs: pd.DataFrame) -> str:
    pairs = pairs[(pairs > 0).all(axis=1)]
    if len(pairs) < PATIENTS:
        return ""
    ratios = pairs["now"] / pairs["then"]
    other = ratios[(ratios - 1).abs() > SAME_FACTOR]
    factor = float(other.median())
    n, unchanged = int(((other / factor - 1).abs() <= SAME_FACTOR).sum()), len(ratios) - len(other)
    if n < PATIENTS or n < AGREE * len(other):
        return ""
    told = f"{times(factor)} the accepted value in {n} of {len(pairs)}"
    mixed = unchanged > (1 - AGREE) * len(pairs)
    return f"{told} and the same in {unchanged}: two units are mixed" if mixed else told


def _days_apart(pairs: pd.DataFrame) -> str:
    days = (pairs["now"] - pairs["then"]).dt.days
    shifts = days[days != 0].value_counts()
    if len(days) < PATIENTS or shifts.empty or shifts.iloc[0] < AGREE * len(days):
        return ""
    shift, n = int(shifts.index[0]), int(shifts.iloc[0])
    direction = "later" if shift > 0 else "earlier"
    return f"{days_as_text(shift)} {direction} than accepted ({n} of {len(days)})" + date_systems(abs(shift))


def days_as_text(days: int) -> str:
    """A shift for people: '1 day', '1462 days'."""
    return f"{abs(days)} day{'s' if abs(days) != 1 else ''}"


def times(factor: float) -> str:
    """A factor for people: '88.4 times' or '1/88.4 of'."""
    return f"{factor:.3g} times" if factor >= 1 else f"1/{1 / factor:.3g} of"


def date_systems(days: int) -> str:
    """Which two systems of counting days are so many days apart, as the end of a sentence; "" for none."""
    for one, other in permutations(EPOCHS, 2):
        if (np.datetime64(EPOCHS[other]) - np.datetime64(EPOCHS[one])) // np.timedelta64(1, "D") == days:
            return f", the distance of the date systems {one} and {other}"
    return ""
