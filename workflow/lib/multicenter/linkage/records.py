"""What is compared of each patient's record, as numbers, and how common each value is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from multicenter.errors import StudyError
from multicenter.linkage.chance import Chance, chance_of, stacked

EPOCH = pd.Timestamp("1970-01-01")


@dataclass(frozen=True)
class Records:
    """The n records of a study, one row of `patients` each.

    spec: the section `linkage` of study.yaml. days: (d, n) its dates as days since 1970, NaN if missing. values:
    variable → (n,) its numbers; of a text, a number for each text. The chances are of the dates themselves (n, d), of
    the days between each two of them (n, intervals), and of each variable (n,). interval_column: (d, d) which of the
    intervals is that between two dates.
    """

    patients: pd.DataFrame
    spec: Mapping[str, Any]
    days: np.ndarray
    values: Mapping[str, np.ndarray]
    calendar_chance: Chance
    interval_chance: Chance
    interval_column: np.ndarray
    variable_chance: Mapping[str, Chance]

    @property
    def dates(self) -> list[str]:
        """The dates, in the order in which they happen."""
        return self.spec["dates"]["of"]


def read_records(patients: pd.DataFrame, spec: Mapping[str, Any]) -> Records:
    """Return what `spec` (the section `linkage`) compares of `patients`.

    Raises StudyError for a date that is none, and for a variable that cannot be compared as told.
    """
    days = np.stack([_days(patients[name], name) for name in spec["dates"]["of"]])
    intervals = list(combinations_with_replacement(range(len(days)), 2))
    column = np.zeros((len(days), len(days)), dtype=np.int64)
    for position, (i, j) in enumerate(intervals):
        column[i, j] = column[j, i] = position
    values = {name: _numbers(patients[name], name, rule) for name, rule in spec["variables"].items()}
    return Records(
        patients=patients,
        spec=spec,
        days=days,
        values=values,
        calendar_chance=stacked([chance_of(date, spec["calendar"]) for date in days]),
        interval_chance=stacked([chance_of(days[j] - days[i], spec["dates"]) for i, j in intervals]),
        interval_column=column,
        variable_chance={name: chance_of(values[name], rule) for name, rule in spec["variables"].items()},
    )


def _days(column: pd.Series, name: str) -> np.ndarray:
    if not types.is_datetime64_any_dtype(column):
        raise StudyError(f"linkage.dates: {name} holds no dates. Compare it under linkage.variables, or leave it out.")
    return ((column - EPOCH) / pd.Timedelta(days=1)).to_numpy(dtype=float)


def _numbers(column: pd.Series, name: str, rule: Mapping[str, Any]) -> np.ndarray:
    if types.is_datetime64_any_dtype(column):
        raise StudyError(f"linkage.variables: {name} holds dates. Compare it under linkage.dates, or leave it out.")
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    if "agree_within" in rule or "close_within" in rule:
        raise StudyError(f"linkage.variables: {name} holds no numbers. Remove its agree_within and close_within.")
    codes, _ = pd.factorize(column)
    return np.where(codes < 0, np.nan, codes)
