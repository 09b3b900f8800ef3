"""Whether every name in the protocol's section `overview` exists. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multicenter.errors import did_you_mean
from multicenter.expression_syntax import problems_in


def check_overview(study: Mapping[str, Any], dictionary: Mapping[str, Any]) -> list[str]:
    """Return what is wrong in `overview`, one line each. `dictionary`: the parsed variables.yaml."""
    overview = study.get("overview", {})
    adsl = [name for name in study["variables"] if name.isupper()]
    problems = []
    for name in overview.get("distributions", []):
        if name not in adsl:
            problems.append(f"overview.distributions: column {name!r} does not exist.{did_you_mean(name, adsl)}")
    for rate in overview.get("rates", []):
        problems += _rate_problems(rate, study, [*adsl, "SITEID"])
    ids = [rate["id"] for rate in overview.get("rates", [])]
    problems += [
        f"overview.rates.{name}: this id is used twice. Give each its own."
        for name in sorted({name for name in ids if ids.count(name) > 1})
    ]
    return problems + _among_problems(overview.get("completeness", {}).get("among", {}), dictionary["tables"])


def _rate_problems(rate: Mapping[str, Any], study: Mapping[str, Any], columns: list[str]) -> list[str]:
    place = f"overview.rates.{rate['id']}"
    problems = [
        f"{place}: {key}: {line}"
        for key in ("when", "among")
        if key in rate
        for line in problems_in(rate[key], columns)
    ]
    code = rate.get("endpoint")
    if code is None:
        return problems
    if code not in study["endpoints"]:
        return [*problems, f"{place}: endpoint {code!r} does not exist.{did_you_mean(code, study['endpoints'])}"]
    events = [event["description"] for event in study["endpoints"][code]["events"]]
    if rate.get("event", events[0]) not in events:
        near = did_you_mean(rate["event"], events)
        problems.append(f"{place}: event {rate['event']!r} is none of {code}.{near} Events: {', '.join(events)}.")
    return problems


def _among_problems(among: Mapping[str, str], tables: Mapping[str, Any]) -> list[str]:
    """Conditions of completeness: they see the row's variables and the patient's."""
    known = [f"{table}.{name}" for table, spec in tables.items() for name in spec["variables"]]
    problems = []
    for address, condition in among.items():
        place = f"overview.completeness.among.{address}"
        if address not in known:
            problems.append(f"{place}: the variable does not exist.{did_you_mean(address, known)}")
            continue
        columns = [*tables[address.split(".")[0]]["variables"], *tables["patient"]["variables"]]
        problems += [f"{place}: {line}" for line in problems_in(condition, columns)]
    return problems
