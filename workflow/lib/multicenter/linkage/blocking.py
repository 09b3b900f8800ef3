"""Which pairs of records are compared, at a cost that grows with the records and not with their square.

Sorted neighborhoods (Hernandez MA, Stolfo SJ. The merge/purge problem for large databases. ACM SIGMOD 1995:127-138),
one for each date and for the days between each two dates: records are sorted by it, and each meets those behind it that
are no farther away than the tolerance. Where these are too many it meets those that agree in a further date as well,
then in one more; in the end the nearest. Two records of one patient agree in several stretches of time, and meet in one
neighborhood if not in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from multicenter.linkage.records import Records

KEY_COLUMNS = ["key", "records", "neighbors", "compared"]


@dataclass(frozen=True)
class Candidates:
    """The pairs to compare, as positions of records (left < right).

    keys: a row a neighborhood: key, records (that have it), neighbors (pairs that are close in it), compared (pairs
    that it gave; the others were too many, and are compared only if another neighborhood gives them).
    """

    left: np.ndarray
    right: np.ndarray
    keys: pd.DataFrame


def find_candidates(records: Records) -> Candidates:
    """Return the pairs that meet in at least one neighborhood."""
    n = len(records.patients)
    # Seen from a point that all records share, a date is a stretch of time as any other.
    times = np.vstack([np.zeros(n), records.days])
    names = ["", *records.dates]
    found, rows = [np.empty(0, dtype=np.int64)], []
    for i, j in combinations(range(len(names)), 2):
        time = times[j] - times[i]
        further = [times[k] - times[j] for k in (*range(j + 1, len(names)), *range(1, j)) if k != i]
        pairs, neighbors = _neighborhood(time, further, records.spec)
        found.append(pairs)
        key = f"{names[i]} to {names[j]}" if i else names[j]
        rows.append((key, int((~np.isnan(time)).sum()), neighbors, len(pairs)))
    # Sorted and compared: in numpy 2.4 np.unique takes six times as long.
    pairs = np.sort(np.concatenate(found))
    left, right = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], max(n, 1))
    return Candidates(left, right, pd.DataFrame(rows, columns=KEY_COLUMNS))


def _neighborhood(time: np.ndarray, further: list[np.ndarray], spec: Mapping[str, Any]) -> tuple[np.ndarray, int]:
    """Return the pairs (left * n + right) that one neighborhood gives, and how many pairs are close in it.

    time: (n,) what the records are sorted by. further: what they also have to agree in where neighbors are too many.
    """
    n, most, reach = len(time), spec["most_neighbors"], spec["dates"].get("close_within", 0)
    rows = np.argsort(time, kind="stable")[: n - int(np.isnan(time).sum())]
    block = np.zeros(len(rows), dtype=np.int64)
    waiting = np.ones(len(rows), dtype=bool)
    found, neighbors = [], 0
    for depth in range(len(further) + 1):
        behind = _behind(block, time[rows], reach)
        neighbors = neighbors if depth else int(behind.sum())
        last = depth == len(further)
        served = waiting & ((behind <= most) | last)
        found.append(_pairs(rows, np.where(served, np.minimum(behind, most), 0), n))
        if last:
            break
        rows, block, waiting = _split(rows, block, waiting & ~served, further[depth])
    return np.concatenate(found), neighbors


def _behind(block: np.ndarray, time: np.ndarray, reach: float) -> np.ndarray:
    """How many rows of the same block follow each row within `reach`; rows are sorted by block and time."""
    if not len(time):
        return np.zeros(0, dtype=np.int64)
    place = block * (time.max() - time.min() + reach + 1) + time
    return np.searchsorted(place, place + reach, side="right") - np.arange(len(place)) - 1


def _pairs(rows: np.ndarray, behind: np.ndarray, n: int) -> np.ndarray:
    """Pair each row with the given number of rows behind it."""
    first = np.repeat(np.arange(len(rows)), behind)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(behind) - behind, behind)
    left, right = rows[first], rows[second]
    return np.minimum(left, right) * n + np.maximum(left, right)


def _split(
    rows: np.ndarray, block: np.ndarray, waiting: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Divide blocks by one more value, a missing one among them; blocks in which no row waits are left behind."""
    needed = np.zeros(block.max(initial=-1) + 1, dtype=bool)
    needed[block[waiting]] = True
    kept = needed[block]
    rows, block, waiting = rows[kept], block[kept], waiting[kept]
    value = np.nan_to_num(step[rows], nan=np.inf)
    order = np.lexsort((value, block))
    rows, block, waiting, value = rows[order], block[order], waiting[order], value[order]
    begins = (np.diff(block, prepend=-1) != 0) | (value != np.roll(value, 1))
    return rows, np.cumsum(begins) - 1, waiting
