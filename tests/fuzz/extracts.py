"""The shipped extracts as grids of cells that can be changed and written back in their own formats."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.harmonize.run import Arrival, Harmonized, harmonize_center
from multicenter.harmonize.spec import Source, build_sources
from multicenter.identifiers.detect import Detector
from multicenter.intake.read import read_sources
from multicenter.intake.table import ERROR_CODES
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[2]
SIMULATED = CLONE / "resources" / "simulated"
BOMS = {"utf-8": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}
STATISTICAL = ("sav", "dta", "xpt")


class NotApplicable(Exception):
    """This kind of mutation cannot be made of this extract (or its format cannot hold it)."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is written; look: a workbook's number format."""

    value: Any = None
    look: str = ""


@dataclass
class Page:
    """One sheet or file: all rows from the first on, `deep` of them the header.

    headers: what the reader calls each column ("" if it leaves it out). looks: of a statistical file's columns.
    first: the number that a person gives to the first record.
    """

    source: Source
    config: Mapping[str, Any]
    file: str
    sheet: str
    rows: list[list[Cell]]
    deep: int
    first: int
    headers: list[str]
    refs: dict[str, str]
    looks: list[dict] = field(default_factory=list)

    @property
    def format(self) -> str:
        return self.config["format"]

    @property
    def body(self) -> range:
        """The places of the records in `rows`."""
        return range(self.deep, len(self.rows))

    def number(self, row: int) -> int:
        """The row as a person sees it."""
        return row - self.deep + self.first

    def column(self, header: str) -> int:
        return self.headers.index(header)

    @property
    def id_column(self) -> int:
        return self.column(self.source.id_column)

    def copy(self) -> Page:
        return replace(self, rows=[list(row) for row in self.rows], headers=list(self.headers), looks=list(self.looks))


@dataclass
class Extract:
    """One center's delivery with its mapping."""

    center: str
    data_cut: str
    config: Mapping[str, Any]
    files: dict[str, bytes]
    pages: list[Page]

    def render(self, page: Page, finish: Callable[[Any], None] | None = None) -> dict[str, bytes]:
        """The delivery with one page changed; `finish` may change a workbook before it is saved."""
        return {**self.files, page.file: write_page(self.files[page.file], page, self, finish)}


@cache
def study() -> tuple[Dictionary, dict, pd.DataFrame]:
    """The dictionary, the shared code lists and the table of checks."""
    dictionary = build_dictionary(read_yaml(CLONE / "config" / "variables.yaml"))
    checks = pd.read_csv(CLONE / "config" / "checks.csv", dtype=str, keep_default_na=False)
    return dictionary, read_yaml(CLONE / "config" / "codes.yaml"), checks


@cache
def detector() -> Detector:
    """What finds identifiers, as in the workflow."""
    return Detector(read_yaml(CLONE / "config" / "identifiers.yaml"))


@cache
def centers() -> pd.DataFrame:
    return pd.read_csv(SIMULATED / "centers.tsv", sep="\t", dtype=str).set_index("center")


def harmonize(extract: Extract, files: Mapping[str, bytes], accepted: Path | None = None) -> Harmonized:
    """Harmonize a delivery given as bytes; accepted: the folder of the one before it."""
    dictionary, codes, checks = study()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in files.items():
            paths.append(Path(folder) / name)
            paths[-1].write_bytes(data)
        return harmonize_center(
            extract.center, paths, extract.config, dictionary, codes, checks, extract.data_cut,
            arrival=Arrival(accepted=accepted), detector=detector(),
        )  # fmt: skip


