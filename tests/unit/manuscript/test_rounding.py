"""The rounding policy, case by case."""

from __future__ import annotations

import math

import pytest

from multicenter.manuscript.rounding import (
    format_count_percent,
    format_interval,
    format_number,
    format_p,
    format_percent,
    half_up,
)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (0.285, 2, "0.29"),
        (2.675, 2, "2.68"),
        (1.005, 2, "1.01"),
        (-0.004, 2, "0.00"),
        (-2.5, 0, "−3"),
        (2018, 0, "2018"),
        (12345.6, 0, "12,346"),
        (math.nan, 1, "–"),
        (None, 1, "–"),
        (math.inf, 1, "–"),
    ],
)
def test_numbers_round_half_up(value, decimals, text):
    assert format_number(value, decimals) == text


def test_half_up_differs_from_the_machine_s_own_rounding():
    assert str(half_up(0.125, 2)) == "0.13" != f"{0.125:.2f}"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0, "P < 0.001"),
        (0.00099, "P < 0.001"),
        (0.001, "P = 0.001"),
        (0.0049, "P = 0.005"),
        (0.0096, "P = 0.010"),
        (0.0123, "P = 0.01"),
        (0.0449, "P = 0.04"),
        (0.046, "P = 0.046"),
        (0.04996, "P = 0.049"),
        (0.0501, "P = 0.050"),
        (0.054, "P = 0.054"),
        (0.056, "P = 0.06"),
        (0.2, "P = 0.20"),
        (0.99, "P = 0.99"),
        (0.9951, "P > 0.99"),
    ],
)
def test_p_values(p, text):
    assert format_p(p, prefix=True) == text
    assert "P" not in format_p(p)


def test_p_value_outside_its_range_is_an_error():
    with pytest.raises(ValueError, match="between 0 and 1"):
        format_p(1.2)


@pytest.mark.parametrize(
    ("count", "of", "decimals", "text"),
    [
        (33, 153, 0, "22"),
        (104, 153, 0, "68"),
        (16, 153, 0, "10"),
        (1, 8, 1, "12.5"),
        (1, 359, 0, "<1"),
        (358, 359, 0, ">99"),
        (1, 5000, 1, "<0.1"),
        (0, 359, 0, "0"),
        (359, 359, 0, "100"),
        (3, 0, 0, "–"),
    ],
)
def test_percentages(count, of, decimals, text):
    assert format_percent(count, of, decimals) == text


def test_count_with_percentage_and_interval():
    assert format_count_percent(33, 153) == "33 (22)"
    assert format_interval(44.1, 38.25, math.nan, 1, missing="NR") == "44.1 (38.3 to NR)"
    assert format_interval(math.nan, math.nan, math.nan, 1, missing="NR") == "NR"
    assert format_interval(0.831, 0.79, 0.866, 0, scale=100) == "83 (79 to 87)"
