"""The scan takes as long as a text is, whatever the text: nobody stops a delivery with a long run of letters."""

import io
from time import process_time
from zipfile import ZipFile

import pytest

RUNS = ["a", "A", "1", "9", "가", "김", "-", " ", ".", "*", "@", "Ab3/", "a-", "1-", "가 ", "Kim ", "010-", "a@a."]
LENGTH = 100_000


@pytest.mark.parametrize("run", RUNS)
def test_every_pattern_is_linear_in_a_long_run(detector, run):
    """A pattern that is not takes a minute and more; a linear one a few hundredths of a second."""
    text = "가" + (run * LENGTH)[:LENGTH] + "!"
    for kind in detector.kinds.values():
        for pattern in kind.patterns:
            start = process_time()
            for _ in pattern.expression.finditer(f"\n{text}\n{text[1:]}\n"):
                pass
            assert process_time() - start < 2, (kind.name, pattern.expression.pattern[:80])


@pytest.mark.parametrize("run", [b"a", b"aB3/", b"1", b"<a "])
def test_a_part_of_a_workbook_that_is_one_long_run(scan, run):
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("customXml/item1.xml", b"<a>" + run * (LENGTH // len(run)) + b"</a>")
        archive.writestr("xl/media/image1.bin", run * (LENGTH // len(run)))
    start = process_time()
    assert scan(stream.getvalue(), "a.xlsx") == []
    assert process_time() - start < 5


def test_a_long_cell_below_a_closed_header_is_masked_in_one_pass(scan):
    start = process_time()
    (hit,) = scan(f"ID,주소\n1,{'가나' * 40_000}\n".encode(), "a.csv", encoding="utf-8")
    assert hit.kind == "address" and process_time() - start < 2


def test_an_address_is_found_below_cells_that_only_begin_like_one(detector):
    cells = ["12, x", "34 y", "101, Daehak-ro, Seoul"]
    assert [hit.value for hit in detector.announced("address", cells)] == cells[2:]


@pytest.mark.parametrize("text", ["hong @ snuh.org", "hong [at] snuh [dot] org", "문의: hong(at)snuh.co.kr"])
def test_an_e_mail_address_written_apart(detector, text):
    assert {hit.kind for hit in detector.find([text])} == {"email"}


@pytest.mark.parametrize("text", ["VTD @ 1.3 mg", "given @ ward. no event", "at least. organ damage"])
def test_what_only_reads_like_one(detector, text):
    assert detector.find([text]) == []
