"""Checking config/checks.csv before the first job: every table, variable and name that a cross-field rule uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter

from multicenter.actions import ACTIONS
from multicenter.dictionary import Dictionary
from multicenter.errors import did_you_mean
from multicenter.expression_syntax import names_in, problems_in

CHECK_COLUMNS = [
    "id", "category", "severity", "outcome", "action", "table", "blame", "join", "needs", "population", "expression",
    "message_en", "message_ko",
]  # fmt: skip
# first(table.variable), count(table), or table.variable
JOIN = re.compile(r"^(?:(first|count)\(([a-z_]+)(?:\.([a-z0-9_]+))?\)|([a-z_]+)\.([a-z0-9_]+))$")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
POOLED_RULE = "same_patient"
# What the program finds by itself; each kind's outcome and message stand in the table.
KINDS = (
    "formula_error", "ambiguous_code", "not_numeric", "date_impossible", "date_format", "date_month_only",
    "date_month_query", "date_year_only", "date_year_imputed", "date_system_1904", "date_text", "out_of_range",
    "unusual", "unit_suspect", "unit_in_cell", "below_limit", "limit_not_low", "above_limit", "range_midpoint",
    "hidden_row", "duplicate_exact", "duplicate_differs",
)  # fmt: skip
# what their messages can show
SHOWN: dict[str, set[str]] = {"duplicate_differs": {"differences"}, POOLED_RULE: {"other"}}
SEVERITIES = ("critical", "major", "minor")  # in the order in which a center is asked
ALLOWED = {
    "category": ("conformance", "completeness", "plausibility"),
    "severity": SEVERITIES,
    "outcome": ("query", "note"),
    "action": ACTIONS,
}


def check_rules_table(rows: list[Mapping[str, str]], path: Path, dictionary: Dictionary) -> list[str]:
    """Return what is wrong in the rows of checks.csv, one line each, with the rule's id."""
    problems = []
    ids = [row["id"] for row in rows]
    if rows and POOLED_RULE not in ids:
        problems.append(f"{path}: rule {POOLED_RULE} is missing: it says how a patient of two centers is reported.")
    twice = sorted({name for name in ids if ids.count(name) > 1})
    problems += [f"{path}: {name}: this id is used twice. Give each rule its own." for name in twice]
    known = {row["id"] for row in rows if not row["expression"]}
    suspects = {v.suspect.kind for t in dictionary.tables.values() for v in t.variables.values() if v.suspect}
    missing = [kind for kind in dict.fromkeys((*KINDS, *sorted(suspects))) if rows and kind not in known]
    problems += [f"{path}: kind {kind} is missing: the program finds it. Add its row." for kind in missing]
    for row in rows:
        place = f"{path}: {row['id']}"
        for column, known in ALLOWED.items():
            if row[column] not in known:
                near = did_you_mean(row[column], known)
                problems.append(f"{place}: {column} {row[column]!r} is not one of {', '.join(known)}.{near}")
        problems += [f"{place}: {problem}" for problem in _message_problems(row)]
        if row["expression"]:
            problems += [f"{place}: {problem}" for problem in _rule_problems(row, dictionary)]
        else:
            shown = sorted(set(PLACEHOLDER.findall(row["message_en"])) - SHOWN.get(row["id"], set()))
            problems += [f"{place}: message_en shows {{{name}}}, which this kind does not have." for name in shown]
        if row["population"] and not row["expression"]:
            problems.append(f"{place}: population needs an expression. Write one, or leave population empty.")
    return problems


def addresses_in(check: Mapping[str, str], dictionary: Dictionary) -> set[str]:
    """Return the variables (`table.variable`) that a checked rule reads or reports; of a counted table all of them."""
    table, found = check["table"], set()
    names = names_in(check["expression"]) | {check["blame"]}
    names |= names_in(check["population"]) if check["population"] else set()
    joined = {_joined_name(part, dictionary)[0]: part for part in check["join"].split()}
    for name in names - {"data_cut"}:
        if name not in joined:
            found.add(f"{table}.{name}")
            continue
        how, other, variable, plain_table, plain_variable = JOIN.match(joined[name]).groups()
        variables = dictionary.tables[other or plain_table].variables if how == "count" else [variable, plain_variable]
        found |= {f"{other or plain_table}.{variable}" for variable in variables if variable}
    return found


def _message_problems(row: Mapping[str, str]) -> list[str]:
    problems = [f"{name} is empty. Write the message." for name in ("message_en", "message_ko") if not row[name]]
    english, local = (set(PLACEHOLDER.findall(row[name])) for name in ("message_en", "message_ko"))
    more = sorted(local - english)
    for name in ("message_en", "message_ko"):
        try:
            fields = [field for _, field, *_ in Formatter().parse(row[name]) if field is not None]
        except ValueError as error:
            problems.append(f"{name}: {error}. Write {{variable}}, with both braces.")
            continue
        odd = [field for field in fields if not PLACEHOLDER.search(f"{{{field}}}") or f"{{{field}}}" not in row[name]]
        problems += [f"{name}: {{{field}}} names no variable. Write {{variable}}." for field in odd]
    if row["message_ko"] and more:
        problems.append(f"message_ko shows {', '.join(more)}, which message_en does not show. Show the same in both.")
    return problems


def _rule_problems(row: Mapping[str, str], dictionary: Dictionary) -> list[str]:
    tables = dictionary.tables
    if row["table"] not in tables:
        return [f"table {row['table']!r} does not exist.{did_you_mean(row['table'], tables)}"]
    own = list(tables[row["table"]].variables)
    problems, names = [], [*own, "data_cut"]
    if row["blame"] not in own:
        problems.append(f"blame {row['blame']!r} is no variable of {row['table']}.{did_you_mean(row['blame'], own)}")
    for part in row["join"].split():
        name, problem = _joined_name(part, dictionary)
        names.append(name)
        problems += [problem] if problem else []
    problems += problems_in(row["expression"], names)
    if row["population"]:
        problems += [f"population: {problem}" for problem in problems_in(row["population"], names)]
    shown = sorted(set(PLACEHOLDER.findall(row["message_en"])) - {*names, "patient_id"})
    return problems + [
        f"message_en shows {{{name}}}, which does not exist.{did_you_mean(name, names)}" for name in shown
    ]


def _joined_name(part: str, dictionary: Dictionary) -> tuple[str, str]:
    """The column that a join gives, and what is wrong with it."""
    match = JOIN.match(part)
    if not match:
        return part, f"join {part!r} is not first(table.variable), count(table) or table.variable."
    how, table, variable, plain_table, plain_variable = match.groups()
    table, variable = table or plain_table, variable or plain_variable
    if table not in dictionary.tables:
        return part, f"join {part!r}: table {table!r} does not exist.{did_you_mean(table, dictionary.tables)}"
    known = dictionary.tables[table].variables
    if how != "count" and variable not in known:
        return part, f"join {part!r}: variable {variable!r} does not exist.{did_you_mean(variable or '', known)}"
    return {"first": f"first_{variable}", "count": f"n_{table}"}.get(how, variable), ""
