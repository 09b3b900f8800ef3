"""A small invented cohort: ADSL and ADTTE with two endpoints, missing values and an ordered factor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

DRUGS = ["none", "A", "B", "C"]


def category(values, levels) -> pd.Categorical:
    return pd.Categorical(values, categories=levels, ordered=True)


@pytest.fixture
def adsl() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 200
    drug = rng.choice(DRUGS, n, p=[0.6, 0.2, 0.15, 0.05])
    return pd.DataFrame(
        {
            "USUBJID": [f"X-{i:03d}" for i in range(n)],
            "SITEID": pd.array(rng.choice(["X", "Y", "Z"], n), dtype="string"),
            "DRUG": category(drug, DRUGS),
            "USE": category(np.where(drug == "none", "no", "yes"), ["no", "yes"]),
            "STAGE": category(rng.choice(["I", "II", "III", None], n, p=[0.3, 0.3, 0.3, 0.1]), ["I", "II", "III"]),
            "AGE": rng.normal(60, 8, n).round(1),
            "FLAG": pd.array(rng.integers(0, 2, n), dtype="Int64"),
            "STARTDT": pd.Timestamp("2020-01-01"),
        }
    )


@pytest.fixture
def adtte(adsl) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = len(adsl)
    time, cut = np.ceil(rng.exponential(900, n)).astype(int), rng.integers(100, 2500, n)
    first = pd.DataFrame({"USUBJID": adsl["USUBJID"], "PARAMCD": "PFS", "AVAL": np.minimum(time, cut)})
    first["CNSR"] = pd.array((time > cut).astype(int), dtype="Int64")
    second = first.assign(PARAMCD="SPM", CNSR=pd.array(rng.choice([0, 1, 2], n, p=[0.1, 0.7, 0.2]), dtype="Int64"))
    return pd.concat([first, second], ignore_index=True)


@pytest.fixture
def pick():
    """Return the one row of `estimates` with these cells."""

    def one(estimates: pd.DataFrame, **cells) -> pd.Series:
        rows = estimates
        for column, value in cells.items():
            rows = rows[rows[column] == value]
        assert len(rows) == 1, f"{cells}: {len(rows)} rows"
        return rows.iloc[0]

    return one
