"""What happened to the known values of a column: another unit, another date system, exchanged codes, or just others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from multicenter.harmonize.accepted import Limits, as_text
from multicenter.harmonize.drift_columns import AGREE, SAME_FACTOR, date_systems, times
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Target

EXAMPLES = 3
SHIFTED_DAYS = 3  # distinct dates that have to move alike: many patients seen on one day are one coincidence


@dataclass(frozen=True)
class Pairs:
    """The values of one column in the accepted and in the new delivery, of the same patients and items.

    ids: (n,) texts. old, new: (n,) float64, datetime64[ns] or object (None: missing). excused: (n,) values of which a
    change is what follow-up brings (see `drift.went_on`).
    """

    ids: np.ndarray
    old: np.ndarray
    new: np.ndarray
    excused: np.ndarray

    @property
    def known(self) -> np.ndarray:
        return ~pd.isna(self.old)

    @property
    def changed(self) -> np.ndarray:
        """(n,) known values that are others now, or gone."""
        return self.known & ~same(self.old, self.new)

    @property
    def both(self) -> np.ndarray:
        """(n,) known values that are others now, but not gone."""
        return self.changed & ~pd.isna(self.new)


def same(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(n,) whether values are the same; missing is the same as missing, and the last binary digits do not count."""
    blank = pd.isna(old) & pd.isna(new)
    if old.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return blank | (np.abs(old - new) <= 1e-9 * np.maximum(np.abs(old), np.abs(new)))
    return blank | (~pd.isna(old) & ~pd.isna(new) & (old == new))


def what_changed(pairs: Pairs, target: Target | None, limits: Limits, units: Units) -> tuple[str, str, str]:
    """Say what happened to a column: (kind of change, what, what to do), or three empty texts if too little changed.

    target: what the column is read as; None if no column gives the variable any more.
    """
    known = int(pairs.known.sum())
    if not limits.exceeded(int(pairs.changed.sum()), known):
        return "", "", ""
    found = _pattern(pairs, target, limits, known, units) if target else None
    if found:
        return found
    n = int((pairs.changed & ~pairs.excused).sum())
    if not limits.exceeded(n, known):
        return "", "", ""
    what = f"{n} of {known} known values changed ({100 * n // known} %): {_examples(pairs)}"
    return "values", what, "Ask the center why."


def _pattern(pairs: Pairs, target: Target, limits: Limits, known: int, units: Units) -> tuple[str, str, str] | None:
    kind = target.variable.type
    if pairs.old.dtype.kind == "M":
        return _shift(pairs, limits, known) or _day_month(pairs, limits, known)
    found = _unit(pairs, target, limits, known, units) if kind in ("number", "integer") else None
    return found or (_levels(pairs, limits, known) if kind in ("category", "flag", "integer") else None)


def _examples(pairs: Pairs) -> str:
    at = np.flatnonzero(pairs.changed & ~pairs.excused)[:EXAMPLES]
    old, new = (as_text(pd.Series(values[at])) for values in (pairs.old, pairs.new))
    return ", ".join(f"{i} {a} → {b or 'blank'}" for i, a, b in zip(pairs.ids[at], old, new, strict=True))


def _shift(pairs: Pairs, limits: Limits, known: int) -> tuple[str, str, str] | None:
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
    what = f"{n} of {known} known dates lie {abs(shift)} days {direction}{date_systems(abs(shift))}"
    return "date_shift", what, "Declare dates.system as the file has it, or ask the center."


def _day_month(pairs: Pairs, limits: Limits, known: int) -> tuple[str, str, str] | None:
    at = np.flatnonzero(pairs.both)
    old, new = (pd.DatetimeIndex(values[at]) for values in (pairs.old, pairs.new))
    swapped = (old.day == new.month) & (old.month == new.day) & (old.year == new.year)
    n = int(swapped.sum())
    if not limits.exceeded(n, known) or n < AGREE * len(at):
        return None
    first = at[np.flatnonzero(swapped)[0]]
    example = f"{pairs.ids[first]} {str(pairs.old[first])[:10]} → {str(pairs.new[first])[:10]}"
    what = f"day and month are exchanged in {n} of {known} known dates: {example}"
    return "day_month", what, "Declare dates.formats as the file has them, or ask the center."


def _unit(pairs: Pairs, target: Target, limits: Limits, known: int, units: Units) -> tuple[str, str, str] | None:
    with np.errstate(invalid="ignore"):
        both = pairs.both & ~pairs.excused & (pairs.old > 0) & (pairs.new > 0)
    if not limits.exceeded(int(both.sum()), known):
        return None
    ratios = pairs.new[both] / pairs.old[both]
    factor = float(np.median(ratios))
    alike = np.abs(ratios / factor - 1) <= SAME_FACTOR
    if abs(factor - 1) <= SAME_FACTOR or alike.sum() < AGREE * len(ratios):
        return None
    unit = target.unit or target.variable.unit
    likely = _unit_of(factor, unit, target, units)
    what = f"the numbers of {int(alike.sum())} of {known} known patients are {times(factor)} the accepted ones"
    if likely:
        return "unit", f"{what}: {likely}, not {unit}", f"Declare unit: {likely} for this column, or ask the center."
    return "unit", f"{what}; no unit in variables.yaml fits", "Ask the center for the unit and declare it."


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


def _levels(pairs: Pairs, limits: Limits, known: int) -> tuple[str, str, str] | None:
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
    return "levels", what, "Correct the codes of this column, or ask the center."
