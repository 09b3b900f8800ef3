"""The pairs of records that may be of one patient, with the evidence side by side. Nothing is merged here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from multicenter.decisions import DECIDED, NEAR_MISS, OPEN
from multicenter.linkage.blocking import find_candidates
from multicenter.linkage.chance import RESULTS
from multicenter.linkage.compare import NOWHERE, Comparison, Item, compare
from multicenter.linkage.records import Records, read_records

PAIR_COLUMNS = [
    "pair", "center_1", "patient_id_1", "center_2", "patient_id_2", "score", "needed", "probability", "shift_days",
    "proposed", "state", "verdict",
]  # fmt: skip
EVIDENCE_COLUMNS = ["pair", "item", "value_1", "value_2", "result", "weight"]
# Bits below the score that is needed: pairs that come so near are shown, not proposed. One more date that agrees weighs
# about twice as much.
NEAR = 3.0
# Pairs that are compared at a time: few enough for the processor's cache.
CHUNK = 20_000


@dataclass(frozen=True)
class Linkage:
    """What was found.

    pairs: PAIR_COLUMNS, one row a pair, highest score first: those proposed, near misses, and every pair with a
    decision (state, verdict). score and needed (to be proposed) are in bits; probability that both are one patient;
    shift_days from the dates of 1 to those of 2.
    evidence: EVIDENCE_COLUMNS, one row a pair and item; result is agree, close, differ or missing, weight in bits.
    keys: what was compared, see `blocking.Candidates`.
    """

    pairs: pd.DataFrame
    evidence: pd.DataFrame
    keys: pd.DataFrame


def link_records(patients: pd.DataFrame, decisions: pd.DataFrame, spec: Mapping[str, Any]) -> Linkage:
    """Compare the records of all centers, those of one center too.

    patients: one row a record, indexed by USUBJID, with center, patient_id and the columns that `spec` (the section
    `linkage` of study.yaml) names. decisions: center, patient_id, kept_center, kept_patient_id, verdict; both records
    of each are among the patients. Raises StudyError for a column that cannot be compared as told.
    """
    records = read_records(patients.sort_index(), spec)
    candidates = find_candidates(records)
    verdicts = _verdicts(records.patients.index, decisions)
    least = least_score(len(patients), spec)
    likely = _at_least(records, candidates.left, candidates.right, least - NEAR)
    chosen = sorted({*likely, *verdicts})
    left, right = (np.array([pair[side] for pair in chosen], dtype=np.int64) for side in (0, 1))
    comparison = compare(records, left, right)
    order = np.argsort(-comparison.score, kind="stable")
    comparison = compare(records, left[order], right[order])
    pairs = _pairs(records, left[order], right[order], comparison)
    pairs["needed"] = round(least, 2)
    pairs["proposed"] = comparison.score >= least
    pairs["verdict"] = [verdicts.get((a, b), "") for a, b in zip(left[order], right[order], strict=True)]
    undecided = np.where(pairs["proposed"], OPEN, NEAR_MISS)
    pairs["state"] = np.where(pairs["verdict"] != "", DECIDED, undecided)
    return Linkage(pairs[PAIR_COLUMNS], _evidence(records, left[order], right[order], comparison), candidates.keys)


def prior_bits(n: int, spec: Mapping[str, Any]) -> float:
    """Return log2 of the odds that two of n records are of one patient if `prior` of all have a second one."""
    return float(np.log2(2 * spec["prior"] / max(n - 1, 1)))


def least_score(n: int, spec: Mapping[str, Any]) -> float:
    """Return the score in bits from which a pair is proposed: there the probability is `propose_above`.

    It grows by one bit as the number of records doubles. As the likelihood ratio of pairs of two patients has mean 1,
    at most prior / propose_above * (1 - propose_above) * n of them reach it.
    """
    odds = spec["propose_above"] / (1 - spec["propose_above"])
    return float(np.log2(odds)) - prior_bits(n, spec)


def _at_least(records: Records, left: np.ndarray, right: np.ndarray, least: float) -> list[tuple[int, int]]:
    likely = []
    for start in range(0, len(left), CHUNK):
        a, b = left[start : start + CHUNK], right[start : start + CHUNK]
        reached = compare(records, a, b).score >= least
        likely += zip(a[reached].tolist(), b[reached].tolist(), strict=True)
    return likely


def _verdicts(ids: pd.Index, decisions: pd.DataFrame) -> dict[tuple[int, int], str]:
    """The decided pairs by the positions of their records."""
    one = ids.get_indexer(decisions["center"] + "-" + decisions["patient_id"])
    other = ids.get_indexer(decisions["kept_center"] + "-" + decisions["kept_patient_id"])
    ends = zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
    return dict(zip(ends, decisions["verdict"], strict=True))


def _pairs(records: Records, left: np.ndarray, right: np.ndarray, comparison: Comparison) -> pd.DataFrame:
    names = records.patients[["center", "patient_id"]]
    sides = [
        names.iloc[side].reset_index(drop=True).add_suffix(suffix) for side, suffix in ((left, "_1"), (right, "_2"))
    ]
    pairs = pd.concat(sides, axis=1)
    pairs.insert(0, "pair", np.arange(1, len(pairs) + 1))
    pairs["score"] = comparison.score.round(2)
    pairs["probability"] = (1 / (1 + 2 ** -(comparison.score + prior_bits(len(names), records.spec)))).round(4)
    pairs["shift_days"] = pd.array(comparison.shift, dtype="Int64")
    return pairs


def _evidence(records: Records, left: np.ndarray, right: np.ndarray, comparison: Comparison) -> pd.DataFrame:
    """One row a pair and item. A date from which others are counted has no row beside that of the calendar."""
    dates = np.array([*records.dates, ""], dtype=object)
    calendar = comparison.calendar
    parts = [_rows(calendar, "calendar (" + dates[calendar.origin] + ")", _as_dates)]
    for position, item in enumerate(comparison.intervals):
        counted = item.origin != NOWHERE
        names = np.where(counted, dates[item.origin] + f" to {item.name}", item.name)
        rows = _rows(item, names, lambda days, counted=counted: np.where(counted, _as_numbers(days), _as_dates(days)))
        parts.append(rows[item.origin != position])
    for item in comparison.variables:
        shown = _as_text(records.patients[item.name])
        parts.append(_rows(item, item.name, _as_numbers).assign(value_1=shown[left], value_2=shown[right]))
    evidence = pd.concat(parts).sort_index(kind="stable")
    return evidence.rename_axis("pair").reset_index()[EVIDENCE_COLUMNS]


def _rows(item: Item, names: Any, shown: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """The rows of one item, indexed by the number of the pair."""
    return pd.DataFrame(
        {
            "item": names,
            "value_1": shown(item.left),
            "value_2": shown(item.right),
            "result": np.array(RESULTS)[item.result],
            "weight": item.weight.round(2),
        },
        index=np.arange(1, len(item.result) + 1),
    )


def _as_numbers(values: np.ndarray) -> np.ndarray:
    return np.array(["" if np.isnan(value) else f"{value:g}" for value in values], dtype=object)


def _as_dates(days: np.ndarray) -> np.ndarray:
    text, known = np.full(len(days), "", dtype=object), ~np.isnan(days)
    text[known] = days[known].astype(np.int64).astype("datetime64[D]").astype(str)
    return text


def _as_text(column: pd.Series) -> np.ndarray:
    if types.is_numeric_dtype(column):
        return _as_numbers(column.to_numpy(dtype=float, na_value=np.nan))
    return column.astype("string").fillna("").to_numpy(dtype=object)
