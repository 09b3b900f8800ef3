"""Rows and records: wide to long, several sheets, numbering, duplicates, text, derived values, rules, the account."""

from __future__ import annotations

import pandas as pd
import pytest
import xlsxwriter

from multicenter.errors import StudyError
from multicenter.harmonize.run import harmonize_center

DECIDED = "reason: it is newer, decided_by: us, decided_on: 2024-01-01"
TX = 'tx: "transplant[1].asct_date"'
KEEP = f"duplicates: {{exact: fold, differing: {{keep_latest: last_fu_date}}, {DECIDED}}}"


@pytest.fixture
def workbook(tmp_path, dictionary, codes, checks):
    """Harmonize a workbook given as {sheet: rows} by its sources."""

    def run(sheets: dict, sources: dict, **config):
        path = tmp_path / "d.xlsx"
        book = xlsxwriter.Workbook(path)
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
        book.close()
        full = {name: {"format": "xlsx", "sheet": name, "id": "id", **source} for name, source in sources.items()}
        center = {"center": "XX", "sources": full, **config}
        return harmonize_center("XX", [path], center, dictionary, codes, checks, "2022-12-31")

    return run


def test_wide_to_long_makes_a_row_where_something_is_said(deliver):
    columns = """
a: "transplant[1].asct_date"
b: "transplant[2].asct_date"
c: {to: "transplant[2].conditioning", codes: conditioning}
"""
    done = deliver("id,a,b,c\n1,2019-01-01,,\n2,2019-02-01,2019-08-01,MEL200\n", columns)
    table = done.tables["transplant"]
    assert table[["patient_id", "asct_no", "src_row"]].to_numpy().tolist() == [["1", 1, 2], ["2", 1, 3], ["2", 2, 3]]
    assert table["conditioning"].fillna("").tolist() == ["", "", "MEL200"]
    assert table.dtypes["asct_no"] == "Int64" and table.dtypes["asct_date"] == "datetime64[ns]"


def test_a_cell_that_is_a_query_still_makes_its_record(deliver):
    done = deliver("id,a\n1,CRu\n", 'a: {to: "response[best].response", codes: response}')
    assert done.tables["response"][["timepoint", "response"]].fillna("").to_numpy().tolist() == [["best", ""]]


def test_rows_are_numbered_by_date_and_values_of_the_patient_are_joined(deliver):
    columns = "d: asct_date\ns: {to: patient.sex, codes: sex}"
    source = "row_is: transplant\nnumber: {asct_no: asct_date}"
    done = deliver("id,d,s\n1,2019-08-01,\n1,2019-01-01,M\n", columns, source=source)
    assert sorted(done.tables["transplant"][["asct_no", "src_row"]].to_numpy().tolist()) == [[1, 3], [2, 2]]
    assert done.tables["patient"]["sex"].tolist() == ["M"]


def test_contradicting_rows_of_a_patient_stop_the_center(deliver):
    columns = "d: asct_date\ns: {to: patient.sex, codes: sex}"
    with pytest.raises(StudyError, match="patient 1: 2 rows or columns contradict each other in sex"):
        deliver(
            "id,d,s\n1,2019-08-01,F\n1,2019-01-01,M\n",
            columns,
            source="row_is: transplant\nnumber: {asct_no: asct_date}",
        )


def test_sheets_are_joined_and_each_value_knows_its_row(workbook):
    done = workbook(
        {"A": [["id", "sex"], ["1", "M"], ["2", "F"]], "B": [["id", "hb"], ["2", 10.5], ["1", 4]]},
        {"A": {"columns": {"sex": "sex"}}, "B": {"columns": {"hb": "hb"}}},
    )
    assert done.tables["patient"][["patient_id", "sex", "hb", "src_row"]].to_numpy().tolist() == [
        ["1", "M", 4.0, 2],
        ["2", "F", 10.5, 3],
    ]
    found = done.findings.iloc[0]
    assert (found["sheet"], found["row"], found["column"], found["kind"]) == ("B", 3, "B", "unusual")
    rows = done.source_rows[done.source_rows["source"] == "B"]
    assert rows[["patient_id", "row"]].to_numpy().tolist() == [["1", 3], ["2", 2]]


def test_an_unknown_id_in_a_later_sheet_stops_the_center(workbook):
    with pytest.raises(StudyError, match="row 2, column id: 1 id\\(s\\) are not among the patients of 'A': 9"):
        workbook(
            {"A": [["id", "sex"], ["1", "M"]], "B": [["id", "hb"], ["9", 10.5]]},
            {"A": {"columns": {"sex": "sex"}}, "B": {"columns": {"hb": "hb"}}},
        )


