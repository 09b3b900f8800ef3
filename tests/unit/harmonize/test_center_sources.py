"""What can be wrong in how a center file reads a source: every mistake is named before the first job."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from multicenter.harmonize.check import check_center


def center(columns: dict, **source) -> dict:
    main = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": columns, **source}
    return {"center": "XX", "sources": {"main": main}}


@pytest.mark.parametrize(
    ("columns", "source", "expected"),
    [
        (
            {},
            {"encoding": "utf9"},
            "sources.main.encoding: there is no encoding 'utf9'. Did you mean 'utf-8'?",
        ),
        ({}, {"encoding": "hex"}, "sources.main.encoding: there is no encoding 'hex'."),
        (
            {},
            {"encoding": ""},
            "sources.main: a csv needs its encoding; add 'encoding' (utf-8, utf-16, cp949, euc-kr or another one).",
        ),
        (
            {},
            {"id": {"column": "id", "pattern": "(A\\d+"}},
            "sources.main.id.pattern: the regular expression '(A\\\\d+' is not valid "
            "(missing ), unterminated subpattern at position 0).",
        ),
        (
            {},
            {"id": {"column": "id", "pattern": "A\\d+"}},
            "sources.main.id.pattern: the regular expression 'A\\\\d+' has no group; "
            "put what counts into round brackets.",
        ),
        (
            {"a": {"to": "ecog", "pattern": "G\\d"}},
            {},
            "sources.main.columns.a: the regular expression 'G\\\\d' has no group; "
            "put what counts into round brackets.",
        ),
        (
            {"memo": {"drop": "free text"}},
            {"ragged": {"into": "memos"}},
            "sources.main.ragged.into: 'memos' is not among the columns of this source. Did you mean 'memo'?",
        ),
        (
            {},
            {"dates": {"formats": ["DD.MM.YYYY", "MM.DD.YYYY"]}},
            "sources.main.dates: 'DD.MM.YYYY' and 'MM.DD.YYYY' read the same text in two ways; "
            "keep the one that the center writes.",
        ),
        (
            {},
            {"dates": {"formats": ["D/M/YY", "YY/MM/DD"], "two_digit_years": 1950}},
            "sources.main.dates: 'D/M/YY' and 'YY/MM/DD' read the same text in two ways; "
            "keep the one that the center writes.",
        ),
        (
            {},
            {"dates": {"formats": ["YYYY.DD.MM"]}},
            "sources.main.dates: 'YYYY.DD.MM': a date that begins with a four-digit year is read year, month, day.",
        ),
        (
            {"a": {"to": "hb", "unit": "mmol/L"}},
            {},
            "sources.main.columns.a: 'mmol/L' cannot be converted to 'g/dL', the unit of patient.hb.",
        ),
        (
            {"a": {"to": "plt", "unit": "g/L"}},
            {},
            "sources.main.columns.a: 'g/L' cannot be converted to '10^9/L', the unit of patient.plt.",
        ),
        (
            {"a": {"to": "ecog", "unit": "month"}},
            {},
            "sources.main.columns.a: patient.ecog has no unit; leave 'month' out.",
        ),
        (
            {},
            {"ignore_sheets": {"Legend": "explains the codes"}},
            "sources.main.ignore_sheets: a csv has no sheets; leave it out.",
        ),
        (
            {},
            {"format": "xlsx", "sheet": "S", "ignore_sheets": {"S": "not needed"}},
            "sources.main.ignore_sheets: the sheet 'S' is read by sources.main; take it out of here.",
        ),
    ],
)
def test_mistakes_of_a_source(dictionary, codes, columns, source, expected):
    assert check_center(center(columns, **source), dictionary, codes) == [expected]


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        ({"a": "hb"}, {}),
        ({"a": {"to": "hb", "unit": "g/L"}}, {}),
        ({"a": {"to": "ca", "unit": "mmol/L"}, "b": {"to": "b2m", "unit": "nmol/L"}}, {}),
        ({"a": {"to": "bmpc", "unit": "fraction"}, "b": {"to": "plt", "unit": "/uL"}}, {}),
        ({"a": {"to": "mprot_urine", "unit": "g/24h"}, "b": {"to": "age_dx", "unit": "month"}}, {}),
        ({}, {"dates": {"formats": ["DD.MM.YYYY", "DD/MM/YYYY", "YYYY.MM", "MM.YYYY", "YYYYMMDD", "DD-Mon-YYYY"]}}),
        ({}, {"encoding": "CP949"}),
        ({}, {"format": "xpt", "encoding": "UHC"}),
        ({}, {"format": "xlsx", "sheet": "S", "ignore_sheets": {"T": "not needed"}}),
    ],
)
def test_what_is_right_is_not_reported(dictionary, codes, columns, source):
    assert check_center(center(columns, **source), dictionary, codes) == []


def test_the_code_is_the_files_name(dictionary, codes):
    assert check_center(center({}), dictionary, codes, "XX") == []
    assert check_center(center({}), dictionary, codes, "YY") == [
        "center: 'XX' is not the file's name; write center: YY or rename it."
    ]


def test_every_pair_of_units_is_judged_as_the_units_library_does(dictionary):
    from dataclasses import replace

    from multicenter.harmonize.check_source import unit_problems
    from multicenter.harmonize.numbers import Units

    hb, ca = dictionary.variable("patient.hb"), dictionary.variable("patient.ca")
    for variable in [*(replace(hb, unit=unit) for unit in dictionary.units), ca]:
        for unit in dictionary.units:
            try:
                Units(dictionary).factor(unit, variable)
                fits = True
            except ValueError:
                fits = False
            assert (unit_problems("x", unit, variable, dictionary) == []) is fits, (unit, variable.unit)


def test_the_check_loads_no_data_library():
    code = (
        "import sys, multicenter.harmonize.check\n"
        "print([m for m in ('pandas', 'numpy', 'pint', 'pyreadstat', 'python_calamine') if m in sys.modules])"
    )
    library = str(Path(__file__).parents[3] / "workflow" / "lib")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {library!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_formula_without_a_value_is_a_finding_at_its_place(tmp_path, dictionary, codes, checks):
    import openpyxl

    from multicenter.harmonize.run import harmonize_center

    book = openpyxl.Workbook()
    for line in (["id", "Hb"], ["p1", 10.5], ["p2", "=9+1"], ["p3", 11]):
        book.active.append(line)
    book.save(tmp_path / "f.xlsx")
    config = center({"Hb": "hb"}, format="xlsx")
    done = harmonize_center("XX", [tmp_path / "f.xlsx"], config, dictionary, codes, checks, "2022-12-31")
    found = done.findings[["file", "sheet", "row", "column", "value", "kind"]].to_numpy().tolist()
    assert found == [["f.xlsx", "Sheet", 3, "B", "#NO VALUE: =9+1", "formula_error"]]
    assert done.tables["patient"]["hb"].isna().tolist() == [False, True, False]
