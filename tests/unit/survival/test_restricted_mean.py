import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival import kaplan_meier as km
from multicenter.survival.restricted_mean import (
    area,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_ratio,
)

# key in curves_reference.json: data, group column and its two levels, tau, time, event, entry, cluster
GROUPS = {
    "lung.rmst": ("lung", "sex", (1, 2), 730, "time", "event", None, "inst"),
    "mgus2.rmst": ("mgus2", "male", (0, 1), 240, "futime", "death", None, "dxyr"),
    "sim512.rmst": ("sim512", "trt", (0, 1), 60, "time", "event", None, "center"),
    "sim512.rmst_entry": ("sim512", "trt", (0, 1), 36, "time", "event", "entry", "center"),
    "heart.rmst": ("heart", "surgery", (0, 1), 500, "stop", "event", "start", "id"),
    "veteran.rmst": ("veteran", "trt", (1, 2), 1500, "time", "status", None, "celltype"),
}


def numbers(found):
    return [found.value, found.std_error, found.ci_low, found.ci_high, found.z]


@pytest.mark.parametrize("key", GROUPS)
@pytest.mark.parametrize("kind", ["plain", "weighted", "clustered"])
def test_means_differences_and_ratios_equal_r(reference, key, kind):
    name, by, levels, tau, time, event, entry, cluster = GROUPS[key]
    data = reference.weighted_data(name)
    found = []
    for level in levels:
        d = data[data[by] == level]
        late = None if entry is None else d[entry]
        weights = None if kind == "plain" else d["w"]
        members = d[cluster] if kind == "clustered" else None
        found.append(restricted_mean(d[time], d[event], tau, late, weights, members))
    means = [number for one in found for number in (one.value, one.std_error)]
    reference.same(means, f"{key}.{kind}.means")
    for what, contrast in (("difference", restricted_mean_difference), ("ratio", restricted_mean_ratio)):
        ours = contrast(found[1], found[0])
        reference.same(numbers(ours), f"{key}.{kind}.{what}", se=ours.std_error)


def test_limits_are_symmetric_and_the_tau_one():
    one = restricted_mean([2, 4, 5, 9], [1, 1, 0, 0], 6)
    assert one.value == pytest.approx(2 + 2 * 0.75 + 2 * 0.5)
    assert one.ci_low + one.ci_high == pytest.approx(2 * one.value)
    with pytest.raises(ValueError, match="to 6 and to 7 cannot be compared"):
        restricted_mean_difference(one, restricted_mean([2, 4, 5, 9], [1, 1, 0, 0], 7))


def test_a_horizon_before_the_first_event_is_the_area_itself():
    early = restricted_mean([2, 4], [1, 0], 1.5)
    assert (early.value, early.std_error) == (1.5, 0)
    with pytest.raises(NotEstimable, match="unknown or 0"):
        restricted_mean_difference(early, early)


def test_a_horizon_beyond_follow_up_is_refused_unless_nobody_is_left():
    with pytest.raises(NotEstimable, match="the restricted mean to 10 needs longer follow-up: it ends at 4"):
        restricted_mean([2, 4], [1, 0], 10)
    assert restricted_mean([2, 4], [1, 1], 10).value == 3
    for tau in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="must be positive"):
            area(km.kaplan_meier([2, 4], [1, 0]), tau)


def test_rows_of_weight_zero_count_as_absent():
    weights = np.array([1.0, 0.5, 0, 2, 1])
    time, event = np.array([3, 5, 9, 6, 7]), np.array([1, 1, 1, 1, 0])
    kept = weights > 0
    with_zero = restricted_mean(time, event, 6.5, weights=weights)
    assert with_zero == restricted_mean(time[kept], event[kept], 6.5, weights=weights[kept])
