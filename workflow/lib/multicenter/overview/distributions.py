"""Distributions of a variable side by side: numbers as quantiles, categories and years as counts, by center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

BOX, BARS, YEARS = "box", "bars", "years"
QUANTILES = {"low": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "high": 0.95}
FEW = 12  # so many values or fewer are shown one by one, not as a box
MISSING = "missing"
ALL = "all"


@dataclass(frozen=True)
class Distribution:
    """One variable. rows: by center (and ALL) its numbers. kind box: n, missing, the quantiles and `points` (the values
    themselves if they are few); kind bars or years: a count a level (and MISSING), levels in order."""

    name: str
    label: str
    kind: str
    rows: Mapping[str, Mapping[str, Any]]
    levels: tuple[str, ...] = ()


def build_distributions(
    names: Sequence[str], variables: Mapping[str, Mapping[str, Any]], adsl: pd.DataFrame, centers: Sequence[str]
) -> list[Distribution]:
    """Describe columns of ADSL by center. `variables`: the protocol's (label, unit, levels)."""
    found = []
    for name in names:
        spec = variables[name]
        label = ", ".join(spec[key] for key in ("label", "unit") if key in spec) or name
        groups = {ALL: adsl[name]} | {center: adsl.loc[adsl["SITEID"] == center, name] for center in centers}
        if "levels" in spec:
            found.append(_counted(name, label, BARS, groups, [str(level) for level in spec["levels"]]))
        elif pd.api.types.is_integer_dtype(adsl[name]):
            known = adsl[name].dropna()
            years = [str(year) for year in range(int(known.min()), int(known.max()) + 1)] if len(known) else []
            found.append(_counted(name, label, YEARS, groups, years))
        else:
            rows = {center: _quantiles(values) for center, values in groups.items()}
            found.append(Distribution(name, label, BOX, rows))
    return found


def _counted(name: str, label: str, kind: str, groups: Mapping[str, pd.Series], levels: Sequence[str]) -> Distribution:
    rows = {}
    for center, values in groups.items():
        counts = values.dropna().astype(str).value_counts()
        rows[center] = {level: int(counts.get(level, 0)) for level in levels} | {MISSING: int(values.isna().sum())}
    return Distribution(name, label, kind, rows, tuple(levels))


def _quantiles(values: pd.Series) -> dict[str, Any]:
    known = values.dropna().astype("float64")
    row: dict[str, Any] = {"n": len(known), MISSING: int(values.isna().sum())}
    row |= {name: float(known.quantile(share)) if len(known) else None for name, share in QUANTILES.items()}
    row["points"] = sorted(known.tolist()) if len(known) <= FEW else []
    return row
