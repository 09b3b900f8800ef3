"""Fisher's exact test of an r x c table (Freeman and Halton), equal to R's fisher.test.

A table's probability given its margins is proportional to the product of 1 / cell!. The P value is the probability of
all tables that are no more probable than the observed one. Tables are enumerated in two halves of columns, which meet
in the row sums that they share; the pairs are counted by sorting, never written out.
Source: Freeman & Halton, Biometrika 1951;38:141.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from multicenter.errors import NotEstimable

SAME_PROBABILITY = np.log1p(1e-7)
MAX_TABLES = 2_000_000
DRAWS = 100_000


def fisher_exact(
    table: np.ndarray, seed: int = 0, max_tables: int = MAX_TABLES, draws: int = DRAWS
) -> tuple[float, bool]:
    """Return (P value, whether it is exact) of a table of counts; empty rows and columns are left out.

    Raises NotEstimable when fewer than two rows or columns have a count, ValueError for what is no count.
    Where a half of the columns has more than `max_tables` fillings, the P value is the Monte Carlo one of R's
    simulate.p.value: (1 + hits) / (1 + draws) over random tables with the same margins, from `seed`.
    """
    if (table < 0).any() or (table != np.floor(table)).any():
        raise ValueError("the table must hold counts")
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.int64)
    if min(table.shape) < 2:
        raise NotEstimable("a margin of the table is zero")
    table = table if table.shape[0] <= table.shape[1] else table.T
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed = -gammaln(table + 1.0).sum()
    limit = observed + SAME_PROBABILITY
    left = _fillings(columns[::2], rows, max_tables)
    right = _fillings(columns[1::2], rows, max_tables) if left else None
    if left is None or right is None:
        return _monte_carlo(rows, columns, limit, seed, draws), False
    constant = gammaln(rows + 1.0).sum() + gammaln(columns + 1.0).sum() - gammaln(table.sum() + 1.0)
    return min(1.0, _meet(left, right, rows, limit, constant)), True


def _fillings(columns: np.ndarray, rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray] | None:
    """All ways to fill these columns: (row sums, one row a way; sum of -log cell!), or None if more than `most`."""
    sums = np.zeros((1, len(rows)), dtype=np.int64)
    weight = np.zeros(1)
    for total in columns:
        room = rows - sums
        rest = np.full(len(sums), total)
        later = np.cumsum(room[:, ::-1], axis=1)[:, ::-1]
        for i in range(len(rows)):
            after = later[:, i + 1] if i + 1 < len(rows) else np.zeros_like(rest)
            low = np.maximum(0, rest - after)
            width = np.maximum(np.minimum(room[:, i], rest) - low + 1, 0)
            if width.sum() > most:
                return None
            source = np.repeat(np.arange(len(rest)), width)
            cell = low[source] + np.arange(len(source)) - np.repeat(np.cumsum(width) - width, width)
            sums, room, later, rest, weight = (x[source] for x in (sums, room, later, rest, weight))
            sums[:, i] += cell
            rest = rest - cell
            weight = weight - gammaln(cell + 1.0)
    return sums, weight


def _meet(left, right, rows: np.ndarray, limit: float, constant: float) -> float:
    """Sum the probabilities of all pairs of half tables whose row sums add up and whose weight is at most `limit`."""
    radix = np.cumprod(np.append(1, rows[:-1] + 1))
    left_key, right_key = left[0] @ radix, (rows - right[0]) @ radix
    order = np.lexsort((left[1], left_key))
    key, weight = left_key[order], left[1][order]
    top = weight.max()
    share = np.exp(weight - top)
    total = 0.0
    by_key = np.argsort(right_key, kind="stable")
    right_key, right_weight = right_key[by_key], right[1][by_key]
    keys, starts = np.unique(right_key, return_index=True)
    for this, start, stop in zip(keys, starts, np.append(starts[1:], len(right_key)), strict=True):
        first, last = np.searchsorted(key, [this, this + 1])
        below = np.searchsorted(weight[first:last], limit - right_weight[start:stop], side="right")
        cumulative = np.append(0.0, np.cumsum(share[first:last]))
        total += float((np.exp(right_weight[start:stop] + constant + top) * cumulative[below]).sum())
    return total


def _monte_carlo(rows: np.ndarray, columns: np.ndarray, limit: float, seed: int, draws: int) -> float:
    """Share of random tables with these margins that are no more probable than the observed one."""
    generator = np.random.default_rng(seed)
    left = np.tile(rows, (draws, 1))
    weight = np.zeros(draws)
    for total in columns[:-1]:
        need = np.full(draws, total)
        for i in range(len(rows)):
            others = left[:, i + 1 :].sum(axis=1)
            cell = generator.hypergeometric(left[:, i], others, need) if i + 1 < len(rows) else need
            left[:, i] -= cell
            need = need - cell
            weight -= gammaln(cell + 1.0)
    weight -= gammaln(left + 1.0).sum(axis=1)
    return float((1 + (weight <= limit).sum()) / (1 + draws))
