"""What counts as an identifier, wherever it stands and however it is written."""

from pathlib import Path
from unicodedata import normalize

import pytest

from multicenter.identifiers.detect import CELL, LABEL, MOSTLY

LISTED = (Path(__file__).parent / "identifiers.txt").read_text(encoding="utf-8").splitlines()[1:]
RARE = {"임꺽정", "채시라", "배순탁", "임시완"}  # alone in a cell only a frequent given name is one; in a column any is


def kinds(detector, text, where=CELL, counts="alone"):
    """{(kind, whether it only probably is one)}"""
    hits = detector.find([text], where, counts)
    return {(hit.kind, all(other.probable for other in hits if other.kind == hit.kind)) for hit in hits}


def announced(detector, kind, text):
    return [found.value for found in detector.announced(kind, [text])]


# 800101-123456?: 8·2 + 1·5 + 1·7 + 1·8 + 2·9 + 3·2 + 4·3 + 5·4 + 6·5 = 122, and (11 − 122 mod 11) mod 10 = 0
@pytest.mark.parametrize(
    "text",
    [
        "800101-1234560",
        "8001011234560",
        "800101 1234560",
        "800101 - 1234560",
        "８００１０１－１２３４５６０",
        "800101–1234560",
        "800101\u200b-1234560",
        "주민번호 800101-1234560 확인",
        "(800101-1234560)",
        "내원일 2019-03-05, 800101-1234560.",
        "8001011234560번",
    ],
)
def test_a_resident_number_with_its_checksum_is_certain(detector, text):
    assert kinds(detector, text) == {("resident_number", False)}


@pytest.mark.parametrize(
    "text",
    [
        "(560312)2045674", "56.03.12-2045674", "56-03-12-2045674", "560312·2045674", "560312:2045674",
        "560312→2045674", "560312 -- 2045674", "560312-204-5674", "56/03/12 2045674",
    ],
)  # fmt: skip
def test_the_checksum_decides_whatever_stands_between_the_digits(detector, text):
    assert kinds(detector, text) == {("resident_number", False)}
    assert ("resident_number", False) not in kinds(detector, text.replace("5674", "5675"))


@pytest.mark.parametrize("text", ["560312, 2045674", "560312;2045674", "560312 a 2045674"])
def test_two_values_are_no_resident_number(detector, text):
    assert kinds(detector, text) == set()


@pytest.mark.parametrize("text", ["800101-1234567", "201105-3012345", "990228 - 1234567"])
def test_a_resident_number_without_a_checksum_is_found_by_its_hyphen(detector, text):
    assert kinds(detector, text) == {("resident_number", True)}
    assert kinds(detector, text.replace("-", "").replace(" ", "")) == set()
    assert announced(detector, "resident_number", text.replace("-", "").replace(" ", ""))


@pytest.mark.parametrize("text", ["800101-1******", "800101-2XXXXXX", "8001011******", "800101-1●●●●●●"])
def test_a_resident_number_masked_but_for_its_gender_is_found(detector, text):
    assert kinds(detector, text) == {("resident_number", False)}


def test_a_foreigners_number_has_another_check_digit(detector):
    # 850505-512345?: 194 mod 11 = 7; 13 − 7 = 6, for a citizen 11 − 7 = 4
    assert kinds(detector, "8505055123456") == {("resident_number", False)}
    assert kinds(detector, "8505055123454") == set()


def test_a_number_that_a_spreadsheet_took_zeros_from_counts_if_it_is_most_of_its_column(detector):
    # 050505-3123453: 162 mod 11 = 8; 11 − 8 = 3
    assert kinds(detector, "505053123453", counts=MOSTLY) == {("resident_number", False)}
    assert kinds(detector, "505053123453") == set()
    assert announced(detector, "resident_number", "505053123453")


