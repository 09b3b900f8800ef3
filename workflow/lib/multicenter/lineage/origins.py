"""From a value of a canonical table to its cell in the delivery, by the record's row and the column map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from multicenter.actions import IMPUTED, SET_MISSING
from multicenter.harmonize.check_rules import addresses_in
from multicenter.harmonize.spec import NOTHING, Target
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.tree import Cell, Node, is_missing, shown


def record_node(dossier: Dossier, table: str, record: pd.Series, variable: str, name: str = "") -> Node:
    """The node of one variable of one record: its value, its cells, and what happened to it on the way.

    `record` is a row of a canonical table of this patient. Of a missing value all cells are named that could hold it.
    """
    value = record[variable]
    node = Node(name or address(dossier, table, record, variable), value)
    if variable == "center":
        node.remarks.append("the center's code, from the list of centers")
        return node
    rows = _rows(dossier, table, record)
    lines = _map_lines(dossier, table, record, variable, {source for source, _ in rows})
    if not lines:
        node.remarks.append(_without_column(dossier, table, record, variable))
        return node
    cells = [_cell(line, row) for line in lines for source, row in rows if line["source"] == source]
    if not is_missing(value):
        cells = _holding(dossier, table, record, variable, cells)
    node.cells = [cell for cell in cells if cell.column]
    for cell in cells:
        line = next(m for m in lines if m["source"] == cell.source and m["header"] == cell.header)
        node.remarks += [r for r in _mapping_remarks(dossier, line, value) if r not in node.remarks]
        node.remarks += _finding_remarks(dossier, cell)
    node.remarks += [
        said for found in named_in(dossier, table, record, variable) if (said := _said(found)) not in node.remarks
    ]
    node.remarks += _bounds(dossier, table, record, variable)
    if is_missing(value) and not _emptied(dossier, node.cells):
        node.remarks.append("blank there, or a code or text that means missing or says nothing of it")
    return node


def address(dossier: Dossier, table: str, record: pd.Series, variable: str) -> str:
    """`table.variable`, with the record's item in brackets where a patient has several."""
    item = _item(dossier, table, record)
    return f"{table}[{item}].{variable}" if item else f"{table}.{variable}"


def _item(dossier: Dossier, table: str, record: pd.Series) -> str:
    key = dossier.dictionary.tables[table].item
    return shown(record[key]) if key else ""


def _rows(dossier: Dossier, table: str, record: pd.Series) -> list[tuple[str, int]]:
    """(source, row) of every row that fed the record, in the order in which they were asked for a value."""
    own = _fed(dossier, table, record, "")
    if own:
        return own
    place = (record["src_file"], record["src_sheet"])
    names = [m["source"] for m in dossier.column_map if (m["file"], m["sheet"]) == place and m["table"] == table]
    names = names or [m["source"] for m in dossier.column_map if (m["file"], m["sheet"]) == place]
    return [(name, int(record["src_row"])) for name in dict.fromkeys(names)]


def _fed(dossier: Dossier, table: str, record: pd.Series, variable: str) -> list[tuple[str, int]]:
    """(source, row) of the lines of source_rows about a record, or about one variable of it."""
    wanted = (table, _item(dossier, table, record), variable)
    lines = (line for line in dossier.fed if (line["table"], line["item"], line["variable"]) == wanted)
    return [(line["source"], int(line["row"])) for line in lines]


def _map_lines(
    dossier: Dossier, table: str, record: pd.Series, variable: str, sources: set[str]
) -> list[dict[str, str]]:
    """The lines of the column map that can have given this value."""
    owner = "patient" if variable == "patient_id" else table
    items = ("", _item(dossier, table, record))
    return [
        line
        for line in dossier.column_map
        if line["table"] == owner
        and line["variable"] == variable
        and line["source"] in sources
        and (line["item"] in items or owner != table)
    ]


def _cell(line: dict[str, str], row: int) -> Cell:
    return Cell(line["file"], line["sheet"], row, line["column"], line["header"], line["source"])


def _holding(dossier: Dossier, table: str, record: pd.Series, variable: str, cells: list[Cell]) -> list[Cell]:
    """The one cell that a known value was taken from: the first that could hold it, unless a line says another."""
    said = _fed(dossier, table, record, variable)
    if said:
        return [cell for cell in cells if (cell.source, cell.row) == said[0]][:1]
    order = list(dict.fromkeys((source, row) for source, row in _rows(dossier, table, record)))
    return sorted(cells, key=lambda cell: order.index((cell.source, cell.row)))[:1]


def _without_column(dossier: Dossier, table: str, record: pd.Series, variable: str) -> str:
    """Why a variable of a record stands in no column."""
    spec, item = dossier.dictionary.tables[table], _item(dossier, table, record)
    if variable == spec.item:
        for source, _ in _rows(dossier, table, record):
            by = dossier.sources[source].number.get(variable) if source in dossier.sources else ""
            if by:
                return f"numbered in the order of {by} ({dossier.map_name}, sources.{source}.number)"
        return f"the record's number in the address {table}[{item}] ({dossier.map_name})"
    known = any(line["table"] == table and line["variable"] == variable for line in dossier.column_map)
    which = f" for {table}[{item}]" if known and item else ""
    return f"impossible: no column of this center's extract gives it{which}"


