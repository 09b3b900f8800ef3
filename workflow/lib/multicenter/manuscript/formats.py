"""How each statistic of the analysis-results table is printed: its scale, decimals, unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from multicenter.manuscript.rounding import (
    MISSING,
    NOT_ESTIMABLE,
    NOT_REACHED,
    format_interval,
    format_number,
    format_p,
    is_number,
)


@dataclass(frozen=True)
class Format:
    """`scale` times the value, to `decimals`, in `unit`; `unknown` is printed for a bound that does not exist."""

    decimals: int = 0
    scale: float = 1.0
    unit: str = ""
    unknown: str = NOT_ESTIMABLE


FORMATS = {
    "patients": Format(unit="patients"),
    "events": Format(unit="events"),
    "competing_events": Format(unit="events"),
    "followed": Format(unit="patients"),
    "excluded_event": Format(unit="patients"),
    "excluded_competing": Format(unit="patients"),
    "excluded_censored": Format(unit="patients"),
    "excluded_not_reached": Format(unit="patients"),
    "followed_after_grace": Format(unit="patients"),
    "bootstraps": Format(),
    "effective_sample_size": Format(1),
    "survival_difference": Format(1, 100, "percentage points"),
    "restricted_mean_months": Format(1, unit="months"),
    "restricted_mean_difference": Format(1, unit="months"),
    "centers": Format(unit="centers"),
    "count": Format(unit="patients"),
    "missing": Format(unit="patients"),
    "excluded_missing": Format(unit="patients"),
    "dropped_missing": Format(unit="patients"),
    "level_patients": Format(unit="patients"),
    "level_events": Format(unit="events"),
    "on_treatment": Format(unit="patients"),
    "upgraded": Format(unit="patients"),
    "parameters": Format(),
    "ph_df": Format(),
    "wald_df": Format(),
    "logrank_pairwise_unadjusted": Format(2),
    "percent": Format(unit="%"),
    "upgraded_percent": Format(unit="%"),
    "median_months": Format(1, unit="months", unknown=NOT_REACHED),
    "followup_median_months": Format(1, unit="months", unknown=NOT_REACHED),
    "survival": Format(0, 100, "%"),
    "cumulative_incidence": Format(1, 100, "%"),
    "person_years": Format(unit="person-years"),
    "rate_per_100py": Format(2, unit="per 100 person-years"),
    "hazard_ratio": Format(2),
    "concordance": Format(2),
    "smd": Format(2),
    "events_per_parameter": Format(1),
    "fisher_p": Format(3),
    "fisher_monte_carlo_p": Format(3),
}
DEFAULT = Format(1)
CHISQ = Format(2)
COUNT_AT_END = re.compile(r"\s*\(\d+\)$")


def format_of(statistic: str) -> Format:
    """Return how a statistic is printed; test statistics to two decimals, what has no entry to one."""
    return FORMATS.get(statistic, CHISQ if statistic.endswith("_chisq") else DEFAULT)


def value_text(row: pd.Series, decimals: int | None = None) -> str:
    """Return the row's value as printed, without its interval; `decimals` instead of those of its statistic."""
    how = format_of(row["statistic"])
    places = how.decimals if decimals is None else decimals
    return format_number(row["value"] * how.scale if is_number(row["value"]) else None, places, how.unknown)


def interval_text(row: pd.Series | None) -> str:
    """Return `26.4 (22.1 to 29.8)`; `MISSING` for no row."""
    if row is None:
        return MISSING
    how = format_of(row["statistic"])
    return format_interval(row["value"], row["ci_low"], row["ci_high"], how.decimals, how.unknown, how.scale)


def p_text(row: pd.Series | None) -> str:
    """Return the row's P value as a table prints it; `MISSING` for no row."""
    return MISSING if row is None else format_p(row["p_value"])


def not_estimable(row: pd.Series) -> str:
    """Return the footnote of a number that the data do not determine."""
    return f"Not estimable: {row['reason']}."


def cautions(row: pd.Series) -> list[str]:
    """Return what the reason of an estimable row warns of, without the count in `fewer than 5 at risk (3)`."""
    reason = row.get("reason", "")
    if row.get("status", "ok") != "ok" or pd.isna(reason) or not reason:
        return []
    return [COUNT_AT_END.sub("", part) for part in reason.split("; ")]
