"""pandera schemas made from the data dictionary: the last guard before a harmonized table is written."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from multicenter.dictionary import Dictionary, Variable
from multicenter.errors import StudyError


def table_schema(dictionary: Dictionary, table: str) -> pa.DataFrameSchema:
    """The schema of one harmonized table: exact columns in order, dtypes, levels, hard ranges and a unique key."""
    spec = dictionary.tables[table]
    columns = {}
    for name, dtype in dictionary.dtypes(table).items():
        variable = spec.variables.get(name)
        checks = _checks(variable) if variable else []
        columns[name] = pa.Column(dtype, checks, nullable=name not in spec.key)
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=list(spec.key), name=table)


def validate_tables(tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> None:
    """Check all tables; raises StudyError naming the first cells that break the dictionary (a fault of ours)."""
    for name, table in tables.items():
        try:
            table_schema(dictionary, name).validate(table, lazy=True)
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases[["column", "check", "failure_case", "index"]].drop_duplicates()
            lines = [f"{c.column}: {c.check} ({c.failure_case!r}, row {c.index})" for c in cases.head(5).itertuples()]
            raise StudyError(f"the harmonized table {name} breaks the dictionary: {'; '.join(lines)}") from None


def _checks(variable: Variable) -> list[pa.Check]:
    if variable.type == "category" and variable.levels:
        return [pa.Check.isin(list(variable.levels))]
    if variable.type == "flag":
        return [pa.Check.isin([0, 1])]
    if variable.range and variable.type in ("number", "integer"):
        low, high = variable.range
        return [pa.Check.in_range(min(low, 0), high)]  # 0 also stands for "below the limit of detection"
    if variable.range and variable.type == "date":
        low, high = (pd.Timestamp(v) for v in variable.range)
        return [pa.Check.in_range(low, high)]
    return []
