"""The natural key of a query: the same wherever its row, file and column went."""

import pandas as pd

from multicenter.queries.collect import shortened
from multicenter.queries.ids import KEY, query_id


def keys(queries):
    return queries[KEY].to_numpy().tolist()


def test_keys_survive_reordered_rows_another_file_and_moved_columns(collect, delivered, finding):
    rows = [finding("1", row=2), finding("2", row=3), finding("2", variable="height", row=3)]
    moved = [
        finding("2", variable="height", row=9, file="bb.xlsx", sheet="S", column="Z"),
        finding("1", row=4, file="bb.xlsx", sheet="S", column="Q"),
        finding("2", row=9, file="bb.xlsx", sheet="S", column="Q"),
    ]
    assert keys(collect(delivered(*rows))) == keys(collect(delivered(*moved)))


def test_the_item_of_a_wide_column_comes_from_the_column_map(collect, delivered, finding):
    row = finding("1", "visit", "result", kind="unclear", column="R3M")
    column_map = [("visit", "result", "m3", "aa.csv", "", "R3M", "R3M", "main")]
    assert keys(collect(delivered(row, column_map=column_map))) == [["AA", "1", "visit", "m3", "result", "unclear", ""]]


def test_the_item_of_a_long_row_comes_from_its_record(collect, delivered, finding):
    record = pd.DataFrame(
        {"patient_id": ["1", "1"], "src_file": "v.csv", "src_sheet": pd.NA, "src_row": [5, 6], "no": [1, 2]}
    )
    row = finding("1", "drug", "name", kind="unclear", file="v.csv", row=6)
    column_map = [("drug", "name", "", "v.csv", "", "name", "name", "drugs")]
    found = collect(delivered(row, column_map=column_map, records={"drug": record}))
    assert keys(found) == [["AA", "1", "drug", "2", "name", "unclear", ""]]


def test_the_item_of_a_record_of_two_sources_comes_from_either_row(collect, delivered, finding):
    record = pd.DataFrame({"patient_id": ["1"], "src_file": "a.csv", "src_sheet": "", "src_row": [5], "no": [1]})
    column_map = [
        ("drug", "name", "", "a.csv", "", "name", "name", "first"),
        ("drug", "begin", "", "b.csv", "", "begin", "begin", "second"),
    ]
    rows = [("drug", "1", "1", "first", 5), ("drug", "1", "1", "second", 8)]
    row = finding("1", "drug", "begin", file="b.csv", row=8)
    found = collect(delivered(row, column_map=column_map, records={"drug": record}, source_rows=rows))
    assert found["item"].tolist() == ["1"]


def test_where_no_item_is_known_the_value_tells_queries_apart(collect, delivered, finding):
    rows = [finding("1", "drug", "name", value=value, kind="unclear", row=row) for value, row in (("X", 2), ("Y", 3))]
    assert collect(delivered(*rows))["which"].tolist() == ["X", "Y"]
    assert collect(delivered(rows[1]))["which"].tolist() == ["Y"]


def test_dropped_rows_of_one_patient_are_numbered(collect, delivered, finding):
    rows = [finding("1", variable="", value="", kind="duplicate_differs", row=row) for row in (7, 4)]
    assert collect(delivered(*rows))["which"].tolist() == ["", "#2"]


def test_notes_are_no_queries_and_pooled_findings_are(collect, delivered, finding):
    pooled = finding(
        "2", variable="patient_id", kind="same_patient", message="the same as BB", values='{"other": "BB"}'
    )
    found = collect(delivered(), pooled=[pooled, finding("3", outcome="note")])
    assert found["patient_id"].tolist() == ["2"]
    assert found["evidence"].tolist() == ["other=BB"]


def test_long_values_and_white_space_are_shortened():
    assert shortened(" a\t b\r\nc ") == "a b c"
    assert shortened("a\x07b") == "a\ufffdb"
    assert len(shortened("x" * 40_000)) == 32_000


def test_what_a_rule_found_that_is_no_more_is_not_asked(collect, delivered, finding):
    assert collect(delivered(finding("1", kind="gone"))).empty


def test_an_id_belongs_to_one_question(collect, delivered, finding):
    """Whatever else was asked before, or whether anything is known of it."""
    alone = collect(delivered(finding("2")))
    among = collect(delivered(finding("1"), finding("2"), finding("2", variable="height")))
    assert query_id(alone.iloc[0]) in set(among.apply(query_id, axis=1))
    assert among.apply(query_id, axis=1).is_unique
    assert query_id(alone.iloc[0]) == "AA-B42RT-JHISS"
