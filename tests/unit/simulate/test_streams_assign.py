"""Named random streams, and groups with exact counts."""

import numpy as np
import pytest

from multicenter.simulate import assign
from multicenter.simulate.streams import stream


def test_a_stream_depends_on_seed_and_name_only():
    assert np.array_equal(stream(3, "a", "b").random(5), stream(3, "a", "b").random(5))
    others = [stream(4, "a", "b"), stream(3, "a"), stream(3, "b", "a")]
    assert not any(np.array_equal(stream(3, "a", "b").random(5), other.random(5)) for other in others)
    with pytest.raises(ValueError, match="negative"):
        stream(-1, "a")


def test_apportion_is_exact_and_proportional():
    weights = np.array([85, 80, 9])
    assert assign.apportion(174, weights).tolist() == [85, 80, 9]
    parts = assign.apportion(1000, weights)
    assert parts.sum() == 1000
    assert np.abs(parts - 1000 * weights / 174).max() < 1
    assert assign.apportion(0, weights).sum() == 0
    with pytest.raises(ValueError, match="positive sum"):
        assign.apportion(3, np.zeros(2))


def test_who_is_not_allowed_is_passed_over():
    score = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    allowed = np.array([True, False, True, True, True])
    assert assign.take_ranked(score, allowed, 2).tolist() == [True, False, True, False, False]
    with pytest.raises(ValueError, match="only 4"):
        assign.take_ranked(score, allowed, 5)


def test_levels_have_exact_counts_and_follow_the_scores():
    rng = stream(1, "levels")
    members = rng.random(4000) < 0.5
    early = rng.random(4000) < 0.5
    scores = assign.gumbel_noise(rng, (4000, 3)) + np.column_stack([0 * early, 0 * early, 2.0 * early])
    n = int(members.sum())
    level = assign.assign_levels(scores, [n - 600, 300, 300], members)
    assert np.bincount(level).tolist() == [4000 - n, n - 600, 300, 300]
    assert (level[~members] == 0).all()
    assert early[level == 3].mean() > 0.75 > 0.6 > early[level == 2].mean()
    with pytest.raises(ValueError, match="do not sum"):
        assign.assign_levels(scores, [1, 1, 1], members)


def test_ranked_membership_is_a_logistic_model():
    """Taking the highest logit + logistic noise gives the odds ratio that was put in."""
    rng = stream(2, "logistic")
    x = rng.random(200_000) < 0.5
    chosen = assign.take_ranked(0.8 * x + assign.logistic_noise(rng, len(x)), np.ones(len(x), bool), 60_000)
    odds = [chosen[x == k].mean() / (1 - chosen[x == k].mean()) for k in (0, 1)]
    assert np.log(odds[1] / odds[0]) == pytest.approx(0.8, abs=0.03)
