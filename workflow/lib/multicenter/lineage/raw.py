"""The cells behind a value as they were delivered: the extract is read again, if it is still the accepted one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from multicenter.errors import StudyError
from multicenter.intake.read import read_sources
from multicenter.intake.table import RawTable, written
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.tree import Cell, Node


def add_raw_values(dossier: Dossier, root: Node) -> None:
    """Add to every node with cells what stands in them.

    Raises StudyError if the extract is gone, or is not the one that the results were made of.
    """
    tables = read_delivery(dossier)
    for node in {id(node): node for node in root.walk()}.values():
        node.remarks[:0] = [f"as delivered: {raw_text(tables, cell)}" for cell in node.cells]


def read_delivery(dossier: Dossier) -> dict[str, RawTable]:
    """The center's extract by source, as it stands."""
    known = {file["file"]: file["sha256"] for file in dossier.receipt.get("files", [])}
    for path in map(Path, dossier.center.extracts):
        if not (dossier.folder / path).is_file():
            raise StudyError(f"{path}: the extract is not there any more. Trace without --raw.")
        if known and known.get(path.name) != hashlib.sha256((dossier.folder / path).read_bytes()).hexdigest():
            raise StudyError(
                f"{path}: this is not the file that the results were made of. Trace without --raw, or run the workflow."
            )
    paths = [dossier.folder / path for path in dossier.center.extracts]
    return read_sources(paths, dossier.center.mapping["sources"])[0]


def raw_cell(tables: dict[str, RawTable], cell: Cell) -> object:
    """What stands in a cell: None for a blank. Raises KeyError or IndexError for a cell that does not exist."""
    table = tables[cell.source]
    if (table.file, table.sheet or "") != (cell.file, cell.sheet):
        raise KeyError(str(cell))
    return table.cells[cell.header].iloc[int(np.flatnonzero(table.rows == cell.row)[0])]


def raw_text(tables: dict[str, RawTable], cell: Cell) -> str:
    """A cell's content for people."""
    value = raw_cell(tables, cell)
    return "blank" if value is None else f"'{written(value)}'"
