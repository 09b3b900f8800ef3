"""What can be wrong in one source of a center file whatever its columns mean: encoding, id, sheets, dates, units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from multicenter.dictionary import Dictionary, Variable
from multicenter.errors import did_you_mean

TOKEN = re.compile(r"YYYY|YY|Mon|MM|DD|M|D")
ENCODINGS = ("utf-8", "utf-16", "cp949", "euc-kr", "johab", "cp1252", "latin-1", "ascii")
# What unit words measure; a word that is not here is not judged.
MEASURES = {
    "g": {"mass": 1}, "mol": {"amount": 1}, "m": {"length": 1}, "L": {"length": 3}, "l": {"length": 3},
    "U": {"activity": 1}, "IU": {"activity": 1}, "s": {"time": 1}, "min": {"time": 1}, "h": {"time": 1},
    "hour": {"time": 1}, "d": {"time": 1}, "day": {"time": 1}, "week": {"time": 1}, "month": {"time": 1},
    "year": {"time": 1}, "percent": {}, "dimensionless": {},
}  # fmt: skip
SCALED = re.compile(r"[fpnuµmcdkMG](g|mol|m|L|l|U|IU|s)")
FACTOR = re.compile(r"([A-Za-zµ]+)(?:\^(-?\d+))?")


def source_problems(where: str, source: Mapping[str, Any], center: Mapping[str, Any]) -> list[str]:
    """Return one line for each mistake in how a source is read: encoding, id, ragged lines, sheets."""
    return [
        *_encoding_problems(where, source),
        *_id_problems(f"{where}.id", source.get("id")),
        *_ragged_problems(f"{where}.ragged.into", source),
        *_sheet_problems(f"{where}.ignore_sheets", source, center),
        *_hidden_problems(f"{where}.hidden_rows", source),
        *_footer_problems(f"{where}.ends_before", source),
    ]


def date_problems(where: str, dates: Mapping[str, Any]) -> list[str]:
    """Return one line for each date format that is none, cannot be read alone, or contradicts another one."""
    problems = []
    for form in dates.get("formats", ()):
        tokens = TOKEN.findall(form)
        if not tokens or len({t[0] for t in tokens if t != "Mon"}) + ("Mon" in tokens) != len(tokens):
            problems.append(f"{where}: {form!r} is no date format; write it with YYYY or YY, MM or Mon, DD.")
        if "YY" in tokens and "two_digit_years" not in dates:
            problems.append(
                f"{where}: {form!r} has two-digit years; declare two_digit_years (the first year, e.g. 1950)."
            )
        if [t[0] for t in tokens] == ["Y", "D", "M"] and tokens[0] == "YYYY":
            problems.append(f"{where}: {form!r}: a date that begins with a four-digit year is read year, month, day.")
    for one, other in combinations(dates.get("formats", ()), 2):
        if _shape(one) == _shape(other) and _meaning(one) != _meaning(other):
            problems.append(
                f"{where}: {one!r} and {other!r} read the same text in two ways; keep the one that the center writes."
            )
    return problems


def unit_problems(where: str, unit: str, variable: Variable, dictionary: Dictionary) -> list[str]:
    """Return what is wrong with the unit of a column that feeds a variable; [] if it has none."""
    units = dictionary.units
    if not unit:
        return []
    if unit not in units:
        return [f"{where}: there is no unit {unit!r}.{did_you_mean(unit, units)}"]
    if variable.type not in ("number", "integer"):
        return [f"{where}: {variable.name} is a {variable.type} and has no unit."]
    if not variable.unit:
        return [f"{where}: {variable.address} has no unit; leave {unit!r} out."]
    given, due = _measure(units[unit]), _measure(units.get(variable.unit, variable.unit))
    if given is None or due is None or given == due:
        return []
    if variable.analyte and _as_mass(given) == _as_mass(due):
        return []
    return [f"{where}: {unit!r} cannot be converted to {variable.unit!r}, the unit of {variable.address}."]


def regex_problems(where: str, pattern: str, needs_group: bool = False) -> list[str]:
    """Return what is wrong with a regular expression."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return [f"{where}: the regular expression {pattern!r} is not valid ({error})."]
    if needs_group and not compiled.groups:
        return [f"{where}: the regular expression {pattern!r} has no group; put what counts into round brackets."]
    return []


