import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.logrank import holm, logrank, pairwise_logrank

CASES = [
    ("lung.logrank.sex", "lung", "time", "event", "sex", None),
    ("lung.logrank.ecog", "lung", "time", "event", "ph_ecog", None),
    ("lung.logrank.sex_by_inst", "lung", "time", "event", "sex", "inst"),
    ("lung.logrank.ecog_by_sex", "lung", "time", "event", "ph_ecog", "sex"),
    ("mgus2.logrank.male", "mgus2", "futime", "death", "male", None),
    ("sim512.logrank.trt", "sim512", "time", "event", "trt", None),
    ("sim512.logrank.trt_by_center", "sim512", "time", "event", "trt", "center"),
    ("sim512.logrank.center", "sim512", "time", "event", "center", None),
]


@pytest.mark.parametrize(("key", "name", "time", "event", "group", "strata"), CASES)
def test_equals_survdiff(reference, key, name, time, event, group, strata):
    d = reference.data(name)
    test = logrank(d[time], d[event], d[group], None if strata is None else d[strata])
    reference.same(test.chisq, f"{key}.chisq")
    reference.same(test.observed, f"{key}.observed", tolerance=0)
    reference.same(test.expected, f"{key}.expected")
    se = np.sqrt(np.diag(test.covariance))
    reference.same(test.covariance, f"{key}.covariance", se=np.outer(se, se).ravel())
    assert test.df == d[group].nunique() - 1


@pytest.mark.parametrize(
    ("key", "name", "group"), [("lung.pairwise.ecog", "lung", "ph_ecog"), ("sim512.pairwise.iss", "sim512", "iss")]
)
def test_pairs_equal_r(reference, key, name, group):
    d = reference.data(name)
    pairs = pairwise_logrank(d["time"], d["event"], d[group])
    reference.same([pair.chisq for pair in pairs], f"{key}.chisq")
    reference.same([pair.p_adjusted for pair in pairs], f"{key}.holm")
    assert pairs[0].n == d[group].isin([pairs[0].first, pairs[0].second]).sum()


def test_delayed_entry_changes_the_risk_sets():
    time, event, group = [4, 6, 8, 10], [1, 1, 1, 1], ["a", "a", "b", "b"]
    late = logrank(time, event, group, entry=[0, 0, 5, 0])
    # at 4 the third patient has not entered: 2 of a, 1 of b at risk; then 1 + 2, 0 + 2, 0 + 1
    assert late.expected[0] == pytest.approx(2 / 3 + 1 / 3)
    assert logrank(time, event, group).expected[0] == pytest.approx(1 / 2 + 1 / 3)


def test_an_empty_group_leaves_the_test(reference):
    d = reference.data("sim512")
    test = logrank(d["time"], d["event"], d["trt"], groups=[0, 1, 2])
    reference.same(test.chisq, "sim512.logrank.trt.chisq")
    assert test.df == 1 and test.expected[2] == 0


def test_what_cannot_be_tested_says_why():
    with pytest.raises(NotEstimable, match="no event"):
        logrank([1, 2, 3], [0, 0, 0], ["a", "a", "b"])
    with pytest.raises(NotEstimable, match="fewer than two groups"):
        logrank([1, 2, 3], [1, 1, 0], ["a", "a", "a"])
    pairs = pairwise_logrank([1, 2, 3, 4, 5], [1, 1, 1, 0, 0], ["a", "b", "a", "c", "d"], groups=["a", "b", "c", "d"])
    reasons = {(pair.first, pair.second): pair.reason for pair in pairs}
    assert reasons[("c", "d")] == "no event in any group"
    assert all(np.isnan(pair.p_adjusted) == bool(pair.reason) for pair in pairs)


@pytest.mark.parametrize(
    ("group", "options", "message"),
    [
        (["a", "b", "c"], {"groups": ["a", "b"]}, "not in groups: c;"),
        (["a", None, "b"], {}, "a group is missing"),
        (["a", np.nan, "b"], {"groups": ["a", "b"]}, "a group is missing"),
        (["a", "a", "b"], {"strata": [1, 2, np.nan]}, "a stratum is missing"),
        (["a", "b"], {}, "differ in length"),
    ],
)
def test_groups_and_strata_that_cannot_be(group, options, message):
    with pytest.raises(ValueError, match=message):
        logrank([1, 2, 3], [1, 1, 1], np.array(group, dtype=object), **options)


def test_pairs_of_missing_groups_are_refused():
    with pytest.raises(ValueError, match="a group is missing"):
        pairwise_logrank([1, 2], [1, 1], np.array(["a", None], dtype=object))


def test_holm_steps_down_and_ignores_what_is_missing():
    assert holm([0.01, np.nan, 0.04, 0.03])[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(holm([np.nan])[0])
    assert holm([0.9, 0.8]).max() == 1
