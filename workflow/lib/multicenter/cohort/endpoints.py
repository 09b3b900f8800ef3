"""ADTTE: one row a patient and endpoint, with the reason for its event or censoring and the record behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from multicenter.censoring import CENSORED, COMPETING, EVENT
from multicenter.cohort.sources import extreme_date

DECLARED = "DECLARED"  # which of the declared events or censoring dates decided, -1 if none
NOTHING_KNOWN = "Nothing known after time zero"


def build_adtte(
    patients: pd.DataFrame, tables: Mapping[str, pd.DataFrame], endpoints: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Return ADTTE for the given patients (indexed by USUBJID, with `data_cut` and each endpoint's `start` column).

    Columns: USUBJID, SITEID, PARAMCD, PARAM, STARTDT, ADT, AVAL (integer days from STARTDT to ADT), CNSR (0 event,
    1 censored, 2 competing event), EVNTDESC, CNSDTDSC, SRCDOM, SRCVAR, SRCSEQ (row of the record in its extract).
    The first event that is not after the data cut counts. Without one, censoring is at the first known of the declared
    dates that lies after STARTDT, or at the data cut, whichever is earlier. Without any such date a patient is censored
    one day after STARTDT, with a reason of its own.
    """
    rows = [endpoint_rows(patients, tables, code, spec) for code, spec in endpoints.items()]
    return pd.concat(rows, ignore_index=True).drop(columns=DECLARED)


def endpoint_rows(
    patients: pd.DataFrame, tables: Mapping[str, pd.DataFrame], code: str, spec: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the rows of one endpoint, and DECLARED: the place of what decided among those declared of its kind."""
    cut, start = patients["data_cut"], patients[spec["start"]]
    rows = _censoring(patients, tables, spec["censor"], start, cut)
    for status, declared in ((COMPETING, spec.get("competing", [])), (EVENT, spec["events"])):
        for number, event in reversed(list(enumerate(declared))):
            found = extreme_date(tables, patients, event["earliest"], event.get("where"), latest=False)
            counts = found["date"].notna() & (found["date"] <= cut)
            sooner = counts & ((rows["CNSR"] == CENSORED) | (found["date"] <= rows["ADT"]))
            rows = _replace(rows, sooner, found, status, number, event["description"])
    rows.insert(0, "SITEID", patients["center"])
    rows.insert(1, "PARAMCD", code)
    rows.insert(2, "PARAM", spec["label"])
    rows.insert(3, "STARTDT", start)
    rows.insert(5, "AVAL", (rows["ADT"] - start).dt.days.astype("Int64"))
    return rows.reset_index(names="USUBJID")


def _censoring(
    patients: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    declared: list[Mapping[str, Any]],
    start: pd.Series,
    cut: pd.Series,
) -> pd.DataFrame:
    rows = pd.DataFrame({"ADT": pd.NaT, "CNSR": CENSORED}, index=patients.index).astype({"ADT": "datetime64[ns]"})
    for name in ("EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR"):
        rows[name] = pd.Series(pd.NA, index=rows.index, dtype="string")
    rows["SRCSEQ"] = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    rows[DECLARED] = -1
    for number, reason in enumerate(declared):
        found = extreme_date(tables, patients, reason["latest"], reason.get("where"), latest=True)
        later = rows["ADT"].isna() & (found["date"] > start)
        rows = _replace(rows, later, found, CENSORED, number, reason["description"])
    unknown = rows["ADT"].isna()
    rows.loc[unknown, "ADT"] = start[unknown] + pd.Timedelta(days=1)
    rows.loc[unknown, "CNSDTDSC"] = NOTHING_KNOWN
    beyond = rows["ADT"] > cut
    rows.loc[beyond, "ADT"] = cut[beyond]
    rows.loc[beyond, "CNSDTDSC"] = "Data cut"
    return rows


def _replace(
    rows: pd.DataFrame, where: pd.Series, found: pd.DataFrame, status: int, number: int, description: str
) -> pd.DataFrame:
    event, reason = (description, pd.NA) if status != CENSORED else (pd.NA, description)
    rows.loc[where, "ADT"] = found.loc[where, "date"]
    rows.loc[where, "CNSR"] = status
    rows.loc[where, DECLARED] = number
    rows.loc[where, "EVNTDESC"] = event
    rows.loc[where, "CNSDTDSC"] = reason
    rows.loc[where, "SRCDOM"] = found.loc[where, "domain"].astype("string")
    rows.loc[where, "SRCVAR"] = found.loc[where, "variable"].astype("string")
    rows.loc[where, "SRCSEQ"] = found.loc[where, "seq"].astype("Int64")
    return rows
