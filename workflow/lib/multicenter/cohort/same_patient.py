"""Findings about patients who seem to be registered twice, in two centers or in one."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from multicenter.cohort.sources import KEY
from multicenter.decisions import DECIDED, OPEN

SAME_PATIENT = "same_patient"


def same_patient_findings(
    patients: pd.DataFrame, pairs: pd.DataFrame, id_columns: Mapping[str, Mapping[str, str]], checks: pd.DataFrame
) -> pd.DataFrame:
    """Return a finding for each record of a proposed pair, so that both centers are asked.

    A center learns which center the other is, nothing of the other record. If every pair of a record has
    a decision, its finding has the action `decided`: there is nothing left to ask.
    patients: indexed by USUBJID. pairs: `link.PAIR_COLUMNS`. id_columns: center → file, sheet and column of the id.
    checks: the table of rules; its row same_patient says how such a patient is reported.
    """
    rule = checks.set_index("id").loc[SAME_PATIENT]
    found = _by_record(pairs[pairs["proposed"]])
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
                rule["message_en"].format(other=other) + (" (a decision is recorded)" if known else "")
                for other, known in zip(found["other"], decided, strict=True)
            ],
            "remark": "",
            "values": [json.dumps({"other": other}, ensure_ascii=False) for other in found["other"]],
        }
    )


def _by_record(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row a record (USUBJID): whom it fits by its open pairs, or by all if none is open, and their state."""
    fits = _both_ways(pairs)
    asked = fits[(fits["state"] == OPEN) | ~fits[KEY].isin(fits.loc[fits["state"] == OPEN, KEY])]
    return asked.groupby(KEY).agg(
        other=("other", lambda names: ", ".join(sorted(set(names)))), state=("state", "first")
    )


def _both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row a record and pair: USUBJID, the other's center (with its id if that is the same center), state."""
    sides = []
    for own, other in (("1", "2"), ("2", "1")):
        center, same = pairs[f"center_{other}"], pairs["center_1"] == pairs["center_2"]
        sides.append(
            pd.DataFrame(
                {
                    KEY: pairs[f"center_{own}"] + "-" + pairs[f"patient_id_{own}"],
                    "other": center.mask(same, center + " (" + pairs[f"patient_id_{other}"] + ")"),
                    "state": pairs["state"],
                }
            )
        )
    return pd.concat(sides, ignore_index=True)
