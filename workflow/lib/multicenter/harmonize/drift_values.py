"""What happened to the known values of a column: another unit, another date system, exchanged codes, or just others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from multicenter.harmonize.accepted import Limits, as_text
from multicenter.harmonize.drift_columns import AGREE, SAME_FACTOR, date_systems, days_as_text, times
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Target

EXAMPLES = 3
ASK_UNIT = "Ask the center for the unit and declare it."
ONE_UNIT = "Ask the center to send the column in one unit, or with the unit in the cells."
SYSTEM = "Declare dates.system as the file has it, or ask the center."
HOW = "No two date systems are so far apart: ask the center how the dates were exported."
ZONES = "A conversion between time zones does this: ask the center how the dates were exported."
DIGITS = 9  # of a number that a conversion has not lengthened
DECIMAL = 1e-6
FEW = 5  # values that any two patients may share
SHIFTED_DAYS = 3  # distinct dates that have to move alike: many patients seen on one day are one coincidence


@dataclass(frozen=True)
class Diagnosis:
    """A kind of change, what happened, what to do, and what makes it the same in several columns ("": nothing does)."""

    kind: str
    what: str
    fix: str
    alike: str = ""


@dataclass(frozen=True)
class Pairs:
    """The values of one column in the accepted and in the new delivery, of the same patients and items.

    ids: (n,) texts. old, new: (n,) float64, datetime64[ns] or object (None: missing). excused: (n,) values of which a
    change is what follow-up brings (see `drift_spoken`). rounding: by so much numbers may differ that only are rounded
    otherwise.
    """

    ids: np.ndarray
    old: np.ndarray
    new: np.ndarray
    excused: np.ndarray
    rounding: float = 0.0

    @property
    def known(self) -> np.ndarray:
        return ~pd.isna(self.old)

    @property
    def changed(self) -> np.ndarray:
        """(n,) known values that are others now, or gone."""
        return self.known & ~same(self.old, self.new, self.rounding)

    @property
    def both(self) -> np.ndarray:
        """(n,) known values that are others now, but not gone."""
        return self.changed & ~pd.isna(self.new)


def same(old: np.ndarray, new: np.ndarray, rounding: float = 0.0) -> np.ndarray:
    """(n,) whether canonical values are the same, numbers within `rounding`; missing is the same as missing."""
    blank = pd.isna(old) & pd.isna(new)
    if old.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return blank | (np.abs(old - new) <= rounding * (1 + 1e-9))
    return blank | (~pd.isna(old) & ~pd.isna(new) & (old == new))


def rounding_of(pairs: Pairs, old_factor: float, new_factor: float) -> float:
    """By how much two columns' numbers can differ by rounding alone: half of the last place to which one is written.

    old_factor, new_factor: from the unit in which they are written. In units that are no decimal multiples of each
    other both are rounded, each by itself.
    """
    halves = [_last_place(pairs.old, old_factor) / 2, _last_place(pairs.new, new_factor) / 2]
    decimal = math.log10(old_factor / new_factor)
    return max(halves) if abs(decimal - round(decimal)) < DECIMAL else sum(halves)


def _last_place(values: np.ndarray, factor: float) -> float:
    """The last place to which most numbers of a column are written in their unit, in the variable's own."""
    written, counts = np.unique(values[~np.isnan(values)] / factor, return_counts=True)
    if not len(written):
        return 0.0
    digits = [np.format_float_positional(v, DIGITS, fractional=False, trim="-").partition(".")[2] for v in written]
    places = np.repeat([len(part) for part in digits], counts)
    return factor * 10.0 ** -float(np.quantile(places, AGREE, method="higher"))


def what_changed(pairs: Pairs, target: Target, limits: Limits, units: Units, why_gone: str = "") -> Diagnosis | None:
    """Say what happened to a column; None if too little changed.

    target: what the column is read as. why_gone: why values are gone ("": the cells are blank).
    """
    known = int(pairs.known.sum())
    found = _pattern(pairs, target, limits, known, units)
    if found:
        return found
    changed = pairs.changed & ~pairs.excused
    n = int(changed.sum())
    if not limits.exceeded(n, known):
        return None
    share = f"{n} of {known} known values ({100 * n // known} %)"
    gone = int((changed & ~pairs.both).sum())
    if gone >= AGREE * n:
        why = f": {why_gone}" if why_gone else ": the cells are blank"
        return Diagnosis("values", f"{share} are gone{why}", "Ask the center for them.", f"gone{why}")
    if _stand_elsewhere(pairs):
        what = f"{share} stand at other patients now: {_examples(pairs)}"
        return Diagnosis("values", what, "Was the column sorted or moved by itself? Ask the center.", "elsewhere")
    what = f"{share} changed, in no common way: {_examples(pairs)}"
    return Diagnosis("values", what, "Ask the center why.", "values")


def _stand_elsewhere(pairs: Pairs) -> bool:
    """Whether the changed values are the accepted ones, at other patients; of a few levels that says nothing."""
    old, new = (as_text(pd.Series(values[pairs.both])).value_counts() for values in (pairs.old, pairs.new))
    shared = old.to_frame("old").join(new.rename("new"), how="inner")
    return len(shared) > FEW and int(shared.min(axis=1).sum()) >= AGREE * int(pairs.both.sum())


