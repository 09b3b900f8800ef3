"""What mutated extracts once did to the harmonization."""

from __future__ import annotations

from datetime import datetime

import pytest
import xlsxwriter

from multicenter.errors import StudyError
from multicenter.harmonize.cells import Distinct, Outcome
from multicenter.harmonize.dates import settle_dates
from multicenter.harmonize.run import Arrival, harmonize_center, write_harmonized, write_intake
from multicenter.harmonize.spec import Dates

TRANSPLANTS = "row_is: transplant\nnumber: {asct_no: asct_date}"
DECIDED = "reason: it is newer, decided_by: us, decided_on: 2024-01-01"
KEEP = f"duplicates: {{exact: fold, differing: {{keep_latest: last_fu_date}}, {DECIDED}}}"


def test_a_rule_blames_the_row_that_says_the_value(deliver):
    columns = "d: asct_date\ndx: patient.dx_date\nstart: patient.ind_start"
    text = "id,d,dx,start\n1,2019-01-01,2018-05-01,\n1,2019-09-01,,2018-04-01\n"
    done = deliver(text, columns, source=TRANSPLANTS)
    found = done.findings[done.findings["kind"] == "dx_after_induction"].iloc[0]
    assert (found["row"], found["column"], found["value"]) == (3, "start", "2018-04-01")


@pytest.mark.parametrize("row", [2, 3])
def test_a_serial_of_the_other_system_is_found_in_whichever_row_it_stands(row, tmp_path, dictionary, codes, checks):
    path = tmp_path / "d.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet("A")
    for i, cells in enumerate((["id", "d", "dx", "start"], ["1", 43800, 43200, ""], ["1", 44100, "", ""])):
        page.write_row(i, 0, cells)
    page.write(row - 1, 3, 41780)  # 2014-05-21, and 2018-05-22 in the other system: after the diagnosis
    book.close()
    columns = {"d": "asct_date", "dx": "patient.dx_date", "start": "patient.ind_start"}
    source = {
        "format": "xlsx",
        "id": "id",
        "row_is": "transplant",
        "number": {"asct_no": "asct_date"},
        "columns": columns,
    }
    config = {"center": "XX", "dates": {"system": "excel1900"}, "sources": {"main": source}}
    done = harmonize_center("XX", [path], config, dictionary, codes, checks, "2022-12-31")
    assert done.findings[["row", "column", "kind"]].to_numpy().tolist() == [[row, "D", "date_system_1904"]]
    assert done.tables["patient"]["ind_start"].isna().all()


def two_patients(differing: int) -> tuple[str, str]:
    """Two rows of one id that differ in so many of twenty columns."""
    names = [f"c{i}" for i in range(20)]
    columns = "fu: last_fu_date\n" + "\n".join(
        f'{name}: {{to: "response[{item}].{what}", codes: {codes}}}'
        for name, (item, what, codes) in zip(
            names,
            [(item, what, codes) for what, codes in (("response", "response"), ("scr", "{Y: 1, N: 0}"))
             for item in ("pre_asct", "post_asct", "m3", "m6", "m12", "m18", "m24", "best", "last")]
            + [("", "", "")] * 2,
            strict=True,
        )
        if item
    )  # fmt: skip
    shown = names[:18]
    first = ["CR"] * 9 + ["Y"] * 9
    second = [("PR" if i < 9 else "N") if i < differing else v for i, v in enumerate(first)]
    lines = [["id", "fu", *shown], ["7", "2020-01-01", *first], ["7", "2021-01-01", *second]]
    return "\n".join(",".join(line) for line in lines) + "\n", columns


def test_rows_of_one_id_that_say_other_things_in_most_columns_are_not_folded(deliver):
    text, columns = two_patients(12)
    with pytest.raises(StudyError) as error:
        deliver(text, columns, source=KEEP)
    assert (
        "extract.csv, row 2, column id: the rows 2, 3 share the id '7' but differ in 13 of 20 columns: they may be two "
        "patients. Ask the center for the right ids."
    ) in str(error.value)


def test_a_later_row_that_adds_to_a_course_is_folded_as_decided(deliver):
    text, columns = two_patients(5)
    assert deliver(text, columns, source=KEEP).tables["patient"]["src_row"].tolist() == [3]


