"""Two strategies with a grace period: weights that undo censoring, planted effects, refusals."""

import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.clone_censor_weight import CloneCensorWeight, resampled
from multicenter.survival.time_dependent import completed_months, month_days, on_status, split_spells

GRACE = 180


def study(ratio, n=6000, seed=3):
    """A confounder (x) doubles the hazard and makes starting more likely; starting multiplies the hazard by `ratio`."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, n)
    start = np.where(rng.random(n) < 0.2 + 0.4 * x, np.ceil(rng.uniform(20, 300, n)), np.nan)
    hazard = np.where(x == 1, 2, 1) / 1500
    unit, begun = rng.exponential(1, n), np.nan_to_num(start, nan=1e9)
    time = np.where(unit < hazard * begun, unit / hazard, begun + (unit - hazard * begun) / (hazard * ratio))
    until = np.minimum(np.ceil(time), 2000)
    return until, time <= 2000, start, x[:, None].astype(float), rng.integers(0, 4, n)


@pytest.mark.parametrize(("ratio", "low", "high"), [(1.0, 0.92, 1.09), (0.5, 0.52, 0.68)])
def test_a_planted_effect_is_found_in_spite_of_confounding(ratio, low, high):
    time, event, start, x, center = study(ratio)
    found = CloneCensorWeight(time, event, start, GRACE, x, center).compare()
    assert low < np.exp(found.log_hazard_ratio()) < high
    unweighted = CloneCensorWeight(time, event, start, GRACE, np.zeros_like(x), np.zeros(len(x))).compare()
    assert unweighted.log_hazard_ratio() > found.log_hazard_ratio()


def test_weights_stand_for_all_at_risk_after_grace():
    time, event, start, x, center = study(1.0)
    found = CloneCensorWeight(time, event, start, GRACE, x, center).compare()
    at_risk = (time > GRACE).sum()
    assert found.start.weights.sum() == pytest.approx(at_risk, rel=0.02)
    assert found.none.weights.sum() == pytest.approx(at_risk, rel=0.02)
    assert 0 < found.start.effective_size < len(found.start.weights)


def test_case_weights_are_copies_of_patients():
    time, event, start, x, center = (values[:300] for values in study(0.7))
    weight = resampled(center, np.random.default_rng(1))
    assert [weight[center == c].sum() for c in range(4)] == [(center == c).sum() for c in range(4)]
    whole = CloneCensorWeight(time, event, start, GRACE, x, center)
    rows = np.repeat(np.arange(300), weight.astype(int))
    copied = CloneCensorWeight(time[rows], event[rows], start[rows], GRACE, x[rows], center[rows])
    one, other = whole.compare(weight), copied.compare()
    assert one.survival_difference(1000) == pytest.approx(other.survival_difference(1000), rel=1e-6)
    assert one.log_hazard_ratio() == pytest.approx(other.log_hazard_ratio(), rel=1e-6)


def test_nobody_follows_a_strategy():
    with pytest.raises(NotEstimable, match="nobody starts by day 180"):
        CloneCensorWeight([300.0, 400.0], [1, 0], [np.nan, 200.0], GRACE, np.zeros((2, 1)), [0, 0])


def test_spells_status_and_months_at_their_days():
    spells = split_spells([10, 5], [0, 0, 1, 0], [3, 3, 5, np.nan])
    assert spells.start.tolist() == [0, 3, 0] and spells.stop.tolist() == [3, 10, 5]
    assert spells.last.tolist() == [False, True, True]
    assert on_status([3, 3, np.nan], [8, np.nan, np.nan], [8, 8, 8]).tolist() == [False, True, False]
    assert completed_months([0, 0, np.nan], [70, 20, np.nan], [61, 61, 61]).tolist() == [2, 0, 0]
    assert month_days([1, np.nan], [70, np.nan])[1].tolist() == [32, 62]
