"""What a mutation is, the register of its kinds, and how a kind and a seed make one, always the same."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from extracts import Cell, Extract, NotApplicable, Page, centers, load
from multicenter.harmonize.spec import Column, Target

TRIES = 300
RECOVER, NOTICE, TRUTH = "must recover", "recovered or noticed", "a different truth"
MODULES = ("cells", "numbers", "dates", "shape", "ids", "sheets", "bytes")


@dataclass(frozen=True)
class Typed:
    """A cell that says something else now: source, the row as a person sees it, header, what is typed."""

    source: str
    row: int
    header: str
    value: Any


@dataclass
class Mutation:
    """A changed delivery.

    file, sheet, row, header: the place, as far as it has one. typed: cells with a new value. lost: (source, row) of
    removed records. renamed: old id → new id. moved: (source, row, old id, new id) of a row. swapped: two headers whose
    contents are exchanged. From these the judge knows the different truth. blind: so many bytes were changed, and the
    judge finds out itself which cells that are.
    """

    kind: str
    seed: int
    extract: Extract
    files: dict[str, bytes]
    told: str
    file: str
    sheet: str = ""
    row: int | None = None
    header: str = ""
    typed: list[Typed] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    moved: tuple[str, int, str, str] = ("", 0, "", "")
    swapped: tuple[str, str] = ("", "")
    blind: int = 0

    @property
    def rule(self) -> str:
        return KINDS[self.kind].rule


@dataclass(frozen=True)
class Kind:
    """A kind of mutation: its maker and what must come of it."""

    make: Callable[[np.random.Generator, Extract], Mutation]
    rule: str


KINDS: dict[str, Kind] = {}


def kind(rule: str, name: str = "") -> Callable:
    """Register a maker under its own name."""

    def register(make: Callable) -> Callable:
        KINDS[name or make.__name__] = Kind(make, rule)
        return make

    return register


def all_kinds() -> dict[str, Kind]:
    """Every kind, by name."""
    for name in MODULES:
        import_module(f"mutate_{name}")
    return KINDS


def make(name: str, seed: int, center: str = "") -> Mutation:
    """Make the mutation of a kind and a seed; the seed chooses the center unless one is named."""
    entry = all_kinds()[name]
    codes = [center] if center else list(centers().index)
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    start = (seed * 7 + zlib.crc32(name.encode())) % len(codes)
    for code in codes[start:] + codes[:start]:
        for _ in range(3):
            try:
                mutation = entry.make(rng, load(code))
            except NotApplicable:
                continue
            mutation.kind, mutation.seed = name, seed
            return mutation
    raise NotApplicable(name)


def column_type(column: Column | None, ident: bool = False) -> str:
    """What a column holds: id, drop, reader, or the type of the first variable that it feeds ("" if unknown)."""
    if ident:
        return "id"
    if column is None:
        return ""
    if column.drop:
        return "drop"
    return "reader" if column.reader else column.targets[0].variable.type


def mapped(page: Page) -> Iterable[tuple[int, str, Column]]:
    """The page's columns that feed something: place, header, how they are read."""
    for i, header in enumerate(page.headers):
        column = page.source.columns.get(header)
        if column is not None and not column.drop:
            yield i, header, column


def pick_cell(
    rng: np.random.Generator, extract: Extract, types: Iterable[str], fits: Callable[..., bool] = lambda *_: True
) -> tuple[Page, int, int, Column]:
    """A filled cell of a column of one of these types for which fits(value, column, page) holds."""
    types = set(types)
    pages = [p for p in extract.pages if any(column_type(c) in types for _, _, c in mapped(p))]
    if not pages:
        raise NotApplicable("no such column")
    for _ in range(TRIES):
        page = pages[rng.integers(len(pages))]
        columns = [(i, c) for i, _, c in mapped(page) if column_type(c) in types]
        i, column = columns[rng.integers(len(columns))]
        row = int(rng.choice(page.body))
        if i >= len(page.rows[row]) or len(page.rows[row]) != len(page.rows[page.deep - 1]):
            continue
        value = page.rows[row][i].value
        if value in (None, "") or (isinstance(value, str) and not value.strip()):
            continue
        if once(page, row) and fits(value, column, page):
            return page.copy(), row, i, column
    raise NotApplicable("no such cell")


def once(page: Page, row: int) -> bool:
    """Whether the row's patient stands in this page once, if the page has a row a patient."""
    ids = [page.rows[r][page.id_column].value for r in page.body]
    return page.source.row_is != "patient" or ids.count(page.rows[row][page.id_column].value) == 1


def put(extract: Extract, page: Page, row: int, i: int, value: Any, told: str = "", look: str = "") -> Mutation:
    """The mutation that writes a value into one cell."""
    old = page.rows[row][i]
    if (
        page.looks
        and isinstance(value, str)
        and page.looks[i]["kind"] != "text"
        and not (value == ".a" and page.format == "dta")
    ):
        raise NotApplicable("a column of numbers")
    page.rows[row] = list(page.rows[row])
    page.rows[row][i] = Cell(value, look or old.look)
    header, number = page.headers[i], page.number(row)
    return Mutation(
        "", 0, extract, extract.render(page), told or f"{old.value!r} -> {value!r}", page.file, page.sheet, number,
        header, [Typed(page.source.name, number, header, value)],
    )  # fmt: skip


def first_target(column: Column) -> Target:
    return column.targets[0]


def choose(rng: np.random.Generator, options: Iterable[Any]) -> Any:
    options = list(options)
    if not options:
        raise NotApplicable("nothing to choose from")
    return options[int(rng.integers(len(options)))]


def workbook(extract: Extract) -> Extract:
    """The extract, if it is an xlsx."""
    if extract.pages[0].format != "xlsx":
        raise NotApplicable("no xlsx")
    return extract


def delimited(extract: Extract) -> Extract:
    """The extract, if it is delimited text."""
    if extract.pages[0].format not in ("csv", "tsv"):
        raise NotApplicable("no delimited text")
    return extract
