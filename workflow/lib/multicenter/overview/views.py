"""What the templates show of completeness and of open queries: cells with their sign, shade and explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from multicenter.harmonize.check_rules import SEVERITIES
from multicenter.overview.completeness import COMPLETE, IMPOSSIBLE, NONE, PARTIAL
from multicenter.overview.deliveries import AGES, count_ages, count_by

SIGNS = {COMPLETE: "", IMPOSSIBLE: "×", NONE: "·"}


def shade_of(share: float) -> float:
    """How dark a share of missing values is drawn; the square root lets few missing be seen."""
    return round(float(np.sqrt(min(max(share, 0.0), 1.0))), 2)


def completeness_matrix(
    completeness: pd.DataFrame, pooled: pd.DataFrame, centers: Sequence[str], tables: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Completeness by variable and center, table by table; variables that no center sends are only named.

    completeness: `completeness.COLUMNS`. pooled: as of `pooled_completeness`. tables: name → label.
    """
    found = []
    for name, label in tables.items():
        rows, never = [], []
        for variable, parts in completeness[completeness["table"] == name].groupby("variable", sort=False):
            title = parts["label"].iloc[0]
            if (parts["state"] == IMPOSSIBLE).all():
                never.append(title)
                continue
            by_center = {row["center"]: row for row in parts.to_dict("records")}
            rows.append(
                {
                    "label": title,
                    "variable": variable,
                    "cells": [_matrix_cell(by_center[center]) for center in centers],
                    "all": percent(_share(pooled.loc[(name, variable)])),
                }
            )
        found.append({"label": label, "name": name, "rows": rows, "never": never})
    return found


def _matrix_cell(row: Mapping[str, Any]) -> dict[str, Any]:
    partial, share = row["state"] == PARTIAL, _share(row)
    reason = f": {row['reason']}" if row["reason"] else f", n {row['n']}"
    return {
        "sign": percent(share) if partial else SIGNS[row["state"]],
        "class": row["state"].replace(" ", "-"),
        "shade": shade_of(1 - share / 100) if partial else 0,
        "told": f"{row['center']}, {row['label']}: {row['state']}{reason}",
    }


def _share(row: Mapping[str, Any]) -> float | None:
    """The percent known of the rows that count; None without any."""
    return 100 * row["known"] / row["n"] if row["n"] else None


def percent(value: float | None) -> str:
    """A percentage in whole numbers that never rounds to all or none; "" for none."""
    if value is None:
        return ""
    if 0 < value < 1:
        return "<1"
    return "99" if 99 < value < 100 else f"{value:.0f}"


def own_completeness(
    completeness: pd.DataFrame, pooled: pd.DataFrame, center: str, tables: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A center's completeness, table by table, beside that of all centers that send the variable (`pooled`)."""
    found, own = [], completeness[completeness["center"] == center]
    for name, label in tables.items():
        rows = []
        for row in own[own["table"] == name].to_dict("records"):
            key = (name, row["variable"])
            if key not in pooled.index:
                continue
            share, everyone = _share(row), _share(pooled.loc[key])
            rows.append(
                row
                | {
                    "state": row["state"].replace(" ", "-"),
                    "measured": row["state"] in (COMPLETE, PARTIAL),
                    "share": share,
                    "percent": percent(share),
                    "pooled": everyone,
                    "pooled_percent": percent(everyone),
                }
            )
        found.append({"label": label, "name": name, "rows": rows})
    return found


def query_counts(queries: pd.DataFrame, centers: Sequence[str]) -> dict[str, Any]:
    """Open queries by severity and by age (stacked bars, a row a center) and by kind (a column a center)."""
    severity = count_by(queries, "severity", centers)
    severity = severity.loc[[level for level in SEVERITIES if level in severity.index]]
    ages = count_ages(queries, centers)
    shades = {label: f"s{i}" for i, (_, label) in enumerate(AGES, start=1)}
    return {
        "severities": _stacked(severity, {level: level for level in SEVERITIES}),
        "severity_levels": list(severity.index),
        "ages": _stacked(ages, shades),
        "age_levels": list(shades.items()),
        "kinds": _heat(count_by(queries, "kind", centers)),
    }


def own_counts(queries: pd.DataFrame) -> dict[str, list[tuple[str, int, float]]]:
    """One center's open queries by severity, age and kind: (value, count, percent of the largest)."""
    ages = queries.dropna(subset="age_days")
    by_age = count_ages(ages, [queries["center"].iloc[0]]).iloc[:, 0] if len(ages) else pd.Series(dtype="int64")
    return {
        "severities": _ranked(queries["severity"].value_counts(), SEVERITIES),
        "ages": _ranked(by_age, tuple(by_age.index)),
        "kinds": _ranked(queries["kind"].value_counts()),
    }


def _stacked(table: pd.DataFrame, classes: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row a center of a table of counts: its parts (name, class, count, percent of the longest bar) and total."""
    most = max(1, int(table.sum().max())) if table.size else 1
    return [
        {
            "center": center,
            "total": int(counts.sum()),
            "parts": [(name, classes[name], int(n), 100 * int(n) / most) for name, n in counts.items() if n],
        }
        for center, counts in table.items()
    ]


def _heat(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table of counts with the shade of each."""
    most = max(1, int(table.to_numpy().max())) if table.size else 1
    return [
        {
            "label": str(name).replace("_", " "),
            "total": int(row.sum()),
            "cells": [{"n": int(n), "shade": shade_of(n / most)} for n in row],
        }
        for name, row in table.iterrows()
    ]


def _ranked(counts: pd.Series, order: Sequence[str] = ()) -> list[tuple[str, int, float]]:
    names = [name for name in order if name in counts.index] or sorted(counts.index, key=lambda n: (-counts[n], n))
    most = max(1, int(counts.max())) if len(counts) else 1
    return [(str(name).replace("_", " "), int(counts[name]), 100 * int(counts[name]) / most) for name in names]
