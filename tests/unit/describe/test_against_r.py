"""Every test, quartile and standardized difference of the baseline table against R (make_describe_reference.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from multicenter.describe.baseline import describe_baseline
from multicenter.survival.fisher import fisher_exact

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
R = json.loads((REFERENCE / "describe_reference.json").read_text())
DATA = {name: pd.read_csv(REFERENCE / f"describe_{name}.csv") for name in ("lung", "mgus2")}
for name, columns in {"lung": ["inst", "sex", "ecog", "status"], "mgus2": ["sex", "agegrp", "progressed"]}.items():
    DATA[name][columns] = DATA[name][columns].astype("category")


def describe(data: pd.DataFrame, variable: str, by: str) -> pd.DataFrame:
    entry = {"id": "x", "method": "baseline", "by": by, "variables": [variable]}
    return describe_baseline(data[data[by].notna()], entry)


def name_of(case: dict) -> str:
    return f"{case['data']}-{case['variable']}-{case['by']}-{case.get('test', '')}{case.get('group', '')}"


@pytest.mark.parametrize("case", R["tests"], ids=name_of)
def test_statistic_and_p_value(case):
    data = DATA[case["data"]]
    if case["first"]:
        data = data.head(case["first"]).drop_duplicates(case["variable"])
    rows = describe(data, case["variable"], case["by"])
    row = rows[rows["statistic"] == case["test"]].iloc[0]
    assert row["value"] == pytest.approx(case["statistic"], rel=1e-9)
    assert row["p_value"] == pytest.approx(case["p_value"], rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("case", R["smds"], ids=name_of)
def test_standardized_difference(case):
    rows = describe(DATA[case["data"]], case["variable"], case["by"])
    assert rows.loc[rows["statistic"] == "smd", "value"].iloc[0] == pytest.approx(case["smd"], rel=1e-9)


@pytest.mark.parametrize("case", R["quartiles"], ids=name_of)
def test_median_and_quartiles(case):
    rows = describe(DATA[case["data"]], case["variable"], case["by"])
    rows = rows[rows["group"] == case["group"]].set_index("statistic")
    ours = rows.loc[["median", "quartile_1", "quartile_3"]]
    assert ours["value"].to_list() == pytest.approx(case["points"], rel=1e-12)
    assert set(ours["n"]) == {case["n"]}


@pytest.mark.parametrize("case", R["fisher"], ids=lambda case: str(case["table"]))
def test_fisher_exact(case):
    table = np.array(case["table"])
    for oriented in (table, table.T, table[::-1, ::-1]):
        p, exact = fisher_exact(oriented)
        assert exact
        assert p == pytest.approx(case["p_value"], rel=1e-6)


def test_fisher_monte_carlo_is_near_the_exact_value_seeded_and_says_what_it_is():
    case = R["fisher"][6]
    p, exact = fisher_exact(np.array(case["table"]), seed=5, max_tables=10)
    assert not exact
    assert p == fisher_exact(np.array(case["table"]), seed=5, max_tables=10)[0]
    assert p == pytest.approx(case["p_value"], abs=5 * np.sqrt(case["p_value"] * (1 - case["p_value"]) / 1e5))
