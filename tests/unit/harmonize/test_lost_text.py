"""Hangul that a conversion to ASCII made question marks of."""

import pytest

from multicenter.errors import StudyError
from multicenter.harmonize.lost_text import is_lost

SEX = "s: {to: sex, codes: {남자: M, 여자: F}}"


@pytest.mark.parametrize("text", ["??", "????", "2019 ????", "?? (??)", "CR/???"])
def test_words_of_question_marks_are_lost_text(text):
    assert is_lost(text)


@pytest.mark.parametrize("text", ["?", "PD??", "PD?", "what?!", "CR ?", ""])
def test_question_marks_of_people_are_none(text):
    assert not is_lost(text)


def stopped(deliver, text, columns, **more):
    with pytest.raises(StudyError) as error:
        deliver(text, columns, **more)
    return str(error.value).splitlines()[1:]


def test_codes_that_were_lost_are_shown_and_not_offered_for_mapping(deliver):
    assert stopped(deliver, "id,s\n1,??\n2,??\n3,남자\n4,??\n5,??\n", SEX) == [
        "extract.csv, column s: question marks stand where text was: a program saved it in an encoding that lacks the "
        "characters: '??' (row 2), '??' (row 3), '??' (row 5) and 1 more cells. What stood there is lost: ask the "
        "center to export the file again, as UTF-8 or CP949. Question marks that the center writes itself are declared "
        "under 'missing'."
    ]


def test_declared_question_marks_are_a_code(deliver):
    done = deliver("id,s\n1,??\n2,남자\n", SEX, source="missing: ['??']")
    assert done.tables["patient"]["sex"].tolist()[1] == "M"


def test_free_text_that_was_lost(deliver):
    text = "id,f\n1,17p ?? ??\n2,????\n3,?? 12\n"
    lines = stopped(deliver, text, "f: {read: [fish_words, fish_main, fish_other]}")
    assert lines[0].startswith("extract.csv, column f: question marks stand where text was: ")


def test_question_marks_beside_hangul_or_in_a_dropped_column_are_no_loss(deliver):
    text = "id,f,d\n1,17p ?? 확인,??\n2,????,??\n3,?? 12,??\n4,,??\n"
    with pytest.raises(StudyError) as error:  # the reader does not know these phrases
        deliver(text, "f: {read: [fish_words, fish_main, fish_other]}\nd: {drop: remarks}")
    assert "question marks" not in str(error.value)


def test_a_header_that_was_lost(deliver):
    lines = stopped(deliver, "id,??(mg)\n1,2\n", "hb: hb")
    assert lines[1] == (
        "extract.csv, column ??(mg): in the header question marks stand where text was: a program saved it in an "
        "encoding that lacks the characters. What stood there is lost: ask the center to export the file again, as "
        "UTF-8 or CP949."
    )
