"""The patients that a descriptive analysis is about."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.analyses.subjects import levels, require_columns
from multicenter.errors import StudyError, did_you_mean


def select_population(adsl: pd.DataFrame, entry: Mapping) -> pd.DataFrame:
    """Return the patients whose levels are among those that the entry's `population` lists (all without one).

    Raises StudyError for a column or a level that does not exist.
    """
    population = entry.get("population") or {}
    require_columns(entry, adsl, population)
    chosen = adsl
    for column, wanted in population.items():
        known = [str(level) for level in levels(adsl[column])]
        for level in map(str, wanted):
            if level not in known:
                hint = did_you_mean(level, known)
                raise StudyError(f"analysis {entry['id']}: {level!r} is not a level of {column}.{hint}")
        chosen = chosen[chosen[column].astype("string").isin([str(level) for level in wanted])]
    return chosen
