"""Text that a conversion lost: words of question marks where a program could not write what stood there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from multicenter.harmonize.cells import QUERY, UNMAPPED, Distinct, Outcome

# Two or more, as a word: people write one for unknown, or put some behind a word (PD??).
LOST = re.compile(r"(?<![^\s/()\[\],.;:·_-])\?{2,}(?![^\s/()\[\],.;:·_-])")
CELLS = 3  # of free text: a remark may hold question marks of its own
SHOWN = 3
WHAT = "question marks stand where text was: a program saved it in an encoding that lacks the characters"
FIX = "What stood there is lost: ask the center to export the file again, as UTF-8 or CP949."


def is_lost(text: str) -> bool:
    """Whether a text has words of question marks alone."""
    return "??" in text and bool(LOST.search(text))


def lost_values(distinct: Distinct, outcomes: Collection[Outcome], is_free_text: bool) -> list[int]:
    """The distinct values of a column that were lost; question marks that the center file declares are none.

    Of codes, numbers and dates one is enough, for nothing explains it; of free text there have to be some, and nothing
    in the column that such a conversion would have taken.
    """
    lost = [i for i, text in enumerate(distinct.text) if is_lost(text)]
    if is_free_text:
        some = int(np.isin(distinct.codes, lost).sum()) >= CELLS
        return lost if some and all(text.isascii() for text in distinct.text) else []
    return [i for i in lost if any(outcome.status[i] in (UNMAPPED, QUERY) for outcome in outcomes)]


def shown(distinct: Distinct, lost: Iterable[int], rows: np.ndarray) -> str:
    """The first of the cells, with their rows, and how many there are."""
    at = np.flatnonzero(np.isin(distinct.codes, list(lost)))
    cells = ", ".join(f"{distinct.text[distinct.codes[i]]!r} (row {int(rows[i])})" for i in at[:SHOWN])
    return cells + (f" and {len(at) - SHOWN} more cells" if len(at) > SHOWN else "")
