"""The baseline table as rows: numbers by median and quartiles, categories by counts, missing counts, tests and SMD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

import numpy as np
import pandas as pd

from multicenter.analyses.result import Rows, stack_rows
from multicenter.analyses.subjects import levels, require_columns, select_population
from multicenter.describe.comparison import TestResult, compare_counts, kruskal_wallis, rank_sum
from multicenter.describe.standardized_difference import largest_pairwise, smd_categorical, smd_numeric

OVERALL = ""
POINTS = {"median": 50, "quartile_1": 25, "quartile_3": 75, "minimum": 0, "maximum": 100}
NO_VALUE = "no known value"
SITE = "SITEID"


def describe_baseline(adsl: pd.DataFrame, entry: Mapping) -> pd.DataFrame:
    """Return the rows of one baseline analysis (columns: analyses.result.ESTIMATE_TYPES).

    `adsl`: one row a patient; categories as pandas Categoricals (other text and booleans count as categories too).
    `entry`: {id, variables, by?, population?, seed?}; without `by` (or "") only the overall column is made.
    Rows: `patients` (and `centers`, of SITEID) by group; for a number `median`, `quartile_1`, `quartile_3` (type 7, as
    R), `minimum`, `maximum`; for a level `count` and `percent` (0-100, of the non-missing, which are n); `missing` by
    group; between groups a test (Wilcoxon or Kruskal-Wallis; chi-square, or Fisher when an expected count is below 5)
    and the `smd` (for more than two groups the largest pair's). Patients without a value of `by` are counted
    (`excluded_missing`) and left out.
    Raises StudyError for a variable or level that does not exist.
    """
    by = entry.get("by") or ""
    require_columns(entry, adsl, [*([by] if by else []), *entry["variables"]])
    patients = select_population(entry, adsl)
    rows = Rows(entry, "baseline")
    if by and (unknown := int(patients[by].isna().sum())):
        rows.add("excluded_missing", unknown, term=by, n=len(patients))
        patients = patients[patients[by].notna()]
    groups = _groups(patients, by)
    for name, members in groups.items():
        rows.add("patients", len(members), group=name, n=len(members))
        if SITE in members:
            rows.add("centers", members[SITE].nunique(), group=name, n=len(members))
    for variable in entry["variables"]:
        parts = {name: members[variable] for name, members in groups.items()}
        if _is_number(adsl[variable]):
            _describe_number(rows, variable, parts)
        else:
            _describe_category(
                rows, variable, parts, crc32(f"{entry.get('seed', 0)}/{entry['id']}/{variable}".encode())
            )
    return rows.frame()


def describe_all(adsl: pd.DataFrame, entries: Iterable[Mapping]) -> pd.DataFrame:
    """Return the rows of `describe_baseline` for every entry, one below the other."""
    return stack_rows(describe_baseline(adsl, entry) for entry in entries)


def _groups(patients: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    groups = {OVERALL: patients}
    if by:
        present = set(patients[by])
        groups |= {str(level): patients[patients[by] == level] for level in levels(patients[by]) if level in present}
    return groups


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _describe_number(rows: Rows, variable: str, parts: Mapping[str, pd.Series]) -> None:
    known = {name: part.dropna().to_numpy(dtype=float) for name, part in parts.items()}
    for name, values in known.items():
        rows.add("missing", len(parts[name]) - len(values), group=name, term=variable, n=len(parts[name]))
        if not len(values):
            rows.refuse("median", NO_VALUE, group=name, term=variable, n=0)
            continue
        for statistic, point in zip(POINTS, np.percentile(values, list(POINTS.values())), strict=True):
            rows.add(statistic, float(point), group=name, term=variable, n=len(values))
    compared = {name: values for name, values in known.items() if name != OVERALL and len(values)}
    if len(compared) < 2:
        return
    samples = list(compared.values())
    test = rank_sum(*samples) if len(samples) == 2 else kruskal_wallis(samples)
    _add_comparison(rows, variable, test, largest_pairwise(compared, smd_numeric), sum(map(len, samples)))


def _describe_category(rows: Rows, variable: str, parts: Mapping[str, pd.Series], seed: int) -> None:
    known_levels = levels(parts[OVERALL])
    counts = {
        name: part.value_counts().reindex(known_levels, fill_value=0).to_numpy(dtype=float)
        for name, part in parts.items()
    }
    for name, by_level in counts.items():
        known = int(by_level.sum())
        rows.add("missing", len(parts[name]) - known, group=name, term=variable, n=len(parts[name]))
        for level, count in zip(known_levels, by_level, strict=True):
            cells = {"group": name, "term": f"{variable}: {level}", "n": known}
            rows.add("count", count, **cells)
            if known:
                rows.add("percent", 100 * count / known, **cells)
            else:
                rows.refuse("percent", NO_VALUE, **cells)
    compared = {name: by_level for name, by_level in counts.items() if name != OVERALL and by_level.sum()}
    table = np.column_stack(list(compared.values())) if compared else np.zeros((0, 0))
    if len(compared) < 2 or (table.sum(axis=1) > 0).sum() < 2:
        return
    smd = largest_pairwise(compared, smd_categorical)
    _add_comparison(rows, variable, compare_counts(table, seed), smd, int(table.sum()))


def _add_comparison(rows: Rows, variable: str, test: TestResult, smd: tuple[str, float], n: int) -> None:
    rows.add(test.name, test.statistic, term=variable, n=n, p_value=test.p_value)
    pair, value = smd
    if np.isnan(value):
        rows.refuse("smd", "no variance within the groups", group=pair, term=variable, n=n)
    else:
        rows.add("smd", value, group=pair, term=variable, n=n)
