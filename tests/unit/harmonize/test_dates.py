import numpy as np
import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.harmonize.dates import from_numbers
from multicenter.queries.wording import question

DAY = pd.Timestamp("2019-03-05")


@pytest.mark.parametrize(
    ("number", "system"),
    [
        (43529, "excel1900"),
        (42067, "excel1904"),
        (21613, "sas"),
        (21613, "stata"),
        (13771123200, "spss"),
        (20190305, "yyyymmdd"),
    ],
)
def test_one_day_in_every_system(number, system):
    assert from_numbers(np.array([float(number)]), system)[0] == DAY.to_datetime64()


@pytest.mark.parametrize(
    ("cell", "head"),
    [
        ("2019-03-05", ""),
        ("2019.3.5.", ""),
        ("2019/3/5", ""),
        ("2019년 3월 5일", ""),
        ("２０１９-０３-０５", ""),
        ("2019-03-05 00:00:00", ""),
        ("2019-03-05T00:00:00.000", ""),
        ("2019년 3월 5일 23:59", ""),
        ("2019-03-05 오전 12:00:00", ""),
        ("3/5/2019 0:00", "dates: {formats: [M/D/YYYY]}"),
        ("05MAR2019:00:00:00", "dates: {formats: [DDMonYYYY]}"),
        ("05-Mar-19", "dates: {formats: [DD-Mon-YY], two_digit_years: 1950}"),
        ("19/03/05", "dates: {formats: [YY/MM/DD], two_digit_years: 1950}"),
        ("05/03/2019", "dates: {formats: [DD/MM/YYYY]}"),
        ("20190305", "dates: {formats: [YYYYMMDD]}"),
        ("20190305", "dates: {system: yyyymmdd}"),
        ("43529", "dates: {system: excel1900}"),
    ],
)
def test_forms_of_a_date(value, cell, head):
    assert value(cell, "dx_date", "dx_date", head=head) == (DAY, [])


@pytest.mark.parametrize(
    ("cell", "kind", "lo", "hi"),
    [
        ("2019-02-30", "date_impossible", "", ""),
        ("2019.13.01", "date_impossible", "", ""),
        ("1019-02-03", "date_impossible", "", ""),
        ("2019-02-30 00:00:00", "date_impossible", "", ""),
        ("2019-03-05T15:00:00Z", "date_format", "", ""),  # in Seoul it is March 6
        ("2019-03-05 25:00", "date_format", "", ""),
        ("3-Feb-2020", "date_format", "", ""),
        ("20200203", "date_format", "", ""),
        ("2/2020", "date_format", "", ""),
        ("2019", "date_year_only", "2019-01-01", "2019-12-31"),
        ("2030-01-01", "out_of_range", "", ""),
    ],
)
def test_dates_that_become_queries(deliver, cell, kind, lo, hi):
    done = deliver(f"id,x\n1,{cell}\n", "x: dx_date")
    assert done.tables["patient"]["dx_date"].isna().all()
    found = done.findings.iloc[0]
    assert (found["kind"], found["outcome"], found["lo"], found["hi"]) == (kind, "query", lo, hi)


@pytest.mark.parametrize(
    ("cell", "head", "form"),
    [
        ("3-Feb-2020", "", "YYYY-MM-DD"),
        ("2/3/20", "dates: {formats: [DD.MM.YYYY, MM.YYYY]}", "DD.MM.YYYY, MM.YYYY"),
        ("Feb 3", "dates: {system: excel1900}", "numbers of the excel1900 system"),
    ],
)
def test_a_date_in_another_form_is_not_said_to_be_no_date(deliver, checks, cell, head, form):
    found = deliver(f"id,x\n1,{cell}\n", "x: dx_date", head=head).findings.iloc[0]
    assert found["message"] == f"the date is not written in the expected form ({form})"
    check = checks.set_index("id").loc["date_format"]
    asked = question(found["message"], found["remark"], found["values"], check)
    assert asked.local.startswith(f"날짜가 정해진 형식으로 적혀 있지 않습니다 ({form})")


def test_day_and_month_behind_a_clock_are_not_told_apart_either(deliver):
    with pytest.raises(StudyError, match="day, month and year are not told apart; declare"):
        deliver("id,x\n1,2/3/2020 0:00\n", "x: dx_date")


@pytest.mark.parametrize("system", ["excel1900", "excel1904", "sas", "stata", "spss", "yyyymmdd"])
@pytest.mark.parametrize("cell", ["435290", "20190305", "201903", "1e300", "-43529", "99999999999"])
def test_a_mistyped_serial_is_a_query_at_its_place_or_the_date_it_says(deliver, system, cell):
    done = deliver(f"id,x\n1,{cell}\n", f"x: {{to: dx_date, dates: {{system: {system}}}}}")
    got = done.tables["patient"]["dx_date"].iloc[0]
    known = {"20190305": DAY, "201903": pd.Timestamp("2019-03-15")}
    assert pd.isna(got) or got == known[cell]
    if pd.isna(got):
        assert done.findings[["row", "column", "outcome"]].to_numpy().tolist() == [[2, "x", "query"]]
        assert done.findings["kind"].iloc[0] in ("date_impossible", "date_format", "out_of_range")


@pytest.mark.parametrize("system", ["excel1900", "sas", "spss", "yyyymmdd"])
def test_numbers_beyond_every_calendar_are_no_dates(system):
    numbers = np.array([1e300, -1e300, 9e15, np.inf, np.nan])
    assert np.isnat(from_numbers(numbers, system)).all()


def test_month_only_is_the_fifteenth_with_bounds(deliver):
    done = deliver("id,x\n1,2018.02\n", "x: dx_date")
    assert done.tables["patient"]["dx_date"].iloc[0] == pd.Timestamp("2018-02-15")
    assert done.findings[["kind", "lo", "hi"]].to_numpy().tolist() == [["date_month_only", "2018-02-01", "2018-02-28"]]


@pytest.mark.parametrize("cell", ["03/04/2019", "03/04/19", "soon"])
def test_an_undeclared_order_or_a_word_stops_the_center(deliver, cell):
    with pytest.raises(StudyError, match=r"column x: the value '.*' \(1 cell\) is not mapped"):
        deliver(f"id,x\n1,{cell}\n", "x: dx_date")


def test_a_code_in_a_date_column(deliver):
    columns = """
x:
  - {to: "maintenance[1].maint_end", codes: {진행중: ~}}
  - {to: "maintenance[1].ongoing", codes: {진행중: 1}, otherwise: 0}
"""
    done = deliver("id,x\n1,진행중\n2,2019-01-01\n3,\n", columns)
    table = done.tables["maintenance"]
    assert table["ongoing"].tolist() == [1, 0]
    assert table["maint_end"].isna().tolist() == [True, False]
