"""A printed table: headings, rows, footnotes; written as csv and as a self-contained three-line html page."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from multicenter.manuscript.formats import cautions

MARKS = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
CSS = """body{font:10pt/1.35 Arial,Helvetica,"DejaVu Sans",sans-serif;color:#111;background:#fff;margin:1.2em}
table{border-collapse:collapse;border-top:1.5pt solid;border-bottom:1.5pt solid}
caption{text-align:left;font-weight:bold;padding:0 0 .5em}
th,td{padding:.18em .6em;text-align:right;vertical-align:top;font-weight:normal;white-space:nowrap}
th[scope=row],thead th:first-child{text-align:left;white-space:normal;min-width:12em}
.text{text-align:left;white-space:normal;min-width:16em}
thead th{vertical-align:bottom;font-weight:bold;white-space:normal}
thead tr:last-child th{border-bottom:.75pt solid}
th.span{text-align:center;border-bottom:.5pt solid #777}
tr.head th[scope=row]{font-weight:bold}
tr.in th[scope=row]{padding-left:1.8em}
.mark{color:#8a1c1c;font-weight:bold}
.notes{font-size:9pt;margin:.5em 0 0;max-width:75em}.notes p{margin:.15em 0}
.scroll{overflow-x:auto}
"""


@dataclass(frozen=True)
class Row:
    """A row: its text, its cells (one a column; [] for a heading), whether it is a heading, whether it is indented."""

    text: str
    cells: Sequence[str] = ()
    heading: bool = False
    indented: bool = False


@dataclass(frozen=True)
class Column:
    """A column: its heading, the heading over it and its neighbors ("" for none), whether it holds running text."""

    heading: str
    over: str = ""
    is_text: bool = False

    @property
    def name(self) -> str:
        return f"{self.over}: {self.heading}" if self.over else self.heading


@dataclass(frozen=True)
class Table:
    """A table as it is printed. `simulated` is the mark of simulated data, "" for none."""

    id: str
    title: str
    first_heading: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    simulated: str = ""

    def to_csv(self, path: str | Path) -> None:
        """Write one line a row: heading, row, one cell a column, and the mark in a last column `data`."""
        mark = ["data"] if self.simulated else []
        section = ""
        with open(path, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(["section", self.first_heading, *(column.name for column in self.columns), *mark])
            for row in self.rows:
                if not row.indented:
                    section = ""
                if any(row.cells):
                    cells = [*row.cells, *[""] * (len(self.columns) - len(row.cells))]
                    writer.writerow([section, row.text, *cells, *([self.simulated] if mark else [])])
                section = row.text if row.heading else section

    def to_html(self, path: str | Path) -> None:
        """Write a page that needs nothing else: three-line table, footnotes, abbreviations, the mark."""
        Path(path).write_text(self.html(), encoding="utf-8")

    def html(self) -> str:
        """Return the page."""
        mark = f'<p class="mark">{escape(self.simulated)}</p>\n' if self.simulated else ""
        parts = [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{escape(self.title)}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n{mark}",
            f'<div class="scroll">\n<table>\n<caption>{escape(self.title)}</caption>\n',
            f"<thead>\n{self._head()}</thead>\n<tbody>\n",
            *(self._row(row) for row in self.rows),
            "</tbody>\n</table>\n</div>\n",
            '<div class="notes">\n',
            *(f"<p>{escape(note)}</p>\n" for note in self.footnotes()),
            "</div>\n</body>\n</html>\n",
        ]
        return "".join(parts)

    def footnotes(self) -> list[str]:
        """Return the notes and the line of abbreviations (those that the table uses)."""
        texts = [self.title, *self.notes, *(column.name for column in self.columns)]
        texts += [text for row in self.rows for text in (row.text, *row.cells)]
        words = set(" ".join(texts).replace("(", " ").replace(")", " ").replace(",", " ").replace(":", " ").split())
        used = [f"{short}, {self.abbreviations[short]}" for short in sorted(self.abbreviations) if short in words]
        return [*self.notes, *(["Abbreviations: " + "; ".join(used) + "."] if used else [])]

    def _head(self) -> str:
        first = f'<th scope="col">{escape(self.first_heading)}</th>'
        columns = "".join(
            f'<th scope="col"{_alignment(column)}>{escape(column.heading).replace(" = ", "&nbsp;=&nbsp;")}</th>'
            for column in self.columns
        )
        return f"{self._spans()}<tr>{first}{columns}</tr>\n"

    def _spans(self) -> str:
        if not any(column.over for column in self.columns):
            return ""
        groups: list[tuple[str, int]] = []
        for column in self.columns:
            if groups and groups[-1][0] == column.over:
                groups[-1] = (column.over, groups[-1][1] + 1)
            else:
                groups.append((column.over, 1))
        cells = "".join(
            f'<th class="span" scope="colgroup" colspan="{width}">{escape(text)}</th>'
            if text
            else f'<td colspan="{width}"></td>'
            for text, width in groups
        )
        return f"<tr><td></td>{cells}</tr>\n"

    def _row(self, row: Row) -> str:
        kind = ' class="head"' if row.heading else ' class="in"' if row.indented else ""
        cells = [*row.cells, *[""] * (len(self.columns) - len(row.cells))]
        body = "".join(
            f"<td{_alignment(column)}>{escape(cell)}</td>" for column, cell in zip(self.columns, cells, strict=True)
        )
        return f'<tr{kind}><th scope="row">{escape(row.text)}</th>{body}</tr>\n'


def _alignment(column: Column) -> str:
    return ' class="text"' if column.is_text else ""


def compared_note(over: str, groups: int) -> str:
    """Return the note for a block of columns that leaves out a group which stands in an earlier one."""
    return f"{over}: comparisons are of all {groups} groups, those of earlier columns included."


class Footnotes:
    """Gives each distinct footnote one of `marks`, in the order in which they are first asked for."""

    def __init__(self, marks: str = MARKS) -> None:
        self._marks = marks
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """Return the mark of this footnote."""
        if text not in self._texts:
            self._texts.append(text)
        return self._marks[self._texts.index(text)]

    def caution(self, text: str, row: pd.Series) -> str:
        """Return a cell's text with the marks of what its row warns of (see formats.cautions)."""
        marks = [self.mark(f"{words[0].upper()}{words[1:]}.") for words in cautions(row)]
        return f"{text} {''.join(sorted(marks, key=self._marks.index))}" if marks else text

    def lines(self) -> list[str]:
        """Return the footnotes, each after its mark."""
        return [f"{mark} {text}" for mark, text in zip(self._marks, self._texts, strict=False)]
