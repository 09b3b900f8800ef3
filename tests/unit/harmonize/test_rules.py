"""Cross-field rules: whom they apply to, what they hit, and what they leave alone."""

import pytest

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
