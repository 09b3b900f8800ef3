"""Numbers that are only rounded otherwise, as after a declared change of unit, have not changed."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from center_over_time import Center, csv

from multicenter.errors import StudyError
from multicenter.harmonize.run import Harmonized


@pytest.fixture
def creatinine(tmp_path, dictionary, codes, checks) -> Callable[..., Callable[..., Harmonized]]:
    """Sixty patients' creatinine, accepted as it was sent first; `read(texts, unit)` receives the next delivery."""

    def accepted(texts: list[str], unit: str) -> Callable[[list[str], str], Harmonized]:
        source = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": {"cr": {"to": "cr"}}}
        center = Center(tmp_path, "XX", {"center": "XX", "sources": {"main": source}}, dictionary, codes, checks)

        def read(texts: list[str], unit: str) -> Harmonized:
            source["columns"]["cr"]["unit"] = unit
            rows = pd.DataFrame({"id": [f"P{i:02d}" for i in range(len(texts))], "cr": texts})
            return center.receive("x.csv", csv(rows))

        center.accept(read(texts, unit))
        return read

    return accepted


BLOOD = [0.6 + 0.0137 * i for i in range(60)]  # mg/dL
MICROMOL = [f"{88.4017 * value:.0f}" for value in BLOOD]


@pytest.mark.parametrize("digits", [2, 3])
def test_a_unit_that_was_changed_and_declared_is_no_other_value(creatinine, digits):
    read = creatinine(MICROMOL, "umol/L")
    read([f"{value:.{digits}f}" for value in BLOOD], "mg/dL")
    read([f"{float(text) / 88.4017:.{digits}f}" for text in MICROMOL], "mg/dL")


@pytest.mark.parametrize("digits", [2, 3])
def test_nor_is_it_the_other_way_round(creatinine, digits):
    creatinine([f"{value:.{digits}f}" for value in BLOOD], "mg/dL")(MICROMOL, "umol/L")


def test_fewer_digits_are_no_other_value(creatinine):
    creatinine([f"{value:.3f}" for value in BLOOD], "mg/dL")([f"{value:.1f}" for value in BLOOD], "mg/dL")


@pytest.mark.parametrize("unit", ["mg/dL", "umol/L"])
def test_a_change_of_the_last_digit_is_one(creatinine, unit):
    factor, digits = (1, 2) if unit == "mg/dL" else (88.4017, 0)
    texts = [f"{factor * value:.{digits}f}" for value in BLOOD]
    with pytest.raises(StudyError, match=r"60 of 60 known values \(100 %\) changed, in no common way"):
        creatinine(texts, unit)([f"{float(text) + 10.0**-digits:.{digits}f}" for text in texts], unit)


def test_the_last_digit_that_is_kept_counts_too(creatinine):
    read = creatinine([f"{value:.4f}" for value in BLOOD], "mg/dL")
    texts = [f"{value:.4f}" for value in BLOOD]
    changes = read(["0.599999999999", *texts[1:]], "mg/dL").changes
    assert changes[["variable", "old", "new"]].to_numpy().tolist() == [["cr", "0.6", "0.599999999999"]]
