"""Nothing of an identifier is shown but its first letters, whatever the text around it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multicenter.doorway import doorway
from multicenter.errors import DataError, DeliveryError, Place
from multicenter.identifiers.detect import CELL, Detector
from multicenter.identifiers.mask import mask_lines, mask_text, mask_value
from multicenter.identifiers.quarantine import quarantine
from multicenter.yamlfile import read_yaml

DETECTOR = Detector(read_yaml(__file__.partition("tests/unit")[0] + "config/identifiers.yaml"))
WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "홍길동", "홍*동"),
        ("name", "이영", "이*"),
        ("name", "남궁민수", "남**수"),
        ("name", "Hong Gil-dong", "H*** ***-****"),
        ("resident_number", "800101-1234560", "80****-*******"),
        ("resident_number", "8001011234560", "80***********"),
        ("phone", "010-1234-5678", "010-****-****"),
        ("email", "a@b.kr", "a@*.**"),
        ("record_number", "01234567", "********"),
    ],
)
def test_a_value(kind, value, shown):
    assert mask_value(value, DETECTOR.kinds[kind]) == shown


def test_a_text_without_identifiers_comes_back_as_it_is():
    text = "a.csv, row 3: the value 'Ⅱ　(양성)' is not mapped\n\tat line 7"
    assert mask_text(text, DETECTOR) == text
    assert mask_lines(text, DETECTOR) == text


def test_several_in_one_line_and_lines_stay_lines():
    text = "row 2: '홍길동', 010-1234-5678\nTraceback: 환자 김철수 / gd@example.com\n"
    assert mask_lines(text, DETECTOR) == ("row 2: '홍*동', 010-****-****\nTraceback: 환자 김*수 / g*@*******.***\n")


def test_a_scripts_log_and_terminal_are_masked_in_every_way_out(tmp_path, capsys):
    def mask(text):
        return mask_lines(text, DETECTOR)

    log = tmp_path / "a.log"
    with pytest.raises(SystemExit), doorway(str(log), mask):
        print("read 홍길동")
        try:
            float("800101-1234560")
        except ValueError as error:
            raise DataError(Place("a.csv", None, 3, "홍길동"), f"{error}", "Correct it") from error
    with pytest.raises(SystemExit), doorway(str(tmp_path / "b.log"), mask):
        raise KeyError("gdhong@example.com")
    said = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.log")) + "".join(capsys.readouterr())
    assert "홍*동" in said and "80****-*******" in said and "g*****@*******.***" in said
    assert not any(planted in said for planted in ("홍길동", "800101-1234560", "gdhong@"))


def test_locals_are_not_dumped_into_the_log(tmp_path):
    log = tmp_path / "a.log"
    with pytest.raises(SystemExit), doorway(str(log)):
        secret = "".join(["not", "-to-", "be-seen"])
        raise ValueError(len(secret))
    assert "not-to-be-seen" not in log.read_text(encoding="utf-8")


@st.composite
def resident_numbers(draw, checked=True):
    """(first six digits, last seven digits) of a number issued before October 2020, or one without a checksum."""
    born = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 9, 30)))
    century = draw(st.sampled_from("1256" if born.year < 2000 else "3478"))
    front, serial = born.strftime("%y%m%d"), draw(st.text("0123456789", min_size=5, max_size=5))
    total = sum(int(digit) * weight for digit, weight in zip(front + century + serial, WEIGHTS, strict=True))
    last = ((13 if century in "5678" else 11) - total % 11) % 10
    return front, f"{century}{serial}{last}"


AROUND = st.text(st.characters(exclude_categories=["Nd", "No", "Cs", "Cc"], exclude_characters=".,"), max_size=20)


@given(resident_numbers(), st.sampled_from(["", "-", " ", " - ", "－", "–"]), AROUND, AROUND)
def test_every_valid_resident_number_is_found_in_any_text_and_never_shown(number, sign, before, after):
    front, back = number
    text = f"{before}{front}{sign}{back}{after}"
    found = [hit for hit in DETECTOR.find([text], CELL) if hit.kind == "resident_number"]
    assert found and not all(hit.probable for hit in found)
    for shown in (mask_text(text, DETECTOR), mask_lines(text, DETECTOR)):
        assert back not in shown and front not in shown


@given(resident_numbers(), st.sampled_from(["", "-"]), st.sampled_from("HCDF"))
def test_no_message_about_a_delivery_shows_a_resident_number(tmp_path_factory, number, sign, place):
    front, back = number
    value = front + sign + back
    path = tmp_path_factory.getbasetemp() / "XX.csv"
    header, cell = (value, "M") if place == "H" else ("a", value if place == "C" else f"환자 ({value}) 확인")
    path.write_text(f"ID,{header}\nX-1,{cell}\n", encoding="utf-8")
    config = {"sources": {"main": {"format": "csv", "encoding": "utf-8"}}}
    with pytest.raises(DeliveryError) as stop:
        quarantine("XX", [path], config, DETECTOR)
    assert back not in str(stop.value) and front not in str(stop.value)


@given(
    st.sampled_from("김이박최정강조윤장임한오서신권황안송전홍"),
    st.sampled_from(["민준", "서연", "영숙", "정희", "순자", "길동"]),
    AROUND,
)
def test_a_common_name_in_its_own_cell_is_found(surname, given_name, before):
    assert {hit.value for hit in DETECTOR.find([before, surname + given_name], CELL) if hit.index == 1} == {
        surname + given_name
    }
