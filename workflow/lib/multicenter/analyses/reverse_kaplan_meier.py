"""Median follow-up of a protocol entry by the reverse Kaplan-Meier method."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.analyses.kaplan_meier import add_median, curve_rows
from multicenter.analyses.result import CURVE_TYPES, Result, Rows, typed
from multicenter.analyses.subjects import CENSORED, groups, select
from multicenter.survival import kaplan_meier as km

METHOD = "reverse_kaplan_meier"


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Estimate, per group, patients and followup_median_months (n_events: the patients whose observation ended).

    Any event, a competing one too, cuts follow-up short.
    """
    rows, curves = Rows(spec, METHOD), []
    for group, frame in groups(spec, select(spec, adsl, adtte)):
        ended = int((frame["CNSR"] == CENSORED).sum())
        counts = {"group": group, "n": len(frame), "n_events": ended}
        rows.add("patients", len(frame), **counts)
        if frame.empty:
            rows.refuse(
                "followup_median_months", f"{spec['by']} {group}: 0 patients" if group else "0 patients", **counts
            )
            continue
        curve = km.reverse_kaplan_meier(frame["time"], frame["CNSR"] != CENSORED)
        add_median(rows, "followup_median_months", km.median(curve), "too few observations have ended", counts)
        curves += curve_rows(spec, METHOD, group, curve)
    return Result(rows.frame(), typed(curves, CURVE_TYPES))