def test_duplicates_are_folded_as_decided(deliver):
    columns = "hb: hb\nfu: last_fu_date\nmemo: {drop: free remarks}"
    text = "id,hb,fu,memo\n1,10,2020-01-01,a\n2,11,2020-01-01,b\n1,10.0,2020-01-01,c\n2,2,2021-01-01,d\n"
    done = deliver(text, columns, source=KEEP)
    assert done.findings[["row", "column", "kind"]].to_numpy().tolist() == [
        [3, "", "duplicate_differs"],
        [4, "", "duplicate_exact"],
        [5, "hb", "out_of_range"],
    ]
    assert done.tables["patient"]["src_row"].tolist() == [2, 5]
    dropped = done.account[(done.account["column"] == "hb") & (done.account["status"] == "dropped")]
    assert sorted(dropped["reason"]) == ["row dropped: duplicate_differs", "row dropped: duplicate_exact"]


def test_duplicates_that_no_date_decides_stop_the_center(deliver):
    said = "the rows 2, 3 share an id and no one of them is the latest; they differ in hb, a, b and 1 more."
    rows = "1,10,2020-01-01,M,3,4,1\n1,11,2020-01-01,M,,5,2\n"
    columns = "hb: hb\nfu: last_fu_date\ns: sex\na: alb\nb: b2m\ne: ecog"
    with pytest.raises(StudyError, match=said):
        deliver(f"id,hb,fu,s,a,b,e\n{rows}", columns, source=KEEP)


def test_text_is_read_phrase_by_phrase(deliver):
    columns = "f: {read: [fish_words, fish_main, fish_other], positive_from: 20}"
    texts = ["del(17p) 35%, t(4;14)(p16;q32)+", "del(17p) 12%", "FISH: all negative", "not done", "", "P53 del 22%"]
    rows = "\n".join(f'{i},"{text}"' for i, text in enumerate(texts))
    table = deliver(f"id,f\n{rows}\n", columns).tables["patient"]
    assert table["fish_done"].fillna(-1).tolist() == [1, 1, 1, 0, -1, 1]
    assert table["del17p"].fillna(-1).tolist() == [1, 0, 0, -1, -1, 1]
    assert table["t_4_14"].fillna(-1).tolist() == [1, 0, 0, -1, -1, 0]


def test_text_that_is_not_understood_stops_the_center(deliver):
    with pytest.raises(
        StudyError, match=r"the value 'del\(17p\) 35%, 14q32 rearr' \(1 cell\) is not mapped: '14q32 rearr' is not"
    ):
        deliver('id,f\n1,"del(17p) 35%, 14q32 rearr"\n', "f: {read: fish_main}")


def test_a_switch_in_one_text_is_two_episodes(deliver):
    columns = """
m:
  to: maintenance
  read: [{split: "→"}, drug_and_dose]
"""
    table = deliver("id,m\n1,세엘진탈리도마이드 50mg→레블리미드 10mg+pred\n", columns).tables["maintenance"]
    assert table[["episode_no", "drug", "dose", "combination"]].to_numpy().tolist() == [
        [1, "THAL", 50.0, 0],
        [2, "LEN", 10.0, 1],
    ]


def test_a_missing_code_wins_over_a_shared_list_and_an_own_code_over_both(deliver):
    columns = """
a: {to: "maintenance[1].stop_reason", codes: stop_reason}
b: {to: "maintenance[2].stop_reason", codes: [stop_reason, {unknown: unknown}]}
c: "maintenance[1].dose"
"""
    table = deliver("id,a,b,c\n1,unknown,unknown,50\n", columns, head="missing: [unknown]").tables["maintenance"]
    assert table["stop_reason"].fillna("").tolist() == ["", "unknown"]


def test_counted_age_becomes_the_year_of_birth(deliver):
    columns = "age: {to: birth_year, counted_age_at: dx_date}\ndx: dx_date"
    done = deliver("id,age,dx\n1,60,2019-03-05\n2,61,\n", columns)
    assert done.tables["patient"]["birth_year"].fillna(0).tolist() == [1960, 0]
    assert "no dx_date to count the age from" in done.account["reason"].tolist()


