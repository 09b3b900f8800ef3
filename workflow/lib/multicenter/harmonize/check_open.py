"""Questions that a draft of a center file left open: no run begins while there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANSWER, WHY = "?", "why?"  # what a draft writes in the place of an answer
OWN_WORDS = ("missing", "not_missing", "ambiguous", "below_detection")  # lists of a hospital's words, ? may be one


def is_open(spec: Any) -> bool:
    """Whether a part of a center file is still a question (`{open: [candidates]}`)."""
    return isinstance(spec, Mapping) and "open" in spec


def is_unanswered(spec: Any) -> bool:
    """Whether a `?` of a draft is left in a column: what a code means, a unit, what a blank says, why it is dropped."""
    if isinstance(spec, Mapping):
        return any(is_unanswered(value) for key, value in spec.items() if key not in OWN_WORDS)
    return any(map(is_unanswered, spec)) if isinstance(spec, list) else spec in (ANSWER, WHY)


def open_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    """Return one line for each part of a source with open questions: its columns, its id, its ignored sheets."""
    problems = []
    headers = [header for header, spec in source.get("columns", {}).items() if is_open(spec)]
    if headers:
        many = f"{len(headers)} columns are" if len(headers) > 1 else "1 column is"
        problems.append(f"{where}.columns: {many} still open: {', '.join(headers)}; map or drop each.")
    left = {header: spec for header, spec in source.get("columns", {}).items() if header not in headers}
    unanswered = [header for header, spec in left.items() if is_unanswered(spec)]
    if unanswered:
        problems.append(f"{where}.columns: a '?' of the draft is left: {', '.join(unanswered)}; answer it.")
    if is_open(source.get("id")):
        problems.append(f"{where}.id: it is still open which column holds the patient's id; name it.")
    if is_open(source.get("ragged")):
        problems.append(f"{where}.ragged: it is still open which column takes surplus cells; name it with 'into'.")
    if is_open(source.get("ends_before")):
        problems.append(f"{where}.ends_before: it is still open what stands below the table; say so, or leave it out.")
    for sheet, reason in source.get("ignore_sheets", {}).items():
        if is_open(reason):
            problems.append(
                f"{where}.ignore_sheets: the sheet {sheet!r} is still open; say why it is ignored, or read it."
            )
    return problems
