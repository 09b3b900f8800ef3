"""Drift of patients: ids under which another patient stands now, because rows or ids were exchanged or have slipped.

Dates and numbers tell patients apart. They are compared id by id with the accepted tables themselves; nothing beside
these is kept of a patient, no fingerprint and no hash.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from multicenter.harmonize.accepted import Change
from multicenter.harmonize.delivery import Delivery
from multicenter.harmonize.drift_columns import AGREE, PATIENTS, listed
from multicenter.harmonize.drift_lost import roster
from multicenter.harmonize.drift_match import Matched

ITEMS = 20  # tables with more items a patient (visits, for instance) do not help to tell patients apart
LOOKED_UP = 200  # of so many changed patients it is found out who they are now
TOLD = 3
FIX = "Rows or ids were exchanged or have slipped: ask the center for the right ids."
REUSED = "Ask the center whether these are other patients under ids that were used before."


@dataclass(frozen=True)
class Strangers:
    """Known ids of which most dates and numbers are others now.

    ids: all of them. owner: id → the patient of whom just these values were accepted, where one was found.
    """

    ids: tuple[str, ...]
    owner: dict[str, str]

    @property
    def moved(self) -> tuple[str, ...]:
        """Those who are other patients now; all of them if most of those looked up are."""
        most = len(self.owner) >= AGREE * min(len(self.ids), LOOKED_UP)
        return self.ids if most and self.owner else tuple(self.owner)


def find_strangers(delivery: Delivery, matched: list[Matched]) -> Strangers:
    """Find the ids of which more than half of the dates and numbers known before are others now."""
    patients, old, new = _fingerprints(delivery, matched)
    known = ~np.isnan(old) & ~np.isnan(new)
    changed = (known & ~np.isclose(old, new, rtol=1e-9, atol=0)).sum(axis=1)
    known = known.sum(axis=1)
    at = np.flatnonzero((known >= PATIENTS) & (2 * changed > known))
    owner = {}
    for i in at[:LOOKED_UP]:
        both = ~np.isnan(old) & ~np.isnan(new[i])
        agree = (both & np.isclose(old, new[i], rtol=1e-9, atol=0)).sum(axis=1)
        agree[i] = 0
        j = int(agree.argmax())
        if agree[j] >= PATIENTS and agree[j] >= AGREE * both[j].sum():
            owner[patients[i]] = patients[j]
    return Strangers(tuple(patients[at]), owner)


def moved_patients(delivery: Delivery, strangers: Strangers) -> list[Change]:
    """The change to tell of ids under which another known patient stands now."""
    moved = strangers.moved
    if not moved:
        return []
    pairs = [f"{now} has those of {then}" for now, then in list(strangers.owner.items())[:TOLD]]
    more = f" and {len(moved) - TOLD} more" if len(moved) > TOLD else ""
    ids = "1 id has" if len(moved) == 1 else f"{len(moved)} ids have"
    what = f"{ids} the dates and numbers that were accepted of another patient: {', '.join(pairs)}{more}"
    return [Change("patients", roster(delivery), what, FIX, ids=moved)]


def reused_ids(delivery: Delivery, strangers: Strangers) -> list[Change]:
    """The change to tell of ids of which most is another now, and nobody knows why."""
    ids = [ident for ident in strangers.ids if ident not in strangers.moved]
    if not ids:
        return []
    many = "1 known patient" if len(ids) == 1 else f"{len(ids)} known patients"
    what = f"of {many} more than half of the dates and numbers are others now: {listed(ids)}"
    return [Change("patients", roster(delivery), what, REUSED, ids=tuple(ids))]


def _fingerprints(delivery: Delivery, matched: list[Matched]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Known patients (n,), and their dates and numbers (n, slots) as accepted and as they are now.

    What lies after the accepted data cut is left out: that is what follow-up brings.
    """
    patients = pd.Index(next(m for m in matched if m.table.name == "patient").old["patient_id"].astype(object))
    columns: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for one in matched:
        items = one.items()
        if len(set(items)) > ITEMS:
            continue
        at = patients.get_indexer(one.old["patient_id"].astype(object))
        for name, variable in one.table.variables.items():
            if variable.type not in ("date", "number") or name not in one.old or name in one.table.key:
                continue
            for side, values in zip(columns, one.values(name), strict=True):
                numbers = _as_numbers(values, delivery.before.data_cut)
                for item in dict.fromkeys(items):
                    here = (items == item) & (at >= 0)
                    side.append(np.full(len(patients), np.nan))
                    side[-1][at[here]] = numbers[here]
    old, new = (np.array(side).reshape(len(side), len(patients)).T for side in columns)
    return patients.to_numpy(), old, new


def _as_numbers(values: np.ndarray, cut: np.datetime64) -> np.ndarray:
    """(n,) dates up to the cut as days since 1970, numbers as they are; NaN for anything else."""
    if values.dtype.kind == "M":
        days = (values - np.datetime64(0, "ns")) / np.timedelta64(1, "D")
        return np.where(values > cut, np.nan, days)
    return values if values.dtype.kind == "f" else np.full(len(values), np.nan)
