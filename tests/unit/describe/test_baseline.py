"""Counts, denominators, levels and errors of the baseline rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from multicenter.analyses.result import ESTIMATE_TYPES
from multicenter.describe.baseline import describe_baseline
from multicenter.errors import StudyError


@pytest.fixture
def adsl() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ARM": pd.Categorical(["a"] * 4 + ["b"] * 3 + [None], categories=["b", "a", "never"], ordered=True),
            "AGE": [50.0, 60, 70, np.nan, 40, 50, 60, 99],
            "STAGE": pd.Categorical(["I", "II", None, "I", "I", "I", "II", "II"], categories=["I", "II", "III"]),
            "SITEID": ["x", "x", "x", "y", "y", "y", "x", "y"],
        }
    )


def entry(**changes) -> dict:
    return {"id": "base", "method": "baseline", "by": "ARM", "variables": ["AGE", "STAGE"], **changes}


def number(rows: pd.DataFrame, group: str, term: str, statistic: str) -> pd.Series:
    found = rows[(rows["group"] == group) & (rows["term"] == term) & (rows["statistic"] == statistic)]
    assert len(found) == 1
    return found.iloc[0]


def test_columns_and_groups_in_the_order_of_the_levels(adsl):
    rows = describe_baseline(adsl, entry())
    assert list(rows.columns) == list(ESTIMATE_TYPES)
    assert rows.loc[rows["statistic"] == "patients", "group"].to_list() == ["", "b", "a"]
    assert number(rows, "", "ARM", "excluded_missing")["value"] == 1


def test_percent_is_of_the_non_missing_and_missing_is_counted(adsl):
    rows = describe_baseline(adsl, entry())
    row = number(rows, "a", "STAGE: I", "percent")
    assert (row["value"], row["n"]) == (pytest.approx(200 / 3), 3)
    assert number(rows, "a", "STAGE", "missing")["value"] == 1
    assert number(rows, "a", "AGE", "missing")["n"] == 4
    assert number(rows, "b", "STAGE: III", "count")["value"] == 0
    assert number(rows, "", "AGE", "median")["value"] == 55


def test_counts_of_levels_add_up_to_the_known(adsl):
    rows = describe_baseline(adsl, entry())
    counts = rows[rows["statistic"] == "count"]
    for group, part in counts.groupby("group"):
        assert part["value"].sum() == part["n"].iloc[0]
        assert (
            part["value"].sum() + number(rows, group, "STAGE", "missing")["value"]
            == number(rows, group, "", "patients")["value"]
        )


def test_without_by_there_is_neither_test_nor_smd(adsl):
    rows = describe_baseline(adsl, entry(by="", variables=["SITEID"]))
    assert set(rows["statistic"]) == {"patients", "centers", "missing", "count", "percent"}
    assert set(rows["group"]) == {""}


def test_population_restricts_and_is_written(adsl):
    rows = describe_baseline(adsl, entry(population={"SITEID": ["x"]}))
    assert number(rows, "", "", "patients")["value"] == 4
    assert set(rows["population"]) == {"SITEID: x"}


def test_group_without_a_known_value_is_not_estimable(adsl):
    adsl.loc[adsl["ARM"] == "b", ["AGE", "STAGE"]] = [np.nan, None]
    rows = describe_baseline(adsl, entry())
    row = number(rows, "b", "AGE", "median")
    assert (row["status"], row["reason"]) == ("not estimable", "no known value")
    assert not (rows["statistic"] == "smd").any()


def test_three_groups_name_the_pair_with_the_largest_difference():
    adsl = pd.DataFrame({"ARM": list("aaabbbccc"), "AGE": [1, 2, 3, 1.5, 2.5, 3.5, 11, 12, 13]})
    rows = describe_baseline(adsl, entry(variables=["AGE"]))
    row = rows[rows["statistic"] == "smd"].iloc[0]
    assert (row["group"], row["value"]) == ("a vs c", pytest.approx(10))
    assert "kruskal_h" in set(rows["statistic"])


def test_unknown_variable_is_named_with_the_nearest(adsl):
    with pytest.raises(StudyError, match=r"analysis base: 'STAGES' is not a column of ADSL\. Did you mean 'STAGE'"):
        describe_baseline(adsl, entry(variables=["STAGES"]))
