"""Taking one value a patient from the pooled canonical tables, with the record that it came from."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.expressions import is_true

KEY = "USUBJID"
SOURCE_COLUMNS = ["date", "domain", "variable", "seq", "record"]


def rows_where(
    tables: Mapping[str, pd.DataFrame], table: str, patients: pd.DataFrame, where: str | None
) -> pd.DataFrame:
    """Return the rows of a table for which a condition holds.

    The condition may name the table's own columns and any column of `patients` (indexed by USUBJID) that the table
    lacks.
    """
    rows = tables[table]
    if where is None:
        return rows
    known = patients[[column for column in patients.columns if column not in rows.columns]]
    return rows[is_true(where, rows.join(known, on=KEY)).to_numpy()]


def pick(
    tables: Mapping[str, pd.DataFrame], patients: pd.DataFrame, source: str, order: str, where: str | None, last: bool
) -> pd.Series:
    """Return a patient's first (or last) value of `source` ("table.variable") in the order of another variable."""
    rows = picked_rows(tables, patients, source, order, where, last)
    return rows.set_index(KEY)[source.split(".")[1]].reindex(patients.index)


def picked_rows(
    tables: Mapping[str, pd.DataFrame], patients: pd.DataFrame, source: str, order: str, where: str | None, last: bool
) -> pd.DataFrame:
    """Return the rows that `pick` takes the values from, at most one a patient."""
    rows = rows_where(tables, source.split(".")[0], patients, where)
    rows = rows[rows[order].notna()].sort_values([KEY, order], kind="stable")
    return rows.drop_duplicates(KEY, keep="last" if last else "first")


def extreme_date(
    tables: Mapping[str, pd.DataFrame], patients: pd.DataFrame, sources: list[str], where: str | None, latest: bool
) -> pd.DataFrame:
    """Return each patient's earliest (or latest) known date over several sources ("table.variable").

    One row a patient (index as `patients`): date, domain (table), variable, seq (the record's row in its extract),
    record (its label in the table); all missing where no source has a date. Of equal dates the source named first
    counts.
    """
    found = []
    for rank, source in enumerate(sources):
        table, variable = source.split(".")
        rows = rows_where(tables, table, patients, where)
        rows = rows[rows[variable].notna()]
        found.append(
            pd.DataFrame(
                {
                    KEY: rows[KEY],
                    "date": rows[variable],
                    "domain": table,
                    "variable": variable,
                    "seq": rows["src_row"],
                    "record": rows.index,
                    "rank": rank,
                }
            )
        )
    dates = pd.concat(found, ignore_index=True)
    dates = dates.sort_values([KEY, "date", "rank"], ascending=[True, not latest, True], kind="stable")
    return dates.drop_duplicates(KEY).set_index(KEY)[SOURCE_COLUMNS].reindex(patients.index)
