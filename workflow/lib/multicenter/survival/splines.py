"""Smooth curves of a number: bases whose columns go into a design, with linear tails.

R's `Hmisc::rcspline.eval` (restricted cubic splines, knots at Harrell's quantiles) and `splines::ns` (the same space of
functions for the same knots, with well-behaved columns).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import BSpline

from multicenter.errors import NotEstimable

OUTER = {3: 0.10, 4: 0.05, 5: 0.05, 6: 0.05, 7: 0.025}


def harrell_knots(x: ArrayLike, n_knots: int = 4) -> NDArray[np.float64]:
    """Return knots at Harrell's quantiles (Regression Modeling Strategies 2015, table 2.3), as `rcspline.eval`.

    Outer ones at 0.10/0.90 (three knots), 0.05/0.95 (four to six) or 0.025/0.975 (seven), the others evenly between.
    Raises NotEstimable where fewer than three knots differ.
    """
    if n_knots not in OUTER:
        raise ValueError(f"{n_knots} knots: choose {min(OUTER)} to {max(OUTER)}")
    values = _known(x)
    outer = OUTER[n_knots]
    knots = np.unique(np.quantile(values, np.linspace(outer, 1 - outer, n_knots)))
    distinct = len(np.unique(values))
    if len(knots) < 3 or distinct <= n_knots:
        raise NotEstimable(f"{distinct} distinct values carry no spline of {n_knots} knots")
    return knots


def restricted_cubic_spline(x: ArrayLike, knots: ArrayLike, name: str = "x") -> pd.DataFrame:
    """Return x and its knots − 2 nonlinear terms, scaled by (last − first knot)², as `rcspline.eval(inclx = TRUE)`.

    Linear before the first and after the last knot; the nonlinear columns together test nonlinearity. Stone & Koo, Proc
    Stat Comp Sect ASA 1985:45; Durrleman & Simon, Stat Med 1989;8:551.
    """
    values, t = np.asarray(x, dtype=float), np.asarray(knots, dtype=float)
    if len(t) < 3 or (np.diff(t) <= 0).any():
        raise ValueError("knots must be three or more, in ascending order")
    last, before = t[-1], t[-2]
    tails = np.maximum(values[:, None] - t, 0) ** 3
    slope = (last - t[:-2]) / (last - before)
    curved = tails[:, :-2] - slope * tails[:, [-2]] + (slope - 1) * tails[:, [-1]]
    columns = [name, *(f"{name}{chr(39) * (k + 1)}" for k in range(len(t) - 2))]
    return pd.DataFrame(np.column_stack([values, curved / (last - t[0]) ** 2]), columns=columns)


def natural_spline(x: ArrayLike, df: int, name: str = "x") -> pd.DataFrame:
    """Return the `df` columns of R's `splines::ns(x, df)`: knots at even quantiles, boundary at the range."""
    values = np.asarray(x, dtype=float)
    known = _known(values)
    if df < 1:
        raise ValueError("df must be 1 or more")
    inner = np.quantile(known, np.linspace(0, 1, df + 1)[1:-1])
    low, high = known.min(), known.max()
    if low == high:
        raise NotEstimable("one distinct value carries no spline")
    t = np.concatenate([[low] * 4, inner, [high] * 4])
    size = len(t) - 4

    def basis(at: NDArray, derivative: int = 0) -> NDArray:
        full = BSpline(t, np.eye(size), 3)
        return full.derivative(derivative)(at) if derivative else full(at)

    inside = np.clip(values, low, high)
    columns = basis(inside)
    outside = values - inside
    edge = basis(inside, 1)
    columns = columns + np.where(outside != 0, outside, 0.0)[:, None] * edge
    bend = basis(np.array([low, high]), 2)[:, 1:]
    # the space without curvature at both ends, in R's coordinates
    rotation = _householder_complement(bend.T)
    return pd.DataFrame(columns[:, 1:] @ rotation, columns=[f"{name} spline {k + 1}" for k in range(df)])


def _householder_complement(constraints: NDArray) -> NDArray[np.float64]:
    """Return the columns of Q beyond the first two in the QR decomposition, with LINPACK's signs (as R's `qr.qty`)."""
    q, _ = np.linalg.qr(constraints, mode="complete")
    return q[:, constraints.shape[1] :]


def _known(x: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(x, dtype=float)
    known = values[~np.isnan(values)]
    if not len(known) or not np.isfinite(known).all():
        raise ValueError("no value to place knots at, or one that is not finite")
    return known
