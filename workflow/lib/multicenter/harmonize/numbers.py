"""Numbers as people write them: limits, ranges, units inside the cell, thousands; then the declared unit."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary, Variable
from multicenter.harmonize.cells import MAPPED, OPEN, Distinct, Note, Outcome
from multicenter.harmonize.spec import Target
from multicenter.harmonize.words import key

NUMBER = r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?"
LIMIT = re.compile(rf"^([<≤>≥])\s*=?\s*({NUMBER})$")
BETWEEN = re.compile(rf"^({NUMBER})\s*[-~–∼]\s*({NUMBER})$")
BELOW, ABOVE = ("미만", "이하"), ("초과", "이상")
LIMIT_WORD = re.compile(rf"^({NUMBER})\s*({'|'.join(BELOW + ABOVE)})$")
TIMES = " x×*"  # before a unit that begins with a power: 2.1 x 10^9/L
WHOLE = re.compile(rf"^{NUMBER}$")


def settle_numbers(distinct: Distinct, outcome: Outcome, target: Target, units: Units) -> None:
    """Decide every open value of a number or integer column (in place), converted to canonical units.

    `<x` is 0 with bounds 0 and x; `>x` is x with lower bound x; `a-b` is its midpoint; each with a note. A cell that
    names a unit other than its column's is converted by its own, with a note; it is a query if that cannot be
    converted. What is no number is not_numeric (query, set missing); so is a fraction where a whole number is due.
    """
    at = np.flatnonzero(outcome.status == OPEN)
    values = distinct.number[at].copy()
    factors = np.full(len(at), units.factor(target.unit, target.variable))
    texts = np.flatnonzero(np.isnan(values))
    if len(texts):
        values[texts] = pd.to_numeric(pd.Series([distinct.key[at[t]] for t in texts]), errors="coerce")
        values[~np.isfinite(values)] = np.nan
    for t in np.flatnonzero(np.isnan(values)):
        i = int(at[t])
        word, unit = units.split(distinct.key[i], target)
        if unit and not _has_factor(outcome, i, unit, target, units):
            continue
        factors[t] = units.factor(unit or target.unit, target.variable)
        values[t] = _float(word) if WHOLE.match(word) else _written_number(outcome, i, word, factors[t])
    at, values, factors = _still_open(outcome, at, values, factors)
    known = ~np.isnan(values)
    scaled = tidy(values * factors)
    if target.variable.type == "integer":
        broken = known & (scaled != np.round(scaled))
        for i in at[broken]:
            outcome.query(int(i), Note("not_numeric", detail="a whole number is expected"))
        known &= ~broken
    outcome.value[at[known]] = scaled[known]
    outcome.status[at[known]] = MAPPED
    for i in at[outcome.status[at] == OPEN]:
        outcome.query(int(i), Note("not_numeric"))
    outcome.by_class[at] |= outcome.status[at] == MAPPED


def tidy(values: np.ndarray) -> np.ndarray:
    """Round to 12 significant digits: takes away what a unit's factor adds in the last binary digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 11 - np.floor(np.log10(np.abs(values)))
    plain = ~np.isfinite(digits)
    power = 10.0 ** np.clip(np.where(plain, 0, digits), -300, 300)
    return np.where(plain, values, np.round(values * power) / power)


def check_numbers(outcome: Outcome, target: Target, units: Units) -> None:
    """Compare canonical values with the variable's suspect zone, hard and usual range (in place).

    A limit is judged by what it says: `>x` above all that is possible is out of range; `<x` above a typical value is no
    limit of detection, and 0 would be made up. A lower `<x` keeps its own note.
    """
    variable, values = target.variable, outcome.value
    _query_vague_limits(outcome, variable)
    with np.errstate(invalid="ignore"):
        if variable.suspect and not units.is_named(target.unit, variable.suspect.hint):
            zone = (outcome.status == MAPPED) & (values > variable.suspect.above) & (values <= variable.suspect.up_to)
            for i in np.flatnonzero(zone):
                outcome.query(int(i), Note(variable.suspect.kind, detail=f"fits {variable.suspect.hint}"))
        for bounds, kind in ((variable.range, "out_of_range"), (variable.usual, "unusual")):
            if bounds is None:
                continue
            beyond = (outcome.status == MAPPED) & ((values < bounds[0]) | (values > bounds[1]))
            for i in np.flatnonzero(beyond):
                converted = f"{_shown(values[i])} {variable.unit}; " if units.factor(target.unit, variable) != 1 else ""
                _beyond(outcome, int(i), kind, f"{converted}{bounds[0]}–{bounds[1]} {variable.unit}".rstrip())


def check_dates(outcome: Outcome, variable: Variable) -> None:
    """Compare dates with the variable's hard and usual range (in place)."""
    for bounds, kind in ((variable.range, "out_of_range"), (variable.usual, "unusual")):
        if bounds is None:
            continue
        low, high = np.datetime64(bounds[0]), np.datetime64(bounds[1])
        beyond = (outcome.status == MAPPED) & ((outcome.value < low) | (outcome.value > high))
        for i in np.flatnonzero(beyond):
            _beyond(outcome, int(i), kind, f"{bounds[0]}–{bounds[1]}")


