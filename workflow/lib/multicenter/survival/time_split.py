"""Follow-up cut in pieces, so that an effect may differ between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from multicenter.survival.counts import follow_up


@dataclass(frozen=True)
class Pieces:
    """Rows (`entry`, `time`]: the row of the patient they are cut from, whether they end in the event, which piece."""

    row: NDArray[np.int64]
    entry: NDArray[np.float64]
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    piece: NDArray[np.int64]


def split_follow_up(time: ArrayLike, event: ArrayLike, cuts: Sequence[float], entry: ArrayLike | None = None) -> Pieces:
    """Cut each follow-up at `cuts` (ascending, positive), as `survSplit`: an event at a cut is in the piece before.

    Pieces are numbered from 0. Raises ValueError for what `counts.follow_up` refuses.
    """
    edges = np.asarray(cuts, dtype=float)
    if not len(edges) or (edges <= 0).any() or (np.diff(edges) <= 0).any():
        raise ValueError("cuts must be positive and ascending")
    data = follow_up(time, event, entry)
    start = np.zeros(len(data)) if data.entry is None else data.entry
    first = np.searchsorted(edges, start, side="right")
    last = np.searchsorted(edges, data.time, side="left")
    count = last - first + 1
    row = np.repeat(np.arange(len(data)), count)
    piece = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
    bounds = np.concatenate([[-np.inf], edges, [np.inf]])
    low, high = np.maximum(start[row], bounds[piece]), np.minimum(data.time[row], bounds[piece + 1])
    return Pieces(row, low, high, data.event[row] & (piece == last[row]), piece)


def by_piece(design: pd.DataFrame, pieces: Pieces, labels: Sequence[str]) -> pd.DataFrame:
    """Return the design of the pieces with a column a term and piece: an effect of its own in each piece."""
    rows = design.iloc[pieces.row].reset_index(drop=True)
    member = pieces.piece[:, None] == np.arange(len(labels))
    return pd.DataFrame(
        {
            f"{term}, {label}": rows[term].to_numpy() * member[:, k]
            for term in design.columns
            for k, label in enumerate(labels)
        }
    )