def _mapping_remarks(dossier: Dossier, line: dict[str, str], value: Any) -> list[str]:
    """What the center file says about the column that makes the value more than a copy of its cell."""
    source = dossier.sources.get(line["source"])
    if source is None or (line["column"] and line["header"] not in (*source.columns, source.id_column)):
        return [f"{dossier.map_name} has changed since and no longer names this column"]
    if not line["column"]:
        return [f"declared for every row in {dossier.map_name}, sources.{source.name}.constants"]
    if line["variable"] == "patient_id":
        padded = [f"filled with zeros to {source.id_pad} characters"] if source.id_pad else []
        return padded + ([f"the part that id.pattern {source.id_pattern.pattern!r} names"] if source.id_pattern else [])
    column = source.columns[line["header"]]
    if column.reader is not None:
        return ["read from free text, phrase by phrase"]
    slot = (line["table"], line["item"], line["variable"])
    target = next((target for target in column.targets if target.slot == slot), None)
    if target is None:
        return [f"{dossier.map_name} has changed since and no longer maps this column so"]
    return _target_remarks(dossier, line, target, value)


def _target_remarks(dossier: Dossier, line: dict[str, str], target: Target, value: Any) -> list[str]:
    remarks = []
    if target.unit and target.unit != target.variable.unit:
        remarks.append(f"converted from {target.unit} to {target.variable.unit}")
    if target.age_at:
        remarks.append(f"counted from the age in the cell: year of {target.age_at} − age + 1")
    if target.pattern is not None:
        remarks.append(f"the part of the cell that the pattern {target.pattern.pattern!r} names")
    if target.positive_from is not None:
        remarks.append(f"positive from {target.positive_from:g} % on")
    if is_missing(value):
        return remarks
    if target.empty is not NOTHING and target.empty is not None and _same(value, target.empty):
        remarks.append("a blank cell counts as this value (empty in the center file): the cell may be blank")
    if target.otherwise is not NOTHING and target.otherwise is not None and _same(value, target.otherwise):
        remarks.append("every filled cell without a code of its own counts as this value (otherwise)")
    return remarks


def _same(value: Any, declared: Any) -> bool:
    return shown(value) == shown(declared)


def _finding_remarks(dossier: Dossier, cell: Cell) -> list[str]:
    return [_said(found) for found in findings_of(dossier, cell)]


def _said(found: Mapping[str, Any]) -> str:
    return f"{found['outcome']} {found['kind']} ({_action(found['action'])}): {found['message']}"


def _bounds(dossier: Dossier, table: str, record: pd.Series, variable: str) -> list[str]:
    """The first and last day that the cell of a partly given date allows."""
    known = dossier.imputed
    if known.empty:
        return []
    own = known[(known["table"] == table) & (known["item"] == _item(dossier, table, record))]
    lines = own[own["variable"] == variable].to_dict("records")
    return [f"the cell allows {shown(line['lo'])} to {shown(line['hi'])} (flag {line['flag']})" for line in lines]


def _action(action: str) -> str:
    said = {SET_MISSING: "the value was set missing", IMPUTED: "a part of the date was filled in"}
    return said.get(action, action.replace("_", " "))


def findings_of(dossier: Dossier, cell: Cell) -> list[dict[str, Any]]:
    """The findings about one cell."""
    place = (cell.file, cell.sheet, cell.row, cell.column)
    return [f for f in dossier.findings if (f["file"], f["sheet"] or "", f["row"], f["column"]) == place]


def named_in(dossier: Dossier, table: str, record: pd.Series, variable: str) -> list[dict[str, Any]]:
    """The findings of cross-field rules that read this variable of this record, whichever cell they report.

    A rule reads its own record, of other tables the patient's first record or all of them.
    """
    found = []
    for line in dossier.findings:
        rule = dossier.rules.get(line["kind"])
        if rule and f"{table}.{variable}" in addresses_in(rule, dossier.dictionary):
            if rule["table"] == table:
                here = (line["sheet"] or "", line["row"]) in _places(dossier, table, record)
            else:
                here = f"first({table}.{variable})" not in rule["join"].split() or _is_first(dossier, table, record)
            found += [line] if here else []
    return found


def _places(dossier: Dossier, table: str, record: pd.Series) -> set[tuple[str, int]]:
    """(sheet, row) of the rows that fed a record."""
    sheets = {line["source"]: line["sheet"] for line in dossier.column_map}
    return {(sheets[source], row) for source, row in _rows(dossier, table, record)}


def _is_first(dossier: Dossier, table: str, record: pd.Series) -> bool:
    key = dossier.dictionary.tables[table].item
    return not key or record[key] == dossier.tables[table][key].min()


def _emptied(dossier: Dossier, cells: list[Cell]) -> bool:
    return any(found["action"] == SET_MISSING for cell in cells for found in findings_of(dossier, cell))
