"""What counts as an identifier, wherever it stands and however it is written."""

from unicodedata import normalize

import pytest

from multicenter.identifiers.detect import CELL, LABEL, MOSTLY


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
        "보호자: 김철수",
        "보호자 김철수가 연락", "보호자(김철수)", "김철수 교수", "환자명: 홍길동", "성명 : 이영", "주치의 김영희",
        "외래 추적중, 보호자 김철수 면담", "Hong Gil-dong", "HONG, Gildong", "Gil Dong Hong", "Hong Gil Dong",
        "HONG GIL DONG", "Gil-dong Hong", "Kim Young-Hee", "patient Kim Young-hee visited", "Name: John Smith",
        "Patient: Kim Y.S.", "Pt: Hong Gildong",
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
    ],
)  # fmt: skip
def test_headers_announce(detector, header, kind):
    assert detector.announcing([header]) == {kind}


@pytest.mark.parametrize(
    "header",
    [
        "Study No",
        "PID",
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
