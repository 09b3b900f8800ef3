"""One comparison: how two values agree, how often they would by chance, and what that weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MISSING, AGREE, CLOSE, DIFFER = range(4)
RESULTS = ("missing", "agree", "close", "differ")
# A difference of decimals (60.3 - 59.8) is not exact.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Chance:
    """The u-probabilities of n records, estimated from the records themselves; of several columns at once.

    agree, close: (n, ...) the share of all other records whose value agrees with this record's, or is close to it; NaN
    if its own is missing. differ: (...) the share of pairs of records that differ.
    """

    agree: np.ndarray
    close: np.ndarray
    differ: np.ndarray

    def of_pairs(self, left: np.ndarray, right: np.ndarray, *column: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the chances (p,) to agree, to be close and to differ for pairs of records: the mean of both."""
        mean = [(share[left, *column] + share[right, *column]) / 2 for share in (self.agree, self.close)]
        return mean[0], mean[1], np.broadcast_to(self.differ[column], left.shape)


def chance_of(values: np.ndarray, spec: Mapping[str, Any]) -> Chance:
    """Count how often each value (n,) agrees with those of the others; missing values (NaN) count nowhere.

    spec: `agree_within` (0 if left out) and `close_within` (nothing is close if left out), in the values' unit.
    """
    known = np.sort(values[~np.isnan(values)])
    near = _share_within(values, known, spec.get("agree_within", 0))
    wide = _share_within(values, known, spec["close_within"]) if "close_within" in spec else near
    differ = 1 - np.nanmean(wide) if len(known) else 1.0
    return Chance(near, wide - near, np.array(differ))


def stacked(chances: list[Chance]) -> Chance:
    """Return the chances of several columns as one, the columns along the second axis."""
    return Chance(
        np.stack([chance.agree for chance in chances], axis=1),
        np.stack([chance.close for chance in chances], axis=1),
        np.stack([chance.differ for chance in chances]),
    )


def _share_within(values: np.ndarray, known: np.ndarray, distance: float) -> np.ndarray:
    upper = np.searchsorted(known, values + (distance + ROUNDING), side="right")
    lower = np.searchsorted(known, values - (distance + ROUNDING), side="left")
    return np.where(np.isnan(values), np.nan, (upper - lower - 1) / max(len(known) - 1, 1))


def results_of(difference: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Return MISSING, AGREE, CLOSE or DIFFER for differences of two values (any shape; NaN: one is missing)."""
    away = np.abs(difference)
    results = np.where(np.isnan(away), MISSING, DIFFER).astype(np.int8)
    if "close_within" in spec:
        results[away <= spec["close_within"] + ROUNDING] = CLOSE
    results[away <= spec.get("agree_within", 0) + ROUNDING] = AGREE
    return results


def weights_of(
    results: np.ndarray, chances: tuple[np.ndarray, np.ndarray, np.ndarray], spec: Mapping[str, Any]
) -> np.ndarray:
    """Return the weight (p,) in bits of each result: log2(m / u), 0 if a value is missing.

    chances: u, the probabilities of AGREE, CLOSE and DIFFER for two patients. spec: `m_agree` and `m_close`, their
    probabilities for one patient; that of DIFFER is what is left.
    """
    near = spec.get("m_close", 0.0)
    weights = np.zeros(len(results))
    for result, m, u in zip(
        (AGREE, CLOSE, DIFFER), (spec["m_agree"], near, 1 - spec["m_agree"] - near), chances, strict=True
    ):
        here = results == result
        weights[here] = np.log2(m / u[here])
    return weights
