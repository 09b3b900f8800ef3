"""Results of probes in free text and percentages in flag columns: a sign, a percentage, or a query."""

from __future__ import annotations

import pytest

from multicenter.errors import StudyError

READ = "{read: [fish_words, fish_main, fish_other]}"
CUT = "{read: [fish_words, fish_main, fish_other], positive_from: 10}"
ISCN = "{read: [fish_words, fish_iscn]}"


@pytest.mark.parametrize(
    ("text", "variable", "expected"),
    [
        ("del(17p)(-)", "del17p", 0),
        ("del(17p) -", "del17p", 0),
        ("del(17p)-", "del17p", 0),
        ("del(17p) (−)", "del17p", 0),
        ("17p del (-)", "del17p", 0),
        ("del(17p) negative", "del17p", 0),
        ("del(17p) 음성", "del17p", 0),
        ("del(13q) (-)", "del13q", 0),
        ("1q gain (-)", "gain1q", 0),
        ("del(17p) 0%", "del17p", 0),
        ("t(4;14) 0%", "t_4_14", 0),
        ("t(4;14)(-), del(17p) 35%", "t_4_14", 0),
        ("t(4;14)-, del(17p) 35%", "del17p", 1),
        ("del(17p)", "del17p", 1),
        ("del(17p)(+)", "del17p", 1),
        ("del(17p) 20%", "del17p", 1),
        ("del(17p) + del(13q)", "del13q", 1),
        ("del(17p) (+), del(17p) 35%", "del17p", 1),
        ("1q gain 3 copies", "gain1q", 1),
    ],
)
def test_a_result_behind_a_name(value, text, variable, expected):
    assert value(text, READ, variable) == (expected, [])


@pytest.mark.parametrize(
    ("text", "spec", "kind"),
    [
        ("del(17p) +/-", READ, "ambiguous_code"),
        ("del(17p) (±)", READ, "ambiguous_code"),
        ("del(17p) 12%", READ, "ambiguous_code"),
        ("del(17p) 350%", READ, "out_of_range"),
        ("del(17p) 350%", CUT, "out_of_range"),
        ("del(17p) 100.5.2%", READ, "not_numeric"),
        ("del(17p) .%", READ, "not_numeric"),
        ("nuc ish(TP53x1)[70/0]", ISCN, "out_of_range"),
        ("nuc ish(TP53x1)[201/200]", ISCN, "out_of_range"),
        ("nuc ish(TP53x1)[10/200]", ISCN, "ambiguous_code"),
    ],
)
def test_what_is_neither_positive_nor_negative_is_a_query_and_the_rest_is_read(deliver, text, spec, kind):
    done = deliver(f'id,x\n1,"{text}"\n', f"x: {spec}")
    found = done.findings[["column", "variable", "kind", "outcome"]].to_numpy().tolist()
    assert found == [["x", "del17p", kind, "query"]]
    row = done.tables["patient"].iloc[0]
    assert row[["del17p"]].isna().all()
    assert (row["t_4_14"], row["del13q"], row["fish_done"]) == (0, 0, 1)


@pytest.mark.parametrize(("text", "expected"), [("del(17p) 12%", 1), ("del(17p) 3%", 0), ("del(17p) 0%", 0)])
def test_a_declared_cut_off_decides(value, text, expected):
    assert value(text, CUT, "del17p") == (expected, [])


def test_no_positive_cell_is_negative(value):
    assert value("nuc ish(TP53x1)[0/200]", ISCN, "del17p") == (0, [])


@pytest.mark.parametrize(
    "text",
    [
        "del(17p) 35%, del(17p) 0%",
        "del(17p) (+), del(17p) (-)",
        "del(17p) 35% (-)",
        "del(17p) - t(4;14) (+)",
        "del(17p)-35%",
        "no del(17p)",
        "1q gain 2 copies",
    ],
)
def test_a_contradiction_or_an_unclear_sign_stops_the_center(deliver, text):
    with pytest.raises(StudyError, match="is not mapped"):
        deliver(f'id,x\n1,"{text}"\n', f"x: {READ}")


FLAG = "{to: del17p, positive_from: 10, codes: {Pos: 1, Neg: 0}}"


@pytest.mark.parametrize("spec", ["{to: del17p, positive_from: 10}", "{to: del17p, positive_from: 10, codes: yes_no}"])
@pytest.mark.parametrize(
    ("cell", "expected"), [("1", 0), ("1%", 0), ("0", 0), ("9.9", 0), ("10", 1), ("100 %", 1), ("<5", 0), (">50", 1)]
)
def test_with_a_cut_off_every_number_is_a_percentage(value, spec, cell, expected):
    assert value(cell, spec, "del17p") == (expected, [])


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("101", "out_of_range"), ("-1", "out_of_range"), ("<20", "ambiguous_code"), (">5", "ambiguous_code")],
)
def test_percentages_that_cannot_be_or_do_not_decide(deliver, cell, kind):
    done = deliver(f"id,x\n1,{cell}\n2,Pos\n3,35\n", f"x: {FLAG}")
    assert done.findings["kind"].tolist() == [kind]
    assert done.tables["patient"]["del17p"].fillna(-1).tolist() == [-1, 1, 1]


def test_a_missing_code_that_is_a_number_stays_one(value):
    assert value("99", "{to: ecog, missing: [99]}", "ecog")[1] == []
    got, found = value("99", "{to: del17p, positive_from: 10, codes: {99: ~}}", "del17p")
    assert (str(got), found) == ("<NA>", [])