@pytest.mark.parametrize("text", ["800101-1", "8001011", "1234567"])
def test_half_a_resident_number_counts_where_a_header_says_so(detector, text):
    assert announced(detector, "resident_number", text)
    assert kinds(detector, text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "010-1234-5678",
        "010.1234.5678",
        "010 1234 5678",
        "01012345678",
        "０１０－１２３４－５６７８",
        "011-234-5678",
        "02-123-4567",
        "02) 1234-5678",
        "031-123-4567",
        "(051)123-4567",
        "031 123 4567",
        "+82-10-1234-5678",
        "+82 10 1234 5678",
        "+821012345678",
        "+82-2-123-4567",
        "82-10-1234-5678",
        "보호자(010-1234-5678) 연락",
        "070-1234-5678",
        "tel:010-1234-5678",
        "tel.0212345678",
        "전화 0311234567",
        "0101234-5678",
        "0082-10-1234-5678",
    ],
)
def test_phone_numbers(detector, text):
    assert kinds(detector, text) == {("phone", False)}


@pytest.mark.parametrize("text", ["0212345678", "1012345678", "031 1234567", "01012345678", "821012345678"])
def test_a_bare_phone_number_counts_where_a_header_says_so(detector, text):
    assert announced(detector, "phone", text)


@pytest.mark.parametrize(
    "text", ["gdhong@example.com", "문의: gil.dong+1@snu.ac.kr", "ＧＤ＠ＥＸＡＭＰＬＥ．ＣＯＭ", "<a.b@c-d.org>"]
)
def test_e_mail_addresses(detector, text):
    assert kinds(detector, text) == {("email", False)}


@pytest.mark.parametrize(
    "text",
    [
        "MRN 1234567",
        "등록번호: 01234567",
        "차트번호 12345678",
        "chart no. 1234567",
        "Hospital No: 12345678",
        "병록번호12345678",
        "병록번호: 12-345678",
        "등록번호(12345678)",
        "Pt.ID 12345678",
    ],
)
def test_record_numbers_in_a_text(detector, text):
    assert kinds(detector, text) == {("record_number", False)}


@pytest.mark.parametrize("text", ["123456", "01234567", "12-345-678", "A1234567"])
def test_record_numbers_where_a_header_says_so(detector, text):
    assert announced(detector, "record_number", text) == [text]
    assert kinds(detector, text) == set()


@pytest.mark.parametrize("text", ["0001", "12345", "KUA-001", "S001", "D-1", "SMC_1", "x44822", "2019-01-01"])
def test_pseudonyms_are_no_record_numbers(detector, text):
    assert announced(detector, "record_number", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "홍길동", "김철수", "이영희", "박정희", "최순자", "남궁민수", "선우용숙", "황보경", "김영숙",
        normalize("NFD", "홍길동"), " 홍길동 ", "홍길동님", "홍길동 님 내원", "환자 홍길동", "보호자 김철수",
        "보호자: 김철수", "보호자: 이순신", "보호자: 김 영 희", "남편: 이순신",
        "보호자 김철수가 연락", "보호자(김철수)", "김철수 교수", "환자명: 홍길동", "성명 : 이영", "주치의 김영희",
        "외래 추적중, 보호자 김철수 면담", "Hong Gil-dong", "HONG, Gildong", "Gil Dong Hong", "Hong Gil Dong",
        "HONG GIL DONG", "Gil-dong Hong", "Kim Young-Hee", "patient Kim Young-hee visited", "Name: John Smith",
        "Patient: Kim Y.S.", "Pt: Hong Gildong",
        "김철수가 내원", "김철수는 통증", "박영희를 의뢰", "김철수의 모친", "김철수와 상담", "김철수에게 설명",
        "이영희도 동의", "박영희가 전원됨", "홍길동이 사망", "딸 김지은", "처 이영희와 동행",
    ],
)  # fmt: skip
def test_names(detector, text):
    assert kinds(detector, text) == {("name", False)}


@pytest.mark.parametrize(
    "text",
    [
        "홍길동",
        "이영",
        "허준",
        "피천득",
        "제갈공명",
        "Kim Y.S.",
        "Kim YS",
        "Y.S. Kim",
        "Hong Gildong",
        "kim minsu",
        "John Smith",
        "Smith, John",
    ],
)
def test_names_where_a_header_or_a_property_says_so(detector, text):
    assert text in announced(detector, "name", text)


