"""States at named time points, each patient once a time point, nothing carried forward.

Who has no assessment is in exactly one named state: off study (by the endpoint that took the patient off), not
evaluated, not yet reached (follow-up ends before the time point) or missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.result import Rows, stack_rows
from multicenter.analyses.subjects import require_columns, select_population
from multicenter.durations import DAYS_PER_MONTH
from multicenter.errors import StudyError

NOT_EVALUATED = "Not evaluated"
NOT_REACHED = "Not yet reached"
MISSING = "Missing"
BEST = "best"
KINETICS_COLUMNS = {
    "analysis": "string",
    "timepoint": "string",
    "timepoint_order": "Int64",
    "state": "string",
    "state_order": "Int64",
    "assessed": "boolean",
    "n": "Int64",
    "denominator": "Int64",
    "percent": "float64",
}


def describe_response(
    adsl: pd.DataFrame, adtte: pd.DataFrame, adrs: pd.DataFrame, entry: Mapping
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (kinetics, rows): the counts behind the figure and the same as rows of the analysis-results table.

    kinetics: one row a time point and state (columns KINETICS_COLUMNS); an assessed state's denominator is the number
    assessed at that time point, another state's the number of patients.
    `entry`: timepoints {code: months after `origin`, or null}, origin (date column), follow_up_end (date column),
    treatment_end (date column, optional), levels (best to worst), not_evaluated (codes), off_study {state name:
    PARAMCD}, baseline (time point), window_days (how long after leaving an assessment of the worst level still counts).
    Raises StudyError for a column, an endpoint or a code that does not exist.
    """
    patients = select_population(entry, adsl).set_index("USUBJID", drop=False)
    states = _states(patients, adtte, adrs, entry)
    kinetics = _count(states, entry)
    rows = Rows(entry, "response_kinetics")
    _add_kinetics(rows, kinetics, len(patients))
    _add_on_treatment(rows, patients, states, entry)
    _add_best_and_upgrade(rows, states, entry)
    return kinetics, rows.frame()


