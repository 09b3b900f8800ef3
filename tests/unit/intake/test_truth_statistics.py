"""What SPSS, Stata and SAS files say beside their values: missing codes, labels, lost formats. Exact messages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

SEX = {"to": "sex", "codes": {"1": "M", "2": "F"}}
CODES = {"to": "response[m3].response", "codes": {"1": "CR", "2": "VGPR", "3": "PR"}}
ASK = "Correct the codes in config/centers/XX.yaml, or ask the center and say why under 'labels_checked'."


@pytest.fixture
def sav(tmp_path: Path):
    """An SPSS file's bytes: columns, and what the file declares of them."""

    def write(columns: dict, **told) -> bytes:
        path = tmp_path / "made.sav"
        ids = [f"p{i}" for i in range(len(next(iter(columns.values()))))]
        pyreadstat.write_sav(pd.DataFrame({"id": ids, **columns}), str(path), **told)
        return path.read_bytes()

    return write


MISSING = [
    ("discrete", {"missing_ranges": {"x": [9, 99]}}, [10.0, 9.0, 99.0, 12.0], [10.0, None, None, 12.0]),
    ("a range", {"missing_ranges": {"x": [{"lo": 90, "hi": 99}]}}, [10.0, 90.0, 95.5, 99.0], [10.0, None, None, None]),
    ("a range and a value", {"missing_ranges": {"x": [{"lo": 90, "hi": 99}, 0]}}, [10.0, 0.0, 91.0, 12.0],
     [10.0, None, None, 12.0]),
    ("a range without a lower end", {"missing_ranges": {"x": [{"lo": float("-inf"), "hi": -1}]}},
     [10.0, -1.0, -99.0, 12.0], [10.0, None, None, 12.0]),
    ("a text", {"missing_ranges": {"x": ["NA"]}}, ["10", "NA", "na", "12"], [10.0, None, None, 12.0]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "told", "cells", "values"), MISSING, ids=[row[0] for row in MISSING])
def test_user_missing_values_of_spss(sav, harmonize, what, told, cells, values):
    done = harmonize(sav({"x": cells}, **told), {"x": {"to": "hb"}}, file="f.sav")
    assert [None if pd.isna(v) else v for v in done.tables["patient"]["hb"]] == values
    assert len(done.findings) == 0
    missing = done.account[(done.account["header"] == "x") & (done.account["status"] == "missing")]
    assert missing["n"].sum() == values.count(None)
    assert set(missing["reason"]) == {"missing code"}


def test_a_value_that_the_file_declares_missing_and_the_mapping_does_not(sav, refused, harmonize):
    data = sav({"x": [0.0, 1.0]}, missing_ranges={"x": [0]})
    assert refused(data, {"x": "death_yn"}, file="f.sav") == (
        "f.sav, column x: the file declares 0 as missing, and the mapping makes it 0. "
        "List it under 'missing' or 'not_missing' of this column in config/centers/XX.yaml."
    )
    for key, value in (("missing", None), ("not_missing", 0)):
        done = harmonize(data, {"x": {"to": "death_yn", key: ["0"]}}, file="f.sav")
        got = done.tables["patient"]["death_yn"].tolist()
        assert got[1] == 1
        assert pd.isna(got[0]) if value is None else got[0] == value


LABELS = [
    ("a label contradicts the level", {"x": [1.0, 2.0]}, {"x": {1: "Female", 2: "Male"}}, {"x": SEX},
     f"f.sav, column x: the file labels 1 as 'Female' (F), and the mapping makes it M. {ASK}\n"
     f"f.sav, column x: the file labels 2 as 'Male' (M), and the mapping makes it F. {ASK}"),
    ("a label in Hangul, known from a shared list", {"x": [1.0]}, {"x": {1: "여자"}}, {"x": SEX},
     f"f.sav, column x: the file labels 1 as '여자' (F), and the mapping makes it M. {ASK}"),
    ("yes and no the other way round", {"x": [0.0, 1.0]}, {"x": {0: "예", 1: "아니오"}}, {"x": "death_yn"},
     f"f.sav, column x: the file labels 0 as '예' (1), and the mapping makes it 0. {ASK}\n"
     f"f.sav, column x: the file labels 1 as '아니오' (0), and the mapping makes it 1. {ASK}"),
    ("two codes with one label", {"x": [1.0, 2.0]}, {"x": {1: "somewhat better", 2: "somewhat better"}}, {"x": CODES},
     "f.sav, column x: the file gives 1 and 2 the same label 'somewhat better', and the mapping makes them CR and "
     f"VGPR. {ASK}"),
    ("labels swapped between similar columns", {"x": [1.0], "y": [1.0]},
     {"x": {1: "much better", 2: "better"}, "y": {1: "better", 2: "much better"}},
     {"x": CODES, "y": {**CODES, "to": "response[m6].response"}},
     f"f.sav, column y: the label 'better' stands for CR here and for VGPR in x: one of them is swapped. {ASK}\n"
     f"f.sav, column y: the label 'much better' stands for VGPR here and for CR in x: one of them is swapped. {ASK}"),
    ("labels swapped between flags", {"x": [1.0], "y": [1.0]},
     {"x": {0: "음성", 1: "검출"}, "y": {0: "검출", 1: "음성"}}, {"x": "del17p", "y": "t_4_14"},
     f"f.sav, column y: the label '검출' stands for 0 here and for 1 in x: one of them is swapped. {ASK}\n"
     f"f.sav, column y: the label '음성' stands for 1 here and for 0 in x: one of them is swapped. {ASK}"),
    ("labels of another variable", {"x": [0.0, 1.0]}, {"x": {0: "male", 1: "여자"}}, {"x": "t_11_14"},
     "f.sav, column x: the file's value labels (0 'male', 1 '여자') are those of sex, and the column is mapped to "
     "t_11_14. Map the column to what it holds in config/centers/XX.yaml, or ask the center and say why under "
     "'labels_checked'."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "cells", "labels", "columns", "message"), LABELS, ids=[row[0] for row in LABELS])
