"""The stored validity benchmark belongs to this code, and says of each estimator what is claimed of it."""

import json

import numpy as np
import pandas as pd
import pytest

from kmm import validity


@pytest.fixture(scope="module")
def stored():
    return json.loads((validity.HERE / "validity.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("scenario", validity.FIRST_SEEDS)
def test_the_first_studies_made_again_give_the_stored_estimates(stored, scenario):
    again = [validity.one_study((scenario, number)) for number in range(3)]
    assert np.array(again) == pytest.approx(np.array(stored["first"][scenario]), abs=1e-6)


def test_corrected_estimators_are_unbiased_and_cover_their_own_truth(stored):
    assert stored["studies"] == 4000
    for found in stored["scenarios"].values():
        for name, numbers in found.items():
            margin = 2 * numbers["coverage_mc_se"]
            assert abs(numbers["bias"]) < 0.02, name
            assert 0.94 - margin <= numbers["coverage"] <= 0.96 + margin, name
            # the sandwich of the weighted estimator is known to be about 5% short in studies of this size
            least = 0.94 if name == "overlap_weighted_landmark_6" else 0.95
            assert least <= numbers["se_ratio"] <= 1.05, name


def test_the_naive_comparison_is_wrong_without_any_effect(stored):
    naive = stored["scenarios"]["null"]["naive"]
    assert naive["mean_hazard_ratio"] < 0.85
    assert naive["rejects_no_effect"] > 0.25
    assert stored["scenarios"]["null"]["time_dependent"]["rejects_no_effect"] < 0.06


def test_the_naive_ratio_falls_with_a_later_start():
    table = pd.read_csv(validity.HERE / "bias_map.csv")
    for ratio, cells in table.groupby("true_hazard_ratio"):
        naive = cells.sort_values("start_median_months")["naive_hazard_ratio"]
        assert naive.is_monotonic_decreasing
        assert (naive < ratio).all()
