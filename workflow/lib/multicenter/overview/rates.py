"""What is compared between centers: a rate a center, against the pooled one, with its funnel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from multicenter.censoring import EVENT
from multicenter.durations import DAYS_PER_YEAR
from multicenter.expressions import is_true
from multicenter.overview.funnel import (
    ALARM,
    INSIDE,
    WATCH,
    binomial_limits,
    binomial_tails,
    poisson_limits,
    poisson_tails,
    standing,
)

SHARE, EVENTS, QUERIES = "share", "events", "queries"
PER = 100
UNITS = {SHARE: "%", EVENTS: "per 100 patient-years", QUERIES: "per 100 patients"}
SIZES = {SHARE: "patients", EVENTS: "patient-years", QUERIES: "patients"}
CURVE_POINTS = 60


@dataclass(frozen=True)
class Rate:
    """One rate of all centers. centers (indexed by code): count, size (patients or patient-years), value (per hundred;
    NaN without size), standing. pooled: the value of all together. limits(sizes): {level: (low, high)} per hundred."""

    id: str
    label: str
    kind: str
    centers: pd.DataFrame
    pooled: float

    @property
    def unit(self) -> str:
        return UNITS[self.kind]

    @property
    def size_label(self) -> str:
        return SIZES[self.kind]

    def limits(self, sizes: np.ndarray) -> dict[float, tuple[np.ndarray, np.ndarray]]:
        """The limits at the given sizes, by level."""
        of = binomial_limits if self.kind == SHARE else poisson_limits
        found = {level: of(self.pooled / PER, sizes, level) for level in (WATCH, ALARM)}
        return {level: (low * PER, high * PER) for level, (low, high) in found.items()}

    @cached_property
    def curve(self) -> tuple[np.ndarray, dict[float, tuple[np.ndarray, np.ndarray]]]:
        """Sizes from one to the largest, denser at the small end, and the limits there."""
        largest = max(float(self.centers["size"].max()), 2.0)
        sizes = np.unique(np.round(np.geomspace(1, largest, CURVE_POINTS)))
        return sizes, self.limits(sizes)


def build_rates(
    entries: Sequence[Mapping[str, Any]],
    centers: Sequence[str],
    adsl: pd.DataFrame,
    adtte: pd.DataFrame,
    queries: pd.DataFrame,
    patients: Mapping[str, int],
) -> list[Rate]:
    """Compute the rates that the protocol names.

    entries: id, label, kind (share: of ADSL rows, `when` among `among`; events: of an endpoint, of one `event`
    description if given; queries: open ones) … adsl, adtte: as the cohort has them. queries: center. patients: how many
    each center has delivered.
    """
    found = []
    for entry in entries:
        if entry["kind"] == SHARE:
            counted = _share(entry, adsl)
        elif entry["kind"] == EVENTS:
            counted = _events(entry, adtte)
        else:
            counted = _queries(entry, queries, patients)
        found.append(_rate(entry, counted.reindex(list(centers)).fillna(0.0)))
    return found


def _share(entry: Mapping[str, Any], adsl: pd.DataFrame) -> pd.DataFrame:
    rows = adsl[is_true(entry["among"], adsl)] if "among" in entry else adsl
    counted = pd.DataFrame({"SITEID": rows["SITEID"], "count": is_true(entry["when"], rows), "size": 1.0})
    return counted.groupby("SITEID").sum()


def _events(entry: Mapping[str, Any], adtte: pd.DataFrame) -> pd.DataFrame:
    rows = adtte[adtte["PARAMCD"] == entry["endpoint"]]
    counts = rows["CNSR"] == EVENT
    if "event" in entry:
        counts &= (rows["EVNTDESC"] == entry["event"]).fillna(False)
    years = rows["AVAL"].astype("float64") / DAYS_PER_YEAR
    return pd.DataFrame({"SITEID": rows["SITEID"], "count": counts, "size": years}).groupby("SITEID").sum()


def _queries(entry: Mapping[str, Any], queries: pd.DataFrame, patients: Mapping[str, int]) -> pd.DataFrame:
    rows = queries[queries["severity"].isin(entry["severity"])] if "severity" in entry else queries
    size = pd.Series(patients, dtype="float64")
    return pd.DataFrame({"count": rows["center"].value_counts().reindex(size.index, fill_value=0), "size": size})


def _rate(entry: Mapping[str, Any], counted: pd.DataFrame) -> Rate:
    total = counted["size"].sum()
    pooled = float(PER * counted["count"].sum() / total) if total else float("nan")
    value = PER * counted["count"] / counted["size"].where(counted["size"] > 0)
    centers = counted.astype({"count": "int64", "size": "float64"}).assign(value=value, standing=INSIDE)
    rate = Rate(entry["id"], entry["label"], entry["kind"], centers, pooled)
    if total:
        tails = binomial_tails if entry["kind"] == SHARE else poisson_tails
        counts, sizes = centers["count"].to_numpy(), centers["size"].to_numpy()
        known = sizes > 0
        centers.loc[known, "standing"] = standing(*tails(counts[known], sizes[known], pooled / PER))
    return rate
