"""What study.yaml may say beyond its schema: every name that it uses has to exist. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from multicenter.errors import did_you_mean
from multicenter.expression_syntax import problems_in

# Keys of an analysis, figure or table that name columns of ADSL.
ADSL_KEYS = ("by", "exposure", "covariates", "variables", "strata", "origin", "follow_up_end", "treatment_end")


def check_protocol(study: Mapping[str, Any], dictionary: Mapping[str, Any]) -> list[str]:
    """Return every name in the protocol that nothing defines, one line each, with where and 'did you mean'.

    `study`: the parsed study.yaml; `dictionary`: the parsed variables.yaml (tables → variables).
    """
    tables = {name: list(table["variables"]) for name, table in dictionary["tables"].items()}
    problems, columns = _check_variables(study, tables)
    problems += _check_records(study, tables, columns)
    problems += _check_endpoints(study, tables, columns)
    adsl = {name for name in study["variables"] if name.isupper()} | {"SITEID", "SIMFL"}
    problems += _check_analyses(study, adsl)
    problems += _check_shown(study)
    return problems


def _unknown(place: str, what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    known = list(known)
    return [
        f"{place}: {what} {name!r} does not exist.{did_you_mean(name, known)}" for name in names if name not in known
    ]


def _check_sources(place: str, sources: list[str], tables: Mapping[str, list[str]]) -> list[str]:
    known = [f"{table}.{variable}" for table, variables in tables.items() for variable in variables]
    return _unknown(place, "source", sources, known)


def _check_variables(study: Mapping[str, Any], tables: Mapping[str, list[str]]) -> tuple[list[str], list[str]]:
    columns, problems = [*tables["patient"], "data_cut"], []
    for name, spec in study["variables"].items():
        place = f"variables.{name}"
        sources = [spec[verb] for verb in ("first", "last") if verb in spec]
        sources += [source for verb in ("earliest", "latest") for source in spec.get(verb, [])]
        problems += _check_sources(place, sources, tables)
        child = [source.split(".")[0] for source in sources] + ([spec["any"]] if "any" in spec else [])
        problems += _unknown(place, "table", [table for table in child if table not in tables], tables)
        of_child = [variable for table in child for variable in tables.get(table, [])]
        if "order" in spec:
            problems += _unknown(place, "order", [spec["order"]], of_child)
        if "where" in spec:
            problems += [f"{place}: where: {line}" for line in problems_in(spec["where"], [*columns, *of_child])]
        told = [spec[key] for key in ("value", "when") if key in spec]
        told += [case["when"] for case in spec.get("cases", [])]
        problems += [f"{place}: {line}" for expression in told for line in problems_in(expression, columns)]
        outcomes = [case["then"] for case in spec.get("cases", [])]
        outcomes += [spec["otherwise"]] if "otherwise" in spec else []
        problems += _unknown(place, "level", outcomes if "levels" in spec else [], spec.get("levels", []))
        columns.append(name)
    return problems, columns


def _check_records(study: Mapping[str, Any], tables: Mapping[str, list[str]], columns: list[str]) -> list[str]:
    problems = _unknown("records.table", "table", [study["records"]["table"]], tables)
    problems += _unknown("records.same_patient", "variable", study["records"]["same_patient"], columns)
    for criterion in study["criteria"]:
        place = f"criteria.{criterion['id']}"
        problems += [f"{place}: {line}" for line in problems_in(criterion["exclude"], columns)]
    response = study["response"]
    problems += _unknown("response.table", "table", [response["table"]], tables)
    named = [response[key] for key in ("visit", "result", "date")]
    return problems + _unknown("response", "variable", named, tables.get(response["table"], []))


def _check_endpoints(study: Mapping[str, Any], tables: Mapping[str, list[str]], columns: list[str]) -> list[str]:
    problems = []
    for code, spec in study["endpoints"].items():
        problems += _unknown(f"endpoints.{code}.start", "variable", [spec["start"]], columns)
        for kind in ("events", "competing", "censor"):
            for i, declared in enumerate(spec.get(kind, [])):
                place = f"endpoints.{code}.{kind}[{i}]"
                sources = declared.get("earliest", []) + declared.get("latest", [])
                problems += _check_sources(place, sources, tables)
                known = [*columns, *(v for source in sources for v in tables.get(source.split(".")[0], []))]
                if "where" in declared:
                    problems += [f"{place}: {line}" for line in problems_in(declared["where"], known)]
    return problems


def _check_analyses(study: Mapping[str, Any], adsl: Iterable[str]) -> list[str]:
    problems, seen = [], set()
    for entry in study["analyses"]:
        place = f"analyses.{entry['id']}"
        if entry["id"] in seen:
            problems.append(f"{place}: this id is used twice. Give each analysis its own id.")
        seen.add(entry["id"])
        problems += _unknown(place, "endpoint", [entry["endpoint"]] if "endpoint" in entry else [], study["endpoints"])
        for key in ADSL_KEYS:
            problems += _unknown(place, {"covariates": "covariate"}.get(key, key), _names(entry.get(key)), adsl)
        for column, levels in entry.get("population", {}).items():
            problems += _unknown(f"{place}: population", "variable", [column], adsl)
            declared = study["variables"].get(column, {}).get("levels")
            problems += _unknown(f"{place}: population.{column}", "level", levels if declared else [], declared or [])
    return problems


def _names(value: Any) -> list[str]:
    """The column names in a value that is a name, a list of names, or a list with {variable: name, …} entries."""
    if value is None or value == "":
        return []
    items = value if isinstance(value, list) else [value]
    return [item["variable"] if isinstance(item, Mapping) else item for item in items]


def _check_shown(study: Mapping[str, Any]) -> list[str]:
    ids = [entry["id"] for entry in study["analyses"]]
    problems = []
    for kind in ("figures", "tables"):
        for entry in study[kind]:
            parts = [entry, *entry.get("panels", []), *entry.get("analyses", []), *entry.get("models", [])]
            named = [part["analysis"] for part in parts if "analysis" in part]
            problems += _unknown(f"{kind}.{entry['id']}", "analysis", named, ids)
    return problems
