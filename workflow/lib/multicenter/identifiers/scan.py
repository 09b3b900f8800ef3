"""Where in a delivery something identifies a person: one hit a column, or a place beside the cells, and kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.identifiers.contents import Grid, Text, look_inside, sealed_by
from multicenter.identifiers.detect import CELL, LABEL, MOSTLY, SHORT_TEXT, Detector, Found, same_form
from multicenter.identifiers.hit import Hit
from multicenter.identifiers.mask import mask_text, mask_value
from multicenter.intake.guard import reading
from multicenter.intake.table import written

HEADER_ROWS = 10  # among so many first rows a cell can be the header that announces a kind
LONG_NUMBER, SHORT_NUMBER = 1e9, 1e5  # numbers are looked at from so many digits on: alone, announced
OPEN = "Ask the center to send it as it is: neither packed nor protected"
ByKind = dict[str, dict[object, Found]]  # kind → value of a cell → what was found in it
MANY, MOST = 5, 0.5  # what counts if it is most of a column has to be so many distinct values, and this share of them


def scan_files(files: Iterable[Path], sources: Iterable[Mapping[str, Any]], detector: Detector) -> list[Hit]:
    """Look through every cell and every other text of files, before anything of them is read for its meaning.

    Raises DataError for a file that nobody can look into: one that is packed or protected by a password.
    """
    sources = list(sources)
    hits: list[Hit] = []
    for path in files:
        name = mask_text(path.name, detector)
        with reading(name):
            if sealed := sealed_by(path):
                raise DataError(
                    Place(name), f"the file is {sealed}, so that nobody can look for identifiers in it", OPEN
                )
            contents = look_inside(path, sources, detector.encodings, detector.needs_a_closer_look)
            seen: set[str] = set()
            for grid in contents.grids:
                hits += _scan_grid(grid, detector, seen)
            # parts of a workbook repeat the texts of its cells
            hits += _scan_texts([t for t in contents.texts if t.place != "elsewhere" or t.text not in seen], detector)
    return list(dict.fromkeys(hits))


def _scan_grid(grid: Grid, detector: Detector, seen: set[str]) -> list[Hit]:
    """The hits in a grid's titles, headers and cells; its texts are added to `seen`."""
    values = grid.values()
    cells = [value for value in values if (type(value) is str and value) or _is_number(value, LONG_NUMBER)]
    texts = [written(cell) for cell in cells]
    seen.update(cell for cell in cells if type(cell) is str)
    alone = _by_kind(detector.find(texts, CELL), cells)
    mostly = _by_kind(detector.find(texts, CELL, MOSTLY), cells)
    hits = _scan_heads(grid, detector, seen)
    for i in range(len(grid.letters)):
        announced = detector.announcing(_headings(grid, i), _is_id(grid, i))
        if alone or mostly or announced:
            hits += _scan_column(grid, i, alone, mostly, announced, detector)
    return hits


def _scan_column(
    grid: Grid, i: int, alone: ByKind, mostly: ByKind, announced: Iterable[str], detector: Detector
) -> list[Hit]:
    """The hits in a column: what counts alone, what counts if it is most of the column, what its header announces."""
    body = grid.column(i, grid.heads)
    values = set(body) - {None, ""}
    found: ByKind = defaultdict(dict)
    for kind in announced:
        found[kind] |= _announced(detector, kind, values) | _filled(detector, kind, grid, i)
    for kind, known in mostly.items():
        common = values & known.keys()
        if len(common) >= max(MANY, MOST * len(values)):
            found[kind] |= {value: known[value] for value in common}
    for kind, known in alone.items():
        found[kind] |= {value: known[value] for value in values & known.keys()}
    return [_column_hit(grid, i, body, kind, known, detector) for kind, known in found.items() if known]


def _headings(grid: Grid, i: int) -> list[str]:
    """Whatever may be the header of a column: its first cells, and the names and labels that the file gives it."""
    first = [cell for cell in grid.column(i, 0, max(HEADER_ROWS, grid.heads)) if type(cell) is str]
    return [*first, *(grid.labels[i] if grid.labels else ())]


def _announced(detector: Detector, kind: str, values: Iterable[object]) -> dict[object, Found]:
    cells = [value for value in values if (type(value) is str and value) or _is_number(value, SHORT_NUMBER)]
    found = detector.announced(kind, [written(cell) for cell in cells])
    return _by_kind(found, cells).get(kind, {})


def _filled(detector: Detector, kind: str, grid: Grid, i: int) -> dict[object, Found]:
    """Whatever stands below a header that lets nothing pass, unless the column is declared as the patients' id."""
    if _is_id(grid, i):
        return {}
    column = grid.column(i)
    closing = [
        at
        for at, cell in enumerate(column[: max(HEADER_ROWS, grid.heads)])
        if type(cell) is str and detector.closes(kind, cell) and (at < grid.heads or column.count(cell) == 1)
    ]
    if grid.labels and any(detector.closes(kind, label) for label in grid.labels[i]):
        closing = [-1]
    if not closing:
        return {}
    cells = list(set(column[max(closing[0] + 1, grid.heads) :]) - {None, ""})
    return _by_kind(detector.filled(kind, [_as_text(cell) for cell in cells]), cells).get(kind, {})


