"""The question in both languages, made of what the finding holds."""

import csv
import json
from pathlib import Path

import pytest

from multicenter.harmonize.check_rules import PLACEHOLDER
from multicenter.queries.wording import question

CHECKS = Path(__file__).parents[3] / "config" / "checks.csv"
RULE = {
    "message_en": "relapse ({relapse}) is before the start ({start})",
    "message_ko": "재발일({relapse})이 시작일({start})보다 빠릅니다",
    "action": "kept",
}
FOUND = "relapse (2020-01-01) is before the start (2020-02-01)"
VALUES = '{"relapse": "2020-01-01", "start": "2020-02-01"}'


def test_the_values_of_the_finding_stand_in_both_languages():
    asked = question(FOUND, "", VALUES, RULE)
    assert asked.english == (
        "Relapse (2020-01-01) is before the start (2020-02-01). Is it right as it stands? If not, what is right?"
    )
    assert asked.local == (
        "재발일(2020-01-01)이 시작일(2020-02-01)보다 빠릅니다. 이 값이 맞습니까? 아니라면 올바른 값은 무엇입니까?"
    )
    assert asked.evidence == "relapse=2020-01-01; start=2020-02-01"


def test_a_remark_follows_both_languages_and_is_no_evidence():
    rule = {"message_en": "a number is expected", "message_ko": "숫자가 필요합니다", "action": "set_missing"}
    asked = question("a number is expected (fits g/L)", "fits g/L", "", rule)
    assert asked.english.startswith("A number is expected (fits g/L). It cannot be used as it stands.")
    assert asked.local.startswith("숫자가 필요합니다 (fits g/L). 이대로는 사용할 수 없습니다.")
    assert asked.evidence == ""


def test_a_message_that_asks_is_asked_as_it_is():
    with CHECKS.open(encoding="utf-8") as handle:
        rule = next(row for row in csv.DictReader(handle) if row["id"] == "same_patient")
    asked = question(rule["message_en"].format(other="BB"), "", '{"other": "BB"}', rule)
    assert asked.english == (
        "BB registered a patient who fits this one. Is it the same person (transferred, or registered twice)?"
    )
    assert asked.local == "BB에 이 환자와 일치해 보이는 환자가 등록되어 있습니다. 동일 환자(전원 또는 중복 등록)입니까?"


def test_a_rule_that_came_to_show_what_the_finding_does_not_hold_is_asked_in_english():
    asked = question(FOUND, "", "", RULE)
    assert asked.english.startswith("Relapse (2020-01-01) ") and asked.local.startswith("Relapse (2020-01-01) ")


@pytest.mark.parametrize("row", list(csv.DictReader(CHECKS.open(encoding="utf-8"))), ids=lambda row: row["id"])
def test_every_shipped_message_can_be_put_into_both_languages(row):
    values = {name: f"<{name}>" for name in PLACEHOLDER.findall(row["message_en"])}
    asked = question(row["message_en"].format_map(values), "why", json.dumps(values), row)
    assert asked.local.startswith(row["message_ko"].format_map(values)) and "(why)" in asked.local
    assert "{" not in asked.english + asked.local
