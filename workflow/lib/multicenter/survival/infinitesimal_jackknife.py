"""Sums over clusters of squared influences, at every time at once: the infinitesimal jackknife of a curve.

The influence of a row on a curve at t is a linear function of a few coefficients: one set while it is at risk, another
once its follow-up has ended; what multiplies them depends on t alone. So the sums of their products over clusters are
all that a variance at t needs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def running_products(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    during: NDArray[np.float64],
    after: NDArray[np.float64],
    size: int,
    cluster: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return (v, v, size): at each of `size` times the sum over clusters of the products of two of v coefficients.

    A row has the coefficients `during` (n, v) from time `start` on and `after` (n, v) from time `end` on (positions);
    those of a cluster are added (None: each row is one). O(n log n).
    """
    when = np.concatenate([start, end])
    if cluster is None:
        new = np.concatenate([during, after])
        old = np.concatenate([np.zeros_like(during), during])
    else:
        who = np.concatenate([cluster, cluster])
        order = np.lexsort((when, who))
        when, change = when[order], np.concatenate([during, after - during])[order]
        new = pd.DataFrame(change).groupby(who[order], sort=False).cumsum().to_numpy()
        old = new - change
    width = during.shape[1]
    products = np.empty((width, width, size))
    for j in range(width):
        for k in range(j + 1):
            step = np.bincount(when, new[:, j] * new[:, k] - old[:, j] * old[:, k], size + 1)[:size]
            products[j, k] = products[k, j] = np.cumsum(step)
    return products
