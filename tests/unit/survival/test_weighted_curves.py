import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival import kaplan_meier as km

# key in curves_reference.json: data, rows, time, event, entry, cluster, with weights
CURVES = {
    "lung.weighted": ("lung", "time", "event", None, None, True),
    "lung.by_inst": ("lung", "time", "event", None, "inst", True),
    "lung.robust": ("lung", "time", "event", None, "row", False),
    "mgus2.weighted": ("mgus2", "futime", "death", None, None, True),
    "heart.by_id": ("heart", "stop", "event", "start", "id", True),
    "heart.rows": ("heart", "stop", "event", "start", "id", False),
    "sim512.weighted_entry": ("sim512", "time", "event", "entry", None, True),
    "sim512.by_center": ("sim512", "time", "event", "entry", "center", True),
    "pbc.weighted": ("pbc", "time", "died", None, None, True),
    "veteran.weighted": ("veteran", "time", "status", None, None, True),
    "extreme.weighted_entry": ("extreme", "time", "event", "entry", None, True),
}


def curve_of(reference, key, ci="log-log"):
    name, time, event, entry, cluster, weighted = CURVES[key]
    d = reference.weighted_data(name)
    column = [None if c is None else d[c] for c in (time, event, entry, cluster)]
    return km.kaplan_meier(*column[:3], ci, d["w"] if weighted else None, column[3])


@pytest.mark.parametrize("key", CURVES)
def test_weighted_curves_and_robust_errors_equal_r(reference, key):
    curve = curve_of(reference, key)
    at = np.searchsorted(curve.time, reference[f"{key}.time"])
    reference.same(curve.time[at], f"{key}.time", tolerance=0)
    reference.same(curve.survival[at], f"{key}.surv", se=curve.std_error[at])
    reference.same(curve.std_error[at], f"{key}.se")
    sums = curve.weighted
    ours = np.concatenate([sums.n_risk[at], sums.n_event[at], sums.n_censor[at]])
    reference.same(ours, f"{key}.sums")


@pytest.mark.parametrize("key", CURVES)
@pytest.mark.parametrize("ci", ["log-log", "log", "plain"])
def test_limits_and_quantiles_equal_r(reference, key, ci):
    curve = curve_of(reference, key, ci)
    at = np.searchsorted(curve.time, reference[f"{key}.time"])
    reference.same(np.concatenate([curve.ci_low[at], curve.ci_high[at]]), f"{key}.limits.{ci}")
    found = km.median(curve)
    reference.same([found.value, found.ci_low, found.ci_high], f"{key}.median_ci.{ci}")
    quarters = [km.quantile(curve, part) for part in (0.25, 0.75)]
    ours = [getattr(one, what) for what in ("value", "ci_low", "ci_high") for one in quarters]
    reference.same(ours, f"{key}.quartiles.{ci}")


def test_differences_of_milestones_equal_r(reference):
    cases = [
        ("lung.milestone", "lung", "sex", (2, 1), "time", "event", 365),
        ("lung.milestone_weighted", "lung", "sex", (2, 1), "time", "event", 365),
        ("mgus2.milestone", "mgus2", "male", (1, 0), "futime", "death", 120),
        ("sim512.milestone_weighted", "sim512", "trt", (1, 0), "time", "event", 36),
    ]
    for key, name, by, levels, time, event, when in cases:
        data = reference.weighted_data(name)
        groups = [data[data[by] == level] for level in levels]
        weights = [d["w"] if key.endswith("weighted") else None for d in groups]
        curves = [km.kaplan_meier(d[time], d[event], weights=w) for d, w in zip(groups, weights, strict=True)]
        ours = km.survival_difference(*curves, when)
        reference.same([ours.value, ours.std_error, ours.ci_low, ours.ci_high, ours.z], key, se=ours.std_error)


def test_a_milestone_that_one_group_does_not_reach_has_no_difference():
    curves = km.kaplan_meier([5, 8], [1, 0]), km.kaplan_meier([5, 20], [1, 0])
    assert km.survival_difference(*curves, 6).value == 0
    with pytest.raises(NotEstimable, match="ends at 8, before 10"):
        km.survival_difference(*curves, 10)


def test_log_minus_log_leaves_out_what_has_no_logarithm():
    time, height = km.log_minus_log(km.kaplan_meier([2, 3, 4, 5], [0, 1, 1, 1]))
    assert np.exp(time) == pytest.approx([3, 4])
    assert np.exp(-np.exp(height)) == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -2, 1], "a weight is missing, negative or not finite: -2"),
        ([np.nan, np.inf, 1], "2 weights are missing, negative or not finite: nan"),
        ([0, 0, 0], "all weights are 0"),
        ([1, 1], "weights and time differ in length"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        km.kaplan_meier([1, 2, 3], [1, 1, 0], weights=weights)


def test_a_missing_cluster_is_refused():
    with pytest.raises(ValueError, match="a cluster is missing"):
        km.kaplan_meier([1, 2, 3], [1, 1, 0], cluster=["a", None, "b"])