def test_serials_of_the_other_date_system_are_found(workbook):
    columns = {
        "dx": "dx_date",
        "ind": "ind_start",
        "tx": "transplant[1].asct_date",
        "fu": "last_fu_date",
        "pd": "pd_date",
    }
    good = [43529, 43540, 43700, 44500, 44000]
    rows = [["id", *columns], ["1", *good], ["2", 43529 - 1462, *good[1:]], ["3", *good[:2], 43700 - 1462, *good[3:]]]
    rows += [["4", *good[:3], 44500 - 1462, 44000], ["5", *good[:4], 43650], ["6", 43545, *good[1:]]]
    done = workbook({"A": rows}, {"A": {"columns": columns}}, dates={"system": "excel1900"})
    found = done.findings[["patient_id", "column", "kind"]].to_numpy().tolist()
    assert found == [
        ["2", "B", "date_system_1904"],
        ["3", "D", "date_system_1904"],
        ["4", "E", "date_system_1904"],
        ["5", "F", "progression_before_transplant"],
        ["6", "C", "dx_after_induction"],
    ]
    assert done.tables["patient"]["dx_date"].isna().tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("header", "row", "columns", "kind", "column"),
    [
        ("fu", "2023-01-01", "fu: last_fu_date", "contact_after_cut", "fu"),
        (
            "yn",
            "1",
            'yn: maint_yn\nd: {to: "maintenance[1].drug", codes: drug}',
            "maintenance_stated_without_drug",
            "yn",
        ),
        ("iss,b,a", "III,2.0,4.0", "iss: iss\nb: b2m\na: alb", "iss_mismatch", "iss"),
        ("h,d,t,u", "1,0,0,0", "h: cyto_high\nd: del17p\nt: t_4_14\nu: t_14_16", "high_risk_mismatch", "h"),
        ("r,f,l,d", "II,0,200,", "r: riss\nf: fish_done\nl: ldh\nd: del17p", "riss_without_fish", "r"),
        ("yn,on", "1,", "yn: death_yn\non: death_date", "death_without_date", "on"),
        ("yn,on", "0,2020-01-01", "yn: death_yn\non: death_date", "death_date_against_status", "yn"),
        ("yn,on", "1,", "yn: pd_yn\non: pd_date", "progression_without_date", "on"),
        ("yn,on", "0,2020-01-01", "yn: pd_yn\non: pd_date", "progression_date_against_status", "yn"),
        ("on", "2023-01-01", "on: pd_date", "progression_after_cut", "on"),
        ("on", "2023-01-01", "on: death_date", "death_after_cut", "on"),
        ("tx,on", "2020-01-01,2019-12-31", f"{TX}\non: death_date", "death_before_transplant", "on"),
        ("tx,on", "2020-01-01,2019-12-31", f"{TX}\non: next_tx_date", "next_tx_before_transplant", "on"),
        (
            "tx,on",
            "2020-01-01,2019-12-31",
            f'{TX}\non: "response[m3].response_date"',
            "response_before_transplant",
            "on",
        ),
        (
            "m,on",
            "THAL,",
            'm: "maintenance[1].drug"\non: "maintenance[1].maint_start"',
            "maintenance_without_start",
            "on",
        ),
    ],
)
def test_cross_field_rules(deliver, header, row, columns, kind, column):
    if "d: {to" in columns:
        header, row = f"{header},d", f"{row},"
    done = deliver(f"id,{header}\n1,{row}\n", columns)
    assert done.findings[["kind", "column"]].to_numpy().tolist() == [[kind, column]]


def test_a_rule_is_silent_where_its_variables_are_not_sent(deliver):
    assert deliver("id,r,l\n1,II,200\n", "r: riss\nl: ldh").findings.empty
    assert deliver("id,yn\n1,1\n", "yn: maint_yn").findings.empty
    assert deliver("id,a,b\n1,1,1\n", "a: death_yn\nb: pd_yn").findings.empty
    assert deliver("id,m\n1,THAL\n", 'm: "maintenance[1].drug"').findings.empty


def test_a_response_before_treatment_belongs_there(deliver):
    columns = f'{TX}\non: "response[pre_asct].response_date"'
    assert deliver("id,tx,on\n1,2020-01-01,2019-12-31\n", columns).findings.empty


def test_account_names_every_value_and_adds_up(deliver):
    columns = "s: {to: sex, codes: sex, missing: [9]}\nh: hb\nm: {drop: free remarks}"
    done = deliver("id,s,h,m\n1,M,10.5,x\n2,남,bad,\n3,9,,y\n4,M,11,z\n", columns)
    lines = done.account[["column", "value", "n", "status", "to_value", "reason"]].to_numpy().tolist()
    assert lines == [
        ["id", "<id>", 4, "mapped", "<id>", ""],
        ["s", "M", 2, "mapped", "M", ""],
        ["s", "남", 1, "mapped", "M", ""],
        ["s", "9", 1, "missing", "", "missing code"],
        ["h", "<text>", 2, "mapped", "<text>", ""],
        ["h", "bad", 1, "query", "", "not_numeric"],
        ["h", "", 1, "missing", "", "blank"],
        ["m", "", 1, "missing", "", "blank"],
        ["m", "<any>", 3, "dropped", "", "free remarks"],
    ]


def test_all_tables_have_all_columns_even_if_nothing_is_sent(deliver, dictionary):
    done = deliver("id,s\n1,M\n", "s: sex")
    for name, table in done.tables.items():
        assert list(table.columns) == list(dictionary.dtypes(name))
        assert {c: str(t) for c, t in table.dtypes.items()} == dictionary.dtypes(name)
    assert done.tables["patient"]["dx_date"].isna().all()
    sent = done.column_map[["table", "variable", "column"]].to_numpy().tolist()
    assert sent == [["patient", "sex", "s"], ["patient", "patient_id", "id"]]


def test_pandas_frames_of_two_runs_are_equal(deliver):
    first = deliver("id,s\n1,M\n2,F\n", "s: sex").tables["patient"]
    pd.testing.assert_frame_equal(first, deliver("id,s\n1,M\n2,F\n", "s: sex").tables["patient"])
