"""Findings about patients who seem to be registered twice, in two centers or in one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.cohort.sources import KEY
from multicenter.decisions import DECIDED, OPEN

SAME_PATIENT = "same_patient"


def same_patient_findings(
    patients: pd.DataFrame, pairs: pd.DataFrame, id_columns: Mapping[str, Mapping[str, str]], checks: pd.DataFrame
) -> pd.DataFrame:
    """Return a finding for each record of a proposed pair, so that both centers are asked.

    A center learns who the other is and its pseudonym, nothing else of the other record. If every pair of a record has
    a decision, its finding has the action `decided`: there is nothing left to ask.
    patients: indexed by USUBJID. pairs: `link.PAIR_COLUMNS`. id_columns: center → file, sheet and column of the id.
    checks: the table of rules; its row same_patient says how such a patient is reported.
    """
    rule = checks.set_index("id").loc[SAME_PATIENT]
    fits = _both_ways(pairs[pairs["proposed"]])
    asked = fits[(fits["state"] == OPEN) | ~fits[KEY].isin(fits.loc[fits["state"] == OPEN, KEY])]
    found = asked.groupby(KEY).agg(other=("other", lambda names: ", ".join(sorted(names))), state=("state", "first"))
    rows = patients.loc[found.index]
    place = pd.DataFrame([id_columns[center] for center in rows["center"]], columns=["file", "sheet", "column"])
    decided = (found["state"] == DECIDED).to_numpy()
    return pd.DataFrame(
        {
            "center": rows["center"].to_numpy(),
            "file": rows["src_file"].to_numpy(),
            "sheet": rows["src_sheet"].to_numpy(),
            "row": rows["src_row"].to_numpy(),
            "column": place["column"],
            "patient_id": rows["patient_id"].to_numpy(),
            "table": "patient",
            "variable": "patient_id",
            "value": rows["patient_id"].to_numpy(),
            "kind": SAME_PATIENT,
            "outcome": rule["outcome"],
            "action": [DECIDED if known else rule["action"] for known in decided],
            "lo": "",
            "hi": "",
            "message": [
                rule["message_en"].format(other=other) + ("; a decision is recorded" if known else "")
                for other, known in zip(found["other"], decided, strict=True)
            ],
        }
    )


def _both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row a record and pair: USUBJID, the other's center and pseudonym (`other`), state."""
    sides = []
    for own, other in (("1", "2"), ("2", "1")):
        sides.append(
            pd.DataFrame(
                {
                    KEY: pairs[f"center_{own}"] + "-" + pairs[f"patient_id_{own}"],
                    "other": pairs[f"center_{other}"] + " (" + pairs[f"patient_id_{other}"] + ")",
                    "state": pairs["state"],
                }
            )
        )
    return pd.concat(sides, ignore_index=True)
