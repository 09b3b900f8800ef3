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
WHOLE = re.compile(rf"^{NUMBER}$")


def settle_numbers(distinct: Distinct, outcome: Outcome, target: Target, factor: float) -> None:
    """Decide every open value of a number or integer column (in place), multiplied by `factor` to canonical units.

    `<x` is 0 with bounds 0 and x; `>x` is x with lower bound x; `a-b` is its midpoint; each with a note. What is no
    number is not_numeric (query, set missing); so is a fraction where a whole number is due.
    """
    at = np.flatnonzero(outcome.status == OPEN)
    values = distinct.number[at].copy()
    texts = np.flatnonzero(np.isnan(values))
    if len(texts):
        words = pd.Series([_bare(distinct.key[at[t]], target) for t in texts])
        parsed = pd.to_numeric(words, errors="coerce").to_numpy(dtype="float64").copy()
        parsed[~np.isfinite(parsed)] = np.nan
        values[texts] = parsed
        for t, word in zip(texts[np.isnan(parsed)], words[np.isnan(parsed)], strict=True):
            values[t] = _written_number(outcome, int(at[t]), word, factor)
    known = ~np.isnan(values)
    scaled = tidy(values * factor)
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


def check_numbers(outcome: Outcome, variable: Variable) -> None:
    """Compare canonical values with the variable's suspect zone, hard and usual range (in place).

    Values that are limits or midpoints keep their own note and are judged by the hard range alone.
    """
    mapped = outcome.status == MAPPED
    values = outcome.value
    with np.errstate(invalid="ignore"):
        if variable.suspect:
            zone = mapped & (values > variable.suspect.above) & (values <= variable.suspect.up_to)
            for i in np.flatnonzero(zone):
                outcome.query(int(i), Note(variable.suspect.kind, detail=f"fits {variable.suspect.hint}"))
        mapped = outcome.status == MAPPED
        for bounds, kind in ((variable.range, "out_of_range"), (variable.usual, "unusual")):
            if bounds is None:
                continue
            beyond = mapped & ((values < bounds[0]) | (values > bounds[1]))
            for i in np.flatnonzero(beyond & (outcome.status == MAPPED)):
                _beyond(outcome, int(i), kind, bounds)


def check_dates(outcome: Outcome, variable: Variable) -> None:
    """Compare dates with the variable's hard and usual range (in place)."""
    for bounds, kind in ((variable.range, "out_of_range"), (variable.usual, "unusual")):
        if bounds is None:
            continue
        low, high = np.datetime64(bounds[0]), np.datetime64(bounds[1])
        beyond = (outcome.status == MAPPED) & ((outcome.value < low) | (outcome.value > high))
        for i in np.flatnonzero(beyond):
            _beyond(outcome, int(i), kind, bounds)


def _beyond(outcome: Outcome, i: int, kind: str, bounds: tuple) -> None:
    detail = f"{bounds[0]} to {bounds[1]}"
    if kind == "out_of_range":
        limit = outcome.notes.get(i)
        if limit and limit.kind in ("below_limit", "above_limit"):
            return
        outcome.query(i, Note(kind, detail=detail))
    else:
        outcome.notes.setdefault(i, Note(kind, detail=detail))


def _bare(word: str, target: Target) -> str:
    """The text without the column's own unit or a percent sign, and without thousands separators."""
    for unit in (key(target.unit), key(target.variable.unit)):
        if unit and word.endswith(unit):
            word = word[: -len(unit)].rstrip()
            break
    if "," in word and WHOLE.match(word):
        word = word.replace(",", "")
    return word


def _written_number(outcome: Outcome, i: int, word: str, factor: float) -> float:
    """A limit or a range as its value (before scaling), with its note; NaN for what is none."""
    limit = LIMIT.match(word)
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


def _registry():
    global _REGISTRY
    if _REGISTRY is None:
        import pint

        _REGISTRY = pint.UnitRegistry()
    return _REGISTRY


_REGISTRY = None
