"""Headers, columns and rows."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
from mutate import NOTICE, RECOVER, TRUTH, Mutation, choose, column_type, kind, mapped, once
from mutate_cells import BLANKS, INVISIBLE, mistyped

from extracts import STATISTICAL, Cell, Extract, NotApplicable, Page, study

FOOTERS = [
    "합계",
    "소계",
    "평균",
    "n=40",
    "Total",
    "* 미상은 제외",
    "비고: 2023년 기준",
    "End of file",
    "계",
    "작성자: 연구간호사",
    "N = 29명",
    "----",
]
NAMES = ["Patient initials", "기타", "var77", "임상소견", "Unnamed: 12", "HB2", "merge_key", "Z"]


def done(extract: Extract, page: Page, told: str, **where: Any) -> Mutation:
    """The mutation that a changed page is."""
    return Mutation("", 0, extract, extract.render(page), told, page.file, page.sheet, **where)


def any_page(rng: np.random.Generator, extract: Extract) -> Page:
    return choose(rng, extract.pages).copy()


def head(page: Page) -> int:
    """The row of the lowest header."""
    return page.deep - 1


def rename(rng: np.random.Generator, extract: Extract, change: Any, only_mapped: bool = True) -> Mutation:
    page = any_page(rng, extract)
    columns = [i for i, _, _ in mapped(page)] + [page.id_column]
    i = choose(rng, columns)
    old = page.rows[head(page)][i]
    if not isinstance(old.value, str):
        raise NotApplicable("no text")
    new = change(old.value)
    if new == old.value:
        raise NotApplicable("the same")
    page.rows[head(page)] = list(page.rows[head(page)])
    page.rows[head(page)][i] = Cell(new, old.look)
    return done(extract, page, f"header {old.value!r} -> {new!r}", header=page.headers[i])


@kind(NOTICE)
def header_typo(rng: np.random.Generator, extract: Extract) -> Mutation:
    return rename(rng, extract, lambda text: mistyped(rng, text))


@kind(NOTICE)
def header_renamed(rng: np.random.Generator, extract: Extract) -> Mutation:
    return rename(
        rng,
        extract,
        lambda text: choose(rng, [*NAMES, f"{text} (new)", f"{text}.1", f"{text}_2", text.upper(), text.lower()]),
    )


@kind(RECOVER)
def header_blanks(rng: np.random.Generator, extract: Extract) -> Mutation:
    if extract.pages[0].format in STATISTICAL:
        raise NotApplicable("names hold no blanks")
    return rename(rng, extract, lambda text: choose(rng, ["", *BLANKS]) + text + choose(rng, BLANKS))


@kind(RECOVER)
def header_decomposed(rng: np.random.Generator, extract: Extract) -> Mutation:
    return rename(rng, extract, lambda text: unicodedata.normalize("NFD", text))


@kind(RECOVER)
def header_invisible(rng: np.random.Generator, extract: Extract) -> Mutation:
    if extract.pages[0].format in STATISTICAL:
        raise NotApplicable("names hold no such characters")
    at = rng.integers(0, 30)
    return rename(rng, extract, lambda text: text[:at] + choose(rng, INVISIBLE) + text[at:])


@kind(NOTICE)
def header_blank(rng: np.random.Generator, extract: Extract) -> Mutation:
    if extract.pages[0].format in STATISTICAL:
        raise NotApplicable("columns have names")
    return rename(rng, extract, lambda text: "")


@kind(NOTICE)
def header_twice(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("names are unique")
    columns = [i for i, _, _ in mapped(page)]
    if len(columns) < 2:
        raise NotApplicable("one column")
    one, two = rng.choice(columns, 2, replace=False)
    name = page.rows[head(page)][two]
    told = f"{page.headers[one]!r} is called {name.value!r}, too"
    page.rows[head(page)] = list(page.rows[head(page)])
    if page.deep > 1:
        for depth in range(head(page)):
            if page.rows[depth][one].value != page.rows[depth][two].value:
                raise NotApplicable("under another group")
    page.rows[head(page)][one] = Cell(name.value, name.look)
    return done(extract, page, told, header=page.headers[two])


def _swap(rng: np.random.Generator, extract: Extract, alike: bool) -> Mutation:
    page = any_page(rng, extract)
    if page.deep > 1:
        raise NotApplicable("a header of two rows")
    columns = [
        (i, h, c) for i, h, c in mapped(page) if not c.reader and len(c.targets) == 1 and not c.targets[0].age_at
    ]
    one = choose(rng, columns)
    same = [two for two in columns if two[0] != one[0] and _reads_alike(one[2].targets[0], two[2].targets[0])]
    other = [two for two in columns if column_type(two[2]) != column_type(one[2])]
    two = choose(rng, same if alike else other)
    top = page.rows[0] = list(page.rows[0])
    top[one[0]], top[two[0]] = top[two[0]], top[one[0]]
    if page.looks and page.looks[one[0]]["kind"] != page.looks[two[0]]["kind"]:
        raise NotApplicable("other types")
    names = (one[1], two[1])
    return done(extract, page, f"headers {names} swapped", header=one[1], swapped=names)


def _reads_alike(a: Any, b: Any) -> bool:
    kinds = (a.variable.type, b.variable.type)
    if kinds == ("date", "date"):
        return a.dates == b.dates and a.missing == b.missing
    numbers = kinds[0] in ("number", "integer") and kinds[0] == kinds[1]
    return numbers and not (a.variable.typical and b.variable.typical) and a.missing == b.missing


@kind(NOTICE)
def headers_swapped(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _swap(rng, extract, alike=False)


@kind(TRUTH)
def alike_headers_swapped(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _swap(rng, extract, alike=True)


def _without(page: Page, i: int) -> None:
    page.rows = [row[:i] + row[i + 1 :] for row in page.rows]
    page.looks = page.looks[:i] + page.looks[i + 1 :]


def plain_header(page: Page) -> Page:
    """The page, if its columns can be moved: no merged header over them, no ragged lines."""
    if page.deep > 1 or any(len(row) != len(page.rows[0]) for row in page.rows):
        raise NotApplicable("columns cannot be moved")
    return page


@kind(NOTICE)
def column_deleted(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = plain_header(any_page(rng, extract))
    i = choose(rng, [i for i, _, _ in mapped(page)] + [page.id_column])
    header = page.headers[i]
    _without(page, i)
    return done(extract, page, f"column {header!r} deleted", header=header)


@kind(NOTICE)
def column_added(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = plain_header(any_page(rng, extract))
    at = int(rng.integers(len(page.rows[0]) + 1))
    name = choose(rng, ["Extra", "메모", "score2"]) if page.format not in STATISTICAL else "EXTRA"
    page.rows = [[*row[:at], Cell(name if r == 0 else f"x{r}"), *row[at:]] for r, row in enumerate(page.rows)]
    if page.looks:
        page.looks.insert(at, {"kind": "text", "label": "", "values": None, "missing": []})
    return done(extract, page, f"column {name!r} added", header=name)


@kind(RECOVER)
def columns_reordered(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = plain_header(any_page(rng, extract))
    if page.source.columns and page.config.get("ragged"):
        raise NotApplicable("the place of the free text counts")
    order = rng.permutation(len(page.rows[0]))
    page.rows = [[row[i] for i in order] for row in page.rows]
    page.looks = [page.looks[i] for i in order] if page.looks else []
    return done(extract, page, "columns in another order")


@kind(NOTICE)
def cells_shifted(rng: np.random.Generator, extract: Extract) -> Mutation:
    """From a row on, every cell right of a column stands one column further right (or left)."""
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("columns have types")
    start = int(rng.choice(page.body))
    at = int(rng.integers(1, max(2, int(len(page.headers) * 0.8))))
    right = bool(rng.integers(2))
    for r in range(start, len(page.rows)):
        row = page.rows[r]
        page.rows[r] = [*row[:at], Cell(), *row[at:]] if right else [*row[:at], *row[at + 1 :]]
    told = f"cells from column {at + 1} on shifted {'right' if right else 'left'} from row {page.number(start)} on"
    return done(extract, page, told)


@kind(NOTICE)
def cells_of_a_row_shifted(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("columns have types")
    r = int(rng.choice(page.body))
    at = int(rng.integers(1, max(2, int(len(page.headers) * 0.8))))
    row = page.rows[r]
    page.rows[r] = [*row[:at], Cell(), *row[at:]] if rng.integers(2) else [*row[:at], *row[at + 1 :]]
    return done(extract, page, f"cells of row {page.number(r)} shifted from column {at + 1} on", row=page.number(r))


@kind(TRUTH)
def row_deleted(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    r = int(rng.choice(page.body))
    if not once(page, r) or page.config.get("number"):
        raise NotApplicable("not its only row")
    ident = page.rows[r][page.id_column].value
    if page.source.row_is == "transplant" and [page.rows[k][page.id_column].value for k in page.body].count(ident) > 1:
        raise NotApplicable("not its only row")
    lost = [(page.source.name, page.number(r))]
    del page.rows[r]
    mutation = done(extract, page, f"row of {ident!r} deleted", lost=lost)
    mutation.sheet = ""  # what is not there has no place but its file
    return mutation


@kind(NOTICE)
def row_twice(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    r = int(rng.choice(page.body))
    to = int(choose(rng, [r + 1, len(page.rows)]))
    page.rows.insert(to, list(page.rows[r]))
    return done(extract, page, f"row {page.number(r)} twice", row=page.number(to))


@kind(NOTICE)
def row_twice_with_a_difference(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    r = int(rng.choice(page.body))
    copy = list(page.rows[r])
    item = study()[0].tables[page.source.row_is].item
    i, header, _ = choose(rng, [m for m in mapped(page) if all(t.variable.name != item for t in m[2].targets)])
    others = {page.rows[k][i].value for k in page.body if i < len(page.rows[k])} - {
        copy[i].value if i < len(copy) else None,
        "",
        None,
    }
    if i >= len(copy) or len(copy) != len(page.rows[head(page)]):
        raise NotApplicable("ragged")
    copy[i] = Cell(choose(rng, sorted(others, key=str)), copy[i].look)
    page.rows.append(copy)
    return done(
        extract, page, f"row {page.number(r)} again with another {header!r}", row=page.number(len(page.rows) - 1)
    )


@kind(RECOVER)
def blank_rows(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("no blank rows")
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(page.deep, len(page.rows) + 1))
        blank = choose(rng, [Cell(), Cell("")]) if page.format == "xlsx" else Cell("")
        page.rows.insert(at, [blank] * len(page.headers) if rng.integers(2) or page.format != "csv" else [])
    return done(extract, page, "blank rows")


@kind(NOTICE)
def footer(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("no footer")
    text = choose(rng, FOOTERS)
    row = [Cell()] * len(page.headers)
    row[int(choose(rng, [page.id_column, page.id_column, page.id_column + 1]))] = Cell(text)
    page.rows += [[Cell()] * len(page.headers)] * int(rng.integers(2)) + [row]
    return done(extract, page, f"a last row {text!r}", row=page.number(len(page.rows) - 1))


@kind(NOTICE)
def title_above(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("no title")
    row = [Cell(choose(rng, ["Registry 2023", "다발골수종 등록자료", "Confidential", "1"]))] + [Cell()] * (
        len(page.headers) - 1
    )
    page.rows.insert(0, row if rng.integers(2) else row[:1])
    return done(extract, page, "a title above the header")


@kind(NOTICE)
def header_again(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    if page.format in STATISTICAL:
        raise NotApplicable("no header among rows")
    at = int(rng.integers(page.deep + 1, len(page.rows) + 1))
    page.rows.insert(at, list(page.rows[head(page)]))
    return done(extract, page, f"the header again in row {page.number(at)}", row=page.number(at))


@kind(RECOVER)
def rows_shuffled(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, extract)
    order = page.deep + rng.permutation(len(page.rows) - page.deep)
    page.rows = page.rows[: page.deep] + [page.rows[r] for r in order]
    return done(extract, page, "rows in another order")
