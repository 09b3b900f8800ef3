"""The day of an answer: read without doubt, or not at all."""

from datetime import date, datetime, time

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from multicenter.queries.days import read_day

READ = [
    datetime(2024, 3, 4, 15, 30), date(2024, 3, 4), "2024-03-04", "2024.3.4", "2024.3.4.", "2024. 3. 4.", "2024/03/04",
    "2024년 3월 4일", "2024년3월4일", "２０２４．３．４", "2024-03-04 00:00:00", "20240304", 20240304, 45355, 45355.0,
    "45355",
]  # fmt: skip
NOT_READ = [
    "25.3.4", "24-03-04", "3/4/2024", "04.03.2024", "2024-02-30", "2024-13-01", "2024-03", "2024", "어제", "yesterday",
    "March 4", 12, 4535, 2024, 99999999, time(3, 4), True, "",
]  # fmt: skip


@pytest.mark.parametrize("value", READ, ids=repr)
def test_what_is_a_day(value):
    assert read_day(value) == "2024-03-04"


@pytest.mark.parametrize("value", NOT_READ, ids=repr)
def test_what_is_none_or_more_than_one(value):
    assert read_day(value) == ""


def test_a_serial_number_counts_from_the_epoch_of_its_workbook():
    assert read_day(45355 - 1462, CALENDAR_MAC_1904) == "2024-03-04"