def test_labels_that_contradict(sav, refused, harmonize, what, cells, labels, columns, message):
    data = sav(cells, variable_value_labels=labels)
    assert refused(data, columns, file="f.sav") == message
    why = {"labels_checked": "the labels are wrong, says the center"}
    checked = {name: {**(spec if isinstance(spec, dict) else {"to": spec}), **why} for name, spec in columns.items()}
    assert len(harmonize(data, checked, file="f.sav").findings) == 0


AGREE = [
    ("1 is female, here and there", {"x": {1: "Female", 2: "Male"}},
     {"x": {"to": "sex", "codes": {"1": "F", "2": "M"}}}),
    ("the opposite question, on purpose", {"x": {0: "아니오", 1: "예"}},
     {"x": {"to": "death_yn", "codes": {"0": 1, "1": 0}}}),
    ("a level of another variable as yes, by codes", {"x": {1: "male", 2: "female"}},
     {"x": {"to": "t_11_14", "codes": {"1": 1, "2": 0}}}),
    ("labels that nobody knows", {"x": {1: "category A", 2: "category B"}}, {"x": SEX}),
    ("two codes with one label and one level", {"x": {1: "better", 2: "better"}},
     {"x": {"to": "response[m3].response", "codes": {"1": "CR", "2": "CR"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "labels", "columns"), AGREE, ids=[row[0] for row in AGREE])
def test_labels_that_agree_or_say_nothing(sav, harmonize, what, labels, columns):
    data = sav({"x": [1.0]}, variable_value_labels=labels)
    assert len(harmonize(data, columns, file="f.sav").tables["patient"]) == 1


def test_extended_missings_of_stata_are_missing_each_by_its_letter(tmp_path, harmonize):
    path = tmp_path / "made.dta"
    frame = pd.DataFrame({"id": ["1", "2", "3", "4", "5"], "x": [3.5, "a", "z", None, "a"]})
    pyreadstat.write_dta(frame, str(path), missing_user_values={"x": ["a", "z"]})
    done = harmonize(path.read_bytes(), {"x": "alb"}, file="f.dta")
    assert done.tables["patient"]["alb"].tolist()[0] == 3.5
    lines = done.account[done.account["header"] == "x"][["value", "n", "status", "reason"]].to_numpy().tolist()
    assert sorted(lines) == [
        ["", 1, "missing", "blank"],
        [".a", 2, "missing", "missing code"],
        [".z", 1, "missing", "missing code"],
        ["<number>", 1, "mapped", ""],
    ]


def test_an_extended_missing_may_have_a_meaning(tmp_path, harmonize):
    path = tmp_path / "made.dta"
    frame = pd.DataFrame({"id": ["1", "2"], "x": [1.0, "a"]})
    pyreadstat.write_dta(frame, str(path), missing_user_values={"x": ["a"]})
    done = harmonize(path.read_bytes(), {"x": {"to": "fish_done", "codes": {"1": 1, ".a": 0}}}, file="f.dta")
    assert done.tables["patient"]["fish_done"].tolist() == [1, 0]


def test_dates_of_sas_that_have_lost_their_format(tmp_path, harmonize, refused):
    path = tmp_path / "made.xpt"
    days = [21613.0 + 30 * i for i in range(20)]
    frame = pd.DataFrame({"id": [str(i) for i in range(20)], "DX": days})
    pyreadstat.write_xport(frame, str(path), file_format_version=5)
    data = path.read_bytes()
    assert refused(data, {"DX": "dx_date"}, file="f.xpt") == (
        "f.xpt, row 1, column DX: 20 values ('21613', '21643', '21673', …; 20 cells) are not mapped: a number in a "
        "date column; declare dates.system (sas or stata: 2019-03-05 to 2020-09-25). "
        "Mend this column in config/centers/XX.yaml."
    )
    done = harmonize(data, {"DX": "dx_date"}, file="f.xpt", dates={"system": "sas"})
    assert done.tables["patient"]["dx_date"].iloc[0] == pd.Timestamp("2019-03-05")


@pytest.mark.parametrize(
    ("cells", "fits"),
    [
        (["43529", "43530"], "excel1900: 2019-03-05 to 2019-03-06"),
        (["42067", "42068"], "excel1900: 2015-03-04 to 2015-03-05; excel1904: 2019-03-05 to 2019-03-06"),
        (["13771123200"], "spss: 2019-03-05"),
        (["20190305"], "yyyymmdd: 2019-03-05"),
        (["12345"], "none that is known fits"),
    ],
)
def test_numbers_in_a_date_column_say_which_system_fits(tmp_path, refused, cells, fits):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "x"])
    for i, cell in enumerate(cells):
        book.active.append([f"p{i}", int(cell)])
    book.save(tmp_path / "made.xlsx")
    told = refused((tmp_path / "made.xlsx").read_bytes(), {"x": "dx_date"}, file="f.xlsx")
    for line, cell in zip(told.splitlines(), cells, strict=True):
        assert (
            f"the value {cell!r} (1 cell) is not mapped: a number in a date column; declare dates.system ({fits}). "
            in line
        )
