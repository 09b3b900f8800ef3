"""The values that R gave (tests/reference) and how closely ours must agree with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "reference"
TOLERANCE = 1e-9


class Reference:
    """R's values by key, and the data sets they were made of."""

    def __init__(self):
        self._values = json.loads((FOLDER / "reference.json").read_text())

    def __getitem__(self, key: str) -> np.ndarray:
        return np.array([np.nan if value is None else value for value in self._values[key]], dtype=float)

    def data(self, name: str) -> pd.DataFrame:
        return pd.read_csv(FOLDER / f"{name}.csv")

    def same(self, ours, key: str, se=0.0, tolerance: float = TOLERANCE) -> None:
        """Demand |ours − R| <= tolerance · max(|R|, SE), and NaN where R has NA."""
        theirs = self[key]
        mine = np.atleast_1d(np.asarray(ours, dtype=float)).ravel()
        assert mine.shape == theirs.shape, f"{key}: {mine.shape} against R's {theirs.shape}"
        assert (np.isnan(mine) == np.isnan(theirs)).all(), f"{key}: {mine} against R's {theirs}"
        allowed = tolerance * np.maximum(np.abs(theirs), se)
        wrong = np.abs(mine - theirs) > allowed
        assert not wrong.any(), f"{key}: {mine[wrong]} against R's {theirs[wrong]}"


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()
