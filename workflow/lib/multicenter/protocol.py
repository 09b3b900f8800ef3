"""What study.yaml may say beyond its schema: every name that it uses has to exist. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multicenter.analyses.guard import PUBLISHED, guard_problems
from multicenter.errors import did_you_mean
from multicenter.expression_syntax import problems_in
from multicenter.known import check_known, column_names, with_known
from multicenter.overview.check import check_overview

# Keys of an analysis, figure or table that name columns of ADSL.
ADSL_KEYS = ("by", "exposure", "covariates", "variables", "strata", "origin", "follow_up_end", "treatment_end")

# Columns of the file of published facts that the replication table compares.
FACT_COLUMNS = [
    "name", "statement", "printed", "value", "unit", "rule", "analysis", "method", "group", "term", "statistic",
    "percent_of", "note",
]  # fmt: skip


def check_facts(facts: list[Mapping[str, str]], path: Path, study: Mapping[str, Any]) -> list[str]:
    """Return the analyses that the published facts are compared with and that the protocol does not have."""
    ids = [entry["id"] for entry in study["analyses"]]
    if not any(table["kind"] == "replication" for table in study["tables"]):
        return []
    return [
        problem
        for fact in facts
        for problem in _unknown(f"{path}: {fact['name']}", "analysis", [fact["analysis"]], ids)
    ]


def check_protocol(study: Mapping[str, Any], dictionary: Mapping[str, Any]) -> list[str]:
    """Return every name in the protocol that nothing defines, one line each, with where and 'did you mean'.

    `study`: the parsed study.yaml; `dictionary`: the parsed variables.yaml (tables → variables).
    """
    tables = {name: list(table["variables"]) for name, table in dictionary["tables"].items()}
    problems, columns = _check_variables(study, tables)
    problems += _check_records(study, tables, columns)
    problems += _check_linkage(study["linkage"], columns)
    problems += _check_endpoints(study, tables, columns)
    adsl = {name for name in study["variables"] if name.isupper()} | {"SITEID", "SIMFL"}
    response = dictionary["tables"].get(study["response"]["table"], {"variables": {}})["variables"]
    visits, results = (list(response.get(study["response"][key], {}).get("levels", {})) for key in ("visit", "result"))
    problems += _check_analyses(study, adsl, visits, results)
    problems += _check_primary(study)
    problems += _check_strategies(study, adsl)
    problems += check_known(study) or _check_guard(study)
    problems += _check_shown(study, adsl)
    problems += check_overview(study, dictionary)
    problems += _check_ids(study)
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
    for criterion in study["criteria"]:
        place = f"criteria.{criterion['id']}"
        problems += [f"{place}: {line}" for line in problems_in(criterion["exclude"], columns)]
    response = study["response"]
    problems += _unknown("response.table", "table", [response["table"]], tables)
    named = [response[key] for key in ("visit", "result", "date")]
    return problems + _unknown("response", "variable", named, tables.get(response["table"], []))


def _check_linkage(linkage: Mapping[str, Any], columns: list[str]) -> list[str]:
    problems = _unknown("linkage.dates.of", "variable", linkage["dates"]["of"], columns)
    problems += _unknown("linkage.variables", "variable", linkage["variables"], columns)
    compared = {"dates": linkage["dates"], "calendar": linkage["calendar"]}
    compared |= {f"variables.{name}": spec for name, spec in linkage["variables"].items()}
    for name, spec in compared.items():
        place, near, wide = f"linkage.{name}", spec.get("agree_within", 0), spec.get("close_within")
        if (wide is None) != ("m_close" not in spec):
            problems.append(f"{place}: close_within and m_close belong together. Give both, or neither.")
        if wide is not None and wide <= near:
            problems.append(f"{place}: close_within {wide} is not above agree_within {near}. Raise it, or remove it.")
        if spec["m_agree"] + spec.get("m_close", 0) >= 1:
            problems.append(f"{place}: m_agree and m_close leave nothing for a difference. Their sum is below 1.")
    return problems


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


def _check_analyses(study: Mapping[str, Any], adsl: Iterable[str], visits: list[str], results: list[str]) -> list[str]:
    problems = []
    for entry in study["analyses"]:
        place = f"analyses.{entry['id']}"
        endpoints = [entry["endpoint"]] if "endpoint" in entry else []
        problems += _unknown(place, "endpoint", [*endpoints, *entry.get("off_study", {}).values()], study["endpoints"])
        history = entry.get("history", [])
        own = [*adsl, *(item["name"] for item in history)]
        for key in ADSL_KEYS:
            known = own if key in ("exposure", "covariates") else adsl
            problems += _unknown(place, {"covariates": "covariate"}.get(key, key), column_names(entry.get(key)), known)
        for item in history:
            problems += _unknown(f"{place}.history.{item['name']}", "column", [item["from"], item["to"]], adsl)
        after = entry.get("landmark", {}).get("after")
        problems += _unknown(f"{place}.landmark", "after", [after] if after else [], adsl)
        if entry.get("time_dependent") and entry.get("pairwise"):
            problems.append(f"{place}: pairwise does not go with time_dependent. Remove one of them.")
        problems += _check_corrected_by(place, entry, study["analyses"])
        for column, levels in entry.get("population", {}).items():
            problems += _unknown(f"{place}: population", "variable", [column], adsl)
            declared = study["variables"].get(column, {}).get("levels")
            problems += _unknown(f"{place}: population.{column}", "level", levels if declared else [], declared or [])
        if "timepoints" in entry:
            problems += _unknown(place, "visit", entry["timepoints"], visits)
            problems += _unknown(f"{place}.baseline", "visit", [entry["baseline"]], entry["timepoints"])
            problems += _unknown(place, "result", [*entry["levels"], *entry["not_evaluated"]], results)
    return problems


def _check_corrected_by(place: str, entry: Mapping[str, Any], entries: list[Mapping[str, Any]]) -> list[str]:
    """What corrects an analysis exists, is of the same endpoint and is not published style itself."""
    named = entry.get("corrected_by", [])
    problems = _unknown(f"{place}.corrected_by", "analysis", named, [other["id"] for other in entries])
    if named and entry["style"] != PUBLISHED:
        problems.append(f"{place}: corrected_by belongs to style published. Remove it, or change the style.")
    for other in (other for other in entries if other["id"] in named):
        if other["style"] == PUBLISHED:
            problems.append(f"{place}.corrected_by: {other['id']} is published style itself. Name another analysis.")
        if other.get("endpoint") != entry.get("endpoint"):
            what = f"{other.get('endpoint', 'no endpoint')}, not of {entry.get('endpoint')}"
            problems.append(f"{place}.corrected_by: {other['id']} is of {what}. Name an analysis of the same endpoint.")
    return problems


def _check_guard(study: Mapping[str, Any]) -> list[str]:
    """An analysis may use only what is known when its time begins (see analyses.guard)."""
    return [problem for entry in study["analyses"] for problem in guard_problems(with_known(entry, study))]


def _check_strategies(study: Mapping[str, Any], adsl: Iterable[str]) -> list[str]:
    strategies = study.get("strategies")
    needing = [entry for entry in study["analyses"] if entry["method"] == "clone_censor_weight"]
    if strategies is None:
        return [
            f"analyses.{entry['id']}: clone_censor_weight needs the section strategies. Add it." for entry in needing
        ]
    return _unknown("strategies.start", "column", [strategies["start"]], adsl)


def _check_primary(study: Mapping[str, Any]) -> list[str]:
    """The primary analysis has to be a Cox model of a categorical exposure, its term one of that exposure's."""
    primary, place = study["study"].get("primary"), "study.primary"
    if not primary:
        return []
    entry = next((entry for entry in study["analyses"] if entry["id"] == primary["analysis"]), None)
    if entry is None:
        return _unknown(place, "analysis", [primary["analysis"]], [entry["id"] for entry in study["analyses"]])
    if entry["method"] != "cox":
        return [f"{place}: analysis {entry['id']!r} is a {entry['method']} analysis; cox is needed here."]
    exposure = entry["exposure"]
    levels = [] if isinstance(exposure, Mapping) else study["variables"].get(exposure, {}).get("levels", [])
    if not levels:
        return [
            f"{place}: the exposure {column_names(exposure)[0]} of {entry['id']} has no levels. "
            "Name an analysis of one with levels."
        ]
    terms = [f"{exposure}: {level} vs {reference}" for reference in levels for level in levels if level != reference]
    return _unknown(place, "term", [primary["term"]], terms)


