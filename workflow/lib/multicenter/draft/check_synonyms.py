"""The synonyms of variables.yaml checked against the tables, units, code lists and readers that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from multicenter.errors import did_you_mean


def check_synonyms(dictionary: Mapping[str, Any], codes: Mapping[str, Any]) -> list[str]:
    """Return one line for each name in `synonyms` that does not exist, or form that is no regular expression."""
    spec = dictionary.get("synonyms", {})
    problems = _unknown("synonyms.units", "unit", spec.get("units", {}), dictionary.get("units", {}))
    tables = dictionary["tables"]
    problems += _unknown("synonyms.tables", "table", spec.get("tables", {}), tables)
    for table, entry in spec.get("tables", {}).items():
        known = tables.get(table, {}).get("variables", {})
        where = f"synonyms.tables.{table}.variables"
        problems += _unknown(where, "variable", entry.get("variables", {}), known) if known else []
        for name, hints in entry.get("variables", {}).items():
            if name in known:
                problems += _hint_problems(f"{where}.{name}", hints, known, known[name], codes)
    return problems


def _hint_problems(
    where: str,
    hints: Mapping[str, Any],
    known: Mapping[str, Any],
    variable: Mapping[str, Any],
    codes: Mapping[str, Any],
) -> Iterator[str]:
    lists, readers = codes.get("lists", {}), codes.get("readers", {})
    named = [*hints.get("lists", ()), *([hints["prefixes"]] if "prefixes" in hints else [])]
    yield from _unknown(where, "code list", named, lists)
    yield from _unknown(where, "reader", [name for names in hints.get("readers", ()) for name in names], readers)
    others = [*(hints[name] for name in ("told_by", "year_of") if name in hints), *hints.get("counted_ages", ())]
    yield from _unknown(where, "variable", others, known)
    yield from _unknown(where, "level", hints.get("levels", {}), variable.get("levels", {}))
    try:
        re.compile(hints.get("looks_like", ""))
    except re.error as error:
        yield f"{where}.looks_like: the regular expression is not valid ({error})."


def _unknown(where: str, what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    return [f"{where}: there is no {what} {name!r}.{did_you_mean(name, known)}" for name in names if name not in known]
