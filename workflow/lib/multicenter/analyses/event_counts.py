"""Counts of an endpoint by group: patients, events, person-years, exact rates and Fisher's exact test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.result import Result, Rows
from multicenter.analyses.subjects import groups, patients_in, select
from multicenter.censoring import COMPETING
from multicenter.durations import DAYS_PER_YEAR
from multicenter.errors import NotEstimable
from multicenter.survival.fisher import fisher_exact
from multicenter.survival.rates import poisson_rate

METHOD = "event_counts"


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Count, per group, patients, events, competing_events, percent, person_years and rate_per_100py (exact limits).

    With two or more groups also fisher_p, of events against no event; not with `time_dependent`, where person-years and
    events count in the group in which the patient then is.
    """
    rows = Rows(spec, METHOD)
    members = groups(spec, select(spec, adsl, adtte))
    for group, frame in members:
        _count(spec, rows, group, frame)
    if len(members) > 1 and not spec.get("time_dependent"):
        events = np.array([frame["event"].sum() for _, frame in members], dtype=int)
        sizes = np.array([len(frame) for _, frame in members])
        counts = {"n": int(sizes.sum()), "n_events": int(events.sum())}
        try:
            p, exact = fisher_exact(np.column_stack([events, sizes - events]))
            rows.add("fisher_p" if exact else "fisher_monte_carlo_p", p, p_value=p, **counts)
        except NotEstimable as error:
            rows.refuse("fisher_p", str(error), **counts)
    return Result(rows.frame())


def _count(spec: Mapping, rows: Rows, group: str, frame: pd.DataFrame) -> None:
    size, events = patients_in(frame), int(frame["event"].sum())
    counts = {"group": group, "n": size, "n_events": events}
    rows.add("patients", size, **counts)
    rows.add("events", events, **counts)
    rows.add("competing_events", int((frame["CNSR"] == COMPETING).sum()), **counts)
    if not size:
        reason = f"{spec['by']} {group}: 0 patients" if group else "0 patients"
        for statistic in ("percent", "person_years", "rate_per_100py"):
            rows.refuse(statistic, reason, **counts)
        return
    years = float((frame["time"] - frame.get("entry", 0)).sum()) / DAYS_PER_YEAR
    rate = poisson_rate(events, years)
    rows.add("percent", 100 * events / size, **counts)
    rows.add("person_years", years, **counts)
    rows.add("rate_per_100py", rate.value, ci_low=rate.ci_low, ci_high=rate.ci_high, **counts)
