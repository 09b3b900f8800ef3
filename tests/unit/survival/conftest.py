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

    def __init__(self, *names: str):
        self._values = {}
        for name in names:
            self._values |= json.loads((FOLDER / f"{name}.json").read_text())

    def __getitem__(self, key: str) -> np.ndarray:
        return np.array([np.nan if value is None else value for value in self._values[key]], dtype=float)

    def data(self, name: str) -> pd.DataFrame:
        return pd.read_csv(FOLDER / f"{name}.csv")

    def weighted_data(self, name: str) -> pd.DataFrame:
        """Return a data set with what make_curves_reference.R adds: weights `w`, row numbers, deaths of pbc."""
        data = self.data(name)
        if name == "extreme":
            data = data[data["x"] < 60].reset_index(drop=True)
        row = np.arange(1, len(data) + 1)
        more = {"w": 0.3 + (7 * row % 11) / 7, "row": row}
        if name == "pbc":
            more["died"] = data["status"] == 2
        return data.assign(**more)

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
    return Reference("reference", "curves_reference", "cox_reference")


class Confounding(Reference):
    """R's values on propensity scores, weights, pooling, meta-analysis and splines (make_confounding_reference.R)."""

    def __init__(self):
        super().__init__("confounding_reference")

    def data(self, name: str) -> pd.DataFrame:
        """Return the rows and columns that the R script uses."""
        file = {"sim_aliased": "sim512", "sim": "sim512", "lonely": "sim512", "mgus": "mgus2"}.get(name, name)
        frame = super().data({"describe": "describe_lung"}.get(file, file))
        if name in ("sim", "sim_aliased", "lonely"):
            frame = frame.assign(iss2=(frame["iss"] == 2) * 1.0, iss3=(frame["iss"] == 3) * 1.0)
            frame["twice"] = frame["iss2"] + frame["iss3"]
        if name == "lonely":
            frame["trt"] = frame["trt"].mask(frame["center"] == 3, 1).mask(frame["center"].isin([5, 7]), 0)
        if name == "lung":
            frame["female"] = frame["sex"] - 1
        if name == "mgus":
            frame = frame.dropna(subset=["hgb", "creat", "mspike"]).reset_index(drop=True)
        if name == "extreme":
            frame["high"] = (frame["marker"] > frame["marker"].median()) * 1
        if name == "describe":
            frame = frame.dropna(subset=["age", "ph_karno", "wt_loss", "ecog"]).reset_index(drop=True)
            frame = frame.assign(female=(frame["sex"] == "Female") * 1, fit=(frame["ecog"] == "ECOG0") * 1.0)
        return frame

    def brief(self, ours, key: str, absolute: float = 0.0) -> None:
        """Compare the first values, the sum and the sum of squares of a long vector."""
        mine = np.asarray(ours, dtype=float)
        self.same([*mine[:30], mine.sum(), (mine**2).sum()], key, se=absolute / TOLERANCE)


@pytest.fixture(scope="session")
def confounding() -> Confounding:
    return Confounding()