def _pattern(pairs: Pairs, target: Target, limits: Limits, known: int, units: Units) -> Diagnosis | None:
    kind = target.variable.type
    if pairs.old.dtype.kind == "M":
        return _shift(pairs, limits, known) or _day_month(pairs, limits, known)
    found = _unit(pairs, target, limits, known, units) if kind in ("number", "integer") else None
    return found or (_levels(pairs, limits, known) if kind in ("category", "flag", "integer") else None)


def _examples(pairs: Pairs) -> str:
    at = np.flatnonzero(pairs.changed & ~pairs.excused)[:EXAMPLES]
    old, new = (as_text(pd.Series(values[at])) for values in (pairs.old, pairs.new))
    return ", ".join(f"{i} {a} → {b or 'blank'}" for i, a, b in zip(pairs.ids[at], old, new, strict=True))


def _shift(pairs: Pairs, limits: Limits, known: int) -> Diagnosis | None:
    both = pairs.both
    days = (pairs.new[both] - pairs.old[both]) // np.timedelta64(1, "D")
    if not len(days):
        return None
    found, counts = np.unique(days, return_counts=True)
    shift, n = int(found[counts.argmax()]), int(counts.max())
    distinct = len(np.unique(pairs.old[both][days == shift]))
    if not limits.exceeded(n, known) or n < AGREE * len(days) or distinct < SHIFTED_DAYS:
        return None
    direction = "later" if shift > 0 else "earlier"
    systems = date_systems(abs(shift))
    what = f"{n} of {known} known dates lie {days_as_text(shift)} {direction}{systems}"
    fix = SYSTEM if systems else ZONES if abs(shift) == 1 else HOW
    return Diagnosis("date_shift", what, fix, f"{shift} days")


def _day_month(pairs: Pairs, limits: Limits, known: int) -> Diagnosis | None:
    at = np.flatnonzero(pairs.both)
    old, new = (pd.DatetimeIndex(values[at]) for values in (pairs.old, pairs.new))
    swapped = (old.day == new.month) & (old.month == new.day) & (old.year == new.year)
    n = int(swapped.sum())
    if not limits.exceeded(n, known) or n < AGREE * len(at):
        return None
    first = at[np.flatnonzero(swapped)[0]]
    example = f"{pairs.ids[first]} {str(pairs.old[first])[:10]} → {str(pairs.new[first])[:10]}"
    what = f"day and month are exchanged in {n} of {known} known dates: {example}"
    return Diagnosis("day_month", what, "Declare dates.formats as the file has them, or ask the center.", "day_month")


def _unit(pairs: Pairs, target: Target, limits: Limits, known: int, units: Units) -> Diagnosis | None:
    with np.errstate(invalid="ignore"):
        both = pairs.both & ~pairs.excused & (pairs.old > 0) & (pairs.new > 0)
    if not target.variable.unit or not limits.exceeded(int(both.sum()), known):
        return None
    ratios = pairs.new[both] / pairs.old[both]
    factor = float(np.median(ratios))
    alike = np.abs(ratios / factor - 1) <= SAME_FACTOR
    if abs(factor - 1) <= SAME_FACTOR or alike.sum() < AGREE * len(ratios):
        return None
    n, unchanged = int(alike.sum()), int((pairs.known & ~pairs.changed).sum())
    unit = target.unit or target.variable.unit
    likely = _unit_of(factor, unit, target, units)
    what = f"the numbers of {n} of {known} known patients are {times(factor)} the accepted ones"
    what += f": {likely}, not {unit}" if likely else "; no unit in variables.yaml fits"
    fix = f"Declare unit: {likely} for this column, or ask the center." if likely else ASK_UNIT
    if unchanged >= limits.cells and unchanged > (1 - AGREE) * known:
        what, fix = f"{what}; {unchanged} are as they were: two units are mixed in this column", ONE_UNIT
    return Diagnosis("unit", what, fix, f"{factor:.2g} {likely}")


def _unit_of(factor: float, unit: str, target: Target, units: Units) -> str:
    """The unit in which numbers are written that come out too large by a factor when they are read in `unit`."""
    best, nearest = "", math.log(1 + SAME_FACTOR)
    declared = units.factor(unit, target.variable)
    for other in units.dictionary.units:
        try:
            away = abs(math.log(declared / units.factor(other, target.variable) / factor))
        except ValueError:  # it measures something else
            continue
        if away < nearest:
            best, nearest = other, away
    return best


def _levels(pairs: Pairs, limits: Limits, known: int) -> Diagnosis | None:
    both = pairs.known & ~pd.isna(pairs.new) & ~(pairs.changed & pairs.excused)
    old, new = (as_text(pd.Series(values[both])) for values in (pairs.old, pairs.new))
    counts = pd.crosstab(old.to_numpy(dtype=object), new.to_numpy(dtype=object))
    moved = {}
    for level, row in counts.iterrows():
        n, to = int(row.max()), str(row.idxmax())
        if to != level and n >= 2 and n >= AGREE * row.sum():
            moved[str(level)] = (to, n, int(row.sum()))
    if not limits.exceeded(sum(n for _, n, _ in moved.values()), known):
        return None
    told = ", ".join(f"{level!r} is now {to!r} in {n} of {of}" for level, (to, n, of) in moved.items())
    exchanged = all(to in moved and moved[to][0] == level for level, (to, _, _) in moved.items())
    what = f"{'two codes are exchanged' if exchanged else 'codes mean something else'}: {told} known patients"
    return Diagnosis("levels", what, "Correct the codes of this column, or ask the center.")
