"""Cross-field rules: config/checks.csv on the harmonized tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from multicenter.actions import SET_MISSING
from multicenter.dictionary import Dictionary
from multicenter.errors import Place
from multicenter.expression_syntax import names_in
from multicenter.expressions import evaluate, is_true
from multicenter.harmonize.accepted import Change
from multicenter.harmonize.cells import QUERY, Note
from multicenter.harmonize.check_rules import JOIN, PLACEHOLDER, addresses_in
from multicenter.harmonize.delivery import Delivery, Sheet, Slot, shown_column
from multicenter.harmonize.source_rows import POSITION
from multicenter.intake.table import written

Cell = tuple[Sheet, Slot, str, int]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
LIMITS = {"below_limit": "<{note.hi}", "above_limit": ">{note.lo}", "range_midpoint": "{note.lo}-{note.hi}"}

NAMED = 3  # so many columns of a contradiction are named
CAUSES = (
    "So many are no errors of patients: is a column mapped to the wrong variable, or are its codes or dates read in "
    "the wrong way? Correct the mapping, or ask the center."
)


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
    cell in the table. A contradiction in most rows is no patient's error: it is noted as what stops the delivery.
    """
    sent = {(slot[0], slot[2]) for sheet in delivery.sheets.values() for slot in sheet.slots()}
    sent |= {(slot[0], slot[2]) for sheet in delivery.sheets.values() for slot in sheet.source.constants}
    for check in checks[checks["expression"] != ""].to_dict("records"):
        if not _applies(check, sent) or tables[check["table"]].empty:
            continue
        frame = joined_rows(tables, dictionary, check, data_cut)
        asked, hits = asked_and_hit(check, frame)
        for i in np.flatnonzero(hits):
            _report(delivery, tables[check["table"]], dictionary, int(i), check, frame.iloc[i])
        if _contradicts(check) and delivery.limits.contradicted(int(hits.sum()), int(asked.sum())):
            share = f"{hits.sum()} of {asked.sum()} rows"
            delivery.note_changes([_contradiction(delivery, tables, dictionary, check, frame[hits], share)])


