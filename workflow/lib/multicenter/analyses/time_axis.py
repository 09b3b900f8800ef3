"""Where the time of an analysis begins, and what its columns show then: at time zero, at a landmark, or as they change.

A column that is one level until a patient's date and another from then on (ever treated) shows at each moment what is
known: the level `otherwise` before the date. Days are counted from the start of the endpoint's time (STARTDT).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from multicenter.analyses.guard import landmark_day
from multicenter.analyses.result import Rows
from multicenter.censoring import CENSORED, COMPETING, EVENT
from multicenter.errors import StudyError
from multicenter.survival.landmark import happened_by, landmark_set
from multicenter.survival.time_dependent import completed_months, month_days, on_status, split_spells

NO, YES = "No", "Yes"
ON, CUMULATIVE = "on", "cumulative_months"


def moves(spec: Mapping) -> bool:
    """Say whether the analysis begins later than its endpoint, or follows what changes."""
    return bool(spec.get("landmark") or spec.get("time_dependent"))


def at_start(spec: Mapping, patients: pd.DataFrame) -> pd.DataFrame:
    """Return the patients with their landmark `day` (0 without one) and what their columns show on it.

    `patients`: ADSL rows with STARTDT.
    """
    landmark = spec.get("landmark")
    day = np.zeros(len(patients))
    if landmark:
        after = day_of(spec, patients, landmark["after"]) if "after" in landmark else 0.0
        day = day + after + landmark_day(landmark["months"])
    shown = patients.assign(day=day)
    if landmark:
        for name, date, otherwise in _switches(spec):
            shown[name] = _as_known(spec, patients, name, otherwise, happened_by(day_of(spec, patients, date), day))
        for item in spec.get("history", []):
            shown[item["name"]] = _history(spec, item, patients, day)
    return shown


def after_start(spec: Mapping, patients: pd.DataFrame) -> pd.DataFrame:
    """Return who is at risk at the landmark, timed from there; with time_dependent one row a spell with `entry`."""
    if spec.get("landmark"):
        found = landmark_set(patients["time"], patients["CNSR"], patients["day"])
        patients = patients.assign(time=found.time)[found.included]
    return _spells(spec, patients) if spec.get("time_dependent") else patients


def excluded_rows(spec: Mapping, patients: pd.DataFrame) -> pd.DataFrame:
    """Return estimates rows: how many of the population are followed from the landmark, and why the others are not."""
    found = landmark_set(patients["time"], patients["CNSR"], patients["day"])
    rows = Rows(spec, "landmark")
    counts = {"n": len(patients), "n_events": int((patients["CNSR"] == EVENT).sum())}
    rows.add("followed", int(found.included.sum()), **counts)
    rows.add("excluded_event", found.events, **counts)
    if (patients["CNSR"] == COMPETING).any():
        rows.add("excluded_competing", found.competing, **counts)
    rows.add("excluded_censored", found.censored, **counts)
    if "after" in spec["landmark"]:
        rows.add("excluded_not_reached", found.not_reached, **counts)
    return rows.frame()


def day_of(spec: Mapping, patients: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a date column as days after STARTDT, NaN where it is missing."""
    if not pd.api.types.is_datetime64_any_dtype(patients[column]):
        raise StudyError(f"analysis {spec['id']}: {column} holds no dates; name a column with dates")
    return ((patients[column] - patients["STARTDT"]) / pd.Timedelta(days=1)).to_numpy(dtype=float)


def dates_needed(spec: Mapping) -> list[str]:
    """Return the columns with dates that the analysis reads."""
    history = [column for item in spec.get("history", []) for column in (item["from"], item["to"])]
    after = (spec.get("landmark") or {}).get("after")
    return [*(date for _, date, _ in _switches(spec)), *history, *([after] if after else [])]


def _switches(spec: Mapping) -> list[tuple[str, str, str]]:
    """Return (column, column with its date, level before it) of the columns that change on a patient's date."""
    uses = {use["variable"]: use for use in spec.get("uses", [])}
    return [
        (name, use["at"][0], use["otherwise"])
        for name, use in uses.items()
        if len(use["at"]) == 1 and use["otherwise"] is not None
    ]


def _as_known(spec: Mapping, rows: pd.DataFrame, name: str, otherwise: str, known: NDArray) -> pd.Series:
    unknown = (rows[name] != otherwise).fillna(True).astype(bool) & ~known
    return rows[name].mask(unknown, otherwise)


def _history(spec: Mapping, item: Mapping, rows: pd.DataFrame, at: NDArray) -> pd.Series:
    """Return the status or the completed months of a treatment, `lag_days` before the days `at`."""
    begin, end = (day_of(spec, rows, item[key]) for key in ("from", "to"))
    when = at - item.get("lag_days", 0)
    if item["kind"] == CUMULATIVE:
        return pd.Series(completed_months(begin, end, when), index=rows.index)
    status = np.where(on_status(begin, end, when), YES, NO)
    return pd.Series(pd.Categorical(status, categories=[NO, YES], ordered=True), index=rows.index)


def _spells(spec: Mapping, patients: pd.DataFrame) -> pd.DataFrame:
    switches = [(name, day_of(spec, patients, date), otherwise) for name, date, otherwise in _switches(spec)]
    begin = patients["day"].to_numpy()
    everybody = np.arange(len(patients))
    cuts = [(everybody, day - begin) for _, day, _ in switches]
    for item in spec.get("history", []):
        first, last = (day_of(spec, patients, item[key]) for key in ("from", "to"))
        who, when = month_days(first, last) if item["kind"] == CUMULATIVE else (everybody, first)
        shift = item.get("lag_days", 0) - begin
        cuts += [(who, when + shift[who])]
        if item["kind"] == ON:
            cuts += [(everybody, last + shift)]
    who, when = (np.concatenate(parts) for parts in zip(*cuts, strict=True)) if cuts else (everybody[:0], begin[:0])
    spells = split_spells(patients["time"], who, when)
    rows = patients.iloc[spells.patient].reset_index(drop=True)
    event = rows["event"].to_numpy() & spells.last
    status = np.where(spells.last, rows["CNSR"].to_numpy(), CENSORED)
    rows = rows.assign(entry=spells.start, time=spells.stop, event=event, CNSR=status)
    moment = spells.start + begin[spells.patient]
    for name, day, otherwise in switches:
        rows[name] = _as_known(spec, rows, name, otherwise, happened_by(day[spells.patient], moment))
    for item in spec.get("history", []):
        rows[item["name"]] = _history(spec, item, rows, moment)
    return rows
