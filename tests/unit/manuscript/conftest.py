"""Toy tidy tables in the shape of a run's, from 512 simulated patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

MONTH = 30.4375
TICKS = list(range(0, 97, 12))
ARMS = {"No treatment": 359, "Treatment": 153}
TYPES = {"No treatment": 359, "First drug": 104, "Second drug": 33, "Third or another drug": 16}
MEDIANS = {"No treatment": 26.4, "Treatment": 44.1, "First drug": 40, "Second drug": 45, "Third or another drug": 110}


@dataclass
class Tables:
    curves: pd.DataFrame
    risk: pd.DataFrame
    estimates: pd.DataFrame


def draw_times(median: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    event = rng.exponential(median * MONTH / np.log(2), n)
    censor = rng.uniform(18, 90, n) * MONTH
    return np.ceil(np.minimum(event, censor)), event <= censor


def km_curve(time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """Survival with log-log 95 % limits, a row at 0 and at each distinct time."""
    distinct = np.unique(time)
    at_risk = (time[:, None] >= distinct).sum(0)
    events = ((time[:, None] == distinct) & event[:, None]).sum(0)
    gone = (time[:, None] == distinct).sum(0)
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events)))) / np.abs(np.log(survival))
        low, high = (survival ** np.exp(sign * 1.959964 * se) for sign in (1, -1))
    unknown = (survival == 1) | (survival == 0)
    low, high = (np.where(unknown, np.nan, limit) for limit in (low, high))
    frame = pd.DataFrame(
        {"time": distinct, "estimate": survival, "ci_low": low, "ci_high": high, "n_risk": at_risk, "n_event": events}
    )
    frame["n_censor"] = gone - events
    first = pd.DataFrame([{"time": 0, "estimate": 1.0, "n_risk": len(time), "n_event": 0, "n_censor": 0}])
    return pd.concat([first, frame], ignore_index=True)


def analysis(name: str, groups: dict[str, int], seed: int, incidence: bool = False) -> Tables:
    rng = np.random.default_rng(seed)
    curves, risk, estimates = [], [], []
    for group, n in groups.items():
        time, event = draw_times(1200 if incidence else MEDIANS[group], n, rng)
        curve = km_curve(time, event)
        if incidence:
            curve["estimate"] = 1 - curve["estimate"]
            curve[["ci_low", "ci_high"]] = 1 - curve[["ci_high", "ci_low"]].to_numpy()
        curves.append(curve.assign(analysis=name, group=group))
        for tick in TICKS:
            before = time < tick * MONTH
            risk.append(
                (name, group, tick, int((~before).sum()), int((before & event).sum()), int((before & ~event).sum()))
            )
        below = curve.loc[curve["estimate"] <= 0.5, "time"] / MONTH
        median = below.iloc[0] if len(below) and not incidence else np.nan
        estimates += [
            (name, group, "", "patients", n, np.nan, np.nan, np.nan),
            (name, group, "", "events", int(event.sum()), np.nan, np.nan, np.nan),
            (name, group, "", "median_months", median, median * 0.88, median * 1.2 if median < 40 else np.nan, np.nan),
            (name, group, "60 months", "cumulative_incidence", 0.041, 0.02, 0.081, np.nan),
        ]
    estimates.append((name, "", "df=1", "logrank_chisq", 21.4, np.nan, np.nan, 0.0000037))
    estimates.append((name, "", "", "fisher_p", 0.79, np.nan, np.nan, 0.79))
    risk_columns = ["analysis", "group", "time", "n_risk", "cum_events", "cum_censored"]
    columns = ["analysis", "group", "term", "statistic", "value", "ci_low", "ci_high", "p_value"]
    return Tables(
        pd.concat(curves, ignore_index=True),
        pd.DataFrame(risk, columns=risk_columns),
        pd.DataFrame(estimates, columns=columns),
    )


@pytest.fixture(scope="session")
def tables() -> Tables:
    parts = [
        analysis("by_use", ARMS, 1),
        analysis("by_type", TYPES, 2),
        analysis("cuminc", ARMS, 3, incidence=True),
    ]
    return Tables(*(pd.concat([getattr(part, name) for part in parts]) for name in ("curves", "risk", "estimates")))


@pytest.fixture(scope="session")
def kinetics() -> pd.DataFrame:
    levels = ["CR", "VGPR", "PR", "MR", "SD", "PD"]
    others = ["Worse before", "Died", "Not evaluated", "Not yet reached", "Missing"]
    counts = {
        "start": ([20, 60, 60, 6, 5, 0], [0, 0, 2, 0, 0]),
        "after": ([58, 50, 34, 3, 5, 1], [0, 0, 1, 0, 1]),
        "m3": ([62, 46, 30, 2, 3, 2], [1, 0, 3, 0, 4]),
        "m6": ([68, 41, 21, 1, 2, 3], [6, 1, 4, 0, 6]),
        "m12": ([64, 30, 14, 1, 1, 6], [20, 3, 4, 4, 6]),
        "m18": ([55, 20, 8, 0, 1, 7], [35, 5, 4, 12, 6]),
        "m24": ([42, 14, 4, 0, 1, 8], [48, 8, 4, 18, 6]),
    }
    rows = []
    for order, (timepoint, (seen, unseen)) in enumerate(counts.items()):
        for rank, (state, n) in enumerate(zip(levels + others, seen + unseen, strict=True)):
            denominator = sum(seen) if state in levels else 153
            percent = 100 * n / denominator
            rows.append(("kinetics", timepoint, order, state, rank, state in levels, n, denominator, percent))
    columns = [
        "analysis",
        "timepoint",
        "timepoint_order",
        "state",
        "state_order",
        "assessed",
        "n",
        "denominator",
        "percent",
    ]
    return pd.DataFrame(rows, columns=columns)
