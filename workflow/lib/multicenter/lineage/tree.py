"""A value with all that it was made of, as a tree, and the tree as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from multicenter.places import cell_address

USED = "used"


@dataclass(frozen=True)
class Cell:
    """One cell of a delivery: `sheet` is "" for a file without sheets, `row` None for a whole column."""

    file: str
    sheet: str
    row: int | None
    column: str
    header: str
    source: str

    def __str__(self) -> str:
        header = "" if self.header == self.column else f" ({self.header})"
        return cell_address(self.file, self.sheet, self.row, self.column) + header


@dataclass
class Node:
    """One value of the study: a column of ADSL, ADTTE or ADRS, a canonical variable, or a part of an expression.

    name, value: what it is. rule: how it is decided and where that is written. verdict: `used`, or why it was not.
    cells: where it stands in the delivery. remarks: what else happened to it. children: what it depends on.
    """

    name: str
    value: Any = None
    rule: str = ""
    verdict: str = ""
    cells: list[Cell] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    is_value: bool = True

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def shown(value: Any) -> str:
    """A value as people read it: ISO dates, numbers without trailing zeros, "missing"."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def is_missing(value: Any) -> bool:
    """Whether a single value is missing."""
    return bool(pd.isna(value))


def render(root: Node) -> str:
    """The tree as text; what has been shown once is not spelled out again."""
    lines: list[str] = []
    _render(root, "", "", lines, set())
    return "\n".join(lines)


def _render(node: Node, lead: str, below: str, lines: list[str], told: set[str]) -> None:
    head = f"{node.name} = {shown(node.value)}" if node.is_value else node.name
    again = node.rule and node.children and node.name in told
    verdict = f"  ← {node.verdict}" if node.verdict else ""
    lines.append(lead + head + "".join(f"  {cell}" for cell in node.cells) + verdict)
    told.add(node.name)
    bar = "│ " if node.children and not again else "  "
    if again:
        lines[-1] += "  (see above)"
        return
    lines.extend(f"{below}{bar}{text}" for text in ([node.rule] if node.rule else []) + node.remarks)
    for i, child in enumerate(node.children):
        last = i == len(node.children) - 1
        _render(child, f"{below}{'└─' if last else '├─'} ", f"{below}{'   ' if last else '│  '}", lines, told)