def _query_vague_limits(outcome: Outcome, variable: Variable) -> None:
    for i, note in list(outcome.notes.items()):
        if note.kind != "below_limit" or outcome.status[i] != MAPPED or not note.hi:
            continue
        highest = variable.typical or (variable.range or (0, np.inf))[1]
        if float(note.hi) > highest:
            outcome.query(i, Note("limit_not_low", detail=f"<{note.hi} {variable.unit}".rstrip()))


def _beyond(outcome: Outcome, i: int, kind: str, detail: str) -> None:
    if kind == "unusual":
        outcome.notes.setdefault(i, Note(kind, detail=detail))
        return
    limit = outcome.notes.get(i)
    if not (limit and limit.kind == "below_limit"):
        outcome.query(i, Note(kind, detail=detail))


def _still_open(outcome: Outcome, at: np.ndarray, *rest: np.ndarray) -> tuple[np.ndarray, ...]:
    """The indices that are still open, and what belongs to them."""
    left = outcome.status[at] == OPEN
    return at[left], *(part[left] for part in rest)


def _has_factor(outcome: Outcome, i: int, unit: str, target: Target, units: Units) -> bool:
    """Whether the unit that a cell names converts to the variable's: a note if it does, a query if it does not."""
    due = target.unit or target.variable.unit
    try:
        factor = units.factor(unit, target.variable)
    except ValueError:
        outcome.query(i, Note("unit_suspect", detail=f"{unit} in the cell cannot be converted to {due}"))
        return False
    if factor != units.factor(target.unit, target.variable):
        outcome.notes[i] = Note("unit_in_cell", detail=f"{unit} in the cell, {due} in the column")
    return True


def _written_number(outcome: Outcome, i: int, word: str, factor: float) -> float:
    """A limit or a range as its value (before scaling), with its note; NaN for what is none."""
    limit = LIMIT.match(word)
    if not limit and (worded := LIMIT_WORD.match(word)):
        limit = LIMIT.match(f"{'<' if worded[2] in BELOW else '>'}{worded[1]}")
    if limit:
        bound = _float(limit[2])
        shown = _shown(bound * factor)
        if limit[1] in "<≤":
            outcome.notes[i] = Note("below_limit", "0", shown)
            return 0.0
        outcome.notes[i] = Note("above_limit", shown, "")
        return bound
    between = BETWEEN.match(word)
    if between and _float(between[1]) <= _float(between[2]):
        low, high = _float(between[1]), _float(between[2])
        outcome.notes[i] = Note("range_midpoint", _shown(low * factor), _shown(high * factor))
        return (low + high) / 2
    return np.nan


def _float(text: str) -> float:
    return float(text.replace(",", ""))


def _shown(value: float) -> str:
    return f"{value:.12g}"


class Units:
    """Factors from declared to canonical units; the units library is only loaded if one differs."""

    def __init__(self, dictionary: Dictionary):
        self.dictionary = dictionary
        self._known: dict[tuple[str, str, str], float] = {}
        spelled = {_unit_key(unit): unit for unit in reversed(dictionary.units)}
        self._spelled = dict(sorted(spelled.items(), key=lambda pair: -len(pair[0])))

    def split(self, word: str, target: Target) -> tuple[str, str]:
        """A comparable text as what stands before its unit, and the unit if it differs from the column's ("": none)."""
        if not target.variable.unit:
            return word, ""
        text = _unit_key(word)
        found = next((known for known in self._spelled if text.endswith(known)), "")
        if not found:
            return word, ""
        rest = word[: len(word) - len(found)].rstrip(TIMES if found[0].isdigit() else " ")
        same = (_unit_key(target.unit), _unit_key(target.unit or target.variable.unit))
        return (rest, "") if found in same else (rest, self._spelled[found])

    def is_named(self, unit: str, text: str) -> bool:
        """Whether a text (g/L; nmol/L or ug/L) names this unit."""
        return bool(unit) and _unit_key(unit) in _unit_key(text).split()

    def factor(self, unit: str, variable: Variable) -> float:
        """What a value in `unit` is multiplied by. Raises ValueError if the units measure different things."""
        if not unit or unit == variable.unit:
            return 1.0
        asked = (unit, variable.unit, variable.analyte)
        if asked not in self._known:
            self._known[asked] = self._convert(*asked)
        return self._known[asked]

    def _convert(self, unit: str, to: str, analyte: str) -> float:
        import pint

        registry = _registry()
        spelled = self.dictionary.units
        quantity = registry.Quantity(spelled[unit])
        quantity = quantity if isinstance(quantity, registry.Quantity) else registry.Quantity(quantity)
        goal = registry.Quantity(spelled[to])
        try:
            if analyte:
                mass = registry.Quantity(self.dictionary.analytes[analyte], "g/mol")
                quantity = quantity.to(goal.units, "chemistry", mw=mass)
            else:
                quantity = quantity.to(goal.units)
        except (pint.DimensionalityError, ZeroDivisionError):  # the latter from a share, which is no concentration
            raise ValueError(f"{unit} cannot be converted to {to}") from None
        return float(quantity.magnitude / goal.magnitude)


def _unit_key(unit: str) -> str:
    """A unit as it is compared: whatever its case and its letter for micro."""
    return key(unit).replace("μ", "u")


def _registry():
    global _REGISTRY
    if _REGISTRY is None:
        import pint

        _REGISTRY = pint.UnitRegistry()
    return _REGISTRY


_REGISTRY = None
