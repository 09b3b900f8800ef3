"""The guard of time zero: an analysis may use only what is known when its time begins.

Who is grouped by what happens later (ever treated, total duration, best response) cannot have the event before it
happens: immortal time. At a landmark an analysis may use what is known by then; time-dependent rows, what is known at
their start. Suissa, Am J Epidemiol 2008;167:492; Anderson, Cain & Gelber, J Clin Oncol 1983;1:710.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multicenter.durations import DAYS_PER_MONTH
from multicenter.known import Known, columns_used, in_words

PUBLISHED = "published"
IMMORTAL = "open to immortal-time bias"
DESCRIPTIVE = ("baseline", "response_kinetics", "reverse_kaplan_meier")
LEAST_LAG_DAYS = 90


def landmark_day(months: float) -> int:
    """Return the day of a landmark: the last whole day of so many months; who has no event by then is at risk."""
    return int(months * DAYS_PER_MONTH)


def early_uses(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the `uses` of an analysis (see known.with_known) that are known only after its time begins."""
    if entry["method"] in DESCRIPTIVE:
        return []
    return [use for use in entry.get("uses", []) if use["days"] is not None and not _is_known(use, entry)]


def guard_problems(entry: Mapping[str, Any]) -> list[str]:
    """Return why an analysis is refused, one line a column; nothing for one that is marked as published style."""
    place, early = f"analyses.{entry['id']}", early_uses(entry)
    problems = [*_undeclared(place, entry), *_lags(place, entry)]
    if entry.get("style") == PUBLISHED:
        if early and not entry.get("corrected_by"):
            names = ", ".join(dict.fromkeys(use["variable"] for use in early))
            problems.append(
                f"{place}: style published uses {names} before it is known. "
                "Name the analyses that correct it: corrected_by: [id, …]."
            )
        return problems
    for use in early:
        known = Known(use["days"], tuple(use["at"]))
        zero = entry["time_zero"].split(" + ")[0]
        problems.append(
            f"{place}: {use['role']} {use['variable']} is known only {in_words(known, zero)}, after this analysis' "
            f"time zero ({entry['time_zero']}): {IMMORTAL}. {_fix(use, entry)}"
        )
    return problems


def labeled(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an analysis whose estimand says so if it uses what is known only later."""
    if not early_uses(entry):
        return dict(entry)
    return {**entry, "estimand": f"{entry.get('estimand', '')} ({IMMORTAL})".strip()}


def _is_known(use: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    start, landmark = entry["start"], entry.get("landmark") or {}
    by = landmark_day(landmark["months"]) if landmark else start["days"]
    if use["days"] > by or start["days"] < 0:
        return False
    passed = {*start["at"], landmark.get("after")}
    left = [date for date in use["at"] if date not in passed]
    return not left or (_is_switch(use) and _follows(use, entry))


def _is_switch(use: Mapping[str, Any]) -> bool:
    """Say whether a column is one level until one date and another from then on."""
    return use["otherwise"] is not None and len(use["at"]) == 1 and not use["days"]


def _follows(use: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Say whether the analysis reads such a column as it stands at each moment."""
    if entry.get("landmark"):
        return True
    if entry.get("time_dependent"):
        return use["role"] in ("group", "exposure", "covariate")
    return entry["method"] == "clone_censor_weight" and use["role"] == "exposure"


def _fix(use: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    mark = "mark the analysis style: published and name its corrected_by"
    if _is_switch(use):
        return f"Use it at a landmark (landmark: {{months: 6}}) or time-dependently (time_dependent: true), or {mark}."
    if not use["at"]:
        months = next(month for month in range(1, 1000) if landmark_day(month) >= use["days"])
        return f"Use it at a landmark (landmark: {{months: {months}}} or later), or {mark}."
    return f"Use its history (history:), or {mark}."


def _undeclared(place: str, entry: Mapping[str, Any]) -> list[str]:
    told = {use["variable"] for use in entry.get("uses", []) if use["days"] is not None}
    names = dict.fromkeys(name for _, name in columns_used(entry) if name not in told)
    if entry["method"] in DESCRIPTIVE or not names:
        return []
    return [f"{place}: nothing says when {', '.join(names)} is known. Declare known: in variables."]


def _lags(place: str, entry: Mapping[str, Any]) -> list[str]:
    if not entry.get("time_dependent"):
        return []
    return [
        f"{place}: history {item['name']}: lag_days {item.get('lag_days', 0):g} is below {LEAST_LAG_DAYS}: treatment "
        f"stops shortly before an event is recorded, and the event would stop it. Use {LEAST_LAG_DAYS} or more."
        for item in entry.get("history", [])
        if item.get("lag_days", 0) < LEAST_LAG_DAYS
    ]
