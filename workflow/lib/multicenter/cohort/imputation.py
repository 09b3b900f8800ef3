"""Which dates of the cohort had a part filled in: their bounds, and ADaM's flags of imputed dates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.cohort.sources import KEY
from multicenter.expression_syntax import names_in

OF_PATIENT = "patient"
COLUMNS = [KEY, "table", "item", "variable", "value", "flag", "lo", "hi"]


def pool_imputed(folders: Mapping[str, Path]) -> pd.DataFrame:
    """Return the imputed dates of all centers (center → folder): COLUMNS, as `harmonize.imputed` explains them."""
    found = []
    for center, folder in folders.items():
        rows = pd.read_parquet(folder / "imputed.parquet")
        found.append(rows.assign(**{KEY: (center + "-" + rows["patient_id"]).astype("string")})[COLUMNS])
    return pd.concat(found, ignore_index=True)


def add_date_flags(
    adtte: pd.DataFrame,
    imputed: pd.DataFrame,
    endpoints: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Return ADTTE with STARTDTF and ADTF behind their dates: D (day imputed), M (month and day), missing otherwise.

    ADTF is of the source date that SRCDOM and SRCVAR name; STARTDTF of any of the dates that the endpoint's start is
    derived from. A flag belongs to a date: it is set where the patient's imputed date is the one that is used.
    """
    by_source = _flags(imputed, ["table", "variable"])
    ends = pd.MultiIndex.from_frame(adtte[[KEY, "SRCDOM", "SRCVAR", "ADT"]])
    adtte.insert(adtte.columns.get_loc("ADT") + 1, "ADTF", _looked_up(by_source, ends))
    starts = pd.Series(pd.NA, index=adtte.index, dtype="string")
    addresses = imputed["table"] + "." + imputed["variable"]
    for code, endpoint in endpoints.items():
        flags = _flags(imputed[addresses.isin(sources_of(endpoint["start"], variables))], [])
        here = adtte["PARAMCD"] == code
        starts[here] = _looked_up(flags, pd.MultiIndex.from_frame(adtte.loc[here, [KEY, "STARTDT"]]))
    adtte.insert(adtte.columns.get_loc("STARTDT") + 1, "STARTDTF", starts)
    return adtte


def sources_of(name: str, variables: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The harmonized variables (table.variable) that a variable of the protocol may take its date from."""
    if name not in variables:
        return {f"{OF_PATIENT}.{name}"}
    spec = variables[name]
    taken = {spec[key] for key in ("first", "last") if key in spec}
    taken |= {address for key in ("earliest", "latest") for address in spec.get(key, ())}
    names = names_in(spec["value"]) - {name} if "value" in spec else set()
    return taken.union(*(sources_of(other, variables) for other in names))


def _flags(imputed: pd.DataFrame, by: list[str]) -> pd.Series:
    """The flag of a patient's imputed date; of two that fall on one day the coarser one."""
    keys = [KEY, *by, "value"]
    return imputed.sort_values("flag", ascending=False).drop_duplicates(keys).set_index(keys)["flag"]


def _looked_up(flags: pd.Series, keys: pd.MultiIndex) -> pd.Series:
    found = flags.reindex(keys) if len(flags) else pd.Series(pd.NA, index=keys)
    return pd.Series(found.to_numpy(), dtype="string")
