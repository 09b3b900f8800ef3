"""How a cell of a delivery is named to people who look it up: one dialect for queries and for lineage."""

from __future__ import annotations


def cell_address(file: str, sheet: str, row: int | None, column: str) -> str:
    """Return `file!sheet!M17` in a workbook, `file!row 17, column M` elsewhere; what is not known is left out."""
    if sheet and column and row is not None:
        return f"{file}!{sheet}!{column}{row}"
    parts = [f"row {row}"] if row is not None else []
    parts += [f"column {column}"] if column else []
    return "!".join(part for part in (file, sheet, ", ".join(parts)) if part)