def _is_id(grid: Grid, i: int) -> bool:
    """Whether a column is declared as the patients' ids."""
    header = same_form(_header(grid, i))
    return any(header and (header == name or name.endswith(f" / {header}")) for name in map(same_form, grid.ids))


def _as_text(cell: object) -> str:
    return cell if isinstance(cell, str) else written(cell) if type(cell) in (int, float) else str(cell)


def _by_kind(found: Iterable[Found], values: Sequence[object]) -> ByKind:
    """kind → value of the cell → what was found in it; what is certain wins over what is probable."""
    kinds: ByKind = defaultdict(dict)
    for hit in found:
        value = values[hit.index]
        if value not in kinds[hit.kind] or (kinds[hit.kind][value].probable and not hit.probable):
            kinds[hit.kind][value] = hit
    return kinds


def _is_number(value: object, least: float) -> bool:
    return type(value) in (int, float) and least <= abs(value) < 1e15


def _column_hit(
    grid: Grid, i: int, body: Sequence[object], kind: str, known: Mapping[object, Found], detector: Detector
) -> Hit:
    places = [at for at, value in enumerate(body) if value in known]
    first = known[body[places[0]]]
    header = _header(grid, i)
    letter = grid.letters[i]
    shown = letter if header in ("", letter) else f"{letter} ({header})"
    where = f"{_where(grid, detector)}, column {mask_text(shown, detector)}"
    probable = all(hit.probable for hit in known.values())
    return Hit(kind, grid.file, grid.sheet, "cells", where, len(places), _shown(first, detector), probable,
               letter, header, int(grid.numbers[grid.heads + places[0]]))  # fmt: skip


def _header(grid: Grid, i: int) -> str:
    """A column's header as the delivery's reader joins it: the texts of its header rows, from above."""
    if grid.labels:
        return grid.labels[i][0]
    texts = [str(cell).strip() for cell in grid.column(i, 0, grid.heads) if cell not in (None, "")]
    return " / ".join(dict.fromkeys(" ".join(text.split()) for text in texts))


def _scan_heads(grid: Grid, detector: Detector, seen: set[str]) -> list[Hit]:
    """Titles, headers, and the names and labels of columns, each as a text of its own."""
    cells = [
        (str(cell), i, int(grid.numbers[at]))
        for i in range(len(grid.letters))
        for at, cell in enumerate(grid.column(i, 0, grid.heads))
        if cell not in (None, "") and not isinstance(cell, date)
    ]
    cells += [(label, i, None) for i, labels in enumerate(grid.labels) for label in labels if label]
    seen.update(text for text, _, _ in cells)
    hits, told = [], set()
    for hit in detector.find([text for text, _, _ in cells], LABEL):
        _, i, row = cells[hit.index]
        if (i, row, hit.kind) in told:
            continue
        told.add((i, row, hit.kind))
        where = f"{_where(grid, detector)}, column {mask_text(grid.letters[i], detector)}"
        hits.append(Hit(hit.kind, grid.file, grid.sheet, "headers", where, 1, _shown(hit, detector), hit.probable,
                        grid.letters[i], _header(grid, i), row))  # fmt: skip
    return hits


def _where(grid: Grid, detector: Detector) -> str:
    file = mask_text(grid.file, detector)
    return f"{file}, sheet {mask_text(grid.sheet, detector)}" if grid.sheet else file


def _scan_texts(texts: list[Text], detector: Detector) -> list[Hit]:
    """What stands beside the cells: short texts word by word, longer ones like remarks, properties as they announce."""
    texts = [text for text in texts if text.text.strip()]
    short = [text for text in texts if len(text.text) <= SHORT_TEXT]
    long = [text for text in texts if len(text.text) > SHORT_TEXT]
    found = [(short[hit.index], hit) for hit in detector.find([text.text for text in short], LABEL)]
    found += [(long[hit.index], hit) for hit in detector.find([text.text for text in long], CELL)]
    named: dict[str, list[Text]] = defaultdict(list)
    for text in texts:
        for kind in detector.properties(text.property) if text.property else ():
            named[kind].append(text)
    for kind, those in named.items():
        found += [(those[hit.index], hit) for hit in detector.announced(kind, [text.text for text in those])]
    places: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for text, hit in found:
        places[hit.kind, text.file, text.sheet, text.place, text.where].append(hit)
    return [_text_hit(place, hits, detector) for place, hits in sorted(places.items())]


def _text_hit(place: tuple[str, ...], hits: list[Found], detector: Detector) -> Hit:
    kind, file, sheet, name, where = place
    shown = mask_text(file, detector)
    shown += f", sheet {mask_text(sheet, detector)}" if sheet else ""
    count = len({(hit.index, hit.value) for hit in hits})
    first = min(hits, key=lambda hit: (hit.value, hit.start))
    probable = all(hit.probable for hit in hits)
    return Hit(
        kind, file, sheet, name, f"{shown}, {mask_text(where, detector)}", count, _shown(first, detector), probable
    )


def _shown(found: Found, detector: Detector) -> str:
    return mask_value(found.value, detector.kinds[found.kind])
