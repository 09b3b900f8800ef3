"""The variables of the protocol: one row a patient, derived in the order in which study.yaml lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from multicenter.cohort.sources import KEY, extreme_date, pick, rows_where
from multicenter.expressions import evaluate, is_true


def patient_frame(tables: Mapping[str, pd.DataFrame], data_cuts: Mapping[str, pd.Timestamp]) -> pd.DataFrame:
    """Return the pooled patient table indexed by USUBJID, with each center's data cut as `data_cut`."""
    patients = tables["patient"].set_index(KEY)
    return patients.assign(data_cut=pd.to_datetime(patients["center"].map(data_cuts)))


def derive_variables(
    patients: pd.DataFrame, tables: Mapping[str, pd.DataFrame], variables: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Return `patients` with every variable of the protocol added, in order; each may read those before it.

    A variable with `levels` becomes an ordered categorical. Raises StudyError (from expressions) that quotes the
    expression.
    """
    frame = patients.copy()
    for name, spec in variables.items():
        values = _derive(frame, tables, spec)
        if "when" in spec:
            values = values.where(is_true(spec["when"], frame))
        if "levels" in spec:
            values = pd.Series(pd.Categorical(values, categories=spec["levels"], ordered=True), index=frame.index)
        frame[name] = values
    return frame


def _derive(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame], spec: Mapping[str, Any]) -> pd.Series:
    where = spec.get("where")
    if "first" in spec:
        return pick(tables, frame, spec["first"], spec["order"], where, last=False)
    if "last" in spec:
        return pick(tables, frame, spec["last"], spec["order"], where, last=True)
    if "earliest" in spec:
        return extreme_date(tables, frame, spec["earliest"], where, latest=False)["date"]
    if "latest" in spec:
        return extreme_date(tables, frame, spec["latest"], where, latest=True)["date"]
    if "any" in spec:
        return pd.Series(frame.index.isin(rows_where(tables, spec["any"], frame, where)[KEY]), index=frame.index)
    if "value" in spec:
        return evaluate(spec["value"], frame)
    return _cases(frame, spec["cases"], spec.get("otherwise"))


def _cases(frame: pd.DataFrame, cases: list[Mapping[str, str]], otherwise: str | None) -> pd.Series:
    values = pd.Series(otherwise, index=frame.index, dtype="string")
    undecided = pd.Series(True, index=frame.index)
    for case in cases:
        holds = undecided & is_true(case["when"], frame)
        values = values.mask(holds, case["then"])
        undecided &= ~holds
    return values
