"""What a person opens in a spreadsheet holds no formula, and comes back as it was."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multicenter.opencsv import is_formula, read_csv, write_csv

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+cmd",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "+82-10-1",
    "-",
]
PLAIN = ["", "a=1", "-5", "+5.2", "-1e-3", "1-2", "'", "'a", "2024-01-01", " =1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_may_take_for_a_formula(tmp_path, text):
    assert is_formula(text)
    write_csv(pd.DataFrame({"a": [text]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith((b"a\n'", b"a\n\"'"))


@pytest.mark.parametrize("text", PLAIN)
def test_everything_else_stays_as_it_is(tmp_path, text):
    assert not is_formula(text)
    write_csv(pd.DataFrame({"a": [text, "x"]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").split("\n")[1] in (text, f'"{text}"')


def test_numbers_are_numbers_and_missing_is_nothing(tmp_path):
    frame = pd.DataFrame({"n": [-1, 2], "x": [-0.5, float("nan")], "t": pd.array(["=a", pd.NA], dtype="string")})
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "n,x,t\n-1,-0.5,'=a\n2,,\n"


@settings(max_examples=50, deadline=None, database=None)
@given(st.lists(st.text(alphabet="'=+-@1aＡ＝,\"\n ", max_size=6), min_size=1, max_size=8))
def test_what_was_written_is_read(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    write_csv(pd.DataFrame({"a": texts, "b": "x"}), path)
    assert read_csv(path)["a"].tolist() == texts
    assert not any(is_formula(cell) for cell in pd.read_csv(path, dtype=str, keep_default_na=False)["a"])