def _encoding_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    kind, encoding = source.get("format"), source.get("encoding")
    if kind not in ("csv", "tsv"):
        return []
    if not encoding:
        return [f"{where}: a {kind} needs its encoding; add 'encoding' ({', '.join(ENCODINGS[:4])} or another one)."]
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        return [f"{where}.encoding: there is no encoding {encoding!r}.{did_you_mean(encoding, ENCODINGS)}"]
    return []


def _id_problems(where: str, ident: Any) -> list[str]:
    if not isinstance(ident, Mapping) or "pattern" not in ident:
        return []
    return regex_problems(f"{where}.pattern", ident["pattern"], needs_group=True)


def _ragged_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    into = source.get("ragged", {}).get("into")
    columns = list(source.get("columns", {}))
    if into is None or into in columns:
        return []
    return [f"{where}: {into!r} is not among the columns of this source.{did_you_mean(into, columns)}"]


def _sheet_problems(where: str, source: Mapping[str, Any], center: Mapping[str, Any]) -> list[str]:
    ignored = source.get("ignore_sheets", {})
    if ignored and source.get("format") not in ("xlsx", "xls"):
        return [f"{where}: a {source.get('format')} has no sheets; leave it out."]
    readers: dict[str, str] = {
        other["sheet"]: name
        for name, other in center.get("sources", {}).items()
        if "sheet" in other and other.get("file") == source.get("file")
    }
    return [
        f"{where}: the sheet {sheet!r} is read by sources.{readers[sheet]}; take it out of here."
        for sheet in ignored
        if sheet in readers
    ]


def _hidden_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    if "hidden_rows" not in source or source.get("format") in ("xlsx", "xls"):
        return []
    return [f"{where}: a {source.get('format')} hides no rows; leave it out."]


def _footer_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    pattern = source.get("ends_before", "")
    if pattern and source.get("format") not in ("csv", "tsv", "xlsx", "xls"):
        return [f"{where}: a {source.get('format')} has no lines below its table; leave it out."]
    return regex_problems(where, pattern) if isinstance(pattern, str) else []


def _shape(form: str) -> str:
    """The texts that a format fits: digits by number, separators as they stand; blanks do not matter."""
    width = {"YYYY": "9999", "Mon": "aaa"}
    return TOKEN.sub(lambda token: width.get(token[0], "99"), "".join(form.split())).rstrip(".")


def _meaning(form: str) -> list[str]:
    return [token[0] if len(token) != 4 else "YYYY" for token in TOKEN.findall(form)]


def _measure(spelled: str) -> dict[str, int] | None:
    """What a unit measures, as exponents of base quantities; None if a word of it is not known here."""
    total: Counter[str] = Counter()
    sign = 1
    for part in re.split(r"([*/])", spelled.replace("**", "^").replace(" ", "")):
        if part in ("*", "/"):
            sign = -1 if part == "/" else 1
            continue
        found = _factor(part)
        if found is None:
            return None
        for name, power in found.items():
            total[name] += sign * power
    return {name: power for name, power in total.items() if power}


def _factor(part: str) -> dict[str, int] | None:
    if re.fullmatch(r"[\d.]+(e[-+]?\d+|\^-?\d+)?", part):
        return {}
    match = FACTOR.fullmatch(part)
    if not match:
        return None
    scaled = SCALED.fullmatch(match[1])
    base = MEASURES.get(match[1], MEASURES.get(scaled[1]) if scaled else None)
    return None if base is None else {name: power * int(match[2] or 1) for name, power in base.items()}


def _as_mass(measure: Mapping[str, int]) -> dict[str, int]:
    """The same with amounts of substance as masses, as a molar mass allows."""
    total: Counter[str] = Counter()
    for name, power in measure.items():
        total["mass" if name == "amount" else name] += power
    return {name: power for name, power in total.items() if power}
