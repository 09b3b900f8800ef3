"""Kaplan-Meier curves of a protocol entry, by group, with medians, milestones, log-rank tests and the risk table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.caution import caution
from multicenter.analyses.result import CURVE_TYPES, RISK_TYPES, Result, Rows, typed
from multicenter.analyses.subjects import groups, patients_in, require_columns, select, strata_codes
from multicenter.durations import DAYS_PER_MONTH
from multicenter.errors import NotEstimable
from multicenter.survival import kaplan_meier as km
from multicenter.survival.logrank import PairwiseLogRank, logrank, pairwise_logrank

METHOD = "kaplan_meier"
LOGRANK = "logrank"


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Estimate the curves of one entry of `analyses:` in the protocol (keys: config/README.md).

    Per group: patients, events, median_months, survival at each milestone; one with few at risk (`caution`) says so.
    With two or more groups: logrank_chisq (stratified if `strata` is given) and, if `pairwise`, for each pair the same
    chi-square twice: logrank_pairwise_chisq with Holm's p, logrank_pairwise_unadjusted with the p as it is.
    With `time_dependent` a patient moves from group to group: the curves are those of Simon & Makuch (Stat Med
    1984;3:35), the log-rank test is that of Mantel & Byar (JASA 1974;69:81).
    """
    patients = select(spec, adsl, adtte)
    require_columns(spec, adsl, spec.get("strata") or [])
    rows, curves, tables = Rows(spec, METHOD), [], []
    members = groups(spec, patients)
    for group, frame in members:
        if frame.empty:
            _refuse_group(spec, rows, group)
            continue
        curve = km.kaplan_meier(frame["time"], frame["event"], frame.get("entry"))
        _describe(spec, rows, group, curve, frame)
        curves += curve_rows(spec, METHOD, group, curve, at_first(frame))
        tables += risk_rows(spec, METHOD, group, frame)
    if spec.get("by"):
        missing = len(patients) - sum(len(frame) for _, frame in members)
        rows.add("excluded_missing", missing, n=missing)
    if len(members) > 1:
        _compare(spec, rows, patients, [group for group, _ in members])
    return Result(rows.frame(), typed(curves, CURVE_TYPES), typed(tables, RISK_TYPES))


def _describe(spec: Mapping, rows: Rows, group: str, curve: km.SurvivalCurve, frame: pd.DataFrame) -> None:
    size = patients_in(frame)
    counts = {"group": group, "n": size, "n_events": curve.n_events}
    rows.add("patients", size, **counts)
    rows.add("events", curve.n_events, **counts)
    middle = km.median(curve)
    add_median(
        rows, "median_months", middle, "survival stays above one half", counts, caution(spec, frame, middle.value)
    )
    for months in spec.get("milestones") or []:
        point = km.survival_at(curve, months * DAYS_PER_MONTH)
        cells = {**counts, "term": milestone(months)}
        if np.isnan(point.value):
            rows.refuse("survival", f"no patient was followed to {milestone(months)}", **cells)
        else:
            reason = caution(spec, frame, months * DAYS_PER_MONTH, no_event=point.value == 1)
            rows.add("survival", point.value, ci_low=point.ci_low, ci_high=point.ci_high, reason=reason, **cells)


def _refuse_group(spec: Mapping, rows: Rows, group: str) -> None:
    reason = f"{spec['by']} {group}: 0 patients" if group else "0 patients"
    counts = {"group": group, "n": 0, "n_events": 0}
    rows.add("patients", 0, **counts)
    rows.refuse("median_months", reason, **counts)
    for months in spec.get("milestones") or []:
        rows.refuse("survival", reason, term=milestone(months), **counts)


