"""Dates: typed ones, texts whose values prove their order, numbers of a date system; what is ambiguous is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from multicenter.dictionary import Variable
from multicenter.draft.evidence import ALL, MOST, Fit, Question, Reader, words_for_missing
from multicenter.draft.facts import Facts, shown_values
from multicenter.harmonize.cells import MAPPED, Outcome
from multicenter.harmonize.columns import CENTURY, ORDERS
from multicenter.harmonize.dates import SYSTEMS, TIME_BEHIND, settle_dates
from multicenter.harmonize.spec import Dates

PARTS = re.compile(r"^\D*\d+\D+(?:\d+|[a-z]{3})\D+\d+\D*$")
PARTIAL = re.compile(r"^\d{1,4}\D+\d{1,2}$|^[a-z]{3}\D\d{2,4}$")
ADJACENT = re.compile(r"^\d{8}$")
NAMED = re.compile(r"^\d{1,2}[a-z]{3}\d{2,4}$")  # 01mar2019
PARTIAL_ORDERS = (("YY", "MM"), ("MM", "YYYY"), ("MM", "YY"), ("Mon", "YYYY"), ("Mon", "YY"))
READABLE = 0.5  # a column of which less is a date is none
CLEAR = 0.1  # by which the best way to read dates is ahead of all others, if both read most of them
STATA = "stata"
ANY_DATE = Variable(table="", name="", label="", type="date")


def weigh_dates(reader: Reader, q: Question) -> Fit | None:
    """How the values of a column fit a date; None if they are none."""
    facts = q.facts
    idle = set(reader.idle(facts))
    live = [i for i in range(len(facts.distinct)) if i not in idle]
    if not live or facts.labels:
        return None
    words = [i for i in live if not re.search(r"\d", facts.distinct.text[i]) and not facts.distinct.is_stamp[i]]
    heaped = [i for i in live if re.fullmatch(r"-?9{1,4}", facts.distinct.plain[i])]
    words += heaped
    dated = [i for i in live if i not in words]
    if not dated or facts.counts[dated].sum() < READABLE * (facts.counts[live].sum() - facts.counts[heaped].sum()):
        return None
    spec: dict[str, Any] = {"to": q.address}
    if words_for_missing(facts, sorted(idle)):
        spec["missing"] = words_for_missing(facts, sorted(idle))
    fit = _written(q, spec, dated, reader.kind)
    if fit and words:
        fit.words = words
        fit.ask.append(f"words among the dates: {', '.join(shown_values(facts, words))}; what do they mean?")
    return fit


def ways(words: list[str], numbers: bool, kind: str) -> Iterator[dict[str, Any]]:
    """Ways to declare how dates are written that are not read without: formats of texts, systems of bare numbers."""
    for mark in _marks([word for word in words if PARTS.match(word)]):
        for order in ORDERS:
            yield _way(mark.join(order))
    if any(ADJACENT.match(word) for word in words):
        yield {"formats": ["YYYYMMDD"]}
    if any(NAMED.match(word) for word in words):
        yield from (_way("".join(order)) for order in ORDERS if "Mon" in order)
    if numbers or any(re.fullmatch(r"\d{5,11}", word) for word in words):
        for system in SYSTEMS:
            if (system == STATA) == (kind == "dta") or system not in ("sas", STATA):
                yield {"system": system}


def read_dates(facts: Facts, way: dict[str, Any]) -> Outcome:
    """The distinct values as dates, with no range: each way is read once a column, whatever it may mean."""
    form = json.dumps(way, sort_keys=True)
    if form not in facts.as_dates:
        outcome = Outcome.opened(len(facts.distinct), "datetime64[ns]")
        century = way.get("two_digit_years")
        dates = Dates(tuple(way.get("formats", ())), way.get("system", ""), century)
        settle_dates(facts.distinct, outcome, dates, ANY_DATE)
        facts.as_dates[form] = outcome
    return facts.as_dates[form]


def are_dates(facts: Facts) -> bool:
    """Whether most values are dates by their type or their form; a bare number is none."""
    words = [day_of(facts, i) for i in range(len(facts.distinct))]
    words = [word for word in words if any(form.match(word) for form in (PARTS, ADJACENT, NAMED))]
    marked = [way for way in ways(words, False, "") if "formats" in way]
    outcomes = [read_dates(facts, with_century(way)) for way in [{}, *marked]]
    return any(facts.counts[o.status == MAPPED].sum() > MOST * facts.filled for o in outcomes)


def unread(facts: Facts, at: list[int]) -> tuple[list[str], bool]:
    """What is left of some values when only undeclared forms are read: texts, and whether numbers are among them."""
    plain = read_dates(facts, {})
    left = [i for i in at if plain.status[i] != MAPPED]
    words = [day_of(facts, i) for i in left if np.isnan(facts.distinct.number[i])]
    return words, len(words) < len(left)


def day_of(facts: Facts, i: int) -> str:
    """A distinct value in the form that is compared, without a time of day behind it."""
    return TIME_BEHIND.sub("", facts.distinct.key[i])


def _marks(words: list[str]) -> list[str]:
    found = {re.sub(r"[\da-z]", "", w)[:1] for w in words}
    return sorted(mark for mark in found if mark and not mark.isalnum())


def _way(form: str) -> dict[str, Any]:
    return {"formats": [form]} if "YYYY" in form else {"formats": [form], "two_digit_years": 0}


def _written(q: Question, spec: dict[str, Any], dated: list[int], kind: str) -> Fit | None:
    facts = q.facts
    plain = _share(q, {}, dated)
    if plain >= ALL:
        return _decided(q, spec, {}, dated, "typed dates" if facts.distinct.is_stamp[dated].all() else "year first")
    words, numbers = unread(facts, dated)
    found = [
        (plain, {}),
        *((_share(q, way, dated), way) for way in (_with_century(w, q) for w in ways(words, numbers, kind))),
    ]
    best = _extended(q, dated, max(found, key=lambda pair: pair[0]))
    if best[0] < READABLE:
        return None
    rivals = [way for good, way in found if way and _other(way, best[1]) and good > min(MOST, best[0] - CLEAR)]
    fit = _decided(q, spec, best[1], dated, _shown_way(best[1]))
    if rivals and best[1]:
        shown = " or ".join(_shown_way(way) for way in [best[1], *rivals[:3]])
        fit.ask.append(f"the dates can be read as {shown}")
        fit.others = [{**spec, "dates": way} for way in rivals[:3]]
    elif best[0] < ALL:
        read = _read(q, best[1])
        lost = [i for i in dated if i not in read]
        fit.ask.append(f"cannot be read or are out of range: {', '.join(shown_values(facts, lost))}")
    return fit


def _extended(q: Question, dated: list[int], best: tuple[float, dict[str, Any]]) -> tuple[float, dict[str, Any]]:
    """Further formats for what the best way leaves: months without a day, a second way to write."""
    good, way = best
    if "system" in way:
        return best
    read = _read(q, way)
    words = [day_of(q.facts, i) for i in dated if i not in read]
    marks = _marks([word for word in words if PARTIAL.match(word)])
    forms = [mark.join(order) for order in PARTIAL_ORDERS for mark in marks]
    for form in [*forms, *(["YYYYMMDD"] if any(ADJACENT.match(word) for word in words) else [])]:
        more = {**way, "formats": [*way.get("formats", ()), form]}
        if "YYYY" not in form and "two_digit_years" not in more:
            continue
        better = _share(q, more, dated)
        if better > good + 1e-9:
            good, way = better, more
    return good, way


def _with_century(way: dict[str, Any], q: Question) -> dict[str, Any]:
    """Two-digit years belong to the hundred that begins with the variable's earliest year."""
    return with_century(way, int(str(q.variable.range[0])[:4]) if q.variable.range else CENTURY)


