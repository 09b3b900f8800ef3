"""Patient ids as they stand in a delivery, and the rows that are no patient."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from multicenter.harmonize.delivery import Delivery
from multicenter.harmonize.spec import Source
from multicenter.harmonize.words import key, plain
from multicenter.intake.table import RawTable, written

SHARE = 0.95  # so many of a column's other ids of one shape make an id of another shape a stranger
FEWEST = 5  # fewer other ids have no shape in common that one could rely on
NO_ID = re.compile(r"[\s?/]")
FOOTER = re.compile(
    r"^(?:[*※].*|(?:합|총|소|누)\s*계|계|평\s*균|비\s*고|주|(?:sub|grand )?total|sum|mean|average|notes?)\s*:?$"
)
DECLARE = "Correct the id or remove the row; if such ids are right, declare their form as id.pattern."


def read_ids(delivery: Delivery, source: Source, raw: RawTable) -> np.ndarray:
    """(n,) patient ids as text, without what cannot be seen and without a spreadsheet's leading apostrophe.

    A row without an id is a problem, and so is an id that the declared form refuses. Without a declared form an id is
    refused that is a footer, holds a blank, `?` or `/`, or is formed unlike the column's other ids.
    """
    ids = [plain(written(value)).lstrip("'‘’").strip() for value in raw.cells[source.id_column].to_numpy()]
    refused = {} if source.id_pattern else _strangers(ids)
    for position, text in enumerate(ids):
        match = source.id_pattern.fullmatch(text) if source.id_pattern else None
        place = raw.place(int(raw.rows[position]), source.id_column)
        if not text:
            delivery.problem(place, "the row has no patient id", "Fill the id in or remove the row.")
        elif source.id_pattern and not match:
            delivery.problem(place, f"the id {text!r} does not have the declared form", "Correct the id.")
        elif text in refused:
            delivery.problem(place, f"the id {text!r} {refused[text]}", DECLARE)
        text = match[1] if match else text
        ids[position] = text.zfill(source.id_pad) if source.id_pad else text
    return np.array(ids, dtype=object)


def shape(ident: str) -> str:
    """How an id is formed: each run of digits is 9, each run of letters a; everything else stands for itself."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", ident))


def _strangers(ids: list[str]) -> dict[str, str]:
    """Ids that cannot be a patient's, with what is wrong with each."""
    distinct = [ident for ident in dict.fromkeys(ids) if ident]
    refused = {}
    for ident in distinct:
        if FOOTER.match(key(ident)):
            refused[ident] = "is a line below the data, no patient"
        elif NO_ID.search(ident):
            refused[ident] = "holds a blank, ? or /"
    shapes = Counter(shape(ident) for ident in distinct)
    usual, count = shapes.most_common(1)[0] if shapes else ("", 0)
    example = next((ident for ident in distinct if shape(ident) == usual), "")
    others = len(distinct) - 1
    for ident in distinct:
        if others >= FEWEST and count >= SHARE * others and shape(ident) != usual:
            refused.setdefault(ident, f"is not formed like the column's others ({example!r})")
    return refused
