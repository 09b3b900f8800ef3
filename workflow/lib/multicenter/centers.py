"""The centers of a study: who they are, where their deliveries and mappings lie, and what is wrong with either."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

from multicenter.dictionary import Dictionary
from multicenter.errors import ConfigError, did_you_mean
from multicenter.harmonize.check import check_center
from multicenter.schemas import schema_problems
from multicenter.yamlfile import read_yaml

CENTER_COLUMNS = ["center", "name", "extract", "data_cut", "received", "hold", "irb"]


@dataclass(frozen=True)
class Center:
    """A row of centers.tsv, with where its delivery and its mapping lie.

    received: the day the delivery arrived (ISO) or "". hold: why the center stays at its last accepted delivery, or "".
    """

    code: str
    name: str
    extracts: tuple[Path, ...]
    data_cut: str
    received: str
    hold: str
    irb: str
    map_path: Path
    mapping: Mapping[str, Any]

    @property
    def what_is_mapped(self) -> dict[str, Any]:
        """The mapping without its remark for people, and without what only lets a changed delivery pass."""
        return {key: value for key, value in self.mapping.items() if key not in ("about", "accepted_changes")}


def read_rows(path: Path, columns: list[str]) -> tuple[list[dict[str, str]], list[str]]:
    """Return the rows of a csv or tsv file of the configuration, and what is wrong with its columns and lines.

    A file that is not there has no rows and no problem here.
    """
    if not path.is_file():
        return [], []
    separator, name = ("\t", "tabs") if path.suffix == ".tsv" else (",", "commas")
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            lines = [line for line in csv.reader(handle, delimiter=separator, strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        return [], [f"{path}: cannot be read as UTF-8 text with {name} between the cells ({error}). Save it so."]
    header, *body = lines or [[]]
    missing = [
        f"{path}: column {column} is missing.{did_you_mean(column, header)} Columns are: {', '.join(columns)}."
        for column in columns
        if column not in header
    ]
    uneven = [
        f"{path}: line {number} has {len(line)} of {len(header)} cells. Separate them by {name}."
        for number, line in enumerate(body, start=2)
        if len(line) != len(header)
    ]
    even = [[cell.strip() for cell in line] for line in body if len(line) == len(header)]
    return ([], missing) if missing else ([dict(zip(header, line, strict=True)) for line in even], uneven)


def read_centers(
    table: Path,
    maps: Path,
    extracts: Path,
    schemas: Path,
    dictionary: Dictionary | None,
    codes: Mapping[str, Any] | None,
    need_extracts: bool = True,
    only_center: str = "",
) -> tuple[dict[str, Center], list[str]]:
    """Return the centers by code, and every problem of the list, the mappings and the presence of the extracts.

    `table`: centers.tsv; `maps`: the folder of the mappings; `extracts`: the folder of the deliveries; `dictionary` and
    `codes`: of variables.yaml and codes.yaml (None: not readable, mappings are not checked against them). Centers
    without a readable mapping are left out. The extract of a center on hold need not be there. With `only_center` no
    mapping of another center is read; theirs are empty.
    """
    rows, problems = read_rows(table, CENTER_COLUMNS)
    found = {path.stem: path for path in sorted(maps.glob("*.yaml"))}
    if table.is_file() and not problems and not only_center:
        problems += _membership_problems(rows, table, maps, set(found))
    problems += [problem for row in rows for problem in _row_problems(row, table)]
    problems += _extract_problems(rows, table, extracts) if need_extracts else []
    centers = {}
    for row in rows:
        path = found.get(row["center"])
        wanted = path and only_center in ("", row["center"])
        mapping = _mapping(path, row["center"], schemas, dictionary, codes, problems) if wanted else {}
        if path and mapping is not None and (mapping or only_center):
            centers[row["center"]] = Center(
                code=row["center"],
                name=row["name"],
                extracts=tuple(_delivered(extracts, name) for name in _extract_names(row)),
                data_cut=row["data_cut"],
                received=row["received"],
                hold=row["hold"],
                irb=row["irb"],
                map_path=path,
                mapping=mapping,
            )
    return centers, problems


def _mapping(
    path: Path,
    code: str,
    schemas: Path,
    dictionary: Dictionary | None,
    codes: Mapping[str, Any] | None,
    problems: list[str],
) -> dict[str, Any] | None:
    """A center's mapping, with what is wrong with it added to `problems`."""
    try:
        mapping = read_yaml(path)
    except ConfigError as error:
        problems += error.problems
        return None
    wrong = schema_problems(mapping, schemas / "center.schema.json", str(path))
    if not wrong and dictionary and codes:
        wrong = [f"{path}: {problem}" for problem in check_center(mapping, dictionary, codes, code)]
    problems += wrong
    return mapping


def _extract_names(row: Mapping[str, str]) -> list[str]:
    return [name.strip() for name in row["extract"].split(";")]


def _delivered(folder: Path, name: str) -> Path:
    """The file of that name; it is the same however its accents and syllables are composed (a Mac decomposes them)."""
    if (folder / name).exists() or name.isascii() or not folder.is_dir():
        return folder / name
    same = (path for path in folder.iterdir() if normalize("NFC", path.name) == normalize("NFC", name))
    return next(same, folder / name)


def _membership_problems(rows: list[dict[str, str]], table: Path, maps: Path, mapped: set[str]) -> list[str]:
    if not rows:
        return [f"{table}: there is no center. Add a row a center."]
    listed = [row["center"] for row in rows]
    twice = sorted({code for code in listed if listed.count(code) > 1})
    unlisted, unmapped = mapped - set(listed), set(listed) - mapped
    return [
        *(f"{table}: center {code} is listed twice. Remove one of the rows." for code in twice),
        *(
            f"{maps / code}.yaml: mapping without a center: {table} has no row for {code}."
            f"{did_you_mean(code, unmapped)} Add the row or remove the mapping."
            for code in sorted(unlisted)
        ),
        *(
            f"{table}: center {code} has no mapping.{did_you_mean(code, unlisted)} "
            f"Add {maps / code}.yaml or remove the row."
            for code in sorted(unmapped)
        ),
    ]


def _row_problems(row: Mapping[str, str], table: Path) -> list[str]:
    problems = []
    if not row["center"].replace("_", "").isalnum() or not row["center"].isascii():
        problems.append(f"{table}: center {row['center']!r}: a code has letters, digits and _ only. Correct it.")
    for column in ("data_cut", "received"):
        if row[column] or column == "data_cut":
            problems += _date_problems(row, column, table)
    return problems


def _date_problems(row: Mapping[str, str], column: str, table: Path) -> list[str]:
    try:
        date.fromisoformat(row[column])
    except ValueError:
        return [f"{table}: center {row['center']}: {column} {row[column]!r} is not a date. Write YYYY-MM-DD."]
    return []


def _extract_problems(rows: list[dict[str, str]], table: Path, folder: Path) -> list[str]:
    if not folder.is_dir():
        return [f"{folder}: is not a folder. Name the folder of the extracts."] if folder.exists() else []
    present = {path.name for path in folder.iterdir() if path.is_file()}
    named = {name for row in rows for name in _extract_names(row)}
    return [
        f"{table}: center {row['center']}: extract {name!r} is not in {folder}."
        f"{did_you_mean(name, present - named)} Put the file there or correct its name."
        for row in rows
        for name in _extract_names(row)
        if not row["hold"] and not _delivered(folder, name).is_file()
    ]
