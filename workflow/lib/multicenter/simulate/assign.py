"""Who belongs where: center sizes, and groups whose counts are exact although membership is random.

Counts are made exact by ranking: every subject gets a score (a linear predictor plus noise) and the highest scores
are taken. With Gumbel noise this equals drawing without replacement with odds exp(linear predictor).
"""

from __future__ import annotations

import numpy as np


def apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Split `total` into integers proportional to `weights` (largest remainder; ties to the first).

    Returns an int array of the length of `weights` whose sum is `total`. Raises ValueError for a negative total or
    weights that are negative or sum to zero.
    """
    weights = np.asarray(weights, dtype=float)
    if total < 0 or (weights < 0).any() or weights.sum() <= 0:
        raise ValueError("apportion needs total >= 0 and non-negative weights with a positive sum")
    exact = total * weights / weights.sum()
    counts = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def take_ranked(score: np.ndarray, allowed: np.ndarray, count: int) -> np.ndarray:
    """Mark the `count` highest scores among the `allowed`.

    Who would be taken but is not allowed (an intended starter who fails before the start) stays unmarked and the
    next in rank moves up. Returns a bool array; raises ValueError if fewer than `count` are allowed.
    """
    chosen = np.zeros(len(score), dtype=bool)
    if allowed.sum() < count:
        raise ValueError(f"only {int(allowed.sum())} subjects are allowed, {count} are asked for")
    order = np.argsort(-score, kind="stable")
    chosen[order[allowed[order]][:count]] = True
    return chosen


def assign_levels(scores: np.ndarray, counts: list[int], members: np.ndarray) -> np.ndarray:
    """Give the `members` levels 1..k with exact `counts`; level 0 is everybody else.

    `scores` is (n, k). The last levels are filled first (put the rarest there), each with its highest scores among
    those still free; level 1 takes the rest. Raises ValueError if the counts do not sum to the number of members.
    """
    if sum(counts) != int(members.sum()):
        raise ValueError(f"counts {counts} do not sum to {int(members.sum())} members")
    level = np.zeros(len(members), dtype=int)
    free = members.copy()
    for k in range(len(counts), 1, -1):
        chosen = take_ranked(scores[:, k - 1], free, counts[k - 1])
        level[chosen] = k
        free &= ~chosen
    level[free] = 1
    return level


def logistic_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Standard logistic noise: ranking a logit plus this noise is a logistic model of membership."""
    u = rng.random(n)
    return np.log(u) - np.log1p(-u)


def gumbel_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard Gumbel noise: ranking a log weight plus this noise draws without replacement by weight."""
    return -np.log(-np.log(rng.random(shape)))