def with_century(way: dict[str, Any], first: int = CENTURY) -> dict[str, Any]:
    """A way to write dates with the first of its two-digit years, if it has such."""
    return {**way, "two_digit_years": min(max(first, 1850), 2000)} if "two_digit_years" in way else way


def _share(q: Question, way: dict[str, Any], dated: list[int]) -> float:
    read = _read(q, way)
    return float(q.facts.counts[[i for i in dated if i in read]].sum() / q.facts.counts[dated].sum())


def _read(q: Question, way: dict[str, Any]) -> set[int]:
    """The distinct values that are dates in the variable's range under a way to write them."""
    outcome = read_dates(q.facts, way)
    good = outcome.status == MAPPED
    if q.variable.range:
        low, high = (np.datetime64(bound) for bound in q.variable.range)
        good &= (outcome.value >= low) & (outcome.value <= high)
    return {int(i) for i in np.flatnonzero(good)}


def _decided(q: Question, spec: dict[str, Any], way: dict[str, Any], dated: list[int], how: str) -> Fit:
    read = _read(q, way)
    at = [i for i in dated if i in read]
    days = np.sort(np.repeat(read_dates(q.facts, way).value[at], q.facts.counts[at]))
    years = f", {str(days[len(days) // 20])[:4]} to {str(days[-1 - len(days) // 20])[:4]}" if len(days) else ""
    good = _share(q, way, dated)
    return Fit(good, {**spec, **({"dates": way} if way else {})}, [f"{good:.0%} dates ({how}{years})"])


def _other(way: dict[str, Any], best: dict[str, Any]) -> bool:
    """Whether two ways can give different dates for the same cell."""
    return way.get("formats", [None])[0] != best.get("formats", [None])[0] or way.get("system") != best.get("system")


def _shown_way(way: dict[str, Any]) -> str:
    if not way:
        return "year first"
    return f"numbers of {way['system']}" if "system" in way else ", ".join(way["formats"])
