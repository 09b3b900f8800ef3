"""Invented records for the tests: independent dates and variables, as many as asked for."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

DATES = ["first", "second", "third", "fourth"]
SPEC = {
    "dates": {"of": DATES, "close_within": 3, "m_agree": 0.9, "m_close": 0.05},
    "calendar": {"m_agree": 0.5},
    "variables": {
        "sex": {"m_agree": 0.99},
        "age": {"agree_within": 0.5, "close_within": 1.5, "m_agree": 0.85, "m_close": 0.14},
        "stage": {"m_agree": 0.85},
    },
    "prior": 0.01,
    "propose_above": 0.5,
    "most_neighbors": 20,
}


def invented(n: int, seed: int = 1) -> pd.DataFrame:
    """Return n records of center A, indexed by USUBJID; a third has no fourth date."""
    rng = np.random.default_rng(seed)
    gaps = [rng.integers(16436, 18936, n), rng.poisson(12, n), rng.integers(60, 200, n), rng.integers(30, 1500, n)]
    days = np.cumsum(gaps, axis=0)
    frame = pd.DataFrame({name: pd.to_datetime(day, unit="D") for name, day in zip(DATES, days, strict=True)})
    frame.loc[rng.random(n) < 1 / 3, "fourth"] = pd.NaT
    frame["sex"] = pd.array(rng.choice(["F", "M"], n), dtype="string")
    frame["age"] = rng.normal(58, 8, n).round(1)
    frame["stage"] = pd.Categorical(rng.choice(["I", "II", "III"], n))
    return named(frame, "A", [str(i) for i in range(1, n + 1)])


def named(frame: pd.DataFrame, center: str, ids: list[str]) -> pd.DataFrame:
    """Return the records as those of a center."""
    frame = frame.assign(center=center, patient_id=ids)
    return frame.set_index((frame["center"] + "-" + frame["patient_id"]).rename("USUBJID"))


def shifted(frame: pd.DataFrame, days: int | np.ndarray) -> pd.DataFrame:
    """Return the records with all of their dates later by a constant, or by one constant a record."""
    return frame.assign(**{name: frame[name] + pd.to_timedelta(days, unit="D") for name in DATES})


def decided(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Return decisions: center, patient_id, kept_center, kept_patient_id, verdict."""
    columns = ["center", "patient_id", "kept_center", "kept_patient_id", "verdict"]
    return pd.DataFrame(list(rows), columns=columns, dtype="string")


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The makers of records."""
    return SimpleNamespace(
        invented=invented, named=named, shifted=shifted, decided=decided, spec=SPEC, dates=DATES, pool=invented(300)
    )