def asked_and_hit(check: Mapping[str, str], frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(n,) where the rule can be asked (its population, with values that decide it), and where its expression holds."""
    told = evaluate(check["expression"], frame).astype("boolean")
    asked = told.notna()
    asked &= is_true(check["population"], frame) if check["population"] else True
    return asked.to_numpy(), (asked & told.fillna(False)).to_numpy(dtype=bool)


def _contradicts(check: Mapping[str, str]) -> bool:
    """Whether a rule is about values that cannot both be right; of a minor one each hospital may have its own idea."""
    return check["outcome"] == "query" and check["category"] == "plausibility" and check["severity"] != "minor"


def _contradiction(
    delivery: Delivery,
    tables: Mapping[str, pd.DataFrame],
    dictionary: Dictionary,
    check: Mapping[str, str],
    hit: pd.DataFrame,
    share: str,
) -> Change:
    patients = tables[check["table"]]["patient_id"].iloc[hit.index]
    columns = _columns_of(delivery, tables, dictionary, check, set(patients))
    first, *others = columns
    against = f" against {', '.join(map(repr, others[:NAMED]))}" if others else ""
    message = check["message_en"].format_map({name: _shown(value) for name, value in hit.iloc[0].items()})
    what = f"{share} are contradictory{against} ({check['id']}), as of {patients.iloc[0]}: {message}"
    return Change("contradiction", columns[first], what, CAUSES, tuple(columns))


def _columns_of(
    delivery: Delivery,
    tables: Mapping[str, pd.DataFrame],
    dictionary: Dictionary,
    check: Mapping[str, str],
    patients: set[str],
) -> dict[str, Place]:
    """The columns that a rule reads, with their places: the blamed one, then those most often filled at `patients`."""

    def filled(slot: Slot) -> int:
        name, item, variable = slot
        table = tables[name]
        rows = table["patient_id"].isin(patients) & table[variable].notna()
        return int((rows & (table[dictionary.tables[name].item].astype(str) == item) if item else rows).sum())

    addresses = addresses_in(check, dictionary)
    found = [
        (f"{slot[0]}.{slot[2]}" != f"{check['table']}.{check['blame']}", -filled(slot), header, sheet)
        for sheet in delivery.sheets.values()
        for slot, (header, _) in sheet.slots().items()
        if f"{slot[0]}.{slot[2]}" in addresses
    ]
    places = {}
    for _, _, header, sheet in sorted(found, key=lambda one: one[:3]):
        places.setdefault(header, sheet.raw.place(None, shown_column(sheet.raw, header)))
    return places or {"": next(iter(delivery.sheets.values())).raw.place()}


def _applies(check: Mapping[str, str], sent: set[tuple[str, str]]) -> bool:
    for need in check["needs"].split():
        options = [o if "." in o else f"{check['table']}.{o}" for o in need.split("|")]
        if not any(tuple(o.split(".")) in sent for o in options):
            return False
    return True


def joined_rows(
    tables: Mapping[str, pd.DataFrame], dictionary: Dictionary, check: Mapping[str, str], data_cut: Any
) -> pd.DataFrame:
    """The rows of a rule's table with what its expressions see."""
    table = tables[check["table"]]
    used = names_in(check["expression"]) | set(PLACEHOLDER.findall(check["message_en"]))
    used |= names_in(check["population"]) if check["population"] else set()
    frame = table[[c for c in table.columns if c in used]].copy()
    ids = table["patient_id"]
    for part in check["join"].split():
        how, other, variable, plain_table, plain_variable = JOIN.match(part).groups()
        if how == "count":
            frame[f"n_{other}"] = ids.map(tables[other]["patient_id"].value_counts()).fillna(0).astype("int64")
        elif how == "first":
            rows = tables[other].sort_values(dictionary.tables[other].item, kind="stable")
            frame[f"first_{variable}"] = _looked_up(ids, rows, variable)
        else:
            frame[plain_variable] = _looked_up(ids, tables[plain_table], plain_variable)
    if "data_cut" in used:
        frame["data_cut"] = pd.Timestamp(data_cut)
    return frame.reset_index(drop=True)


def _looked_up(ids: pd.Series, rows: pd.DataFrame, variable: str) -> pd.Series:
    values = rows.drop_duplicates("patient_id").set_index("patient_id")[variable]
    return values.reindex(ids).set_axis(ids.index)


def _report(
    delivery: Delivery, table: pd.DataFrame, dictionary: Dictionary, i: int, check: Mapping[str, str], row: pd.Series
) -> None:
    def cell_of(variable: str) -> Cell | None:
        return _cell_of(delivery, table, dictionary.tables[check["table"]].item, i, check["table"], variable)

    blamed = cell_of(check["blame"])
    if not blamed:
        return
    own = dictionary.tables[check["table"]].variables
    limits = {name: _limit(cell_of(name)) for name in row.index if name in own}
    shown = {name: limits.get(name) or _shown(value) for name, value in row.items()}
    sheet, _, header, position = blamed
    delivery.find(sheet, header, position, check["table"], check["blame"], Note(check["id"], shown=shown))
    if check["action"] == SET_MISSING:
        table.loc[table.index[i], check["blame"]] = pd.NA
        sheet.override(header, position, QUERY, check["id"])


def _cell_of(delivery: Delivery, table: pd.DataFrame, item: str, i: int, name: str, variable: str) -> Cell | None:
    """The cell that gave a record a variable: its sheet, slot, column and position; None if no column feeds it."""
    own = str(table[item].iloc[i]) if item else ""
    for source, sheet in delivery.sheets.items():
        position = table[POSITION + source].iloc[i] if POSITION + source in table else np.nan
        if pd.isna(position):
            continue
        for slot_item in dict.fromkeys((own, "")):
            slot = (name, slot_item, variable)
            header = sheet.header_of(slot)
            if header:
                return sheet, slot, header, sheet.row_that_says(slot, header, int(position))
    return None


def _limit(cell: Cell | None) -> str:
    """What a cell says that holds a limit or a range, in the variable's unit; "" for any other."""
    if cell is None:
        return ""
    sheet, slot, header, position = cell
    note = sheet.outcomes[header][slot].notes.get(int(sheet.distinct[header].codes[position]))
    if note is None or note.kind not in LIMITS:
        return ""
    text = written(sheet.raw.cells[header].iloc[position])
    bounds = {bound for bound in (note.lo, note.hi) if bound not in ("", "0")}
    return text if bounds <= set(NUMBER.findall(text)) else LIMITS[note.kind].format(note=note)


def _shown(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)
