import numpy as np
import pytest

from multicenter.harmonize.numbers import Units, tidy


@pytest.mark.parametrize(
    ("cell", "expected", "kinds"),
    [
        ("10.5", 10.5, []),
        ("１０．５", 10.5, []),
        ("10.5 g/dL", 10.5, []),
        ("hemolyzed", None, ["not_numeric"]),
        ("9..4", None, ["not_numeric"]),
        ("0,125", None, ["not_numeric"]),
        ("inf", None, ["not_numeric"]),
        ("105", None, ["unit_suspect"]),
        ("2.5", None, ["out_of_range"]),
        ("4", 4.0, ["unusual"]),
        ("<5", 0.0, ["below_limit"]),
        ("<30", None, ["limit_not_low"]),
        (">12", 12.0, ["above_limit"]),
        (">300", None, ["out_of_range"]),
        ("8-9", 8.5, ["range_midpoint"]),
        ("8~9", 8.5, ["range_midpoint"]),
        ("9-8", None, ["not_numeric"]),
    ],
)
def test_number_as_people_write_it(value, cell, expected, kinds):
    got, found = value(cell, "{to: hb, unit: g/dL}", "hb")
    assert found == kinds
    assert np.isnan(got) if expected is None else got == expected


def test_thousands_and_unit_conversion(value):
    assert value("150,000", "{to: plt, unit: /uL}", "plt") == (150.0, [])


def test_limits_are_in_canonical_units(deliver):
    done = deliver("id,x\n1,<1\n2,>500\n", "x: {to: flc_kappa, unit: mg/dL}")
    assert done.findings[["kind", "lo", "hi"]].to_numpy().tolist() == [
        ["below_limit", "0", "10"],
        ["above_limit", "5000", ""],
    ]
    assert done.tables["patient"]["flc_kappa"].tolist() == [0.0, 5000.0]


def test_what_is_out_of_range_is_told_in_both_units(deliver):
    done = deliver("id,x\n1,1.1\n2,90\n", "x: {to: cr, unit: umol/L}")
    assert done.findings["message"].tolist() == [
        "the value is outside what is possible (0.0124432 mg/dL; 0.2–20 mg/dL)"
    ]


def test_a_value_fits_no_other_unit_better_that_is_the_column_s_own(deliver):
    done = deliver("id,x\n1,1100\n2,90\n", "x: {to: hb, unit: g/L}")
    assert done.findings["message"].tolist() == ["the value is outside what is possible (110 g/dL; 3–20 g/dL)"]


@pytest.mark.parametrize(
    ("cell", "expected", "kinds"), [("2", 2, []), ("1.5", None, ["not_numeric"]), ("7", None, ["out_of_range"])]
)
def test_whole_numbers(value, cell, expected, kinds):
    got, found = value(cell, "ecog", "ecog")
    assert found == kinds
    assert (got == expected) if expected is not None else got is not got or str(got) == "<NA>"


@pytest.mark.parametrize(
    ("unit", "address", "factor"),
    [
        ("nmol/L", "patient.b2m", 1 / 84.7457627),
        ("umol/L", "patient.cr", 0.011312),
        ("mmol/L", "patient.ca", 4.0078),
        ("g/L", "patient.alb", 0.1),
        ("ug/mL", "patient.b2m", 1.0),
        ("ug/L", "patient.b2m", 0.001),
        ("fraction", "patient.bmpc", 100.0),
        ("K/uL", "patient.plt", 1.0),
        ("g/24h", "patient.mprot_urine", 1000.0),
        ("mg/dL", "patient.flc_kappa", 10.0),
    ],
)
def test_factors(dictionary, unit, address, factor):
    assert Units(dictionary).factor(unit, dictionary.variable(address)) == pytest.approx(factor, rel=1e-6)


def test_units_of_different_things_are_refused(dictionary):
    with pytest.raises(ValueError, match="mg/dL cannot be converted to mg/d"):
        Units(dictionary).factor("mg/dL", dictionary.variable("patient.mprot_urine"))


@pytest.mark.parametrize("unit", ["%", "fraction", "year", "U/L"])
def test_what_is_no_concentration_is_refused_for_an_analyte(dictionary, unit):
    with pytest.raises(ValueError, match=f"{unit} cannot be converted to mg/dL"):
        Units(dictionary).factor(unit, dictionary.variable("patient.ca"))


def test_tidy_takes_away_binary_dust():
    assert tidy(np.array([35 * 0.1, 0.0, np.nan]))[:2].tolist() == [3.5, 0.0]
