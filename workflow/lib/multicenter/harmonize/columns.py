"""What a column says as a whole: one that mostly cannot be read, or whose unit looks wrong, stops the center."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from multicenter.harmonize.cells import MAPPED, QUERY, Distinct, Outcome
from multicenter.harmonize.convert import convert
from multicenter.harmonize.dates import SYSTEMS
from multicenter.harmonize.delivery import Delivery, Sheet, Slot, shown_column
from multicenter.harmonize.drift_columns import against_accepted
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Dates, Target

# Single cells go wrong by slips, and slips hit a few in a hundred. Of dates in another order of day and month three in
# five cannot be read, of numbers in another notation all: a third lies far from both.
UNREADABLE_SHARE = 1 / 3
UNREADABLE_CELLS = 3
UNREADABLE = ("date_impossible", "date_format", "not_numeric", "out_of_range")
EXAMPLES = 3
# Medians of centers differ by less than twice; two units of one analyte differ by at least four times.
UNIT_RATIO = 3.0
UNIT_VALUES = 5
UNIT_CONFIDENCE = 0.8  # of the median's interval: a few values of a skewed variable are no wrong unit
MIXED_SHARE = 0.2  # so many values that fit the declared unit are not of another one
DECLARE = "Ask the center for the unit and declare it in {file}."
ONE_UNIT = "Ask the center to send the column in one unit, or with the unit in the cells."
FORMAT_SHARE = 0.95  # so many of a column's values must fit a format that is named as the likely one
DECIMAL_COMMA = re.compile(r"^[-+]?\d+,\d+$|^[-+]?\d{1,3}(?:\.\d{3})+,\d+$")
ORDERS = (("YYYY", "MM", "DD"), ("DD", "MM", "YYYY"), ("MM", "DD", "YYYY"), ("YY", "MM", "DD"), ("DD", "MM", "YY"),
          ("MM", "DD", "YY"), ("YYYY", "DD", "MM"), ("DD", "Mon", "YYYY"), ("DD", "Mon", "YY"))  # fmt: skip
CENTURY = 1950  # the first two-digit year while a format is only looked for


def check_whole_columns(delivery: Delivery, units: Units) -> None:
    """Note, as problems, every column of which too many cells cannot be read, or whose unit looks wrong.

    The unit is judged first: where it explains what is lost, nothing else is said about the column.
    """
    for sheet in delivery.sheets.values():
        for header, slots in sheet.outcomes.items():
            for slot, outcome in slots.items():
                target = target_of(sheet, header, slot)
                if target.variable.type not in ("number", "integer", "date"):
                    continue
                wrong = _wrong_unit(sheet.distinct[header], outcome, target, units)
                if wrong:
                    wrong, fix = wrong
                    fix = fix.format(file=delivery.mapping)
                    fix += against_accepted(delivery, sheet, header, outcome, target, units)
                    delivery.problem(sheet.raw.place(None, shown_column(sheet.raw, header)), wrong, fix)
                else:
                    _check_readable(delivery, sheet, header, outcome, target, units)


def target_of(sheet: Sheet, header: str, slot: Slot) -> Target:
    """What a column is read as in one of its slots."""
    column = sheet.source.columns[header]
    if column.reader is not None:
        return column.reader.targets[slot[0], slot[2]]
    return next(target for target in column.targets if target.slot == slot)


def _check_readable(
    delivery: Delivery, sheet: Sheet, header: str, outcome: Outcome, target: Target, units: Units
) -> None:
    distinct = sheet.distinct[header]
    counts = distinct.counts()
    suspect = (target.variable.suspect.kind,) if target.variable.suspect else ()
    lost = [i for i, note in outcome.notes.items() if note.kind in (*UNREADABLE, *suspect)]
    lost = [i for i in lost if outcome.status[i] == QUERY]
    n = int(counts[lost].sum()) if lost else 0
    filled = int(counts[(outcome.status == MAPPED) | (outcome.status == QUERY)].sum())
    if n < UNREADABLE_CELLS or n <= UNREADABLE_SHARE * filled:
        return
    first = [int(np.flatnonzero(distinct.codes == i)[0]) for i in lost]
    shown = ", ".join(
        f"{distinct.text[distinct.codes[p]]!r} (row {int(sheet.raw.rows[p])})" for p in sorted(first)[:EXAMPLES]
    )
    kinds = ", ".join(dict.fromkeys(outcome.notes[i].kind for i in lost))
    what = f"{n} of {filled} filled cells cannot be read as {target.variable.name} ({kinds}): {shown}"
    likely = "" if sheet.source.columns[header].reader else _likely(distinct, outcome, target, units, lost)
    fix = f"Declare how they are written in {delivery.mapping}, or ask the center.{likely}"
    fix += against_accepted(delivery, sheet, header, outcome, target, units)
    delivery.problem(sheet.raw.place(None, shown_column(sheet.raw, header)), what, fix)


def _likely(distinct: Distinct, outcome: Outcome, target: Target, units: Units, lost: list[int]) -> str:
    """The formats that would read the whole column, as a hint."""
    if target.variable.type != "date":
        commas = sum(DECIMAL_COMMA.match(distinct.plain[i]) is not None for i in lost)
        return " The numbers seem to have a decimal comma." if 2 * commas > len(lost) else ""
    at = np.flatnonzero((outcome.status == MAPPED) | (outcome.status == QUERY))
    cells = Distinct([distinct.values[i] for i in at])
    found = [name for name, dates in _ways([distinct.plain[i] for i in lost]) if _reads(cells, target, dates, units)]
    return f" The dates seem to be written {' or '.join(found)}." if found else ""


def _ways(words: list[str]) -> Iterator[tuple[str, Dates]]:
    """Ways to write dates with the separators that the words have, then the systems of bare numbers."""
    marks = sorted({mark for word in words for mark in re.findall(r"[^\w\s]| ", word)[:1]}) or [""]
    for order in ORDERS:
        for mark in marks:
            form = mark.join(order)
            yield form, Dates((form,), "", CENTURY)
    for system in SYSTEMS if marks == [""] else ():
        if system != "stata":  # counts as sas does
            yield f"as numbers of the {system.replace('sas', 'sas or stata')} system", Dates((), system)


def _reads(cells: Distinct, target: Target, dates: Dates, units: Units) -> bool:
    read = convert(cells, Target(target.variable, dates=dates), units)
    return bool((read.status == MAPPED).mean() >= FORMAT_SHARE)


def _wrong_unit(distinct: Distinct, outcome: Outcome, target: Target, units: Units) -> tuple[str, str] | None:
    """What is wrong with the column's unit, and what to do; None if nothing is."""
    typical = target.variable.typical
    if not typical or outcome.read is None:
        return None
    values = np.repeat(outcome.read, distinct.counts())
    values = np.sort(values[values > 0])
    if len(values) < UNIT_VALUES:
        return None
    low, high = _median_interval(values)
    if low <= UNIT_RATIO * typical and high >= typical / UNIT_RATIO:
        return None
    median = float(np.median(values))
    ratio = median / typical
    times = f"{ratio:.3g} times" if ratio >= 1 else f"1/{1 / ratio:.3g} of"
    best = _fitting_unit(median, target, units)
    unit = target.unit or target.variable.unit
    what = f"the median of {len(values)} values is {median:.3g} {target.variable.unit}, {times} the usual {typical:g}"
    usual = (values <= UNIT_RATIO * typical) & (values >= typical / UNIT_RATIO)
    other = _fitting_unit(float(np.median(values[~usual])), target, units) if usual.mean() >= MIXED_SHARE else ""
    if other not in ("", unit):
        return f"{what}; {usual.sum()} values fit {unit} and the others {other}: two units are mixed", ONE_UNIT
    return f"{what}; the unit {unit} looks wrong" + (f" (is it {best}?)" if best else ""), DECLARE


def _median_interval(values: np.ndarray) -> tuple[float, float]:
    """The interval of the median of sorted values, from their order statistics."""
    n = len(values)
    ranks = np.arange((n - 1) // 2)
    # binomial probabilities of 0, 1, … of n values below the median, by the ratio of each to the one before
    logs = np.concatenate([[0.0], np.cumsum(np.log((n - ranks) / (ranks + 1)))]) - n * math.log(2)
    below = np.cumsum(np.exp(logs))
    k = max(int(np.searchsorted(2 * below[:-1], 1 - UNIT_CONFIDENCE, side="right")), 1)
    return float(values[k - 1]), float(values[n - k])


def _fitting_unit(median: float, target: Target, units: Units) -> str:
    """The unit with which the median is nearest to the usual one, if it is within UNIT_RATIO of it."""
    variable = target.variable
    written = median / units.factor(target.unit, variable)
    best, nearest = "", math.log(UNIT_RATIO)
    for unit in units.dictionary.units:
        try:
            away = abs(math.log(written * units.factor(unit, variable) / variable.typical))
        except ValueError:  # it measures something else
            continue
        if away < nearest - 1e-9:
            best, nearest = unit, away
    return best
