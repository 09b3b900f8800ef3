"""Mistakes in the rule for partial dates and in the kinds of findings, known before the first job."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from multicenter.dictionary import dictionary_problems
from multicenter.harmonize.check_rules import check_rules_table
from multicenter.schemas import schema_problems

CLONE = Path(__file__).resolve().parents[3]
SCHEMA = CLONE / "workflow" / "schemas" / "variables.schema.json"


def document(rule: dict, own: dict | None = None, kind: str = "date") -> dict:
    variable = {"label": "Seen", "type": kind, **({"partial_dates": own} if own is not None else {})}
    table = {"label": "A row", "key": ["center", "patient_id"], "variables": {"seen": variable}}
    return {"tables": {"patient": table}, "partial_dates": rule}


@pytest.mark.parametrize("rule", [{}, {"month": 1}, {"month": "last", "year": "query"}, {"year": "12-31"}])
def test_rules_that_are_right(rule):
    assert schema_problems(document(rule, rule), SCHEMA, "variables") == []


@pytest.mark.parametrize("rule", [{"month": 31}, {"month": "first"}, {"year": "02-30"}, {"year": 7}, {"day": 1}])
@pytest.mark.parametrize("own", [True, False])
def test_rules_that_are_wrong(rule, own):
    assert schema_problems(document({}, rule) if own else document(rule), SCHEMA, "variables")


def test_a_rule_for_what_is_no_date():
    assert dictionary_problems(document({}, {"month": 1})) == []
    assert dictionary_problems(document({}, {"month": 1}, "number")) == [
        "tables.patient.variables.seen.partial_dates: seen is a number and no date; leave it out."
    ]


@pytest.mark.parametrize("kind", ["unit_in_cell", "mel_dose_total"])
def test_a_kind_that_the_program_finds_must_have_its_row(dictionary, kind):
    with open(CLONE / "config" / "checks.csv", encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    path = Path("checks.csv")
    assert check_rules_table(rows, path, dictionary) == []
    assert check_rules_table([row for row in rows if row["id"] != kind], path, dictionary) == [
        f"checks.csv: kind {kind} is missing: the program finds it. Add its row."
    ]