@pytest.mark.parametrize(
    "text",
    [
        "openpyxl", "Microsoft Office User", "Administrator", "user", "USER-PC", "hospital_pc1", "Data Manager",
        "SAS System",
        "Apache POI", "비공개", "익명", "없음", "병원", "Samsung Medical Center", "",
    ],
)  # fmt: skip
def test_what_else_stands_in_a_documents_properties_is_no_name(detector, text):
    assert announced(detector, "name", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "홍길동", "홍길동_명단", "환자명단(홍길동)", "20220101홍길동.xlsx", "hong_gildong.xlsx", "HongGilDong.csv",
        "gil-dong_hong.sav", "KUAH_data_김철수.xlsx", "확인:홍길동",
    ],
)  # fmt: skip
def test_names_as_words_of_a_header_or_a_name(detector, text):
    assert kinds(detector, text, LABEL) == {("name", False)}


@pytest.mark.parametrize(
    "text",
    [
        "서울시 강남구 일원동 50",
        "서울특별시 종로구 대학로 101",
        "경기도 성남시 분당구 구미로 173",
        "전남 화순군 화순읍 서양로 322",
    ],
)
def test_addresses(detector, text):
    assert kinds(detector, text) == {("address", False)}


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("성명", "name"), ("환자 성명", "name"), ("성 명", "name"), ("Patient Name", "name"), ("PATIENT_NAME", "name"),
        ("이름(한글)", "name"), ("주치의", "name"), ("주민등록번호", "resident_number"),
        ("주민 번호", "resident_number"),
        ("등록번호", "record_number"), ("Chart No.", "record_number"), ("MRN", "record_number"),
        ("환자번호", "record_number"),
        ("휴대폰", "phone"), ("연락처2", "phone"), ("Tel.", "phone"), ("주소", "address"),
        ("Hospital ID", "record_number"),
        ("주민앞", "resident_number"), ("주민번호앞", "resident_number"), ("주민뒤", "resident_number"),
        ("뒷자리", "resident_number"), ("PatientID", "record_number"), ("Hosp.ID", "record_number"),
        ("PID", "record_number"), ("차트", "record_number"), ("EMR번호", "record_number"), ("EMR no", "record_number"),
        ("원무ID", "record_number"), ("등록No", "record_number"), ("Reg No", "record_number"), ("주소지", "address"),
        ("Last Name", "name"),
    ],
)  # fmt: skip
def test_headers_announce(detector, header, kind):
    assert detector.announcing([header]) == {kind}


@pytest.mark.parametrize(
    "header",
    [
        "Study No",
        "ID",
        "No",
        "subject",
        "번호",
        "성별",
        "생년월일",
        "Birth",
        "Patient / Birth",
        "Drug",
        "Regimen name",
        "",
    ],
)
def test_other_headers_announce_nothing(detector, header):
    assert detector.announcing([header]) == set()


def test_identifiers_as_hospitals_write_them(detector):
    listed = [line.split("\t") for line in LISTED]
    assert len(listed) > 280
    missed = [text for kind, text in listed if kind not in {found for found, _ in kinds(detector, text)}]
    assert set(missed) == RARE
    assert {hit.value for hit in detector.find(sorted(RARE), CELL, MOSTLY)} == RARE - {"임꺽정"}


def test_ten_digits_are_phone_numbers_where_most_of_a_column_begins_like_one(detector):
    assert kinds(detector, "1023456789", counts=MOSTLY) == {("phone", False)}
    numbers = [str(number) for number in range(1_000_000_000, 2_000_000_000, 1_234_567)]
    assert len(detector.find(numbers, CELL, MOSTLY)) < 0.2 * len(numbers)
    assert detector.find(numbers, CELL) == []


@pytest.mark.parametrize("text", ["Min dose", "An Young patient"])
def test_words_that_only_sound_like_names(detector, text):
    assert kinds(detector, text) == set()


@pytest.mark.parametrize("text", ["임꺽정", "KIM, C.S.", "채시라"])
def test_what_only_a_header_makes_a_name(detector, text):
    assert text in announced(detector, "name", text)


@pytest.mark.parametrize("text", ["800101.1234560", "800101/1234561", "19800101 1234561", "80010112345601"])
def test_without_a_hyphen_the_check_digit_decides(detector, text):
    assert (kinds(detector, text) == set()) == (text != "800101.1234560")


@pytest.mark.parametrize("text", ["차트 20190805", "ID: 20190805", "등록번호 2019-0001", "연구등록번호 1234-5678"])
def test_a_date_or_a_years_number_is_no_record_number(detector, text):
    assert kinds(detector, text) == set()
