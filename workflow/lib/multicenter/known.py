"""When each variable of the protocol is known: as `known` says, otherwise the latest of the parts it is derived from.

A value is known at time zero or before, some days after it (measured in a window), or from a patient's own date on
(a treatment that was ever started). What an analysis may use follows from that: see `analyses.guard`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from multicenter.errors import StudyError, did_you_mean
from multicenter.expression_syntax import names_in

AT_ENTRY = ("SITEID", "SIMFL")
# Keys of an analysis that use a column, and what the column is called there.
ROLES = {
    "by": "group",
    "exposure": "exposure",
    "covariates": "covariate",
    "strata": "stratum",
    "population": "subgroup",
}


@dataclass(frozen=True)
class Known:
    """The latest of: so many days after time zero, and the dates in the columns `at`."""

    days: float = 0.0
    at: tuple[str, ...] = ()


def when_known(study: Mapping[str, Any]) -> dict[str, Known | None]:
    """Return when each variable is known; None where neither it nor each of its parts says so."""
    found: dict[str, Known | None] = dict.fromkeys(AT_ENTRY, Known())
    for name, spec in study["variables"].items():
        found[name] = _declared(spec["known"]) if "known" in spec else _latest(_parts(spec), found)
    return found


def of_condition(spec: Mapping[str, Any], condition: str, found: Mapping[str, Known | None]) -> Known | None:
    """Return when a condition (a criterion's) is known: as its `known` says, or the latest of what it names."""
    return _declared(spec["known"]) if "known" in spec else _latest(names_in(condition), found)


def columns_used(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (what it is, column) for each column that an analysis uses and that has to be known."""
    own = {item["name"] for item in entry.get("history", [])}
    return [(ROLES[key], name) for key in ROLES for name in column_names(entry.get(key)) if name not in own]


def column_names(value: Any) -> list[str]:
    """The column names in a value: a name, {variable: name, …}, a list of these, or a map by name."""
    if value is None or value == "":
        return []
    if isinstance(value, Mapping) and "variable" not in value:
        return list(value)
    items = value if isinstance(value, list) else [value]
    return [item["variable"] if isinstance(item, Mapping) else item for item in items]


def with_known(entry: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """Return an analysis with what the guard and the time axis need: `uses` and `start`, and its time zero's name.

    uses: a map a column: role, variable, days (None: unknown), at, otherwise (the level before a patient's date).
    start: when the time of its endpoint begins (days −1: before time zero).
    """
    found, variables = when_known(study), study["variables"]
    uses = []
    for role, name in columns_used(entry):
        known = found.get(name)
        uses.append(
            {
                "role": role,
                "variable": name,
                "days": None if known is None else known.days,
                "at": [] if known is None else list(known.at),
                "otherwise": variables.get(name, {}).get("otherwise"),
            }
        )
    start = _start(study, entry.get("endpoint"), found)
    return {"time_zero": _time_zero(study, entry), **entry, "uses": uses, "start": start}


def check_known(study: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the declarations themselves, one line each."""
    problems = []
    zero, variables = study["study"]["time_zero"], study["variables"]
    problems += _check_date(study)
    declared = {f"variables.{name}": spec for name, spec in variables.items()}
    declared |= {f"criteria.{spec['id']}": spec for spec in study["criteria"]}
    for place, spec in declared.items():
        problems += _check_declared(f"{place}.known", spec.get("known"), zero, variables)
    if not problems:
        problems += _check_stated(study) + _check_criteria(study)
    return problems


def _check_date(study: Mapping[str, Any]) -> list[str]:
    name, place = study["study"]["time_zero_date"], "study.time_zero_date"
    if name in study["variables"]:
        return []
    return [f"{place}: variable {name!r} does not exist.{did_you_mean(name, study['variables'])}"]


def _check_declared(place: str, known: Any, zero: str, variables: Mapping[str, Any]) -> list[str]:
    if isinstance(known, str) and known != zero:
        return [f"{place}: {known!r} is no moment. Write {zero}, {{at: COLUMN}} or {{window_days: [from, to]}}."]
    if isinstance(known, Mapping) and "at" in known:
        columns = [name for name in variables if name.isupper()]
        if known["at"] not in columns:
            return [f"{place}.at: column {known['at']!r} does not exist.{did_you_mean(known['at'], columns)}"]
    if isinstance(known, Mapping) and "window_days" in known:
        first, last = known["window_days"]
        if first > last:
            return [f"{place}.window_days: {first:g} is after {last:g}. Write [from, to]."]
    return []


def _check_stated(study: Mapping[str, Any]) -> list[str]:
    """A variable that an analysis uses has to be declared, or made of what is."""
    found, users = when_known(study), {}
    for entry in study["analyses"]:
        for _, name in columns_used(entry):
            if name in study["variables"] and found[name] is None:
                users.setdefault(name, dict.fromkeys(()))[entry["id"]] = None
    return [
        f"variables.{name}: nothing says when it is known, but analyses use it ({', '.join(list(ids)[:3])}"
        f"{', …' if len(ids) > 3 else ''}). Add known: {study['study']['time_zero']}, {{at: COLUMN}} or "
        "{window_days: [from, to]}."
        for name, ids in users.items()
    ]


def _check_criteria(study: Mapping[str, Any]) -> list[str]:
    found, zero, problems = when_known(study), study["study"]["time_zero"], []
    for spec in study["criteria"]:
        place = f"criteria.{spec['id']}"
        try:
            known = of_condition(spec, spec["exclude"], found)
        except StudyError:
            continue  # no expression: reported where criteria are checked
        if known is None:
            problems.append(
                f"{place}: nothing says when it is known. Add known: {zero}, {{at: COLUMN}} or "
                "{window_days: [from, to]}."
            )
        elif known != Known() and "because" not in spec:
            problems.append(
                f"{place}: it is known only {in_words(known, zero)}, after time zero ({zero}): who is in the study "
                "depends on what happens later. Remove it, or say why it is accepted: because: …"
            )
    return problems


def in_words(known: Known, zero: str) -> str:
    """Return "from STARTDT on", "120 days after entry", or both."""
    parts = [f"from {' and '.join(known.at)} on"] if known.at else []
    parts += [f"{known.days:g} days after {zero}"] if known.days > 0 else []
    return " and ".join(parts) or f"at {zero}"


def _declared(known: Any) -> Known:
    if isinstance(known, str):
        return Known()
    return Known(at=(known["at"],)) if "at" in known else Known(days=float(known["window_days"][1]))


def _latest(names: Iterable[str] | None, found: Mapping[str, Known | None]) -> Known | None:
    parts = [None] if names is None else [found.get(name) for name in sorted(names)]
    if not parts or None in parts:
        return None
    dates = dict.fromkeys(date for part in parts for date in part.at)
    return Known(max(part.days for part in parts), tuple(dates))


def _parts(spec: Mapping[str, Any]) -> set[str] | None:
    """What a variable is derived from; None if that includes rows of a table, which are of any time."""
    told = [spec[key] for key in ("value", "when") if key in spec] + [case["when"] for case in spec.get("cases", [])]
    if not told or any(key in spec for key in ("first", "last", "earliest", "latest", "any")):
        return None
    try:
        return {name for expression in told for name in names_in(expression)}
    except StudyError:
        return None  # no expression: reported where variables are checked


def _start(study: Mapping[str, Any], endpoint: str | None, found: Mapping[str, Known | None]) -> dict[str, Any]:
    name = study["endpoints"].get(endpoint, {}).get("start", study["study"]["time_zero_date"])
    known = found.get(name)
    if name == study["study"]["time_zero_date"]:
        return {"days": 0, "at": []}
    if known is None or known == Known():
        return {"days": -1, "at": []}
    return {"days": known.days, "at": [*known.at, name]}


def _time_zero(study: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The name of an analysis' time zero: "entry + 6 months" at a landmark."""
    landmark, name = entry.get("landmark"), study["study"]["time_zero"]
    if not landmark:
        return name
    if "after" in landmark:
        name = study["variables"].get(landmark["after"], {}).get("label", landmark["after"])
    return f"{name} + {landmark['months']:g} months"