@cache
def load(center: str) -> Extract:
    """Read a shipped extract."""
    row = centers().loc[center]
    config = read_yaml(CLONE / "config" / "centers" / f"{center}.yaml")
    dictionary, codes, _ = study()
    paths = [SIMULATED / "extracts" / name for name in row["extract"].split(";")]
    files = {path.name: path.read_bytes() for path in paths}
    raws, _ = read_sources(paths, config["sources"])
    sources = build_sources(config, dictionary, codes)
    pages = []
    for name, raw in raws.items():
        entry = config["sources"][name]
        rows, looks = READERS[entry["format"]](files[raw.file], raw, entry)
        deep = entry.get("header_rows", 1)
        first = 1 if entry["format"] in STATISTICAL else deep + 1
        width = max(len(r) for r in rows[:deep])
        letters = entry["format"] in ("xlsx", "xls")
        known = {raw.refs[h]: h for h in raw.cells.columns}
        names = [_letter(i) if letters else str(rows[0][i].value) for i in range(width)]
        headers = [known.get(" ".join(n.split()), "") for n in names]
        pages.append(Page(sources[name], entry, raw.file, raw.sheet, rows, deep, first, headers, raw.refs, looks))
    return Extract(center, row["data_cut"], config, files, pages)


def _letter(index: int) -> str:
    from multicenter.intake.sheetxml import column_letter

    return column_letter(index)


def text_facts(data: bytes, entry: Mapping[str, Any]) -> tuple[bytes, str, str, str]:
    """Byte order mark, encoding, separator and line end of a delimited file."""
    mark = next((bom for bom in BOMS.values() if data.startswith(bom)), b"")
    separator = entry.get("separator", "\t" if entry["format"] == "tsv" else ",")
    return mark, entry["encoding"], separator, "\r\n" if b"\r\n" in data else "\n"


def _read_text(data: bytes, raw: Any, entry: Mapping[str, Any]) -> tuple[list[list[Cell]], list[dict]]:
    mark, encoding, separator, _ = text_facts(data, entry)
    text = data[len(mark) :].decode(encoding)
    return [[Cell(v) for v in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)], []


def _read_xlsx(data: bytes, raw: Any, entry: Mapping[str, Any]) -> tuple[list[list[Cell]], list[dict]]:
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[raw.sheet]
    return [[Cell(c.value, c.number_format) for c in row] for row in sheet.iter_rows()], []


def _read_xls(data: bytes, raw: Any, entry: Mapping[str, Any]) -> tuple[list[list[Cell]], list[dict]]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    grid = book.get_sheet_by_name(raw.sheet).to_python(skip_empty_area=False)
    return [[Cell(None if v == "" else v) for v in row] for row in grid], []


def _read_statistical(data: bytes, raw: Any, entry: Mapping[str, Any]) -> tuple[list[list[Cell]], list[dict]]:
    import pyreadstat

    kind = entry["format"]
    options: dict[str, Any] = {"disable_datetime_conversion": True}
    if entry.get("encoding"):
        options["encoding"] = entry["encoding"]
    if kind in ("sav", "dta"):
        options["user_missing"] = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"f.{kind}"
        path.write_bytes(data)
        reader = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta, "xpt": pyreadstat.read_xport}[kind]
        frame, meta = reader(path, **options)
    looks, columns = [], []
    for name in meta.column_names:
        look = {"label": (meta.column_names_to_labels or {}).get(name) or ""}
        text = meta.readstat_variable_types[name] == "string"
        date = str(meta.original_variable_types.get(name, "")).upper().startswith(("DATE", "%TD"))
        look["kind"] = "text" if text else "date" if date else "number"
        look["values"] = meta.variable_value_labels.get(name) or None
        look["missing"] = [r["lo"] for r in (meta.missing_ranges or {}).get(name, [])]
        looks.append(look)
        columns.append([_statistical_cell(v, kind, text) for v in frame[name].tolist()])
    head = [Cell(name) for name in meta.column_names]
    return [head, *([Cell(v) for v in row] for row in zip(*columns, strict=True))], looks


def _statistical_cell(value: Any, kind: str, text: bool) -> Any:
    if value is None or value == "" or (isinstance(value, float) and np.isnan(value)):
        return None
    return f".{value}" if kind == "dta" and isinstance(value, str) and not text else value


