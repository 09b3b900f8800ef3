"""Checking config/checks.csv before the first job: every table, variable and name that a cross-field rule uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from multicenter.dictionary import Dictionary
from multicenter.errors import did_you_mean
from multicenter.expression_syntax import problems_in

CHECK_COLUMNS = [
    "id", "category", "outcome", "action", "table", "blame", "join", "needs", "expression", "message_en", "message_ko",
]  # fmt: skip
# first(table.variable), count(table), or table.variable
JOIN = re.compile(r"^(?:(first|count)\(([a-z_]+)(?:\.([a-z0-9_]+))?\)|([a-z_]+)\.([a-z0-9_]+))$")
POOLED_RULE = "same_patient"
ALLOWED = {"outcome": ("query", "note"), "action": ("set_missing", "kept", "imputed", "row_dropped", "flagged")}


def check_rules_table(rows: list[Mapping[str, str]], path: Path, dictionary: Dictionary) -> list[str]:
    """Return what is wrong in the rows of checks.csv, one line each, with the rule's id."""
    problems = []
    if rows and POOLED_RULE not in {row["id"] for row in rows}:
        problems.append(f"{path}: rule {POOLED_RULE} is missing: it says how a patient of two centers is reported.")
    for row in rows:
        place = f"{path}: {row['id']}"
        for column, known in ALLOWED.items():
            if row[column] not in known:
                problems.append(f"{place}: {column} {row[column]!r} is not one of {', '.join(known)}.")
        if row["expression"]:
            problems += [f"{place}: {problem}" for problem in _rule_problems(row, dictionary)]
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
    return problems + problems_in(row["expression"], names)


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
