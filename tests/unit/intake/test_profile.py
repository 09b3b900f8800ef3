"""The profile of a delivery's columns."""

from multicenter.intake.profile import profile
from multicenter.intake.table import make_table


def test_hidden_parts_are_named():
    columns = [["1", "2", "3"], ["a", "b", "c"]]
    table = make_table(
        "f.xlsx", "S", ["id", "x"], columns, [2, 3, 4], ["A", "B"], hidden_columns=["B"], hidden_rows=[3]
    )
    assert profile({"main": table})["hidden"].tolist() == ["1 row", "column"]
    assert profile({"main": make_table("f.csv", "", ["id"], [["1"]], [2])})["hidden"].tolist() == [""]