def _check_shown(study: Mapping[str, Any], adsl: Iterable[str]) -> list[str]:
    methods = {entry["id"]: entry["method"] for entry in study["analyses"]}
    problems = []
    for figure in study["figures"]:
        place = f"figures.{figure['id']}"
        for part in [figure, *figure.get("panels", [])]:
            problems += _shown_analysis(place, part, methods, figure["kind"])
            for key in ("effect", "test"):
                problems += _shown_analysis(f"{place}.{key}", part.get(key, {}), methods)
    for table in study["tables"]:
        place = f"tables.{table['id']}"
        wanted = {"models": "cox", "analyses": "baseline"}
        for key, method in wanted.items():
            for part in table.get(key, []):
                problems += _shown_analysis(place, part, methods, method)
        problems += _unknown(place, "exposure", column_names(table.get("exposure")), adsl)
        for row in table.get("rows", []):
            named = [f"{row['analysis']}_{column['suffix']}" for column in table["columns"] if "analysis" in row]
            problems += _unknown(place, "analysis", named, methods)
    return problems


def _shown_analysis(place: str, part: Mapping[str, Any], methods: Mapping[str, str], wanted: str = "") -> list[str]:
    if "analysis" not in part:
        return []
    name = part["analysis"]
    if wanted and methods.get(name, wanted) != wanted:
        return [f"{place}: analysis {name!r} is a {methods[name]} analysis; {wanted} is needed here."]
    return _unknown(place, "analysis", [name], methods)


def _check_ids(study: Mapping[str, Any]) -> list[str]:
    problems = []
    for section in ("criteria", "analyses", "figures", "tables"):
        ids = [entry["id"] for entry in study[section]]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        problems += [f"{section}.{name}: this id is used twice. Give each its own." for name in twice]
    return problems
