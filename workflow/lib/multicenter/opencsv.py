"""csv files that a person opens in a spreadsheet and the program reads back: no text of theirs becomes a formula."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

# What a spreadsheet may take for a formula, in any width; a plain number is none.
FORMULA = re.compile(r"(?![+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$)[=+\-@\t\r\n＝＋－＠]")
MARK = "'"  # shown by no spreadsheet program as part of a text that was typed with it
MARKED = rf"^({MARK}*{FORMULA.pattern})"
UNMARKED = rf"^{MARK}({MARK}*{FORMULA.pattern})"


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet may take a text for a formula."""
    return bool(FORMULA.match(text))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table; a text that may be taken for a formula gets an apostrophe in front."""
    _texts(frame, MARKED, rf"{MARK}\1").to_csv(path, index=False, lineterminator="\n")


def read_csv(path: Path) -> pd.DataFrame:
    """Return what `write_csv` wrote, all of it as text ("" where nothing stands)."""
    return _texts(pd.read_csv(path, dtype=str, keep_default_na=False), UNMARKED, r"\1")


def _texts(frame: pd.DataFrame, pattern: str, by: str) -> pd.DataFrame:
    """The table with a pattern replaced in its columns of texts."""
    texts = [name for name in frame.columns if frame[name].dtype == object or frame[name].dtype == "string"]
    return frame.assign(**{name: frame[name].str.replace(pattern, by, regex=True) for name in texts})
