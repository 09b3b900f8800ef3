"""Cross-field rules: config/checks.csv on the harmonized tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary
from multicenter.expression_syntax import names_in
from multicenter.expressions import is_true
from multicenter.harmonize.cells import QUERY, Note
from multicenter.harmonize.check_rules import JOIN, PLACEHOLDER
from multicenter.harmonize.delivery import Delivery
from multicenter.harmonize.source_rows import POSITION


def check_rules(
    delivery: Delivery,
    tables: dict[str, pd.DataFrame],
    dictionary: Dictionary,
    checks: pd.DataFrame,
    data_cut: Any,
) -> None:
    """Evaluate every rule with an expression and report the blamed cell of each row that it hits.

    A rule sees its table's variables, those that `join` names (`patient.v` as v, `first(table.v)` as first_v,
    `count(table)` as n_table) and data_cut. `population` says which rows it is about (empty: all). `needs` names
    variables that the center must send for the rule to apply (a|b: one of them). `set_missing` as action empties the
    cell in the table.
    """
    sent = {(slot[0], slot[2]) for sheet in delivery.sheets.values() for slot in sheet.slots()}
    sent |= {(slot[0], slot[2]) for sheet in delivery.sheets.values() for slot in sheet.source.constants}
    for check in checks[checks["expression"] != ""].to_dict("records"):
        if not _applies(check, sent) or tables[check["table"]].empty:
            continue
        frame = _joined(tables, dictionary, check, data_cut)
        for i in np.flatnonzero(_hits(check, frame)):
            _report(delivery, tables[check["table"]], dictionary, int(i), check, frame.iloc[i])


def _hits(check: Mapping[str, str], frame: pd.DataFrame) -> np.ndarray:
    """(n,) where the rule's expression holds in its population."""
    hits = is_true(check["expression"], frame)
    return (hits & is_true(check["population"], frame) if check["population"] else hits).to_numpy()


def _applies(check: Mapping[str, str], sent: set[tuple[str, str]]) -> bool:
    for need in check["needs"].split():
        options = [o if "." in o else f"{check['table']}.{o}" for o in need.split("|")]
        if not any(tuple(o.split(".")) in sent for o in options):
            return False
    return True


def _joined(
    tables: dict[str, pd.DataFrame], dictionary: Dictionary, check: Mapping[str, str], data_cut: Any
) -> pd.DataFrame:
    table = tables[check["table"]]
    used = names_in(check["expression"]) | set(PLACEHOLDER.findall(check["message_en"]))
    used |= names_in(check["population"]) if check["population"] else set()
    frame = table[[c for c in table.columns if c in used or c == "patient_id"]].copy()
    ids = frame["patient_id"]
    for part in check["join"].split():
        how, other, variable, plain_table, plain_variable = JOIN.match(part).groups()
        if how == "count":
            frame[f"n_{other}"] = ids.map(tables[other]["patient_id"].value_counts()).fillna(0).astype("int64")
        elif how == "first":
            rows = tables[other].sort_values(dictionary.tables[other].item, kind="stable")
            frame[f"first_{variable}"] = _looked_up(ids, rows, variable)
        else:
            frame[plain_variable] = _looked_up(ids, tables[plain_table], plain_variable)
    frame["data_cut"] = pd.Timestamp(data_cut)
    return frame.reset_index(drop=True)


def _looked_up(ids: pd.Series, rows: pd.DataFrame, variable: str) -> pd.Series:
    values = rows.drop_duplicates("patient_id").set_index("patient_id")[variable]
    return values.reindex(ids).set_axis(ids.index)


def _report(
    delivery: Delivery, table: pd.DataFrame, dictionary: Dictionary, i: int, check: Mapping[str, str], row: pd.Series
) -> None:
    shown = {name: _shown(value) for name, value in row.items()}
    note = Note(check["id"])
    message = check["message_en"].format_map(shown)
    for name, sheet in delivery.sheets.items():
        position = table[POSITION + name].iloc[i] if POSITION + name in table else np.nan
        if pd.isna(position):
            continue
        item = dictionary.tables[check["table"]].item
        own = str(table[item].iloc[i]) if item else ""
        for slot_item in dict.fromkeys((own, "")):
            slot = (check["table"], slot_item, check["blame"])
            header = sheet.header_of(slot)
            if header:
                position = sheet.row_that_says(slot, header, int(position))
                delivery.find(sheet, header, position, check["table"], check["blame"], note, message)
                if check["action"] == "set_missing":
                    table.loc[table.index[i], check["blame"]] = pd.NA
                    sheet.override(header, position, QUERY, check["id"])
                return


def _shown(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)