def describe_all(
    adsl: pd.DataFrame, adtte: pd.DataFrame, adrs: pd.DataFrame, entries: Iterable[Mapping]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (kinetics, rows) of `describe_response` for every entry, one below the other."""
    results = [describe_response(adsl, adtte, adrs, entry) for entry in entries]
    kinetics = [table for table, _ in results]
    empty = pd.DataFrame(columns=KINETICS_COLUMNS)
    return pd.concat(kinetics, ignore_index=True) if kinetics else empty, stack_rows(rows for _, rows in results)


def state_order(entry: Mapping) -> list[str]:
    """Return every state in the order in which it is stacked: levels best to worst, then those without assessment."""
    return [*entry["levels"], *entry.get("off_study", {}), NOT_EVALUATED, NOT_REACHED, MISSING]


def _states(patients: pd.DataFrame, adtte: pd.DataFrame, adrs: pd.DataFrame, entry: Mapping) -> pd.DataFrame:
    """One row a patient, one column a time point, the state as text."""
    dates = [entry["origin"], entry["follow_up_end"], entry.get("treatment_end")]
    require_columns(entry, patients, [column for column in dates if column])
    left, why = _off_study(patients, adtte, entry)
    columns = {}
    for timepoint, months in entry["timepoints"].items():
        here = adrs[adrs["AVISIT"].astype("string") == timepoint]
        if here["USUBJID"].duplicated().any():
            who = here.loc[here["USUBJID"].duplicated(), "USUBJID"].iloc[0]
            raise StudyError(f"analysis {entry['id']}: {who} has two assessments at {timepoint}; keep one")
        here = here.set_index("USUBJID").reindex(patients.index)
        columns[timepoint] = _state_at(here, _planned(patients, entry, months), left, why, patients, entry)
    return pd.DataFrame(columns)


def _planned(patients: pd.DataFrame, entry: Mapping, months: float | None) -> pd.Series:
    if months is None:
        return pd.Series(pd.NaT, index=patients.index)
    return patients[entry["origin"]] + pd.Timedelta(days=round(months * DAYS_PER_MONTH))


def _off_study(patients: pd.DataFrame, adtte: pd.DataFrame, entry: Mapping) -> tuple[pd.Series, pd.Series]:
    """Date and state name of the first endpoint that takes a patient off study; of one day, the later-named."""
    date = pd.Series(pd.NaT, index=patients.index)
    state = pd.Series(pd.NA, index=patients.index, dtype="string")
    for name, endpoint in entry.get("off_study", {}).items():
        events = adtte[(adtte["PARAMCD"] == endpoint) & (adtte["CNSR"] == 0)]
        if endpoint not in set(adtte["PARAMCD"]):
            raise StudyError(f"analysis {entry['id']}: there is no endpoint {endpoint!r} for the state {name!r}")
        when = events.set_index("USUBJID")["ADT"].reindex(patients.index)
        sooner = when.notna() & (date.isna() | (when <= date))
        date, state = date.where(~sooner, when), state.where(~sooner, name)
    return date, state


def _state_at(
    here: pd.DataFrame, planned: pd.Series, left: pd.Series, why: pd.Series, patients: pd.DataFrame, entry: Mapping
) -> pd.Series:
    """Each patient's state at one time point: an assessment if there is one that counts, else why there is none."""
    levels, value = entry["levels"], here["AVALC"].astype("string")
    known = set(levels) | set(entry.get("not_evaluated", []))
    if unknown := sorted(set(value.dropna()) - known):
        raise StudyError(f"analysis {entry['id']}: the assessments hold {unknown[0]!r}, which is not among its levels")
    when = pd.to_datetime(here["ADT"]).fillna(planned)
    late = (when - left).dt.days
    worst_in_time = value.eq(levels[-1]).fillna(False) & (late <= entry.get("window_days", 0))
    counts = value.isin(levels) & ~((late > 0) & ~worst_in_time)
    gone = left <= when
    not_evaluated = value.isin(entry.get("not_evaluated", []))
    waiting = value.isna() & (planned > patients[entry["follow_up_end"]])
    conditions = [mask.to_numpy(dtype=bool) for mask in (counts, gone, not_evaluated, waiting)]
    choices = [value.to_numpy(dtype=object), why.to_numpy(dtype=object), NOT_EVALUATED, NOT_REACHED]
    return pd.Series(np.select(conditions, choices, MISSING), index=patients.index, dtype="string")


def _count(states: pd.DataFrame, entry: Mapping) -> pd.DataFrame:
    rows = []
    for order, timepoint in enumerate(entry["timepoints"]):
        counts = states[timepoint].value_counts()
        assessed = int(counts.reindex(entry["levels"], fill_value=0).sum())
        for rank, state in enumerate(state_order(entry)):
            is_level = state in entry["levels"]
            n, denominator = int(counts.get(state, 0)), assessed if is_level else len(states)
            percent = 100 * n / denominator if denominator else np.nan
            rows.append((entry["id"], timepoint, order, state, rank, is_level, n, denominator, percent))
    return pd.DataFrame(rows, columns=list(KINETICS_COLUMNS)).astype(KINETICS_COLUMNS)


def _add_kinetics(rows: Rows, kinetics: pd.DataFrame, patients: int) -> None:
    rows.add("patients", patients, n=patients)
    for row in kinetics.itertuples():
        _add_share(rows, "count", "percent", f"{row.timepoint}: {row.state}", row.n, row.denominator)


def _add_on_treatment(rows: Rows, patients: pd.DataFrame, states: pd.DataFrame, entry: Mapping) -> None:
    """Of the patients assessed at each planned time point, how many were still on treatment then."""
    if not entry.get("treatment_end"):
        return
    for timepoint, months in entry["timepoints"].items():
        if months is None:
            continue
        assessed = states[timepoint].isin(entry["levels"])
        end = patients[entry["treatment_end"]]
        still = end.isna() | (end >= _planned(patients, entry, months))
        rows.add("on_treatment", int((assessed & still).sum()), term=timepoint, n=int(assessed.sum()))


def _add_best_and_upgrade(rows: Rows, states: pd.DataFrame, entry: Mapping) -> None:
    """Best level from baseline on, and the patients who went above their baseline level by each later time point.

    Upgrades are counted among those whose baseline level is known and not the best one; who was never assessed again
    stays in the denominator as not upgraded.
    """
    levels, timepoints = entry["levels"], list(entry["timepoints"])
    if entry["baseline"] not in timepoints:
        raise StudyError(f"analysis {entry['id']}: the baseline {entry['baseline']!r} is not among its time points")
    first = timepoints.index(entry["baseline"])
    rank = states.apply(lambda column: column.map({level: i for i, level in enumerate(levels)})).astype(float)
    best = rank[timepoints[first:]].min(axis=1)
    assessed = int(best.notna().sum())
    for i, level in enumerate(levels):
        _add_share(rows, "count", "percent", f"{BEST}: {level}", int((best == i).sum()), assessed)
    at_risk = rank[entry["baseline"]] > 0
    for last in range(first + 1, len(timepoints)):
        better = rank[timepoints[first + 1 : last + 1]].min(axis=1) < rank[entry["baseline"]]
        count, denominator = int((at_risk & better).sum()), int(at_risk.sum())
        _add_share(rows, "upgraded", "upgraded_percent", timepoints[last], count, denominator)


def _add_share(rows: Rows, count_name: str, percent_name: str, term: str, count: int, denominator: int) -> None:
    rows.add(count_name, count, term=term, n=denominator)
    if denominator:
        rows.add(percent_name, 100 * count / denominator, term=term, n=denominator)
    else:
        rows.refuse(percent_name, "the denominator is 0", term=term, n=0)
