"""Cumulative incidence of a protocol entry's endpoint, by group, with its competing event."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.caution import caution
from multicenter.analyses.result import CURVE_TYPES, RISK_TYPES, Result, Rows, typed
from multicenter.analyses.subjects import groups, select
from multicenter.censoring import CENSORED, COMPETING, EVENT
from multicenter.durations import DAYS_PER_MONTH
from multicenter.survival import competing_risks as cr

METHOD = "cumulative_incidence"
CAUSE = {EVENT: 1, COMPETING: 2, CENSORED: 0}


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Estimate, per group, patients, events, competing_events and cumulative_incidence at each milestone (months).

    Standard errors are those of R's survfit. The curve's estimate, and the risk table's cum_events, are of the endpoint
    alone; those who had the competing event count as neither. A milestone with few at risk (`caution`) says so.
    """
    rows, curves, tables = Rows(spec, METHOD), [], []
    for group, frame in groups(spec, select(spec, adsl, adtte)):
        cause = frame["CNSR"].map(CAUSE).to_numpy()
        events, competing = int((cause == 1).sum()), int((cause == 2).sum())
        counts = {"group": group, "n": len(frame), "n_events": events}
        rows.add("patients", len(frame), **counts)
        rows.add("events", events, **counts)
        rows.add("competing_events", competing, **counts)
        if frame.empty:
            for months in spec.get("milestones") or []:
                reason = f"{spec['by']} {group}: 0 patients" if group else "0 patients"
                rows.refuse("cumulative_incidence", reason, term=f"{months:g} months", **counts)
            continue
        curve = cr.cumulative_incidence(frame["time"], cause)
        _milestones(spec, rows, curve, frame, counts)
        curves += _curve_rows(spec, group, curve)
        tables += _risk_rows(spec, group, frame["time"].to_numpy(), cause)
    return Result(rows.frame(), typed(curves, CURVE_TYPES), typed(tables, RISK_TYPES))


def _milestones(spec: Mapping, rows: Rows, curve: cr.IncidenceCurve, frame: pd.DataFrame, counts: Mapping) -> None:
    for months in spec.get("milestones") or []:
        value, _, low, high = cr.incidence_at(curve, months * DAYS_PER_MONTH)
        cells = {**counts, "term": f"{months:g} months"}
        if np.isnan(value):
            rows.refuse("cumulative_incidence", f"no patient was followed to {months:g} months", **cells)
        else:
            reason = caution(spec, frame, months * DAYS_PER_MONTH, no_event=value == 0)
            rows.add("cumulative_incidence", value, ci_low=low, ci_high=high, reason=reason, **cells)


def _curve_rows(spec: Mapping, group: str, curve: cr.IncidenceCurve) -> list[dict]:
    least = spec.get("min_at_risk") or 0
    fixed = {"analysis": spec["id"], "method": METHOD, "group": group}
    start = {"time": 0.0, "estimate": 0.0, "n_risk": curve.n, "n_event": 0, "n_censor": 0, "shown": curve.n >= least}
    counts = curve.counts
    columns = (curve.incidence, curve.ci_low, curve.ci_high, counts.n_risk, counts.n_event, counts.n_censor)
    names = ("estimate", "ci_low", "ci_high", "n_risk", "n_event", "n_censor")
    steps = [
        {"time": when, **dict(zip(names, values, strict=True)), "shown": values[3] >= least}
        for when, *values in zip(counts.time, *columns, strict=True)
    ]
    return [{**fixed, **row} for row in [start, *steps]]


def _risk_rows(spec: Mapping, group: str, time: np.ndarray, cause: np.ndarray) -> list[dict]:
    rows = []
    for tick in spec.get("ticks") or []:
        before = time < tick * DAYS_PER_MONTH
        counted = (int((~before).sum()), int((before & (cause == 1)).sum()), int((before & (cause == 0)).sum()))
        numbers = dict(zip(("n_risk", "cum_events", "cum_censored"), counted, strict=True))
        rows.append({"analysis": spec["id"], "method": METHOD, "group": group, "time": tick, **numbers})
    return rows
