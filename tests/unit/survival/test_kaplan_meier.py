import numpy as np
import pytest

from multicenter.survival import kaplan_meier as km

GAP = {"entry": [0, 0, 5, 6, 7, 8, 9, 9], "time": [2, 3, 6, 9, 10, 11, 12, 13]}
TIMES = {"lung": [180, 365, 730], "mgus2": [60, 120, 240], "heart": [30, 100, 365, 1000], "sim512": [12, 24, 36, 60]}
CURVES = [
    ("lung.km.sex1", "lung", "sex == 1", "time", "event", None),
    ("lung.km.sex2", "lung", "sex == 2", "time", "event", None),
    ("mgus2.km.male0", "mgus2", "sex == 'F'", "futime", "death", None),
    ("mgus2.km.male1", "mgus2", "sex == 'M'", "futime", "death", None),
    ("heart.km.entry", "heart", "event >= 0", "stop", "event", "start"),
    ("sim512.km.trt0", "sim512", "trt == 0", "time", "event", None),
    ("sim512.km.trt1", "sim512", "trt == 1", "time", "event", None),
    ("sim512.km_entry.trt0", "sim512", "trt == 0", "time", "event", "entry"),
    ("sim512.km_entry.trt1", "sim512", "trt == 1", "time", "event", "entry"),
]


def case(reference, name, query, time, event, entry):
    frame = reference.data(name).query(query)
    return frame[time], frame[event], None if entry is None else frame[entry]


@pytest.mark.parametrize(("key", "name", "query", "time", "event", "entry"), CURVES)
@pytest.mark.parametrize("ci", ["log-log", "log", "plain"])
def test_estimates_and_limits_equal_r(reference, key, name, query, time, event, entry, ci):
    curve = km.kaplan_meier(*case(reference, name, query, time, event, entry), ci=ci)
    points = [km.survival_at(curve, when) for when in TIMES[name]]
    ours = [getattr(point, part) for part in ("value", "ci_low", "ci_high") for point in points]
    reference.same(ours, f"{key}.surv_ci.{ci}")
    found = km.median(curve)
    reference.same([found.value, found.ci_low, found.ci_high], f"{key}.median_ci.{ci}")
    at = np.searchsorted(curve.time, TIMES[name], side="right") - 1
    reference.same(curve.std_error[at], f"{key}.surv_se")


@pytest.mark.parametrize(("key", "name", "query", "time", "event", "entry"), CURVES)
def test_whole_curve_and_counts_equal_r(reference, key, name, query, time, event, entry):
    curve = km.kaplan_meier(*case(reference, name, query, time, event, entry))
    counts = curve.counts
    reference.same(curve.time, f"{key}.whole.time", tolerance=0)
    reference.same(curve.survival, f"{key}.whole.surv")
    ours = np.concatenate([counts.n_risk, counts.n_event, counts.n_censor])
    reference.same(ours, f"{key}.whole.counts", tolerance=0)
    table = km.risk_table(
        *case(reference, name, query, time, event, entry)[:2],
        TIMES[name],
        case(reference, name, query, time, event, entry)[2],
    )
    reference.same(table.n_risk, f"{key}.n_risk", tolerance=0)


@pytest.mark.parametrize(("key", "name", "query", "time", "event", "entry"), [c for c in CURVES if c[5] is None])
def test_reverse_curve_equals_r(reference, key, name, query, time, event, entry):
    times, events, _ = case(reference, name, query, time, event, entry)
    found = km.median(km.reverse_kaplan_meier(times, events))
    reference.same([found.value, found.ci_low, found.ci_high], f"{key}.reverse_median_ci")


def test_median_is_the_midpoint_where_the_curve_rests_on_one_half(reference):
    for key, event in (("half", [1, 1, 1, 0]), ("flat", [1, 1, 0, 0])):
        found = km.median(km.kaplan_meier([2, 4, 6, 9], event))
        reference.same([found.value, found.ci_low, found.ci_high], f"{key}.median_ci")


def test_times_that_differ_by_rounding_are_one_time(reference):
    assert 0.1 + 0.2 != 0.3
    curve = km.kaplan_meier([0.1 + 0.2, 0.3, 0.7, 0.8, 1.1], [1, 1, 0, 1, 1])
    reference.same(curve.time, "tenths.time")
    reference.same(curve.survival, "tenths.surv")


@pytest.mark.parametrize(("name", "second"), [("zero", 1), ("half", 0)])
@pytest.mark.parametrize("ci", ["log-log", "log", "plain"])
def test_a_risk_set_that_empties_before_the_last_entry(reference, name, second, ci):
    curve = km.kaplan_meier(GAP["time"], [1, second, 1, 1, 1, 1, 1, 1], GAP["entry"], ci=ci)
    reference.same(curve.survival, f"gap.km.{name}.whole.surv")
    points = [km.survival_at(curve, when) for when in (2, 3, 6, 10, 13)]
    ours = [getattr(point, part) for part in ("value", "ci_low", "ci_high") for point in points]
    reference.same(ours, f"gap.km.{name}.surv_ci.{ci}")
    found = km.median(curve)
    reference.same([found.value, found.ci_low, found.ci_high], f"gap.km.{name}.median_ci.{ci}")


def test_risk_table_adds_up_at_every_tick(reference):
    sim = reference.data("sim512")
    table = km.risk_table(sim["time"], sim["event"], [0, 1, 12, 36, 60, 500])
    assert (table.n_risk + table.cum_events + table.cum_censored == len(sim)).all()
    assert table.n_risk[0] == 512 and table.n_risk[-1] == 0
    assert table.cum_events[-1] == sim["event"].sum()


def test_risk_table_under_delayed_entry_starts_with_those_who_entered():
    table = km.risk_table([5, 8, 9], [1, 0, 1], [0, 2, 5, 6], entry=[0, 2, 4])
    assert table.n_risk.tolist() == [1, 1, 3, 2]


def test_nothing_is_said_beyond_the_last_observation():
    curve = km.kaplan_meier([5, 8], [1, 0])
    assert km.survival_at(curve, 8).value == 0.5
    assert np.isnan(km.survival_at(curve, 8.1).value)
    dead = km.kaplan_meier([5, 8], [1, 1])
    assert km.survival_at(dead, 100).value == 0
    assert km.survival_at(dead, 1).value == 1


def test_no_event_leaves_the_median_open_and_the_limits_unknown():
    curve = km.kaplan_meier([3, 4, 5], [0, 0, 0])
    assert np.isnan(km.median(curve).value)
    assert (curve.survival == 1).all() and np.isnan(curve.ci_low).all()


@pytest.mark.parametrize(
    ("time", "event", "entry", "message"),
    [
        ([0, 2], [1, 1], None, "not positive"),
        ([np.nan, 2], [1, 1], None, "missing"),
        ([1, 2], [1, 2], None, "0 or 1"),
        ([1, 2], [1, 1], [0, 2], "not before"),
        ([], [], None, "no patients"),
    ],
)
def test_follow_up_that_cannot_be_is_refused(time, event, entry, message):
    with pytest.raises(ValueError, match=message):
        km.kaplan_meier(time, event, entry)