def test_an_id_whose_letters_are_unlike_all_others_is_refused(deliver):
    ids = [f"KUA-{i:03d}" for i in range(1, 41)]
    text = "id,sex\n" + "".join(f"{ident},M\n" for ident in [*ids[:-1], "UA-040"])
    with pytest.raises(StudyError, match=r"row 41, column id: the id 'UA-040' is not formed like the column's others"):
        deliver(text, "sex: sex")


def test_of_ids_with_and_without_zeros_the_rare_ones_are_told(deliver):
    with pytest.raises(StudyError, match=r"row 4, column id: the id 'A-1' is shorter than 'A-003'"):
        deliver("id,sex\nA-1,M\nA-2,M\nA-003,M\nA-4,M\n", "sex: sex")
    with pytest.raises(StudyError, match=r"row 3, column id: the id 'A-2' is shorter than 'A-001'"):
        deliver("id,sex\nA-001,M\nA-2,M\nA-003,M\nA-004,M\n", "sex: sex")


def test_rows_that_contradict_each_other_are_told_all(deliver):
    text = "id,d,s\n1,2019-08-01,F\n2,2019-08-01,F\n1,2019-01-01,M\n"
    with pytest.raises(StudyError) as error:
        deliver(text, "d: asct_date\ns: {to: patient.sex, codes: sex}", source=TRANSPLANTS)
    assert "contradict each other in sex (the other: extract.csv, row 4). Ask" in str(error.value)


def test_a_row_that_does_not_say_which_it_is_becomes_a_query(deliver):
    columns = "when: {to: timepoint, codes: timepoint}\nwhat: {to: response, codes: response}"
    done = deliver("id,when,what\n1,pre-ASCT,CR\n1,,PD\n1,,\n", columns, source="row_is: response")
    assert done.tables["response"]["timepoint"].tolist() == ["pre_asct"]
    assert done.findings[["row", "column", "kind"]].to_numpy().tolist() == [[3, "when", "row_without_key"]]


def test_typed_dates_before_all_calendars_are_a_query(dictionary):
    cells = Distinct([datetime(1582, 10, 14), datetime(2019, 5, 1)])
    outcome = Outcome.opened(2, "datetime64[ns]")
    settle_dates(cells, outcome, Dates(), dictionary.variable("patient.dx_date"))
    assert outcome.notes[0].kind == "date_impossible"
    assert str(outcome.value[1])[:10] == "2019-05-01"


@pytest.fixture
def again(deliver, tmp_path):
    """Harmonize a first csv, accept it, and harmonize the second one as its update."""

    def run(first: str, second: str, columns: str, source: str = ""):
        done, folder = deliver(first, columns, source=source), tmp_path / "accepted"
        write_intake(done, folder)
        write_harmonized(done, folder)
        return deliver(second, columns, source=source, arrival=Arrival(accepted=folder))

    return run


def test_a_record_that_says_nothing_but_its_key_is_listed_when_it_is_gone(again):
    rows = "".join(f"{i},2020-01-0{i},M\n{i},2020-03-0{i},M\n" for i in range(1, 6))
    columns = "when: assess_date\nsex: {to: patient.sex, codes: sex}"
    done = again(f"id,when,sex\n{rows}", f"id,when,sex\n{rows[:-15]}", columns, "row_is: assessment")
    assert done.changes.to_numpy().tolist() == [["assessment", "assess_date", "5", "2020-03-05", "2020-03-05", ""]]


def test_numbers_without_a_unit_that_change_alike_have_not_changed_their_unit(again):
    first = "id,n\n" + "".join(f"{i},{i}\n" for i in range(1, 5))
    second = "id,n\n" + "".join(f"{i},{3 * i}\n" for i in range(1, 5))
    with pytest.raises(StudyError) as error:
        again(first, second, "n: vtd_cycles")
    what = "4 of 4 known values (100 %) changed, in no common way: 1 1 → 3, 2 2 → 6, 3 3 → 9"
    assert f"extract.csv, column n: patient.vtd_cycles: {what}" in str(error.value)
