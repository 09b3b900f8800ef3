"""What a reader must know of a number that can be read off a curve all the same: the `reason` of a row that is ok."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

NO_EVENT = "no event so far: no confidence interval"


def caution(spec: Mapping, frame: pd.DataFrame, when: float, no_event: bool = False) -> str:
    """Return "fewer than 5 at risk (3)" and that there is no event yet, joined by "; "; "" where neither holds.

    `frame`: the rows of the group (see subjects.select), at risk where `entry` < `when` <= `time`; the entry's
    `min_at_risk` is how many are enough (without it any number is).
    """
    at_risk = (frame["time"] >= when) & (frame["entry"] < when if "entry" in frame else True)
    least, n_risk = spec.get("min_at_risk") or 0, int(at_risk.sum())
    few = f"fewer than {least} at risk ({n_risk})" if n_risk < least else ""
    return "; ".join(part for part in (few, NO_EVENT if no_event else "") if part)
