"""Comparing two records: what a shift changes, what counts once, and that the order does not matter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from multicenter.errors import StudyError
from multicenter.linkage.chance import AGREE, CLOSE, DIFFER, MISSING
from multicenter.linkage.compare import compare
from multicenter.linkage.records import read_records


def compared(make, copy, spec=None):
    """The pool's first record with a copy of it that came from another center."""
    frame = pd.concat([make.pool, make.named(copy.astype(make.pool.dtypes), "B", ["1"])])
    return compare(read_records(frame, spec or make.spec), np.array([0]), np.array([len(make.pool)]))


def without_calendar(comparison):
    return (comparison.score - comparison.calendar.weight).tolist()


def changed(make, **cells):
    """A copy of the pool's first record with other values; a date as days to add."""
    copy = make.pool.iloc[[0]].copy()
    for name, value in cells.items():
        copy[name] = copy[name] + pd.Timedelta(days=value) if name in make.dates and value is not pd.NaT else value
    return copy


def test_an_equal_record_agrees_in_everything(make):
    comparison = compared(make, make.pool.iloc[[0]])
    assert comparison.shift.tolist() == [0]
    assert comparison.calendar.result.tolist() == [AGREE]
    # the first date is the one from which the others are counted
    assert [item.result[0] for item in comparison.intervals] == [MISSING, AGREE, AGREE, AGREE]
    assert [item.origin[0] for item in comparison.intervals] == [0, 0, 1, 2]
    assert [item.result[0] for item in comparison.variables] == [AGREE, AGREE, AGREE]


@given(days=st.integers(-4000, 4000).filter(bool))
@settings(max_examples=40, deadline=None)
def test_a_shift_of_all_dates_changes_nothing_but_the_calendar(make, days):
    plain, moved = (compared(make, make.shifted(make.pool.iloc[[0]], by)) for by in (0, days))
    assert moved.shift.tolist() == [days]
    assert moved.calendar.result.tolist() == [DIFFER]
    assert -1 <= moved.calendar.weight[0] < -0.99
    assert without_calendar(moved) == pytest.approx(without_calendar(plain), abs=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_how_common_an_interval_is_does_not_change_if_every_record_has_its_own_shift(make, seed):
    shifts = np.random.default_rng(seed).integers(-3000, 3000, len(make.pool))
    plain, moved = (
        read_records(frame, make.spec).interval_chance for frame in (make.pool, make.shifted(make.pool, shifts))
    )
    for name in ("agree", "close", "differ"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(moved, name))


@given(left=st.integers(0, 299), right=st.integers(0, 299))
@settings(max_examples=60, deadline=None)
def test_the_score_is_symmetric(make, left, right):
    assume(left != right)
    records = read_records(make.pool, make.spec)
    there, back = (compare(records, np.array([a]), np.array([b])) for a, b in ((left, right), (right, left)))
    assert there.score.tolist() == pytest.approx(back.score.tolist(), abs=1e-9)
    assert there.shift.tolist() == pytest.approx((-back.shift).tolist(), nan_ok=True)


@pytest.mark.parametrize("date", [0, 1, 2])
def test_a_wrong_date_counts_once(make, date):
    comparison = compared(make, changed(make, **{make.dates[date]: 40}))
    results = [item.result[0] for item in comparison.intervals]
    assert comparison.shift.tolist() == [0]
    assert results[date] == DIFFER and results.count(DIFFER) == 1
    assert comparison.calendar.result.tolist() == [AGREE]


def test_a_date_that_is_off_by_some_days_is_close(make):
    comparison = compared(make, changed(make, third=-3))
    third, fourth = comparison.intervals[2:]
    assert (third.result[0], third.right[0] - third.left[0]) == (CLOSE, -3)
    # the date after it is counted from the last one that fits
    assert (fourth.result[0], fourth.origin[0]) == (AGREE, 1)
    assert compared(make, changed(make, third=-4)).intervals[2].result.tolist() == [DIFFER]


def test_a_shift_and_a_wrong_date_are_told_apart(make):
    comparison = compared(make, make.shifted(changed(make, first=25), 100))
    assert comparison.shift.tolist() == [100]
    first = comparison.intervals[0]
    # counted back from the first date that fits
    assert (first.result[0], first.origin[0], first.right[0] - first.left[0]) == (DIFFER, 1, 25)


def test_what_is_missing_weighs_nothing(make):
    comparison = compared(make, changed(make, third=pd.NaT, stage=None))
    assert (comparison.intervals[2].result[0], comparison.intervals[2].weight[0]) == (MISSING, 0)
    assert comparison.intervals[3].origin.tolist() == [1]
    assert (comparison.variables[2].result[0], comparison.variables[2].weight[0]) == (MISSING, 0)


def test_records_without_a_date_in_common_are_compared_by_their_variables(make):
    comparison = compared(make, changed(make, **dict.fromkeys(make.dates, pd.NaT)))
    assert np.isnan(comparison.shift).all()
    assert comparison.score.tolist() == [sum(item.weight[0] for item in comparison.variables)]


def test_an_age_may_differ_by_a_year(make):
    age = make.pool["age"].iloc[0]
    results = [compared(make, changed(make, age=age + years)).variables[1].result[0] for years in (0.5, 1, -1, 1.6)]
    assert results == [AGREE, CLOSE, CLOSE, DIFFER]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"dates": {"of": ["first", "sex"], "m_agree": 0.9}},
            "linkage.dates: sex holds no dates. Compare it under linkage.variables, or leave it out.",
        ),
        (
            {"variables": {"first": {"m_agree": 0.9}}},
            "linkage.variables: first holds dates. Compare it under linkage.dates, or leave it out.",
        ),
        (
            {"variables": {"stage": {"m_agree": 0.8, "close_within": 1, "m_close": 0.1}}},
            "linkage.variables: stage holds no numbers. Remove its agree_within and close_within.",
        ),
    ],
)
def test_a_column_that_cannot_be_compared_so_is_named(make, change, message):
    with pytest.raises(StudyError) as error:
        read_records(make.pool, make.spec | change)
    assert str(error.value) == message
