"""What has to hold for any data: counts add up, and nothing depends on how the data are written down."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from multicenter.errors import NotEstimable
from multicenter.survival.competing_risks import cumulative_incidence, incidence_at
from multicenter.survival.cox import fit_cox
from multicenter.survival.kaplan_meier import kaplan_meier, risk_table, survival_at
from multicenter.survival.logrank import logrank

DAYS = st.integers(1, 40)
FOLLOW_UP = st.lists(st.tuples(DAYS, st.booleans(), st.integers(0, 2)), min_size=4, max_size=60)
any_data = settings(max_examples=60, deadline=None)


def columns(rows):
    time, event, group = (np.array(column) for column in zip(*rows, strict=True))
    return time, event, group


@any_data
@given(FOLLOW_UP)
def test_survival_falls_and_its_limits_hold_it(rows):
    time, event, _ = columns(rows)
    curve = kaplan_meier(time, event)
    points = [survival_at(curve, day) for day in range(1, int(time.max()) + 1)]
    values = [point.value for point in points]
    assert all(0 <= later <= earlier <= 1 for earlier, later in pairwise(values))
    for point in points:
        assert np.isnan(point.ci_low) or point.ci_low <= point.value <= point.ci_high


@any_data
@given(FOLLOW_UP, st.lists(st.integers(0, 45), min_size=1, max_size=6, unique=True))
def test_at_risk_events_and_censored_add_up_to_all(rows, ticks):
    time, event, _ = columns(rows)
    table = risk_table(time, event, np.array(sorted(ticks), dtype=float))
    assert (table.n_risk + table.cum_events + table.cum_censored == len(time)).all()


@any_data
@given(FOLLOW_UP)
def test_cumulative_incidences_and_survival_add_up_to_one(rows):
    time, _, cause = columns(rows)
    last = int(time.max())
    total = sum(incidence_at(cumulative_incidence(time, cause, of=of), last)[0] for of in (1, 2))
    assert total + survival_at(kaplan_meier(time, cause > 0), last).value == pytest.approx(1)


@any_data
@given(FOLLOW_UP, st.permutations([0, 1, 2]))
def test_the_log_rank_test_knows_no_names_and_no_order(rows, names):
    time, event, group = columns(rows)
    try:
        test = logrank(time, event, group)
    except NotEstimable:
        assume(False)
    order = np.argsort(time * 7 % 11, kind="stable")
    again = logrank(time[order], event[order], np.array(names)[group][order])
    assert again.chisq == pytest.approx(test.chisq, rel=1e-9, abs=1e-9)
    assert sum(test.observed) == event.sum() == pytest.approx(sum(test.expected))


@any_data
@given(FOLLOW_UP, st.floats(0.01, 100), st.floats(-50, 50))
def test_a_hazard_ratio_follows_the_unit_of_its_covariate(rows, scale, shift):
    time, event, group = columns(rows)
    try:
        fit = fit_cox(pd.DataFrame({"x": group.astype(float)}), time, event)
        other = fit_cox(pd.DataFrame({"x": shift + scale * group}), time, event)
    except NotEstimable:
        assume(False)
    assume(not fit.separated and not other.separated)
    assert other.coef[0] * scale == pytest.approx(fit.coef[0], rel=1e-6, abs=1e-6)
    assert other.loglik == pytest.approx(fit.loglik)
