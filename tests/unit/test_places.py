"""A cell of a delivery as people look it up."""

from multicenter.places import cell_address


def test_what_is_not_known_is_left_out():
    assert cell_address("a.xlsx", "Data", 17, "M") == "a.xlsx!Data!M17"
    assert cell_address("a.xlsx", "Data", 17, "") == "a.xlsx!Data!row 17"
    assert cell_address("a.xlsx", "Data", None, "M") == "a.xlsx!Data!column M"
    assert cell_address("a.csv", "", 17, "hb") == "a.csv!row 17, column hb"
    assert cell_address("a.csv", "", 17, "") == "a.csv!row 17"
    assert cell_address("a.csv", "", None, "") == "a.csv"