READERS = {"csv": _read_text, "tsv": _read_text, "xlsx": _read_xlsx, "xls": _read_xls}
READERS |= dict.fromkeys(STATISTICAL, _read_statistical)


def write_page(data: bytes, page: Page, extract: Extract, finish: Callable[[Any], None] | None = None) -> bytes:
    """The file with the page's rows in it. Raises NotApplicable if its format cannot hold them."""
    if page.format in ("csv", "tsv"):
        return _write_text(data, page)
    try:
        if page.format == "xlsx":
            return _write_xlsx(data, page, extract, finish)
        return _write_xls(page, finish) if page.format == "xls" else _write_statistical(page)
    except Exception as error:  # whatever a writer says, it cannot write this
        raise NotApplicable(f"{type(error).__name__}: {error}") from error


def _write_text(data: bytes, page: Page) -> bytes:
    mark, encoding, separator, end = text_facts(data, page.config)
    stream = io.StringIO()
    rows = [["" if c.value is None else str(c.value) for c in row] for row in page.rows]
    csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    try:
        return mark + stream.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        raise NotApplicable(str(error)) from error


def _write_xlsx(data: bytes, page: Page, extract: Extract, finish: Callable[[Any], None] | None) -> bytes:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    sheet = book[page.sheet]
    old = next(p for p in extract.pages if (p.file, p.sheet) == (page.file, page.sheet))
    width = max([len(row) for row in page.rows] + [sheet.max_column])
    if page.rows is not old.rows:
        for r in range(max(len(page.rows), len(old.rows))):
            for c in range(width):
                new = page.rows[r][c] if r < len(page.rows) and c < len(page.rows[r]) else Cell()
                was = old.rows[r][c] if r < len(old.rows) and c < len(old.rows[r]) else Cell()
                if new is not was:
                    cell = sheet.cell(r + 1, c + 1)
                    if type(cell).__name__ == "MergedCell":
                        if new.value is None:
                            continue
                        raise NotApplicable("a merged cell")
                    cell.value = new.value
                    if new.look:
                        cell.number_format = new.look
        if len(page.rows) < len(old.rows):
            sheet.delete_rows(len(page.rows) + 1, len(old.rows))
    if finish:
        finish(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write_xls(page: Page, finish: Callable[[Any], None] | None) -> bytes:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(page.sheet)
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for r, row in enumerate(page.rows):
        for c, cell in enumerate(row):
            if isinstance(cell.value, str) and cell.value in ERROR_CODES:
                sheet.row(r).set_cell_error(c, cell.value)
            elif isinstance(cell.value, datetime):
                sheet.write(r, c, cell.value, day)
            elif cell.value is not None:
                sheet.write(r, c, cell.value)
    if finish:
        finish(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write_statistical(page: Page) -> bytes:
    from kmm.dialects import statfiles
    from kmm.dialects.sheets import Column, Sheet

    n = len(page.rows) - 1
    sheet = Sheet(page.file, "", 1, False, np.arange(n), np.full(n, ""))
    for i, look in enumerate(page.looks):
        raw = np.array([row[i].value for row in page.rows[1:]] + [None], dtype=object)[:-1]
        if look["kind"] == "date" and page.format == "dta":
            raw = np.array(
                [v if v is None else statfiles.STATA_EPOCH + pd.Timedelta(days=v) for v in raw], dtype=object
            )
        sheet.columns.append(Column(str(page.rows[0][i].value), raw, [], look))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / page.file
        encoding = page.config.get("encoding", "")
        if page.format == "sav":
            statfiles.write_sav(path, sheet, "")
        elif page.format == "xpt":
            statfiles.write_xpt(path, sheet, "DATA", encoding or "utf-8")
        else:
            statfiles.write_dta(path, sheet)
        return path.read_bytes()
