import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.concordance import concordance


def test_counts_are_those_of_every_pair():
    rng = np.random.default_rng(3)
    n = 80
    score, time = rng.integers(0, 6, n), rng.integers(3, 20, n)
    event, entry = rng.random(n) < 0.6, rng.integers(0, 3, n)
    pairs = [
        (np.sign(score[i] - score[j]))
        for i in range(n)
        for j in range(n)
        if event[i] and entry[j] < time[i] and (time[j] > time[i] or (time[j] == time[i] and not event[j]))
    ]
    found = concordance(score, time, event, entry=entry)
    assert (found.concordant, found.discordant, found.tied) == (pairs.count(1), pairs.count(-1), pairs.count(0))
    assert found.value == pytest.approx((pairs.count(1) + pairs.count(0) / 2) / len(pairs))


def test_one_patient_entering_as_another_fails_is_not_compared():
    found = concordance([2, 1, 0], [5, 9, 9], [1, 0, 0], entry=[0, 5, 4])
    assert found.concordant == 1 and found.discordant == 0


def test_scores_that_differ_by_rounding_are_tied():
    found = concordance([0.1 + 0.2, 0.3, 1.0], [1, 2, 3], [1, 1, 0])
    assert found.tied == 1


def test_without_a_comparable_pair_nothing_is_estimated():
    with pytest.raises(NotEstimable, match="no comparable pair"):
        concordance([1, 2], [4, 5], [0, 0])
