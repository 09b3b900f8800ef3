"""The analysis-results table, put together from the parts that the rules wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def collect_estimates(parts: Iterable[Path], order: list[str]) -> pd.DataFrame:
    """Return the rows of all parts (csv files with the same columns), analyses in the given order.

    Cells are taken as they are written, so that no number changes on its way.
    """
    table = pd.concat([pd.read_csv(part, dtype=str, keep_default_na=False) for part in parts], ignore_index=True)
    rank = table["analysis"].map({name: i for i, name in enumerate(order)})
    return table.iloc[rank.argsort(kind="stable")].reset_index(drop=True)
