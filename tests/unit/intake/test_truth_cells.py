"""What becomes of cells that say less, more or something else than they should: item by item, in the order of a page.

A row of a table is: what it is, the cells (below the header `id,x`), what the center file says of x, the values that
come out (None: missing), and the findings. What stops a center stands in REFUSED with its exact message.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

DAY = pd.Timestamp("2019-03-05")
DX = {"to": "dx_date"}
HB = {"to": "hb", "unit": "g/dL"}
KAPPA = {"to": "flc_kappa", "unit": "mg/L"}
SERIAL = {"to": "dx_date", "dates": {"system": "excel1900"}}
SHORT = {"to": "dx_date", "dates": {"formats": ["YY/MM/DD"], "two_digit_years": 1950}}

HANDLED = [
    # dates
    ("serials in a text column, system declared", ["43529", "43529.0"], SERIAL, [DAY, DAY], []),
    ("serials among written dates", ["2019-03-05", "43529"], SERIAL, [DAY, DAY], []),
    ("two-digit years, century declared", ["19/03/05", "49/03/05"], SHORT, [DAY, None], ["out_of_range"]),
    ("full-width digits", ["２０１９．０３．０５"], DX, [DAY], []),
    ("day first, order declared", ["05/03/2019"], {**DX, "dates": {"formats": ["DD/MM/YYYY"]}}, [DAY], []),
    ("month alone", ["2019.03", "2019년 3월"], DX, [pd.Timestamp("2019-03-15")] * 2, ["date_month_only"] * 2),
    ("month alone, perhaps a lost zero", ["2019.1"], DX, [None], ["date_month_query"]),
    ("month alone, one digit declared", ["2019.1"], {**DX, "dates": {"formats": ["YYYY.M"]}},
     [pd.Timestamp("2019-01-15")], ["date_month_only"]),
    ("year alone", ["2019", "2019년"], DX, [None, None], ["date_year_only"] * 2),
    ("no such day", ["2019-02-30", "2019-02-00"], DX, [None, None], ["date_impossible"] * 2),
    # numbers
    ("below a limit", ["<0.1", "＜ 0.1", "≤0.1", "0.1 미만"], KAPPA, [0.0] * 4, ["below_limit"] * 4),
    ("above a limit", [">5000", "≥ 5,000", "5000 이상"], KAPPA, [5000.0] * 3, ["above_limit"] * 3),
    ("a range", ["80-90", "80~90", "80 – 90"], KAPPA, [85.0] * 3, ["range_midpoint"] * 3),
    ("full-width digits", ["１０．５"], HB, [10.5], []),
    ("thousands", ["1,250"], KAPPA, [1250.0], []),
    ("the column's unit in the cell", ["10.5 g/dL", "10.5G/DL"], HB, [10.5, 10.5], []),
    ("another unit in the cell", ["105 g/L", "10500 mg/dL"], HB, [10.5, 10.5], ["unit_in_cell"] * 2),
    ("another unit that says the same", ["350 ug/mL", "350 μg/mL"], KAPPA, [350.0, 350.0], []),
    ("another unit, and a limit", ["<10 mg/dL", ">500 mg/dL"], KAPPA, [0.0, 5000.0], ["below_limit", "above_limit"]),
    ("the variable's unit where the column's differs", ["35 mg/L"], {**KAPPA, "unit": "mg/dL"}, [35.0],
     ["unit_in_cell"]),
    ("percent where the column has shares", ["35%", "0.35"], {"to": "bmpc", "unit": "fraction"}, [35.0, 35.0],
     ["unit_in_cell"]),
    ("a unit of something else in the cell", ["10.5 U/L"], HB, [None], ["unit_suspect"]),
    ("a unit that nobody knows", ["10.5 gm"], HB, [None], ["not_numeric"]),
    ("a power before the unit", ["210 x 10^9/L", "210 10^9/L"], {"to": "plt", "unit": "/uL"}, [210.0, 210.0],
     ["unit_in_cell"] * 2),
    ("a unit in the cell that makes the value impossible", ["3.5 g/L"], HB, [None], ["out_of_range"]),
    # codes
    ("Roman numerals as letters and as one character", ["Ⅱ", "II", "ⅱ", "2"], {"to": "iss", "codes": "stage"},
     ["II"] * 4, []),
    ("Hangul composed and decomposed", ["남", "\u1102\u1161\u11b7"], {"to": "sex", "codes": "sex"}, ["M", "M"], []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "cells", "spec", "values", "kinds"), HANDLED, ids=[row[0] for row in HANDLED])
def test_what_is_handled(harmonize, what, cells, spec, values, kinds):
    text = "id,x\n" + "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells, start=1))
    done = harmonize(text, {"x": spec})
    got = done.tables["patient"][spec["to"]]
    assert [None if pd.isna(value) else value for value in got] == values
    assert sorted(done.findings["kind"]) == sorted(kinds)
    assert done.findings["row"].isin(range(2, len(cells) + 2)).all()


@pytest.mark.parametrize(
    ("cell", "spec", "message"),
    [
        ("105 g/L", HB, "the cell names another unit than its column; it was converted by its own "
         "(g/L in the cell, g/dL in the column)"),
        ("10.5 U/L", HB, "the value fits another unit better than the column's "
         "(U/L in the cell cannot be converted to g/dL)"),
        ("2019.1", DX, "only year and month are given; the full date is needed "
         "(January, or October that has lost its zero)"),
        ("2019.03", DX, "only year and month are given; the day is filled in (2019-03-15)"),
    ],
)  # fmt: skip
def test_what_a_finding_says(harmonize, cell, spec, message):
    assert harmonize(f"id,x\n1,{cell}\n", {"x": spec}).findings["message"].tolist() == [message]


AT = "f.csv, row 2, column x"
ADD = "Add it to this column in config/centers/XX.yaml."
REFUSED = [
    ("day and month not told apart", "id,x\n1,03/04/2019\n", DX,
     f"{AT}: the value '03/04/2019' (1 cell) is not mapped: day, month and year are not told apart; "
     f"declare dates.formats. {ADD}"),
    ("two-digit years without an order", "id,x\n1,19/03/05\n", DX,
     f"{AT}: the value '19/03/05' (1 cell) is not mapped: day, month and year are not told apart; "
     f"declare dates.formats. {ADD}"),
    ("a word in a date column", "id,x\n1,soon\n", DX,
     f"{AT}: the value 'soon' (1 cell) is not mapped: a word in a date column. {ADD}"),
    ("an id that a spreadsheet has shortened", "id,x\n1.2E+15,2019-03-05\n", DX,
     "f.csv, row 2, column id: the id '1.2E+15' was shortened by a spreadsheet, its last digits are lost. "
     "Correct the id or remove the row; if such ids are right, declare their form as id.pattern."),
    ("some ids have lost their leading zeros", "id,x\n007,2019-03-05\n12,2019-03-05\n", DX,
     "f.csv, row 3, column id: the id '12' is shorter than '007': leading zeros may be lost. "
     "Declare their width as id.pad (such as 3), or ask the center for the ids as texts."),
    ("the same behind letters", "id,x\nA-07,2019-03-05\nA-7,2019-03-05\n", DX,
     "f.csv, row 3, column id: the id 'A-7' is shorter than 'A-07': leading zeros may be lost. "
     "Declare their width as id.pad (such as 2), or ask the center for the ids as texts."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "spec", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(refused, what, text, spec, message):
    assert refused(text, {"x": spec}) == message


def test_lost_zeros_are_put_back_where_the_width_is_declared(harmonize):
    source = {"id": {"column": "id", "pad": 4}}
    done = harmonize("id,x\n7,M\n0012,F\n230,M\n", {"x": "sex"}, source=source)
    assert done.tables["patient"]["patient_id"].tolist() == ["0007", "0012", "0230"]


def test_ids_without_any_leading_zero_may_differ_in_width(harmonize):
    done = harmonize("id,x\n7,M\n12,F\n230,M\n", {"x": "sex"})
    assert done.tables["patient"]["patient_id"].tolist() == ["7", "12", "230"]


def test_ids_that_differ_from_another_sheets_by_leading_zeros(tmp_path, study):
    from multicenter.errors import DeliveryError
    from multicenter.harmonize.run import harmonize_center

    (tmp_path / "a.csv").write_text("id,x\n007,M\n012,F\n")
    (tmp_path / "b.csv").write_text("id,y\n7,10.5\n")
    csv = {"format": "csv", "encoding": "utf-8", "id": "id"}
    sources = {
        "a": {**csv, "file": "a.csv", "columns": {"x": "sex"}},
        "b": {**csv, "file": "b.csv", "columns": {"y": "hb"}},
    }
    with pytest.raises(DeliveryError) as error:
        harmonize_center(
            "XX", [tmp_path / "a.csv", tmp_path / "b.csv"], {"center": "XX", "sources": sources}, *study, "2022-12-31"
        )
    assert str(error.value).splitlines()[1] == (
        "b.csv, row 2, column id: 1 id(s) are not among the patients of 'a': 7 ('7' may be '007' with other leading "
        "zeros; declare id.pad). Ask the center for the missing patients or correct the ids."
    )


AGES = {"b": "birth_date", "d": "dx_date"}


@pytest.mark.parametrize(
    ("what", "age", "column", "born", "kinds"),
    [
        ("counted age that agrees", "60", {"to": "birth_year", "counted_age_at": "dx_date"}, 1960, []),
        ("counted age that is not", "58", {"to": "birth_year", "counted_age_at": "dx_date"}, 1962,
         ["birth_year_mismatch"]),
        ("age that agrees, in whole years", "58", "age_dx", None, []),
        ("age that agrees, to a decimal", "58.3", "age_dx", None, []),
        ("counted age where age is expected", "60", "age_dx", None, ["age_mismatch"]),
        ("age that is too low", "57", "age_dx", None, ["age_mismatch"]),
    ],
)  # fmt: skip
def test_an_age_against_the_date_of_birth(harmonize, what, age, column, born, kinds):
    done = harmonize(f"id,b,d,x\n1,1960-11-20,2019-03-05,{age}\n", {**AGES, "x": column})
    assert done.findings["kind"].tolist() == kinds
    assert set(done.findings["outcome"]) <= {"query"}
    year = done.tables["patient"]["birth_year"].iloc[0]
    assert (year == born) if born else pd.isna(year)


def test_a_counted_age_against_an_age(harmonize):
    columns = {"d": "dx_date", "k": {"to": "birth_year", "counted_age_at": "dx_date"}, "a": "age_dx"}
    done = harmonize("id,d,k,a\n1,2019-03-05,60,59\n2,2019-03-05,60,58\n3,2019-03-05,60,61\n", columns)
    assert done.findings[["row", "column", "kind"]].to_numpy().tolist() == [[4, "a", "age_mismatch"]]


@pytest.mark.parametrize(
    ("rule", "cell", "value", "kind", "flag"),
    [
        ({}, "2019-02", "2019-02-15", "date_month_only", "D"),
        ({"month": 1}, "2019-02", "2019-02-01", "date_month_only", "D"),
        ({"month": "last"}, "2019-02", "2019-02-28", "date_month_only", "D"),
        ({"month": "query"}, "2019-02", None, "date_month_query", None),
        ({"month": "query"}, "2019", None, "date_year_only", None),
        ({"year": "07-01"}, "2019", "2019-07-01", "date_year_imputed", "M"),
        ({"year": "12-31"}, "2019년", "2019-12-31", "date_year_imputed", "M"),
    ],
)
@pytest.mark.parametrize("of", ["all", "one"])
def test_the_rule_for_partial_dates(tmp_path, study, rule, cell, value, kind, flag, of):
    from multicenter.dictionary import build_dictionary
    from multicenter.harmonize.run import harmonize_center

    date = {"label": "Seen", "type": "date"}
    document = {
        "partial_dates": rule if of == "all" else {"month": 2, "year": "query"},
        "tables": {
            "patient": {
                "label": "One row a patient",
                "key": ["center", "patient_id"],
                "variables": {
                    "center": {"label": "Center", "type": "category"},
                    "patient_id": {"label": "Id", "type": "text"},
                    "seen": {**date, "partial_dates": {"month": 15, **rule}} if of == "one" else date,
                },
            }
        },
    }
    (tmp_path / "f.csv").write_text(f"id,x\n1,{cell}\n2,2019-02-15\n", encoding="utf-8")
    source = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": {"x": "seen"}}
    config = {"center": "XX", "sources": {"main": source}}
    checks = study[2][study[2]["expression"] == ""]
    dictionary = build_dictionary(document)
    done = harmonize_center("XX", [tmp_path / "f.csv"], config, dictionary, study[1], checks, "2022-12-31")
    got = done.tables["patient"]["seen"].iloc[0]
    assert pd.isna(got) if value is None else got == pd.Timestamp(value)
    found = done.findings.iloc[0]
    bounds = ["2019-02-01", "2019-02-28"] if "-" in cell else ["2019-01-01", "2019-12-31"]
    assert [found["kind"], found["lo"], found["hi"]] == [kind, *bounds]
    assert len(done.findings) == 1
    kept = done.imputed.astype({"value": str, "lo": str, "hi": str}).to_numpy().tolist()
    assert kept == ([["patient", "1", "", "seen", value, flag, *bounds]] if flag else [])


def test_an_imputed_date_of_a_long_table_names_its_record(harmonize):
    columns = {"t": {"to": "timepoint", "codes": "timepoint"}, "x": "response_date"}
    done = harmonize("id,t,x\n1,M3,2019.02\n1,M6,2019-05-01\n", columns, source={"row_is": "response"})
    assert done.imputed[["table", "patient_id", "item", "variable", "flag"]].to_numpy().tolist() == [
        ["response", "1", "m3", "response_date", "D"]
    ]


def test_an_imputed_date_that_a_rule_sets_missing_keeps_no_bounds(harmonize):
    assert len(harmonize("id,x\n1,2001.02\n", {"x": DX}).imputed) == 0


def test_numbers_are_not_rounded_by_their_units(harmonize):
    got = harmonize("id,x\n1,35\n2,35 g/L\n3,3.5 g/dL\n", {"x": {"to": "alb", "unit": "g/L"}}).tables["patient"]["alb"]
    assert np.array_equal(got, [3.5, 3.5, 3.5])
