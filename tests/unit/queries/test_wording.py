"""The question in both languages, made of the finding's English message."""

import csv
from pathlib import Path

import pytest

from multicenter.queries.wording import question

CHECKS = Path(__file__).parents[3] / "config" / "checks.csv"
RULE = {
    "message_en": "relapse ({relapse}) is before the start ({start})",
    "message_ko": "재발일({relapse})이 시작일({start})보다 빠릅니다",
    "action": "kept",
}


def test_the_values_of_the_message_stand_in_both_languages():
    asked = question("relapse (2020-01-01) is before the start (2020-02-01)", RULE)
    assert asked.english == (
        "Relapse (2020-01-01) is before the start (2020-02-01). Is it right as it stands? If not, what is right?"
    )
    assert asked.local == (
        "재발일(2020-01-01)이 시작일(2020-02-01)보다 빠릅니다. 이 값이 맞습니까? 아니라면 올바른 값은 무엇입니까?"
    )
    assert asked.evidence == "relapse=2020-01-01; start=2020-02-01"


def test_a_remark_follows_both_languages_and_is_no_evidence():
    rule = {"message_en": "a number is expected", "message_ko": "숫자가 필요합니다", "action": "set_missing"}
    asked = question("a number is expected (fits g/L)", rule)
    assert asked.english.startswith("A number is expected (fits g/L). It cannot be used as it stands.")
    assert asked.local.startswith("숫자가 필요합니다 (fits g/L). 이대로는 사용할 수 없습니다.")
    assert asked.evidence == ""


def test_a_message_of_another_wording_is_asked_as_it_stands():
    asked = question("something else", RULE)
    assert asked.english.startswith("Something else. ") and asked.local.startswith("Something else. ")


@pytest.mark.parametrize("row", list(csv.DictReader(CHECKS.open(encoding="utf-8"))), ids=lambda row: row["id"])
def test_every_shipped_message_can_be_put_into_both_languages(row):
    class Value(dict):
        def __missing__(self, name):
            return f"<{name}>"

    asked = question(row["message_en"].format_map(Value()), row)
    wanted = row["message_ko"].format_map(Value())
    assert asked.local.startswith(wanted)
