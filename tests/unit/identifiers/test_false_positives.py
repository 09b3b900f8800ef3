"""What stands in extracts and identifies nobody: words of medicine and of registries, dates, numbers, study ids."""

import csv
import random
import re
from pathlib import Path

import pytest

from kmm import dialects
from kmm.truth import draw_truth
from multicenter.identifiers.detect import CELL, LABEL, MOSTLY
from multicenter.identifiers.quarantine import quarantine
from multicenter.identifiers.scan import scan_files
from multicenter.yamlfile import read_yaml

PROJECT = Path(__file__).resolve().parents[3]
KOREAN = ("CNUHH", "JBUH", "DSMC", "WKUH", "HPH")  # centers that write remarks and free texts in Korean
TEXTS = (Path(__file__).parent / "no_identifiers.txt").read_text(encoding="utf-8").splitlines()[1:]


@pytest.mark.parametrize("where", [CELL, LABEL])
def test_words_of_medicine_and_registries_dates_numbers_and_ids(detector, where):
    assert len(TEXTS) > 1500
    assert [hit.value for hit in detector.find(TEXTS, where)] == []


def test_few_of_them_would_count_even_if_a_column_held_nothing_else(detector):
    """What counts if it is half of a column is a hundredth of these words, and among numbers nothing."""
    hits = detector.find(TEXTS, CELL, MOSTLY)
    assert {hit.kind for hit in hits} == {"name"}
    assert len(hits) < 0.01 * len(TEXTS)


@pytest.mark.parametrize(
    "text",
    [
        "보호자 면담",
        "보호자: 남동생",
        "보호자: 배우자",
        "남편: 연락처 없음",
        "등록번호(미상)",
        "마지막 추적일",
        "Bence Jones",
        "190305-1",
    ],
)
def test_they_are_no_identifiers_in_a_sentence_either(detector, text):
    assert detector.find([f"2019-03-05 {text}, {text} (외래)"], CELL) == []


def test_nor_with_a_particle_or_behind_a_relative(detector):
    words = [text for text in TEXTS if re.fullmatch("[가-힣]{2,6}", text)]
    final = [(ord(word[-1]) - ord("가")) % 28 > 0 for word in words]  # a final consonant decides the particle's form
    said = [
        f"{word}{particle} 확인"
        for word, closed in zip(words, final, strict=True)
        for particle in (*("은이을과" if closed else "는가를와"), "의", "도", "에게")
    ]
    assert [hit.value for hit in detector.find(said)] == []
    relatives = [f"{relative} {word}" for word in words for relative in ("딸", "처", "아들", "환자")]
    assert [hit.value for hit in detector.find(relatives)] == []


def test_serial_numbers_of_samples_that_begin_with_a_date_are_seldom_taken_for_resident_numbers(detector):
    """Thirteen digits of which six are a date: without a hyphen only one in ten has a fitting check digit, and a serial
    below a million has none of a century's digits."""
    low = [f"190305{number:07d}" for number in range(1, 1000)]
    assert [hit.value for hit in detector.find(low, CELL) if hit.kind != "resident_number"] == []
    high = [f"190305{number}" for number in range(1_000_000, 1_001_000)]
    assert 80 <= len(detector.find(high, CELL)) <= 120


def extracts():
    with open(PROJECT / "config/centers.tsv", encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            files = [PROJECT / "resources/simulated/extracts" / name for name in row["extract"].split(";")]
            yield pytest.param(row["center"], files, id=row["center"])


@pytest.mark.parametrize(("center", "files"), list(extracts()))
def test_the_shipped_extracts_pass_without_an_exception(detector, center, files):
    config = read_yaml(PROJECT / f"config/centers/{center}.yaml")
    assert "not_identifiers" not in config
    quarantine(center, files, config, detector)


def test_another_simulated_study_passes(detector, tmp_path):
    truth = {name: table[table["center"].isin(KOREAN)] for name, table in draw_truth(7, 300, 15).items()}
    dialects.write_extracts(truth, tmp_path, 7, 300)
    files = sorted((tmp_path / "extracts").iterdir())
    assert len(files) == len(KOREAN)
    assert scan_files(files, [], detector) == []


def test_random_floats_and_counts_never_fire(detector):
    generator = random.Random(1)
    texts = [repr(generator.random() * 10 ** generator.randint(-3, 6)) for _ in range(20000)]
    assert detector.find(texts, CELL) == []
