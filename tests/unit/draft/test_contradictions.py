"""Columns that look right alone and contradict others: they are left open, and the question says by what."""

from __future__ import annotations

import pytest

N = 30


def date(i: int, year: int) -> str:
    return f"{year + i % 3}-{1 + i % 12:02d}-{1 + i % 28:02d}"


def table(**columns: list[str]) -> str:
    lines = [",".join(["ID", *(name.replace("_", " ") for name in columns)])]
    lines += [",".join([f"P{100 + i}", *cells]) for i, cells in enumerate(zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def asked(drafted, **columns: list[str]) -> dict[str, list[str]]:
    return {header: p.ask for header, p in drafted(table(**columns)).sources[0].proposals.items()}


DIED = ["alive" if i % 3 else "dead" for i in range(N)]
SEEN = [date(i, 2020) for i in range(N)]
OF_DEAD = [seen if state == "dead" else "" for seen, state in zip(SEEN, DIED, strict=True)]


def test_a_date_of_death_of_the_dead_alone_is_sure(drafted):
    assert asked(drafted, Vital_status=DIED, Date_of_death=OF_DEAD, Last_contact=SEEN) == {
        "Vital status": [], "Date of death": [], "Last contact": [],
    }  # fmt: skip


def test_a_date_of_death_of_the_living_is_asked(drafted):
    other = [date(i + 1, 2021) for i in range(N)]
    ask = (
        "in 100% of the rows the patient is stated to be alive, but a date of death is given; "
        "until this is answered, the date counts"
    )
    found = asked(drafted, Vital_status=DIED, Date_of_death=other)
    assert found == {"Vital status": [ask], "Date of death": [ask]}


def test_a_date_of_death_that_is_always_the_last_contact_is_asked(drafted):
    found = asked(drafted, Date_of_death=SEEN, Last_contact=SEEN)
    assert found["Last contact"] == ["it is the same as 'Date of death' in every row"]
    assert found["Date of death"] == ["it is the same as 'Last contact' in every row"]


def test_a_date_of_death_of_everybody_is_asked(drafted):
    found = asked(drafted, Date_of_death=SEEN)
    assert found["Date of death"] == ["filled in 100% of the rows: what is it for patients without the event?"]


def test_a_status_in_unread_codes_tells_too(drafted):
    codes = ["2" if state == "dead" else "1" for state in DIED]
    dates = [date(i, 2021) if state == "dead" or i % 2 else "" for i, state in enumerate(DIED)]
    ask = "filled in 50% of the rows with any code of 'Vital status': what is it for patients without the event?"
    assert asked(drafted, Vital_status=codes, Date_of_death=dates)["Date of death"] == [ask]
    assert asked(drafted, Vital_status=codes, Date_of_death=OF_DEAD)["Date of death"] == []


BORN = [f"{1950 + i % 20}-{1 + i % 12:02d}-11" for i in range(N)]
KNOWN = [date(i, 2018) for i in range(N)]
YEARS = [int(known[:4]) - int(born[:4]) for known, born in zip(KNOWN, BORN, strict=True)]


def completed(i: int) -> str:
    return str(YEARS[i] - (KNOWN[i][5:] < BORN[i][5:]))


def test_an_age_that_follows_from_birth_and_date_is_sure(drafted):
    columns = {"date_of_birth": BORN, "date_of_diagnosis": KNOWN, "age_at_diagnosis": [completed(i) for i in range(N)]}
    assert not any(asked(drafted, **columns).values())


def test_counted_ages_are_told_by_birth_and_date(drafted):
    columns = {"date_of_birth": BORN, "date_of_diagnosis": KNOWN, "age_at_diagnosis": [str(y + 1) for y in YEARS]}
    proposals = drafted(table(**columns)).sources[0].proposals
    age = proposals["age at diagnosis"]
    assert [p.sure for p in proposals.values()] == [True, True, False]
    assert [c.fit.spec for c in age.candidates[:2]] == [
        {"to": "birth_year", "counted_age_at": "dx_date"}, {"to": "age_dx", "unit": "year"},
    ]  # fmt: skip
    assert age.ask[0] == "by birth and date these are counted ages"
    assert age.candidates[0].fit.why == ["100% of the ages are the year of dx_date less the year of birth, and one"]


def test_an_age_that_nothing_can_show_to_be_completed_is_open(drafted):
    columns = {"date_of_diagnosis": KNOWN, "age_at_diagnosis": [completed(i) for i in range(N)]}
    age = drafted(table(**columns)).sources[0].proposals["age at diagnosis"]
    assert age.ask == ["nothing shows whether it is counted age (needs a birth date and dx_date); is it?"]
    assert [c.fit.spec for c in age.candidates[:2]] == [
        {"to": "age_dx", "unit": "year"}, {"to": "birth_year", "counted_age_at": "dx_date"},
    ]  # fmt: skip


@pytest.mark.parametrize(("words", "sure"), [(["yes", "no", "미시행"], True), (["yes", "yes", "미시행"], False)])
def test_a_word_for_missing_may_be_the_no_of_a_flag(column, words, sure):
    found = column("high risk", [words[i % 3] for i in range(N)])
    assert found.sure is sure
    if not sure:
        assert found.spec == {"to": "cyto_high", "codes": ["yes_no", {"미시행": "?"}]}
        assert found.ask == ["미시행 (10): missing, or the level no?"]


def test_beside_an_unknown_code_no_bare_code_of_a_flag_is_read(column):
    found = column("high risk", ["1", "2"] * 15)
    assert found.spec == {"to": "cyto_high", "codes": {"1": "?", "2": "?"}}


@pytest.mark.parametrize(
    ("header", "cells", "spec"),
    [
        ("성별 (1:남, 2:여)", ["1", "2"], {"to": "sex", "codes": {"1": "M", "2": "F"}}),
        ("sex 1=male 2=female", ["1", "2"], {"to": "sex", "codes": {"1": "M", "2": "F"}}),
        ("사망 (0.생존 1.사망)", ["0", "1"], {"to": "death_yn"}),
        ("생존상태 (0:사망, 1:생존)", ["0", "1"], {"to": "death_yn", "codes": {"0": 1, "1": 0}}),
    ],
)
def test_a_code_book_in_the_header_explains_its_codes(column, header, cells, spec):
    found = column(header, cells * 15)
    assert (found.sure, found.spec) == (True, spec)


def test_a_code_that_the_header_does_not_explain_is_asked(column):
    found = column("성별 (1:남, 2:여)", ["1", "2", "9"] * 10)
    assert found.ask == ["values that nothing explains: 9 (10); what do they mean?"]
    assert found.spec == {"to": "sex", "codes": {"1": "M", "2": "F", "9": "?"}}
