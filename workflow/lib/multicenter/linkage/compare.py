"""Comparing pairs of records: the evidence for and against their being of one patient, in bits.

After Fellegi IP, Sunter AB. A theory for record linkage. J Am Stat Assoc 1969;64:1183-1210. Each item weighs
log2(m / u): m is the probability of its result if both records are of one patient, u if they are of two. The score is
the sum, which supposes that the items are independent given who the patients are. u is that of the very values in the
pooled data, so that agreeing in a rare value weighs more (Winkler WE. Frequency-based matching in Fellegi-Sunter model
of record linkage. US Bureau of the Census, Statistical Research Report RR2000/06); small differences are a result of
their own between agreement and disagreement (Winkler WE. String comparator metrics and enhanced decision rules in the
Fellegi-Sunter model of record linkage. Proc Survey Res Methods, ASA 1990:354-359).

A hospital may have shifted all dates of a patient by a constant, so what is compared is the time between dates. The
shift in which most of a pair's dates agree is found first. A date that fits this shift is compared as the days since
the fitting date before it, so that no stretch of time counts twice; a date that does not fit counts once. Whether there
is a shift at all is an item of its own, the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from multicenter.linkage.chance import AGREE, MISSING, results_of, weights_of
from multicenter.linkage.records import Records

NOWHERE = -1


@dataclass(frozen=True)
class Item:
    """One thing compared in p pairs: both values, the result and its weight in bits, each (p,).

    name: the variable or date. origin: (p,) the position of the date from which days are counted, or NOWHERE (the date
    itself is the value); of the calendar the date that is compared; None for a variable.
    """

    name: str
    left: np.ndarray
    right: np.ndarray
    result: np.ndarray
    weight: np.ndarray
    origin: np.ndarray | None = None


@dataclass(frozen=True)
class Comparison:
    """p compared pairs: their items, and the shift (p,) in days from the left to the right record's dates."""

    calendar: Item
    intervals: list[Item]
    variables: list[Item]
    shift: np.ndarray

    @property
    def score(self) -> np.ndarray:
        """The sum of the weights (p,)."""
        return sum(item.weight for item in (self.calendar, *self.intervals, *self.variables))


def compare(records: Records, left: np.ndarray, right: np.ndarray) -> Comparison:
    """Compare the records at the positions `left` (p,) with those at `right` (p,), pair by pair."""
    spec = records.spec["dates"]
    difference = np.stack([column[right] - column[left] for column in records.days])
    anchor = _anchor(difference, spec)
    shift = difference[anchor, np.arange(len(left))]
    fits = results_of(difference - shift, spec)
    return Comparison(
        calendar=_calendar(records, left, right, anchor, shift),
        intervals=_intervals(records, left, right, fits),
        variables=[_variable(records, left, right, name) for name in records.values],
        shift=shift,
    )


def _anchor(difference: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Return the date (p,) whose shift most other dates share, exactly before closely; of several the one with the
    smallest shift, then the first.

    difference: (d, p) days from each date of the left record to the same date of the right one.
    """
    support = np.empty(difference.shape)
    for position, shift in enumerate(difference):
        away = np.abs(difference - shift)
        support[position] = np.count_nonzero(away <= spec.get("agree_within", 0), axis=0) * len(difference)
        support[position] += np.count_nonzero(away <= spec.get("close_within", 0), axis=0)
    size = np.abs(difference)
    return np.argmax(np.where(np.isnan(size), -np.inf, support - size / (1 + size)), axis=0)


def _calendar(records: Records, left: np.ndarray, right: np.ndarray, anchor: np.ndarray, shift: np.ndarray) -> Item:
    spec, days = records.spec["calendar"], records.days
    result = results_of(shift, spec)
    weight = weights_of(result, records.calendar_chance.of_pairs(left, right, anchor), spec)
    return Item("", days[anchor, left], days[anchor, right], result, weight, anchor)


def _intervals(records: Records, left: np.ndarray, right: np.ndarray, fits: np.ndarray) -> list[Item]:
    """Each date as the days since the last date before it that fits the shift (of the first ones: until that date)."""
    spec, days = records.spec["dates"], records.days
    core = fits == AGREE
    origin = np.where(core.any(axis=0), core.argmax(axis=0), NOWHERE)
    items = []
    for position, name in enumerate(records.dates):
        result = np.where(origin == position, MISSING, fits[position])
        chances = records.interval_chance.of_pairs(left, right, records.interval_column[origin, position])
        start = [np.where(origin == NOWHERE, 0, days[origin, side]) for side in (left, right)]
        values = [days[position, side] - since for side, since in zip((left, right), start, strict=True)]
        items.append(Item(name, *values, result, weights_of(result, chances, spec), origin))
        origin = np.where(core[position], position, origin)
    return items


def _variable(records: Records, left: np.ndarray, right: np.ndarray, name: str) -> Item:
    spec, values = records.spec["variables"][name], records.values[name]
    result = results_of(values[right] - values[left], spec)
    chances = records.variable_chance[name].of_pairs(left, right)
    return Item(name, values[left], values[right], result, weights_of(result, chances, spec))
