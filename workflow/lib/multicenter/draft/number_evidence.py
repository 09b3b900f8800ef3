"""Numbers: the unit from the header, else from the distribution, and only if no other unit fits as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from multicenter.dictionary import Variable
from multicenter.draft.evidence import ALL, Fit, Question, Reader, part, queried, words_for_missing
from multicenter.draft.facts import shown_values
from multicenter.harmonize.cells import MAPPED, QUERY
from multicenter.harmonize.check_source import unit_problems
from multicenter.harmonize.columns import UNIT_RATIO

FEWEST_VALUES = 5  # fewer say nothing about a unit
MISSING_NUMBERS = (9, 99, 999, 9999, -1, -9, -99, 99.9, 999.9)
HEAPED = 3  # such a number is a missing code if it stands so often, and so many times more often than any other
COUNTED = re.compile(r"^(\D*)(\d+)(\D*)$")
IN_RANGE = 0.5  # a column with fewer plausible numbers is another one
FRINGE = 0.05  # of the cells in a zone that fits another unit or meaning


def weigh_numbers(reader: Reader, q: Question, usual: Mapping[str, float]) -> Fit | None:
    """How the values of a column fit a number or a whole number; None if they are none.

    usual: address → median to expect (of the pooled data, else the dictionary's `typical`).
    """
    facts = q.facts
    if facts.kinds()["date"] or not len(facts.distinct):
        return None
    idle = reader.idle(facts)
    live = [i for i in range(len(facts.distinct)) if i not in set(idle)]
    if not live:
        return None
    spec: dict[str, Any] = {"to": q.address}
    if idle and words_for_missing(facts, idle):
        spec["missing"] = words_for_missing(facts, idle)
    trace = [facts.distinct.text[i].strip() for i in live if facts.distinct.key[i] in reader.below]
    if trace:
        spec["below_detection"] = trace
        live = [i for i in live if facts.distinct.key[i] not in reader.below]
    told = [i for i in live if facts.texts[i].strip() != facts.distinct.text[i].strip()]
    if told and q.variable.type != "integer":
        return None
    if q.variable.type == "integer":
        found = _counted(reader, q, spec, live)
        if found:
            return found
    fit = _measured(reader, q, spec, live, usual)
    if fit and told:
        fit.ask.append(f"the codes have labels: {', '.join(shown_values(facts, told))}; are they the numbers?")
    return fit


def _counted(reader: Reader, q: Question, spec: dict[str, Any], live: list[int]) -> Fit | None:
    """Whole numbers behind the same letters in every cell: `G2`, `ECOG 1`, `#4`."""
    words = [COUNTED.match(q.facts.distinct.plain[i]) for i in live]
    if not all(words) or any(not (w[1] or w[3]) for w in words):
        return None
    around = {(w[1], w[3]) for w in words}
    if len(around) != 1:
        return None
    before, after = around.pop()
    pattern = f"{re.escape(before).replace(chr(92) + ' ', ' ')}(\\d+){re.escape(after).replace(chr(92) + ' ', ' ')}"
    whole = {**spec, "pattern": pattern}
    outcome = reader.read(q.facts, whole, q.row_is)[q.slot]
    good = _mapped_share(outcome.status, q.facts.counts, live)
    fit = Fit(good, whole, [f"all values are a number in {before!r} … {after!r}"])
    return fit if good >= ALL else None


def _measured(
    reader: Reader, q: Question, spec: dict[str, Any], live: list[int], usual: Mapping[str, float]
) -> Fit | None:
    facts, variable = q.facts, q.variable
    unit, maybe, asks = _unit(reader, q, spec, live, usual)
    whole = {**spec, "unit": unit} if unit and unit != "?" else dict(spec)
    outcome = reader.read(facts, whole, q.row_is)[q.slot]
    numbers = outcome.read if outcome.read is not None else outcome.value
    seen = part(facts, live)
    is_number = ~np.isnan(np.asarray(numbers, dtype="float64"))[live]
    share = float(seen.counts[is_number].sum() / seen.filled) if seen.filled else 0.0
    if share < IN_RANGE:
        return None
    kinds = queried(outcome, facts.counts)
    off = (
        kinds.get("out_of_range", 0)
        + sum(n for kind, n in kinds.items() if kind not in ("out_of_range", "not_numeric"))
    ) / seen.filled
    if off > IN_RANGE and not asks and unit:
        return None
    if unit == "?":
        whole["unit"] = "?"
    fit = Fit(max(share - off, 0.1), whole, [_told(q, unit)] if unit and unit != "?" else [], asks, units=maybe)
    lost = [
        i
        for i in live
        if outcome.status[i] == QUERY and outcome.notes.get(i) and outcome.notes[i].kind == "not_numeric"
    ]
    if lost:
        fit.ask.append(f"values that are no {variable.type}: {', '.join(shown_values(facts, lost))}")
    possible = [unit] if unit not in ("", "?") else maybe
    heaped = _heaped(facts, live, variable, [reader.units.factor(u, variable) for u in possible or [variable.unit]])
    if heaped:
        fit.spec["codes"] = {facts.distinct.text[i].strip(): "?" for i in heaped}
        cells = ", ".join(f"{facts.distinct.text[i].strip()} (in {int(facts.counts[i])} cells)" for i in heaped)
        fit.ask.append(f"does {cells} mean missing?")
    if off > FRINGE:
        fit.ask.append(f"{off:.0%} of the values are not plausible; another unit or meaning?")
    fit.why.append(f"{share:.0%} numbers, {1 - min(off, 1):.0%} of them plausible")
    return fit


def _told(q: Question, unit: str) -> str:
    return f"the header gives {q.header.unit_text}" if q.header.units else f"only {unit} fits the distribution"


def _unit(
    reader: Reader, q: Question, spec: dict[str, Any], live: list[int], usual: Mapping[str, float]
) -> tuple[str, list[str], list[str]]:
    """The column's unit ("?": not known, "": none), those that it may be then, and what has to be asked about it."""
    variable, text = q.variable, q.header.unit_text
    if not variable.unit:
        return "", [], []
    fitting = _fitting(reader, q, spec, live, usual)
    named = [unit for unit in q.header.units if not unit_problems("", unit, variable, reader.dictionary)]
    if named:
        if fitting is None or named[0] in fitting:
            return named[0], [], []
        likely = f" ({fitting[0]} would fit)" if fitting else ""
        return named[0], [], [f"the header says {text}, which does not fit the distribution{likely}"]
    if text and not q.header.units:
        return "?", [], [f"the header's unit {text!r} is not one that {variable.unit} can be made of"]
    if text:
        return "?", [], [f"the header's unit {text!r} measures something else"]
    if variable.type == "integer":
        return "", [], []
    if fitting is None:
        fitting = [unit for unit in reader.dictionary.units if not unit_problems("", unit, variable, reader.dictionary)]
        what = "no unit in the header, and nothing to compare with"
    else:
        what = "no unit in the header; by the distribution"
    maybe = _by_factor(reader, fitting, variable)
    if len(maybe) == 1:
        return maybe[0], [], []
    return "?", maybe, [f"{what}: it may be {' or '.join(maybe[:4]) or 'none of the known units'}"]


def _fitting(
    reader: Reader, q: Question, spec: dict[str, Any], live: list[int], usual: Mapping[str, float]
) -> list[str] | None:
    """The units with which the median is near the usual one, best first; None if that cannot be told."""
    typical = usual.get(q.variable.address)
    outcome = reader.read(q.facts, {**spec, "unit": q.variable.unit}, q.row_is)[q.slot]
    numbers = outcome.read if outcome.read is not None else outcome.value
    values = np.repeat(numbers[live], q.facts.counts[live])
    values = values[values > 0]
    if not typical or len(values) < FEWEST_VALUES:
        return None
    median, found = float(np.median(values)), []
    for unit in reader.dictionary.units:
        if unit_problems("", unit, q.variable, reader.dictionary):
            continue
        ratio = median * reader.units.factor(unit, q.variable) / typical
        if 1 / UNIT_RATIO <= ratio <= UNIT_RATIO:
            found.append((abs(np.log(ratio)), unit != q.variable.unit, unit))
    return [unit for *_, unit in sorted(found)]


def _by_factor(reader: Reader, units: list[str], variable: Variable) -> list[str]:
    """One unit for each factor; the variable's own before its equals."""
    found: dict[float, str] = {}
    for unit in sorted(units, key=lambda u: u != variable.unit):
        found.setdefault(round(reader.units.factor(unit, variable), 12), unit)
    return list(found.values())


def _heaped(facts: Any, live: list[int], variable: Variable, factors: list[float]) -> list[int]:
    """Numbers such as 99 that stand so often, or so far outside in every unit, that they may mean missing."""
    found = []
    counts = sorted((int(facts.counts[i]) for i in live), reverse=True)
    for i in live:
        number, n = float(facts.distinct.number[i]), int(facts.counts[i])
        if np.isnan(number):
            text = facts.distinct.plain[i]
            number = float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else np.nan
        if number not in MISSING_NUMBERS:
            continue
        low, high = variable.range or (-np.inf, np.inf)
        outside = not any(low <= number * factor <= high for factor in factors)
        others = counts[1] if len(counts) > 1 and counts[0] == n else counts[0]
        if outside or (n >= HEAPED and n >= HEAPED * others and variable.type == "number"):
            found.append(i)
    return found


def _mapped_share(status: np.ndarray, counts: np.ndarray, live: list[int]) -> float:
    whole = counts[live].sum()
    return float(counts[[i for i in live if status[i] == MAPPED]].sum() / whole) if whole else 0.0
