import numpy as np
import pytest

from multicenter.survival import competing_risks as cr

CASES = [
    ("mgus2.cif.male0", "mgus2", "sex == 'F'", "etime", [120, 240, 300]),
    ("mgus2.cif.male1", "mgus2", "sex == 'M'", "etime", [120, 240, 300]),
    ("sim512.cif.trt0", "sim512", "trt == 0", "ftime", [12, 24, 36, 60]),
    ("sim512.cif.trt1", "sim512", "trt == 1", "ftime", [12, 24, 36, 60]),
]


@pytest.mark.parametrize(("key", "name", "query", "time", "when"), CASES)
def test_incidence_and_both_standard_errors_equal_r(reference, key, name, query, time, when):
    d = reference.data(name).query(query)
    for variance, estimate, se in (("survfit", "cif", "survfit_se"), ("cmprsk", "cmprsk", "cmprsk_se")):
        curve = cr.cumulative_incidence(d[time], d["fstatus"], variance=variance)
        points = np.array([cr.incidence_at(curve, moment) for moment in when])
        reference.same(points[:, 0], f"{key}.{estimate}")
        reference.same(points[:, 1], f"{key}.{se}")


def test_delayed_entry_equals_survfit(reference):
    d = reference.data("sim512").query("entry < ftime")
    curve = cr.cumulative_incidence(d["ftime"], d["fstatus"], entry=d["entry"])
    points = np.array([cr.incidence_at(curve, moment) for moment in (12, 24, 36, 60)])
    reference.same(points[:, 0], "sim512.cif_entry.cif")
    reference.same(points[:, 1], "sim512.cif_entry.survfit_se")


def test_causes_and_event_free_add_to_one(reference):
    d = reference.data("mgus2")
    first, second = (cr.cumulative_incidence(d["etime"], d["fstatus"], of=cause) for cause in (1, 2))
    assert first.incidence + second.incidence + first.event_free == pytest.approx(1)


def test_without_competing_events_it_is_one_minus_kaplan_meier(reference):
    from multicenter.survival.kaplan_meier import kaplan_meier

    d = reference.data("lung")
    for variance in cr.VARIANCES:
        curve = cr.cumulative_incidence(d["time"], d["event"], variance=variance)
        assert curve.incidence == pytest.approx(1 - kaplan_meier(d["time"], d["event"]).survival)


def test_limits_are_unknown_where_nothing_has_happened_and_inside_elsewhere(reference):
    d = reference.data("sim512")
    curve = cr.cumulative_incidence(d["ftime"], d["fstatus"])
    none = curve.incidence == 0
    assert np.isnan(curve.ci_low[none]).all()
    assert (curve.ci_low[~none] < curve.incidence[~none]).all() and (curve.ci_low[~none] > 0).all()
    assert (curve.ci_high[~none] > curve.incidence[~none]).all() and (curve.ci_high[~none] < 1).all()


def test_limits_are_log_log_on_the_incidence():
    curve = cr.cumulative_incidence(range(1, 11), [1, 0, 2, 1, 0, 1, 2, 0, 0, 0])
    f, se = curve.incidence[3], curve.std_error[3]
    half = 1.959963984540054 * se / (f * abs(np.log(f)))
    assert [curve.ci_low[3], curve.ci_high[3]] == pytest.approx([f ** np.exp(half), f ** np.exp(-half)])


def test_no_event_of_the_cause_and_no_follow_up():
    curve = cr.cumulative_incidence([3, 5, 9], [2, 0, 0])
    assert (curve.incidence == 0).all() and (curve.std_error == 0).all()
    assert np.isnan(cr.incidence_at(curve, 10)[0])
    assert cr.incidence_at(curve, 1)[0] == 0
    for cause in ([1, np.nan], [1, None], [1, -1], [1, 0.5]):
        with pytest.raises(ValueError, match="a cause is missing or not"):
            cr.cumulative_incidence([1, 2], cause)
    with pytest.raises(ValueError, match="variance"):
        cr.cumulative_incidence([1], [1], variance="jitter")
