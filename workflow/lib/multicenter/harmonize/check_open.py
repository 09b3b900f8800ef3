"""Questions that a draft of a center file left open: no run begins while there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_open(spec: Any) -> bool:
    """Whether a part of a center file is still a question (`{open: [candidates]}`)."""
    return isinstance(spec, Mapping) and "open" in spec


def open_problems(where: str, source: Mapping[str, Any]) -> list[str]:
    """Return one line for each part of a source with open questions: its columns, its id, its ignored sheets."""
    problems = []
    headers = [header for header, spec in source.get("columns", {}).items() if is_open(spec)]
    if headers:
        many = f"{len(headers)} columns are" if len(headers) > 1 else "1 column is"
        problems.append(f"{where}.columns: {many} still open: {', '.join(headers)}; map or drop each.")
    if is_open(source.get("id")):
        problems.append(f"{where}.id: it is still open which column holds the patient's id; name it.")
    if is_open(source.get("ragged")):
        problems.append(f"{where}.ragged: it is still open which column takes surplus cells; name it with 'into'.")
    for sheet, reason in source.get("ignore_sheets", {}).items():
        if is_open(reason):
            problems.append(
                f"{where}.ignore_sheets: the sheet {sheet!r} is still open; say why it is ignored, or read it."
            )
    return problems
