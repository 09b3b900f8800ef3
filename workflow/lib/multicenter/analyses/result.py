"""What an analysis hands back: rows of the analysis-results table, and the tidy tables behind a curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

OK = "ok"
NOT_ESTIMABLE = "not estimable"

ESTIMATE_TYPES = {
    "analysis": "string",
    "style": "string",
    "estimand": "string",
    "time_zero": "string",
    "endpoint": "string",
    "population": "string",
    "method": "string",
    "group": "string",
    "term": "string",
    "statistic": "string",
    "value": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "p_value": "float64",
    "n": "Int64",
    "n_events": "Int64",
    "status": "string",
    "reason": "string",
}
CURVE_TYPES = {
    "analysis": "string",
    "method": "string",
    "group": "string",
    "time": "float64",
    "estimate": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "n_risk": "Int64",
    "n_event": "Int64",
    "n_censor": "Int64",
    "shown": "boolean",
}
RISK_TYPES = {
    "analysis": "string",
    "method": "string",
    "group": "string",
    "time": "float64",
    "n_risk": "Int64",
    "cum_events": "Int64",
    "cum_censored": "Int64",
}


def typed(rows: list[dict], types: Mapping[str, str]) -> pd.DataFrame:
    """Return `rows` as a frame with exactly the columns and dtypes of `types`."""
    return pd.DataFrame(rows, columns=list(types)).astype(dict(types))


@dataclass(frozen=True)
class Result:
    """Estimates, curves and risk tables (frames with the columns of this module, empty where an analysis has none)."""

    estimates: pd.DataFrame = field(default_factory=lambda: typed([], ESTIMATE_TYPES))
    curves: pd.DataFrame = field(default_factory=lambda: typed([], CURVE_TYPES))
    risk_table: pd.DataFrame = field(default_factory=lambda: typed([], RISK_TYPES))


def combine(results: Iterable[Result]) -> Result:
    """Stack results in their order."""
    parts = list(results)
    if not parts:
        return Result()
    return Result(
        pd.concat([part.estimates for part in parts], ignore_index=True),
        pd.concat([part.curves for part in parts], ignore_index=True),
        pd.concat([part.risk_table for part in parts], ignore_index=True),
    )


def stack_rows(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Stack estimates rows in their order; no part gives the empty table with its columns."""
    found = list(parts)
    return pd.concat(found, ignore_index=True) if found else typed([], ESTIMATE_TYPES)


class Rows:
    """Collects the rows of one analysis; what its entry in the protocol says is filled in by itself."""

    def __init__(self, spec: Mapping, method: str):
        self._fixed = {
            "analysis": spec["id"],
            "style": spec.get("style") or "",
            "estimand": spec.get("estimand") or "",
            "time_zero": spec.get("time_zero") or "",
            "endpoint": spec.get("endpoint") or "",
            "population": population_text(spec.get("population")),
            "method": method,
        }
        self._rows: list[dict] = []

    def add(self, statistic: str, value: float | None, *, method: str | None = None, reason: str = "", **cells) -> None:
        """Add a number; `cells` are other columns: group, term, ci_low, ci_high, p_value, n, n_events.

        `reason`: why the number is to be taken with care, parts joined by "; ".
        """
        self._append({"statistic": statistic, "value": value, "status": OK, "reason": reason}, method, cells)

    def refuse(self, statistic: str, reason: str, *, method: str | None = None, **cells) -> None:
        """Add a number that the data do not determine, with the reason."""
        self._append({"statistic": statistic, "status": NOT_ESTIMABLE, "reason": reason}, method, cells)

    def _append(self, row: dict, method: str | None, cells: dict) -> None:
        named = {} if method is None else {"method": method}
        self._rows.append({**self._fixed, "group": "", "term": "", **row, **named, **cells})

    def frame(self) -> pd.DataFrame:
        """Return the rows in the order they came."""
        return typed(self._rows, ESTIMATE_TYPES)


def population_text(population: Mapping | None) -> str:
    """Return how a population restriction is written: "SEX: Female; ISS: I/II", or "all"."""
    if not population:
        return "all"
    return "; ".join(f"{column}: {'/'.join(map(str, levels))}" for column, levels in population.items())
