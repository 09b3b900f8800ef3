"""Patient ids: what is one, what is the same one, and what never becomes a patient."""

from __future__ import annotations

import pytest

from multicenter.errors import StudyError

IDS = [f"A-{i:02d}" for i in range(1, 13)]


def extract(ids: list[str]) -> str:
    return "id,sex\n" + "".join(f'"{ident}",M\n' for ident in ids)


def test_what_cannot_be_seen_and_a_spreadsheets_apostrophe_are_no_part_of_an_id(deliver):
    done = deliver(extract(["\u200bA-01", "'A-02", "A-03\ufeff", "Ａ-04"]), "sex: sex")
    assert done.tables["patient"]["patient_id"].tolist() == IDS[:4]


@pytest.mark.parametrize("ident", ["합계", "계", "총 계", "Total", "sum", "* follow-up until 2022", "※ 기준일 2022"])
def test_a_line_below_the_data_is_no_patient(deliver, ident):
    with pytest.raises(
        StudyError, match=r"row 4, column id: the id '.*' is a line below the data, no patient\. Correct"
    ):
        deliver(extract(["1", "2", ident]), "sex: sex")


@pytest.mark.parametrize("ident", ["A 01", "A-1?", "A-01/A-02"])
def test_an_id_with_a_blank_a_question_mark_or_a_slash_is_refused(deliver, ident):
    with pytest.raises(StudyError, match=r"row 3, column id: the id '.*' holds a blank, \? or /\. .*id\.pattern"):
        deliver(extract(["A-01", ident]), "sex: sex")


@pytest.mark.parametrize("ident", ["12", "A01", "B-01x", "n=12"])
def test_an_id_formed_unlike_all_others_is_refused(deliver, ident):
    with pytest.raises(StudyError) as error:
        deliver(extract([*IDS, ident]), "sex: sex")
    assert f"row 14, column id: the id {ident!r} is not formed like the column's others ('A-01')." in str(error.value)


@pytest.mark.parametrize("ids", [["1", "A-1", "x"], ["1", "22", "333", "4", "5", "6", "7"], [*IDS, *"abcdef"]])
def test_ids_without_one_common_form_are_taken_as_they_are(deliver, ids):
    assert deliver(extract(ids), "sex: sex").tables["patient"]["patient_id"].tolist() == ids
