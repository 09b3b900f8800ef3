"""Cross-field rules: whom they apply to, what they hit, and what they leave alone."""

import hashlib

import pytest

from multicenter.errors import StudyError

TX = 'tx: "transplant[1].asct_date"'


@pytest.mark.parametrize(
    ("header", "row", "columns", "kind"),
    [
        ("tx,on", "2020-01-01,2020-02-01", f"{TX}\non: dx_date", "dx_after_transplant"),
        ("s,on", "2020-01-01,2019-12-01", "s: ind_start\non: ind_end", "induction_end_before_start"),
        ("tx,on", "2020-01-01,2020-02-01", f"{TX}\non: ind_end", "induction_end_after_transplant"),
        ("tx,on", "2020-01-01,2019-06-01", f'{TX}\non: "transplant[2].asct_date"', "second_transplant_before_first"),
        ("d,on", "2020-01-01,2020-02-01", 'd: death_date\non: "maintenance[1].maint_start"', "maintenance_after_death"),
        ("d,on", "2020-01-01,2020-02-01", 'd: death_date\non: "maintenance[1].maint_end"',
         "maintenance_end_after_death"),
        ("d,on", "2020-01-01,2019-12-01", "d: death_date\non: last_fu_date", "contact_before_death"),
        ("tx,on", "2020-01-01,2019-12-01", f"{TX}\non: last_fu_date", "contact_before_transplant"),
        ("tx,on", "2020-01-01,2019-12-01", f"{TX}\non: last_assess_date", "assessment_before_transplant"),
        ("f,on", "2020-01-01,2020-02-01", "f: last_fu_date\non: last_assess_date", "assessment_after_contact"),
        ("p,on", "2020-01-01,2019-12-01", "p: pd_date\non: next_tx_date", "next_tx_before_progression"),
        ("d,on", "2020-01-01,2020-02-01", 'd: death_date\non: "response[m3].response_date"', "response_after_death"),
        ("d,on", "2020-01-01,2020-02-01", 'd: death_date\non: "malignancy[1].spm_date"', "spm_after_death"),
    ],
)  # fmt: skip
def test_each_rule_hits_its_cell(deliver, header, row, columns, kind):
    done = deliver(f"id,{header}\n1,{row}\n2,,\n", columns)
    found = done.findings[["kind", "column", "outcome", "action"]].to_numpy().tolist()
    assert found == [[kind, "on", "query", "kept"]]


def test_a_transplantation_after_the_cut(deliver):
    done = deliver("id,on\n1,2023-06-01\n2,\n", 'on: "transplant[1].asct_date"')
    assert sorted(done.findings["kind"]) == ["transplant_after_cut", "unusual"]


def test_a_second_transplantation_as_planned_after_progression(deliver):
    kind = 'on: {to: "transplant[2].asct_type", codes: {P: planned_tandem}}'
    columns = f'{TX}\nt2: "transplant[2].asct_date"\n{kind}\np: pd_date'
    done = deliver("id,tx,t2,on,p\n1,2020-01-01,2020-06-01,P,2020-05-01\n", columns)
    assert done.findings["kind"].tolist() == ["tandem_after_progression"]


@pytest.mark.parametrize(
    ("header", "row", "columns", "kinds"),
    [
        # one wrong date is one query: what follows from it is not asked again
        ("s,on,tx", "2020-02-01,2019-12-01,2020-01-01", f"s: ind_start\non: ind_end\n{TX}",
         ["induction_after_transplant"]),
        ("p,on,d", "2020-02-01,2020-01-15,2020-01-20", "p: pd_date\non: next_tx_date\nd: death_date",
         ["death_before_progression"]),
        # a stage that was not given cannot disagree
        ("i,b,a", ",2.0,4.0", "i: iss\nb: b2m\na: alb", []),
    ],
)  # fmt: skip
def test_a_population_keeps_a_rule_to_whom_it_concerns(deliver, header, row, columns, kinds):
    assert deliver(f"id,{header}\n1,{row}\n", columns).findings["kind"].tolist() == kinds


def test_the_population_decides_row_by_row(deliver):
    done = deliver("id,yn,on\n1,1,\n2,0,\n3,,\n4,1,2020-01-01\n", "yn: death_yn\non: death_date")
    assert done.findings[["patient_id", "kind"]].to_numpy().tolist() == [["1", "death_without_date"]]


ALIVE = "id,yn,on\n" + "".join(f"{i},{int(i > 4)},2020-01-0{i if i != 3 else ''}\n" for i in range(1, 9))


def test_what_contradicts_itself_in_most_rows_is_the_delivery_not_the_patients(deliver):
    with pytest.raises(StudyError) as error:
        deliver(ALIVE.replace("2020-01-0\n", "\n"), "yn: death_yn\non: death_date")
    lines = str(error.value).splitlines()
    assert lines[:2] == [
        "XX: 1 problem stops this delivery",
        "extract.csv, column yn: 3 of 4 rows are contradictory against 'on' (death_date_against_status), as of 1: the "
        "patient is stated to be alive, but a date of death (2020-01-01) is given; until this is answered, the date "
        "counts. So many are no errors of patients: is a column mapped to the wrong variable, or are its codes or "
        "dates read in the wrong way? Correct the mapping, or ask the center.",
    ]
    assert lines[5:7] == ["    change: contradiction", '    columns: ["yn", "on"]']


def test_a_contradiction_names_the_columns_that_are_filled_first(deliver):
    columns = "no: maint_yn\ndose: 'maintenance[1].dose'\nplt: 'maintenance[1].maint_start'"
    rows = "".join(f"{i},0,,2020-01-0{i}\n" for i in range(1, 5))
    with pytest.raises(StudyError, match="column no: 4 of 4 rows are contradictory against 'plt', 'dose'"):
        deliver(f"id,no,dose,plt\n{rows}", columns)


def test_a_contradiction_passes_if_it_is_accepted(deliver, tmp_path):
    text = ALIVE.replace("2020-01-0\n", "\n")
    sha = hashlib.sha256(text.encode()).hexdigest()[:12]
    entry = f"{{delivery: '{sha}', change: contradiction, columns: ['yn', 'on'], reason: linked later, decided_by: N., "
    head = f"accepted_changes:\n  - {entry}decided_on: '2024-01-01'}}"
    done = deliver(text, "yn: death_yn\non: death_date", head=head)
    assert done.findings["kind"].tolist() == ["death_date_against_status"] * 3


def test_contradictions_of_a_few_are_queries(deliver):
    done = deliver("id,yn,on\n1,0,2020-01-01\n2,0,2020-01-01\n", "yn: death_yn\non: death_date")
    assert done.findings["kind"].tolist() == ["death_date_against_status"] * 2