def _compare(spec: Mapping, rows: Rows, patients: pd.DataFrame, order: list[str]) -> None:
    strata = list(spec.get("strata") or [])
    method = f"{LOGRANK} stratified by {', '.join(strata)}" if strata else LOGRANK
    frame = patients[patients[spec["by"]].astype("string").isin(order).fillna(False)].dropna(subset=strata)
    codes = strata_codes(spec, frame)
    group = frame[spec["by"]].astype(str).to_numpy()
    entry = frame["entry"].to_numpy() if "entry" in frame else None
    data = (frame["time"].to_numpy(), frame["event"].to_numpy(), group, codes)
    counts = {"n": patients_in(frame), "n_events": int(frame["event"].sum())}
    try:
        test = logrank(*data, entry, groups=order)
        rows.add("logrank_chisq", test.chisq, term=f"df={test.df}", p_value=test.p_value, method=method, **counts)
    except NotEstimable as error:
        rows.refuse("logrank_chisq", str(error), method=method, **counts)
    if not spec.get("pairwise"):
        return
    for pair in pairwise_logrank(*data, groups=order):
        _add_pair(rows, pair, method)


def _add_pair(rows: Rows, pair: PairwiseLogRank, method: str) -> None:
    cells = {"group": f"{pair.first} vs {pair.second}", "n": pair.n, "n_events": pair.n_events}
    for statistic, p, how in (
        ("logrank_pairwise_chisq", pair.p_adjusted, f"{method}, Holm"),
        ("logrank_pairwise_unadjusted", pair.p_value, method),
    ):
        if pair.reason:
            rows.refuse(statistic, f"{cells['group']}: {pair.reason}", method=how, **cells)
        else:
            rows.add(statistic, pair.chisq, term="df=1", p_value=p, method=how, **cells)


def add_median(rows: Rows, statistic: str, found: km.Estimate, reason: str, counts: Mapping, warning: str = "") -> None:
    """Add a median in months, with its `warning`, or that it is not reached, with the `reason`."""
    if np.isnan(found.value):
        low = found.ci_low / DAYS_PER_MONTH
        rows.refuse(statistic, f"not reached: {reason}", ci_low=low, **counts)
        return
    months = [number / DAYS_PER_MONTH for number in (found.value, found.ci_low, found.ci_high)]
    rows.add(statistic, months[0], ci_low=months[1], ci_high=months[2], reason=warning, **counts)


def milestone(months: float) -> str:
    """Return how a milestone is written, "36 months"."""
    return f"{months:g} months"


def at_first(frame: pd.DataFrame) -> int:
    """Return how many of a group's rows are at risk from time 0 on."""
    return int((frame["entry"] == 0).sum()) if "entry" in frame else len(frame)


def curve_rows(spec: Mapping, method: str, group: str, curve: km.SurvivalCurve, first: int | None = None) -> list[dict]:
    """Return the step function of a group: time 0 (with the `first` at risk; all if None), then each distinct time."""
    least = spec.get("min_at_risk") or 0
    fixed = {"analysis": spec["id"], "method": method, "group": group}
    first = curve.n if first is None else first
    start = {"time": 0.0, "estimate": 1.0, "n_risk": first, "n_event": 0, "n_censor": 0, "shown": first >= least}
    counts = curve.counts
    columns = (curve.survival, curve.ci_low, curve.ci_high, counts.n_risk, counts.n_event, counts.n_censor)
    names = ("estimate", "ci_low", "ci_high", "n_risk", "n_event", "n_censor")
    steps = [
        {"time": when, **dict(zip(names, values, strict=True)), "shown": values[3] >= least}
        for when, *values in zip(counts.time, *columns, strict=True)
    ]
    return [{**fixed, **row} for row in [start, *steps]]


def risk_rows(spec: Mapping, method: str, group: str, frame: pd.DataFrame) -> list[dict]:
    """Return a group's risk table at the entry's `ticks` (months)."""
    ticks = list(spec.get("ticks") or [])
    moments = np.array(ticks, dtype=float) * DAYS_PER_MONTH
    table = km.risk_table(frame["time"], frame["event"], moments, frame.get("entry"))
    columns = zip(ticks, table.n_risk, table.cum_events, table.cum_censored, strict=True)
    fixed = {"analysis": spec["id"], "method": method, "group": group}
    return [
        {**fixed, "time": tick, "n_risk": risk, "cum_events": events, "cum_censored": censored}
        for tick, risk, events, censored in columns
    ]
