"""Patient ids: of another, mistyped, blank, dressed, without their zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
from mutate import NOTICE, RECOVER, TRUTH, Mutation, choose, delimited, kind, once
from mutate_cells import mistyped
from mutate_shape import any_page, done

from extracts import Cell, Extract, NotApplicable, Page


def _ident(rng: np.random.Generator, extract: Extract, change: Any, told: str) -> Mutation:
    page = any_page(rng, extract)
    r = int(rng.choice(page.body))
    old = page.rows[r][page.id_column]
    if not once(page, r):
        raise NotApplicable("the patient stands twice")
    new = change(page, old.value)
    if new == old.value:
        raise NotApplicable("the same")
    page.rows[r] = list(page.rows[r])
    page.rows[r][page.id_column] = Cell(new, old.look)
    names = (str(_whole(old.value)).strip(), "" if new is None else str(_whole(new)).strip())
    unique = all(page.rows[k][page.id_column].value != old.value for k in page.body) and len(extract.pages) == 1
    renamed = dict([names]) if unique and names[1] else {}
    mutation = done(extract, page, f"{told}: {old.value!r} -> {new!r}", row=page.number(r), renamed=renamed)
    mutation.moved = (page.source.name, page.number(r), *names)
    return mutation


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@kind(NOTICE)
def id_of_another(rng: np.random.Generator, extract: Extract) -> Mutation:
    def other(page: Page, old: Any) -> Any:
        if page.source.row_is not in ("patient", "transplant"):
            raise NotApplicable("a row of another patient is a different truth")
        return choose(rng, sorted({page.rows[k][page.id_column].value for k in page.body} - {old}, key=str))

    return _ident(rng, extract, other, "id of another patient")


@kind(NOTICE)
def id_blank(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _ident(
        rng,
        extract,
        lambda page, old: None if page.format not in ("csv", "tsv") else choose(rng, ["", " ", "\u3000"]),
        "no id",
    )


@kind(NOTICE)
def id_mistyped(rng: np.random.Generator, extract: Extract) -> Mutation:
    def slip(page: Page, old: Any) -> Any:
        return mistyped(rng, old) if isinstance(old, str) else old * 10 + float(rng.integers(10))

    return _ident(rng, extract, slip, "id mistyped")


@kind(RECOVER)
def id_dressed(rng: np.random.Generator, extract: Extract) -> Mutation:
    def dress(page: Page, old: Any) -> Any:
        if not isinstance(old, str):
            raise NotApplicable("a number")
        wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in old)
        return choose(rng, [f" {old}", f"{old}\u00a0", f"\u200b{old}", f"'{old}", wide, f"{old}\t", f"\ufeff{old}"])

    return _ident(rng, extract, dress, "id dressed")


def _bare(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit() and value.startswith("0"):
        return str(int(value))
    raise NotApplicable("no leading zeros")


@kind(NOTICE)
def id_without_zeros(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _ident(rng, extract, lambda page, old: _bare(old), "leading zeros lost")


@kind(TRUTH)
def ids_without_zeros(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = any_page(rng, delimited(extract))
    renamed = {}
    for r in page.body:
        old = page.rows[r][page.id_column]
        renamed[old.value] = _bare(old.value)
        page.rows[r] = list(page.rows[r])
        page.rows[r][page.id_column] = Cell(renamed[old.value], old.look)
    return done(extract, page, "leading zeros lost in all ids", header=page.source.id_column, renamed=renamed)
