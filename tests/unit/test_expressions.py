import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.expression_syntax import FUNCTION_ARGUMENTS, names_in, problems_in
from multicenter.expressions import FUNCTIONS, evaluate, is_true


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "start": pd.to_datetime(["2020-01-01", "2020-02-01", None]),
            "end": pd.to_datetime(["2020-01-31", "2020-01-01", "2020-01-01"]),
            "drug": pd.array(["A", None, "B"], dtype="string"),
            "flag": pd.array([1, 0, None], dtype="Int64"),
            "x": [1.5, float("nan"), 3.0],
        }
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("end < start", [False, True, pd.NA]),
        ("flag == 1", [True, False, pd.NA]),
        ('drug == "A"', [True, pd.NA, False]),
        ('drug in ["A", "C"]', [True, pd.NA, False]),
        ('drug not in ["A"]', [False, pd.NA, True]),
        ("missing(start) or end < start", [False, True, True]),
        ("known(drug) and flag == 1", [True, False, pd.NA]),
        ("not flag == 1", [False, True, pd.NA]),
        ("1 < x < 2", [True, pd.NA, False]),
        ('start >= "2020-01-15"', [False, True, pd.NA]),
    ],
)
def test_conditions_follow_three_valued_logic(frame, expression, expected):
    assert evaluate(expression, frame).tolist() == expected
    assert is_true(expression, frame).tolist() == [value is True for value in expected]


def test_functions_of_dates(frame):
    assert evaluate("days(start, end)", frame).tolist() == [30, -31, pd.NA]
    assert evaluate("months(start, end)", frame)[0] == pytest.approx(30 / 30.4375)
    assert evaluate("latest(start, end)", frame).dt.day.tolist() == [31, 1, 1]
    assert evaluate("earliest(start, end)", frame).dt.month.tolist() == [1, 1, 1]
    assert evaluate("first_known(x, flag)", frame).tolist() == [1.5, 0, 3.0]


def test_names_are_columns_and_not_functions():
    assert names_in("days(start, end) > 3 and known(x)") == {"start", "end", "x"}


def test_an_unknown_name_is_reported_with_the_nearest_one(frame):
    assert problems_in("strat < end", frame.columns) == [
        "'strat < end' names 'strat', which does not exist. Did you mean 'start'?"
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("start <", "is not an expression"),
        ("__import__('os')", "calls unknown function '__import__'"),
        ("start.dt.year", "uses Attribute"),
        ("[x for x in y]", "uses ListComp"),
        ("dayz(start, end)", "Did you mean 'days'?"),
        ("years(start)", "years takes 2 arguments, not 1"),
    ],
)
def test_what_is_not_of_the_language_is_refused(frame, expression, message):
    with pytest.raises(StudyError, match=message.replace("[", r"\[").replace("?", r"\?")):
        evaluate(expression, frame)


def test_mixed_types_name_the_expression(frame):
    with pytest.raises(StudyError, match="'start < 3' cannot be evaluated"):
        evaluate("start < 3", frame)


def test_every_function_that_may_be_named_can_be_evaluated():
    assert set(FUNCTION_ARGUMENTS) == set(FUNCTIONS)
