"""From the distinct values of one column to the canonical values of one variable."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from unicodedata import normalize

import numpy as np

from multicenter.harmonize.cells import MAPPED, MISSING, OPEN, UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.dates import settle_dates
from multicenter.harmonize.numbers import Units, check_dates, check_numbers, settle_numbers
from multicenter.harmonize.spec import NOTHING, Target
from multicenter.harmonize.words import plain

PERCENT = "%"


def convert(distinct: Distinct, target: Target, units: Units) -> Outcome:
    """Decide every distinct value of a column for one variable.

    In this order: spreadsheet errors, declared codes, ambiguous codes, missing codes, then the variable's type. An
    UNMAPPED status is left for values that nothing in the center file explains.
    """
    variable = target.variable
    dtype = {"integer": "float64", "flag": "float64"}.get(variable.type, variable.dtype)
    outcome = Outcome.opened(len(distinct), dtype)
    if target.empty is not NOTHING and target.empty is not None:
        outcome.blank = (_value(target.empty, variable.type), MAPPED, "blank, declared to mean this")
    _settle_codes(distinct, outcome, target)
    if target.pattern is not None:
        distinct = _narrowed(distinct, outcome, target)
    _settle_type(distinct, outcome, target, units)
    return outcome


def _settle_codes(distinct: Distinct, outcome: Outcome, target: Target) -> None:
    numeric = target.variable.type in ("number", "integer", "date")
    for i, word in enumerate(distinct.key):
        if distinct.is_error[i]:
            outcome.query(i, Note("formula_error"))
        elif word in target.codes:
            value = target.codes[word]
            if value is None:
                outcome.settle(i, outcome.nothing(), MISSING, reason="the code means missing")
            else:
                outcome.settle(i, _value(value, target.variable.type))
        elif word in target.ambiguous:
            outcome.query(i, Note("ambiguous_code"))
        elif word in target.missing:
            outcome.settle(i, outcome.nothing(), MISSING, reason="missing code")
        elif numeric and word in target.below:
            outcome.settle(i, 0.0, MAPPED, Note("below_limit", "0", ""))
        elif target.otherwise is not NOTHING:
            if target.otherwise is None:
                outcome.settle(i, outcome.nothing(), MISSING, reason="says nothing about this variable")
            else:
                outcome.settle(i, _value(target.otherwise, target.variable.type))
                outcome.by_class[i] = True


def _narrowed(distinct: Distinct, outcome: Outcome, target: Target) -> Distinct:
    """The values with only the part that the pattern's group names; codes are looked up again in that part."""
    parts: list[object] = list(distinct.values)
    for i in np.flatnonzero(outcome.status == OPEN):
        match = target.pattern.fullmatch(plain(distinct.text[i]))
        if match:
            parts[i] = next((g for g in match.groups() if g is not None), "")
    narrowed = Distinct.__new__(Distinct)
    narrowed.__dict__.update(_aligned(parts, distinct))
    for i in np.flatnonzero(outcome.status == OPEN):
        if narrowed.key[i] in target.codes and target.codes[narrowed.key[i]] is not None:
            outcome.settle(i, _value(target.codes[narrowed.key[i]], target.variable.type))
    return narrowed


def _aligned(parts: list[object], distinct: Distinct) -> dict[str, object]:
    """A Distinct whose values are `parts`, one for each value of `distinct` (they need not be distinct any more)."""
    fresh = Distinct(parts)
    at = fresh.codes
    return {
        "codes": distinct.codes,
        "values": parts,
        "text": [fresh.text[j] if j >= 0 else "" for j in at],
        "plain": [fresh.plain[j] if j >= 0 else "" for j in at],
        "key": [fresh.key[j] if j >= 0 else "" for j in at],
        "number": np.array([fresh.number[j] if j >= 0 else np.nan for j in at], dtype="float64"),
        "stamps": [fresh.stamps[j] if j >= 0 else None for j in at],
        "is_stamp": np.array([fresh.is_stamp[j] if j >= 0 else False for j in at], dtype=bool),
        "is_error": np.array([fresh.is_error[j] if j >= 0 else False for j in at], dtype=bool),
    }


def _settle_type(distinct: Distinct, outcome: Outcome, target: Target, units: Units) -> None:
    variable = target.variable
    if variable.type == "date":
        settle_dates(distinct, outcome, target.dates, variable)
        check_dates(outcome, variable)
    elif variable.type in ("number", "integer"):
        settle_numbers(distinct, outcome, target, units)
        outcome.read = outcome.value.copy()
        check_numbers(outcome, target, units)
    elif variable.type == "flag" and target.positive_from is not None:
        _settle_percent(distinct, outcome, target, units)
    elif variable.type == "text":
        for i in np.flatnonzero(outcome.status == OPEN):
            outcome.settle(i, normalize("NFC", distinct.text[i]).strip())
            outcome.by_class[i] = True
    for i in np.flatnonzero(outcome.status == OPEN):
        outcome.settle(i, outcome.nothing(), UNMAPPED)


def _settle_percent(distinct: Distinct, outcome: Outcome, target: Target, units: Units) -> None:
    """Percentages of positive cells: positive from the declared cut-off on; a limit or range around it is a query."""
    scratch = Outcome.opened(len(distinct), "float64")
    scratch.status[outcome.status != OPEN] = MAPPED
    percent_of = replace(target, unit=PERCENT, variable=replace(target.variable, unit=PERCENT))
    settle_numbers(distinct, scratch, percent_of, units)
    for i in np.flatnonzero((outcome.status == OPEN) & (scratch.status == MAPPED)):
        percent, limits = scratch.value[i], scratch.notes.get(i)
        low = float(limits.lo or 0) if limits else percent
        high = float(limits.hi or 100) if limits else percent
        if not 0 <= low <= high <= 100:
            outcome.query(i, Note("out_of_range", detail="0 to 100 %"))
        elif low < target.positive_from <= high and limits:
            outcome.query(i, Note("ambiguous_code", detail=f"positive from {target.positive_from:g} %"))
        else:
            outcome.settle(i, float(percent > 0 and percent >= target.positive_from))
            outcome.by_class[i] = True


def _value(value: object, kind: str) -> object:
    if kind in ("integer", "flag", "number"):
        return float(value)
    return np.datetime64(value) if kind == "date" else value


def nearest(distinct: Distinct, i: int, target: Target) -> str:
    """The known code nearest to an unmapped value, or ""."""
    known = [*target.codes, *target.missing, *target.ambiguous]
    found = get_close_matches(distinct.key[i], known, n=1, cutoff=0.5)
    return found[0] if found else ""
