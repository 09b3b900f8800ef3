"""What only a whole column shows: a format or number notation that was not declared, and a wrong unit."""

from __future__ import annotations

import re

import pytest

from multicenter.errors import StudyError

FILE = "config/centers/XX.yaml"


def extract(cells: list[str]) -> str:
    return "id,x\n" + "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells, start=1))


def stop(deliver, cells: list[str], spec: str, **more: str) -> str:
    with pytest.raises(StudyError) as error:
        deliver(extract(cells), f"x: {spec}", **more)
    return str(error.value)


def test_numbers_with_a_decimal_comma(deliver):
    assert stop(deliver, ["10,5", "9,25", "11,0", "lysis", "10.1"], "hb") == (
        "XX: 1 problem stops this delivery\n"
        "extract.csv, column x: 4 of 5 filled cells cannot be read as hb (not_numeric): "
        "'10,5' (row 2), '9,25' (row 3), '11,0' (row 4). "
        f"Declare how they are written in {FILE}, or ask the center. The numbers seem to have a decimal comma."
    )


@pytest.mark.parametrize(
    ("cells", "head", "likely"),
    [
        (["25/02/2019", "13/01/2020", "01/02/2020", "30/11/2019"], "dates: {formats: [MM/DD/YYYY]}", "DD/MM/YYYY"),
        (["2019-28-02", "2019-13-01", "2020-31-12", "2020-30-05"], "", "YYYY-DD-MM"),
        (["05 Mar 2019", "28 Feb 2019", "31 Dec 2020"], "dates: {formats: [DD/MM/YYYY]}", "DD Mon YYYY"),
        (
            ["20190305", "20200101", "20201231"],
            "dates: {system: excel1900}",
            "YYYYMMDD or as numbers of the yyyymmdd system",
        ),
        (["43529", "43530", "43700"], "dates: {system: yyyymmdd}", "as numbers of the excel1900 system"),
        (["21613", "21700", "21800"], "dates: {system: yyyymmdd}", "as numbers of the sas or stata system"),
    ],
)
def test_dates_in_another_format(deliver, cells, head, likely):
    text = stop(deliver, cells, "dx_date", head=head)
    assert re.search(r"filled cells cannot be read as dx_date \(date_(impossible|format)", text)
    assert f"{cells[0]!r} (row 2)" in text
    assert f"The dates seem to be written {likely}" in text


def test_both_formats_are_named_where_the_days_do_not_tell(deliver):
    text = stop(deliver, ["01.02.2019"] * 4, "dx_date", head="dates: {formats: [YYYY-MM-DD]}")
    assert text.endswith("The dates seem to be written DD.MM.YYYY or MM.DD.YYYY.")


@pytest.mark.parametrize(
    ("cells", "spec"),
    [
        (["10.5"] * 6 + ["hemolyzed"] * 3, "hb"),  # a third is not yet too many
        (["10.5", "bad", "worse"], "hb"),  # nor are two cells
        (["2019", "2020", "2021", "2022"], "next_tx_date"),  # years alone are what the center knows
        (["-"] * 8 + ["10.5"], "{to: hb, missing: ['-']}"),
    ],
)
def test_slips_stay_findings_of_their_cells(deliver, cells, spec):
    assert set(deliver(extract(cells), f"x: {spec}").findings["kind"]) <= {"not_numeric", "date_year_only"}


@pytest.mark.parametrize(
    ("spec", "cells", "said"),
    [
        ("{to: hb, unit: g/dL}", [105, 98, 120, 111, 87], "105 g/dL, 10 times the usual 10.5; the unit g/dL {} g/L?)"),
        ("{to: ca, unit: mg/dL}", [2.3, 2.2, 2.5, 2.4, 2.6], "1/3.88 of the usual 9.3; the unit mg/dL {} mmol/L?)"),
        ("{to: cr, unit: mg/dL}", [84, 70, 95, 110, 66], "88.4 times the usual 0.95; the unit mg/dL {} umol/L?)"),
        ("{to: plt, unit: 10^9/L}", [210000, 150000, 90000, 310000, 220000], "the unit 10^9/L {} /uL?)"),
        ("{to: mprot_serum, unit: g/dL}", [30, 25, 41, 18, 33, 2, 38, 29], "the unit g/dL {} g/L?)"),
        ("{to: b2m, unit: nmol/L}", [3.9, 3.1, 4.4, 5.6, 2.8], "the unit nmol/L {} mg/L?)"),
        ("{to: bmpc, unit: fraction}", [40, 35, 60, 22, 45], "the unit fraction {} %?)"),
        ("{to: ldh, unit: U/L}", [1900, 2100, 1700, 2400, 1600], "the unit U/L looks wrong. Ask the center"),
    ],
)
def test_a_wrong_unit_stops_the_center(deliver, spec, cells, said):
    text = stop(deliver, [str(cell) for cell in cells], spec)
    assert text.startswith("XX: 1 problem stops this delivery\nextract.csv, column x: the median of ")
    assert said.format("looks wrong (is it") in text


@pytest.mark.parametrize(
    ("variable", "cells"),
    [
        ("mprot_urine", [0, 0, 0, 1500, 20, 4000]),  # nothing excreted says nothing of the unit
        ("mprot_urine", [1500, 1200, 40, 4000, 2500]),  # skewed, not wrong
        ("hb", [105, 98, 120, 111]),  # too few to judge the unit; three of four are lost
    ],
)
def test_a_unit_is_not_doubted_lightly(deliver, variable, cells):
    try:
        deliver(extract([str(cell) for cell in cells]), f"x: {variable}")
    except StudyError as error:
        assert variable == "hb" and "4 of 4 filled cells cannot be read as hb (unit_suspect)" in str(error)


def test_the_median_of_many_values_costs_no_more_than_of_few():
    import math

    import numpy as np

    from multicenter.harmonize.columns import UNIT_CONFIDENCE, _median_interval

    for n in (5, 6, 7, 20, 99, 400):
        below, k = 0.0, 0
        while k < (n - 1) // 2 and 2 * (below := below + math.comb(n, k) / 2**n) <= 1 - UNIT_CONFIDENCE:
            k += 1
        k = max(k, 1)
        assert _median_interval(np.arange(1.0, n + 1)) == (k, n - k + 1)
    low, high = _median_interval(np.arange(1_000_000.0))
    assert 2 * (500_000 - low) / 1.2816 == pytest.approx(1000, rel=0.01)  # the normal quantile of 0.9 in roots of n
    assert low + high == 999_999
