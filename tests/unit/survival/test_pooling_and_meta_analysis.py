"""Rubin's rules equal mice, the meta-analysis of centers metafor; funnels and leaving one out."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import poisson
from scipy.stats import t as student

from multicenter.errors import NotEstimable
from multicenter.survival.meta_analysis import event_ratio_limits, funnel_limits, leave_one_out, meta_analysis
from multicenter.survival.pooling import pool

SETS = ("bcg", "normand", "alike", "sim_centers", "lung_centers")


@pytest.mark.parametrize("df", ["7", "78", "480", "1e+06"])
@pytest.mark.parametrize("m", [3, 20])
def test_pooling_equals_mice(confounding, m, df):
    i = np.arange(1, m + 1)
    found = pool(-0.37 + 0.05 * np.sin(i), 0.02 + 0.003 * np.cos(i), complete_df=float(df))
    parts = (found.estimate, found.within, found.between, found.variance, found.df, found.increase)
    confounding.same([*(part[0] for part in parts), found.missing_information[0]], f"pool.{m}.{df}")


def test_nothing_missing_leaves_the_complete_fit():
    found = pool(np.full((5, 2), 0.4), np.full((5, 2), 0.04), complete_df=100)
    assert found.variance == pytest.approx([0.04, 0.04])
    assert found.df == pytest.approx(101 / 103 * 100)
    assert found.monte_carlo_error().tolist() == [0, 0]
    low, high = found.interval()
    assert (low < 0.4).all() and (high > 0.4).all()
    assert found.p_value[0] == pytest.approx(2 * student.sf(2, 101 / 103 * 100))


def test_pooling_refuses_what_it_cannot_pool():
    with pytest.raises(ValueError, match="two or more imputations"):
        pool([0.1], [0.1], 10)
    with pytest.raises(ValueError, match="missing or its variance not positive"):
        pool([0.1, np.nan], [0.1, 0.1], 10)
    with pytest.raises(ValueError, match="fewer events than parameters"):
        pool([0.1, 0.2], [0.1, 0.1], 0)


@pytest.mark.parametrize(("method", "test"), [*product(["REML", "DL", "PM"], ["z", "knha"]), ("EE", "z")])
@pytest.mark.parametrize("name", SETS)
def test_meta_analysis_equals_metafor(confounding, name, method, test):
    found = meta_analysis(confounding[f"{name}.y"], confounding[f"{name}.se"], method, knapp_hartung=test == "knha")
    ours = [found.estimate, found.std_error, found.ci_low, found.ci_high, found.tau2, found.i2, found.h2, found.q]
    theirs = confounding[f"{name}.{method}.{test}"]
    tolerance = 1e-7 if method == "PM" else 1e-9  # metafor finds Paule-Mandel's root by bisection
    assert ours == pytest.approx(theirs[:8], rel=tolerance, abs=tolerance)
    assert found.q_p_value == pytest.approx(theirs[8], rel=1e-6)
    prediction = theirs[9:] if method != "EE" else theirs[2:4]
    assert [found.prediction_low, found.prediction_high] == pytest.approx(prediction, rel=tolerance, abs=tolerance)
    assert found.weights.sum() == pytest.approx(1)


def test_meta_analysis_refuses_what_it_cannot_pool():
    with pytest.raises(NotEstimable, match="1 center with an estimate: nothing to pool"):
        meta_analysis([0.1], [0.2])
    with pytest.raises(ValueError, match="standard error not positive"):
        meta_analysis([0.1, 0.2], [0.2, 0.0])
    with pytest.raises(ValueError, match="none of REML"):
        meta_analysis([0.1, 0.2], [0.2, 0.1], "ML")


def test_each_center_is_left_out_once_and_one_that_fails_hides_no_other():
    value, center = np.array([1.0, 2, 3, 10]), np.array(["A", "A", "B", "C"])

    def mean(rows):
        if value[rows].max() < 10:
            raise NotEstimable("nothing above 10")
        return value[rows].mean()

    found = leave_one_out(mean, center)
    assert list(found) == ["A", "B", "C"]
    assert (found["A"], found["B"]) == (6.5, 13 / 3)
    assert isinstance(found["C"], NotEstimable)


def test_a_funnel_narrows_with_precision():
    low, high = funnel_limits([0.1, 0.5], -0.4)
    assert low == pytest.approx([-0.4 - 0.1959964, -0.4 - 0.9799820], abs=1e-6)
    assert high + low == pytest.approx([-0.8, -0.8])


def test_the_funnel_of_event_counts_is_exact():
    expected = np.array([0.5, 4.0, 20.0, 300.0])
    low, high = event_ratio_limits(expected)
    assert low[0] == 0
    for mean, bottom, top in zip(expected, low * expected, high * expected, strict=True):
        assert poisson.cdf(np.floor(bottom) - 1, mean) <= 0.025
        assert poisson.sf(np.ceil(top), mean) <= 0.025
    assert low[3] == pytest.approx(1 - 1.96 / np.sqrt(300), abs=0.01)
    assert event_ratio_limits([20.0], 0.998)[1] > high[2]
    with pytest.raises(ValueError, match="must be positive"):
        event_ratio_limits([0.0])
