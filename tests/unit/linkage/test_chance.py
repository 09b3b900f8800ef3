"""What agreement weighs, against values that can be counted by hand."""

import numpy as np
import pytest

from multicenter.linkage.chance import AGREE, CLOSE, DIFFER, MISSING, chance_of, results_of, weights_of

NAN = np.nan


def test_the_chance_of_a_value_is_its_share_among_the_others():
    chance = chance_of(np.array([1.0, 1.0, 1.0, 2.0, 9.0, NAN]), {"close_within": 1})
    assert chance.agree[:5].tolist() == [0.5, 0.5, 0.5, 0, 0]
    assert chance.close[:5].tolist() == [0.25, 0.25, 0.25, 0.75, 0]
    assert np.isnan(chance.agree[5])
    # of the ten pairs three agree and three are close
    assert chance.differ == pytest.approx(0.4)


def test_a_rare_value_weighs_more():
    values = np.array([0.0] * 90 + [1.0] * 10)
    chance = chance_of(values, {})
    agree = np.array([AGREE, AGREE])
    common, rare = weights_of(agree, chance.of_pairs(np.array([0, 90]), np.array([1, 91])), {"m_agree": 0.95})
    assert common == pytest.approx(np.log2(0.95 / (89 / 99)))
    assert rare == pytest.approx(np.log2(0.95 / (9 / 99)))
    assert rare > 3 > common


def test_a_difference_weighs_against_by_what_remains_of_the_probabilities():
    results = np.array([AGREE, CLOSE, DIFFER, MISSING])
    u = (np.full(4, 0.1), np.full(4, 0.2), np.full(4, 0.7))
    weights = weights_of(results, u, {"m_agree": 0.8, "m_close": 0.1})
    assert weights.tolist() == pytest.approx([3, -1, np.log2(0.1 / 0.7), 0])


def test_tolerances_hold_for_decimals_too():
    spec = {"agree_within": 0.5, "close_within": 1.5}
    differences = np.array([60.3 - 59.8, 60.4 - 59.8, 61.8 - 60.3, 61.9 - 60.3, NAN])
    assert results_of(differences, spec).tolist() == [AGREE, CLOSE, CLOSE, DIFFER, MISSING]
    assert results_of(np.array([0.0, 1.0]), {}).tolist() == [AGREE, DIFFER]


def test_a_column_without_any_value_is_missing_everywhere():
    chance = chance_of(np.array([NAN, NAN]), {})
    assert np.isnan(chance.agree).all() and chance.differ == 1
    missing = np.array([MISSING])
    assert weights_of(missing, chance.of_pairs(np.array([0]), np.array([1])), {"m_agree": 0.9}).tolist() == [0]
