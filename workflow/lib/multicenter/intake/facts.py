"""What a sheet of a workbook says beside its values, whichever format it is stored in."""

from __future__ import annotations

from dataclasses import dataclass, field

NO_VALUE = "#NO VALUE"
LONGEST = 60


@dataclass
class SheetFacts:
    """hidden_columns: letters. hidden_rows: 1-based. errors: (row, column, code) of cells, 0-based.

    date_system: 1900 or 1904. filtered: whether a filter hides rows. formulas: how many cells are calculated.
    calculation: why their values may be old ("" if nothing says so). uncalculated: why they are old.
    """

    hidden_columns: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    date_system: int = 1900
    filtered: bool = False
    formulas: int = 0
    calculation: str = ""
    uncalculated: str = ""


def no_value(formula: str = "") -> str:
    """The error of a formula that was saved without a value."""
    formula = formula.strip()
    formula = formula if len(formula) <= LONGEST else f"{formula[:LONGEST]}…"
    return f"{NO_VALUE}: ={formula}" if formula else NO_VALUE


def column_letter(index: int) -> str:
    """The spreadsheet's name of a 0-based column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The 0-based column of a spreadsheet's letters: A → 0, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
