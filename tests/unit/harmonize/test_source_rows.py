"""Which row of the delivery each value stands in, where a record is made of several rows."""

from __future__ import annotations

ROWS = "row_is: transplant\nnumber: {asct_no: asct_date}"
COLUMNS = "d: asct_date\ns: {to: patient.sex, codes: sex}\nh: patient.hb"


def lines(done):
    return done.source_rows[["table", "patient_id", "item", "variable", "row"]].to_numpy().tolist()


def test_a_record_of_one_row_needs_no_line(deliver):
    assert lines(deliver("id,d,s,h\n1,2019-01-01,M,10\n2,2019-01-01,F,11\n", COLUMNS, source=ROWS)) == []


def test_a_value_that_stands_in_a_later_row_of_its_record_says_so(deliver):
    text = "id,d,s,h\n2,2019-01-01,F,11\n1,2019-01-01,M,\n1,2019-08-01,M,10\n1,2020-01-01,,10\n"
    done = deliver(text, COLUMNS, source=ROWS)
    assert done.tables["patient"]["hb"].tolist() == [11, 10]
    assert done.tables["patient"]["src_row"].tolist() == [2, 3]
    assert lines(done) == [
        ["patient", "1", "", "", 3],
        ["patient", "1", "", "", 4],
        ["patient", "1", "", "", 5],
        ["patient", "1", "", "hb", 4],
    ]


def test_a_variable_that_only_another_column_of_the_same_row_gives_is_no_exception(deliver):
    columns = 'a: "maintenance[1].maint_start"\nb: "maintenance[2].maint_start"\nh: hb'
    assert lines(deliver("id,a,b,h\n1,2019-01-01,2019-06-01,10\n", columns)) == []
