"""The patients of an analysis: the population it names, their follow-up for its endpoint, their groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.time_axis import after_start, at_start, dates_needed, moves
from multicenter.censoring import CENSORED, COMPETING, EVENT
from multicenter.errors import StudyError, did_you_mean


def select(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> pd.DataFrame:
    """Return the ADSL rows of the entry's population with `time` (AVAL, days), `event` (CNSR = 0) and CNSR.

    With `landmark`: who is at risk then, timed from there. With `time_dependent`: a row a spell, (`entry`, `time`].
    Raises StudyError when a named column, level or endpoint does not exist, a patient has no or several rows of the
    endpoint, or an AVAL or CNSR cannot be: it names the first such patient.
    """
    chosen = candidates(spec, adsl, adtte)
    return after_start(spec, chosen) if moves(spec) else chosen


def candidates(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> pd.DataFrame:
    """Return the entry's population with its follow-up, those included who leave it before a landmark (`day`)."""
    require_columns(spec, adsl, [*_named(spec.get("by")), *dates_needed(spec)])
    if not moves(spec):
        return _followed(spec, select_population(spec, adsl), adtte)
    own = adtte.loc[adtte["PARAMCD"] == spec["endpoint"]].drop_duplicates("USUBJID")
    start = own.set_index("USUBJID")["STARTDT"]
    shown = at_start(spec, adsl.assign(STARTDT=adsl["USUBJID"].map(start)))
    return _followed(spec, select_population(spec, shown), adtte)


def patients_in(frame: pd.DataFrame) -> int:
    """Count the patients behind rows, of which each may have several."""
    return frame["USUBJID"].nunique() if "entry" in frame else len(frame)


def _followed(spec: Mapping, chosen: pd.DataFrame, adtte: pd.DataFrame) -> pd.DataFrame:
    where = f"analysis {spec['id']}"
    rows = adtte.loc[adtte["PARAMCD"] == spec["endpoint"], ["USUBJID", "AVAL", "CNSR"]]
    if rows.empty:
        known = adtte["PARAMCD"].unique()
        raise StudyError(
            f"{where}: endpoint {spec['endpoint']!r} is not in ADTTE.{did_you_mean(spec['endpoint'], known)}"
        )
    rows = rows[rows["USUBJID"].isin(chosen["USUBJID"])]
    endpoint = spec["endpoint"]
    _complain(rows["USUBJID"][rows["USUBJID"].duplicated()], where, f"has more than one {endpoint} row in ADTTE")
    _complain(chosen["USUBJID"][~chosen["USUBJID"].isin(rows["USUBJID"])], where, f"has no {endpoint} row in ADTTE")
    time = pd.to_numeric(rows["AVAL"], errors="coerce").astype("float64")
    _complain(rows["USUBJID"][time.isna()], where, f"has no time (AVAL) for {endpoint}; check its dates")
    _complain(
        rows["USUBJID"][time <= 0], where, f"has a {endpoint} time (AVAL) that is not at least 1 day; check its dates"
    )
    known = rows["CNSR"].isin((EVENT, CENSORED, COMPETING)).fillna(False).astype(bool)
    _complain(rows["USUBJID"][~known], where, f"has a {endpoint} CNSR other than 0, 1 or 2")
    follow_up = pd.DataFrame({"USUBJID": rows["USUBJID"], "time": time, "CNSR": rows["CNSR"].astype("int64")})
    follow_up["event"] = follow_up["CNSR"] == EVENT
    return chosen.merge(follow_up, on="USUBJID", how="left", validate="one_to_one")


def groups(spec: Mapping, patients: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return (level, its patients) for each level of the entry's `by`, in their order; one group "" without `by`.

    Levels that the population itself excludes are left out; other empty levels stay, with an empty frame. Patients
    without a value of `by` are in no group.
    """
    by = spec.get("by")
    if not by:
        return [("", patients)]
    allowed = (spec.get("population") or {}).get(by)
    names = [level for level in levels(patients[by]) if allowed is None or str(level) in map(str, allowed)]
    return [(str(level), patients[(patients[by] == level).fillna(False).astype(bool)]) for level in names]


def levels(column: pd.Series) -> list:
    """Return a column's levels: its categories in their order, or its distinct values sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return sorted(column.dropna().unique())


def require_columns(spec: Mapping, adsl: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise StudyError for the first of `columns` that neither ADSL nor the entry's `history` has."""
    history = {item["name"] for item in spec.get("history", [])}
    for column in columns:
        if column not in adsl.columns and column not in history:
            raise StudyError(
                f"analysis {spec['id']}: {column!r} is not a column of ADSL.{did_you_mean(column, adsl.columns)}"
            )


def strata_codes(spec: Mapping, patients: pd.DataFrame) -> np.ndarray | None:
    """Return one integer code a patient for the combination of the entry's `strata` columns, None without strata."""
    columns = list(spec.get("strata") or [])
    if not columns or patients.empty:
        return None
    return patients.groupby(columns, observed=True, sort=True).ngroup().to_numpy()


def _named(by: str | None) -> list[str]:
    return [by] if by else []


def select_population(spec: Mapping, adsl: pd.DataFrame) -> pd.DataFrame:
    """Return the patients whose levels are among those that the entry's `population` lists (all without one).

    Raises StudyError for a column or a level that does not exist.
    """
    require_columns(spec, adsl, spec.get("population") or {})
    chosen = pd.Series(True, index=adsl.index)
    for column, wanted in (spec.get("population") or {}).items():
        known = [str(level) for level in levels(adsl[column])]
        for level in map(str, wanted):
            if level not in known:
                raise StudyError(
                    f"analysis {spec['id']}: {level!r} is not a level of {column}.{did_you_mean(level, known)}"
                )
        chosen &= adsl[column].astype("string").isin([str(level) for level in wanted]).fillna(False).astype(bool)
    return adsl[chosen]


def _complain(patients: pd.Series, where: str, what: str) -> None:
    if len(patients):
        more = f" (and {len(patients) - 1} more)" if len(patients) > 1 else ""
        raise StudyError(f"{where}: patient {patients.iloc[0]}{more} {what}")
