"""From records to the study's patients: folding, decisions and criteria, with a count for every step and center."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from multicenter.actions import ROW_DROPPED
from multicenter.cohort.sources import KEY
from multicenter.decisions import SAME
from multicenter.errors import StudyError, did_you_mean
from multicenter.expressions import is_true

ALL_CENTERS = "all"
FLOW_COLUMNS = ["center", "step", "label", "n_in", "n_excluded", "n_out"]


@dataclass
class Flow:
    """The eligibility steps taken so far: how many units each center had before a step and lost in it."""

    centers: list[str]
    steps: list[tuple[str, str, pd.Series, pd.Series]] = field(default_factory=list)

    def add(self, step: str, label: str, before: pd.Series, excluded: pd.Series) -> None:
        """Add a step; `before` and `excluded` hold one center code a unit."""
        counts = [codes.value_counts().reindex(self.centers, fill_value=0) for codes in (before, excluded)]
        self.steps.append((step, label, *counts))

    def table(self) -> pd.DataFrame:
        """Return one row a step and center, and for all centers together first: FLOW_COLUMNS."""
        rows = []
        for step, label, before, excluded in self.steps:
            for center, n_in, n_out in [
                (ALL_CENTERS, before.sum(), excluded.sum()),
                *((c, before[c], excluded[c]) for c in self.centers),
            ]:
                rows.append((center, step, label, int(n_in), int(n_out), int(n_in - n_out)))
        table = pd.DataFrame(rows, columns=FLOW_COLUMNS)
        by_center = table["center"] != ALL_CENTERS
        return pd.concat([table[~by_center], table[by_center].sort_values("center", kind="stable")], ignore_index=True)


def fold_records(
    flow: Flow, tables: Mapping[str, pd.DataFrame], findings: pd.DataFrame, table: str, labels: Mapping[str, str]
) -> None:
    """Count the steps from records to patients: rows received, duplicate rows, further records of the same patient.

    A record is a row of `table`; a patient without any counts as one record.
    """
    patients = tables["patient"]
    without = patients.loc[~patients[KEY].isin(tables[table][KEY]), "center"]
    kept = pd.concat([tables[table]["center"], without], ignore_index=True)
    dropped = findings.loc[findings["action"] == ROW_DROPPED, "center"].astype(kept.dtype)
    repeats = tables[table].loc[tables[table].duplicated(KEY), "center"]
    received = pd.concat([kept, dropped], ignore_index=True) if len(dropped) else kept
    flow.add("records", labels["records"], received, received.iloc[:0])
    flow.add("duplicates", labels["duplicates"], received, dropped)
    flow.add("repeats", labels["repeats"], kept, repeats)


def apply_transfers(patients: pd.DataFrame, decisions: pd.DataFrame) -> pd.Index:
    """Return the USUBJIDs that a recorded decision drops in favor of another record of the same patient.

    `decisions` columns: center, patient_id, kept_center, kept_patient_id, verdict (same: the first of the two is
    dropped; different: both stay). Raises StudyError for a decision about a patient whom no delivery holds.
    """
    dropped = decisions["center"] + "-" + decisions["patient_id"]
    kept = decisions["kept_center"] + "-" + decisions["kept_patient_id"]
    for usubjid in [*dropped, *kept]:
        if usubjid not in patients.index:
            raise StudyError(
                f"decisions: patient {usubjid} is in no delivery.{did_you_mean(usubjid, patients.index)} "
                "Correct the id, or remove the line if the patient is no longer sent."
            )
    return pd.Index(dropped[decisions["verdict"] == SAME], name=KEY)


def apply_criteria(flow: Flow, patients: pd.DataFrame, criteria: list[Mapping[str, str]]) -> pd.Series:
    """Ask the criteria in order; return each patient's exclusion id (missing for the eligible), indexed as
    `patients`."""
    reason = pd.Series(pd.NA, index=patients.index, dtype="string")
    for criterion in criteria:
        here = patients[reason.isna()]
        leaves = here.index[is_true(criterion["exclude"], here)]
        flow.add(criterion["id"], criterion["label"], here["center"], here.loc[leaves, "center"])
        reason.loc[leaves] = criterion["id"]
    return reason
