"""The account: every cell of a delivery has exactly one fate, and the counts are those of the cells."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multicenter.errors import StudyError
from multicenter.harmonize import account as accounts
from multicenter.harmonize.account import account_totals
from multicenter.harmonize.run import harmonize_center
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
SIMULATED = CLONE / "resources" / "simulated"
CENTERS = pd.read_csv(SIMULATED / "centers.tsv", sep="\t", dtype=str).set_index("center")
COLUMNS = """
sex: {to: sex, codes: {1: M, 2: F}, missing: [9], ambiguous: [x]}
hb: hb
dx: dx_date
memo: {drop: free text}
resp: {to: "response[m6].response", codes: response}
"""
BY_DATE = "  differing: {keep_latest: dx_date}\n"
FOLD = f"""
duplicates:
  exact: fold
{BY_DATE}  reason: the later row is right
  decided_by: nobody
  decided_on: 2024-01-01
"""
CELLS = {
    "sex": ["1", "2", "9", "x", ""],
    "hb": ["11.8", "9", "<7", "999", "high", ""],
    "dx": ["2019-02-03", "2019-02-30", "2019-04", "2019", ""],
    "memo": ["a", "b", ""],
    "resp": ["CR", "PR", "", ""],
}


def by_status(account: pd.DataFrame, header: str) -> dict[str, int]:
    return account[account["header"] == header].groupby("status")["n"].sum().to_dict()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), min_size=1, max_size=9))
def test_mapped_dropped_missing_and_queried_cells_are_all_cells(deliver, rows):
    # so few unreadable cells that no column stops the center
    for at, unreadable in ((1, ("999", "high")), (2, ("2019-02-30", "2019"))):
        bad = [i for i, row in enumerate(rows) if row[at] in unreadable]
        rows = [(*row[:at], "", *row[at + 1 :]) if i in bad[1:] else row for i, row in enumerate(rows)]
    repeated = [*enumerate(rows), (0, rows[0])]
    text = "id,sex,hb,dx,memo,resp\n" + "".join(f"{i}," + ",".join(row) + "\n" for i, row in repeated)
    done = deliver(text, COLUMNS, source=FOLD)
    assert (done.account.groupby("header")["n"].sum() == len(rows) + 1).all()
    totals = done.receipt["account_totals"]
    assert totals["cells"] == 6 * (len(rows) + 1)
    assert totals["cells"] == totals["mapped"] + totals["dropped"] + totals["missing"] + totals["query"]
    for at, header in enumerate(CELLS):
        cells = [row[at] for row in rows]
        blank = cells.count("") + (cells.count("9") if header == "sex" else 0)
        asked = sum(cell in ("x", "999", "high", "2019-02-30", "2019") for cell in cells)
        left = len(cells) - blank - asked
        fates = {"missing": blank, "query": asked, "dropped": 1}
        fates["dropped" if header == "memo" else "mapped"] = left + (header == "memo")
        assert by_status(done.account, header) == {fate: n for fate, n in fates.items() if n}
    assert by_status(done.account, "id") == {"mapped": len(rows), "dropped": 1}


def test_every_distinct_code_has_its_line_with_what_became_of_it(deliver):
    done = deliver("id,sex\n1,1\n2,1\n3,2\n4,9\n5,x\n6,\n", COLUMNS.splitlines()[1])
    lines = done.account[done.account["header"] == "sex"]
    assert lines[["value", "n", "status", "to_value", "reason"]].to_numpy().tolist() == [
        ["1", 2, "mapped", "M", ""],
        ["2", 1, "mapped", "F", ""],
        ["9", 1, "missing", "", "missing code"],
        ["x", 1, "query", "", "ambiguous_code"],
        ["", 1, "missing", "", "blank"],
    ]


def test_cells_of_dropped_rows_and_columns_count_with_their_reason(deliver):
    done = deliver(
        "id,hb,memo\n1,9,a\n1,9,b\n2,9,\n", "hb: hb\nmemo: {drop: free text}", source=FOLD.replace(BY_DATE, "")
    )
    assert done.account[["header", "value", "n", "status", "reason"]].to_numpy().tolist() == [
        ["id", "<any>", 1, "dropped", "row dropped: duplicate_exact"],
        ["id", "<id>", 2, "mapped", ""],
        ["hb", "<any>", 1, "dropped", "row dropped: duplicate_exact"],
        ["hb", "<text>", 2, "mapped", ""],
        ["memo", "<any>", 1, "dropped", "row dropped: duplicate_exact"],
        ["memo", "", 1, "missing", "blank"],
        ["memo", "<any>", 1, "dropped", "free text"],
    ]


def test_values_of_a_record_that_lacks_its_key_are_dropped_not_mapped(deliver):
    done = deliver(
        "id,when,resp\n1,m6,CR\n1,,PR\n2,?,\n",
        "when: {to: timepoint, missing: ['?']}\nresp: {to: response, codes: response}",
        source="row_is: response",
    )
    assert len(done.tables["response"]) == 1
    lines = done.account[done.account["header"] == "resp"]
    assert lines[["value", "n", "status", "to_value", "reason"]].to_numpy().tolist() == [
        ["CR", 1, "mapped", "CR", ""],
        ["PR", 1, "dropped", "", "the record has no timepoint"],
        ["", 1, "missing", "", "blank"],
    ]


def test_an_account_that_does_not_add_up_stops_with_column_and_difference(deliver, monkeypatch):
    count = accounts._account_column

    def lose_one(sheet, header, rows):
        count(sheet, header, rows)
        if header == "hb":
            rows[-1] = (*rows[-1][:5], rows[-1][5] - 1, *rows[-1][6:])

    monkeypatch.setattr(accounts, "_account_column", lose_one)
    with pytest.raises(StudyError) as error:
        deliver("id,hb\n1,9\n2,8\n3,7\n", "hb: hb")
    assert str(error.value) == (
        "extract.csv, column hb: 2 of 3 cells are accounted for (-1)\n"
        "The account of the delivery does not add up: a mistake of the program, not of the delivery. "
        "Report it with the lines above."
    )


@pytest.mark.parametrize("center", CENTERS.index)
def test_the_shipped_deliveries_are_accounted_for_and_mapped_cells_are_in_the_tables(center, dictionary, codes, checks):
    config = read_yaml(CLONE / "config" / "centers" / f"{center}.yaml")
    files = [SIMULATED / "extracts" / name for name in CENTERS["extract"][center].split(";")]
    done = harmonize_center(center, files, config, dictionary, codes, checks, CENTERS["data_cut"][center])
    totals = account_totals(done.account)
    assert totals["cells"] == sum(s["rows"] * s["columns"] for s in done.receipt["sources"])
    assert totals["cells"] == sum(n for fate, n in totals.items() if fate != "cells")
    assert done.receipt["account_totals"] == totals
    mapped = done.account[done.account["status"] == "mapped"]
    once = done.column_map.groupby("header")["variable"].transform("size") == 1
    fed = done.column_map[once & done.column_map["source"].duplicated(keep=False)]
    fed = fed[(fed["table"] == "patient") & (fed["variable"] != "patient_id")]
    compared = 0
    for table, variable, header in fed[["table", "variable", "header"]].to_numpy():
        if (done.column_map[["table", "variable"]] == [table, variable]).all(axis=1).sum() == 1:
            n = int(done.tables[table][variable].notna().sum())
            assert mapped.loc[mapped["header"] == header, "n"].sum() == n, header
            compared += 1
    assert compared > 10


def test_a_large_column_is_counted_by_its_distinct_values(deliver, monkeypatch):
    n = 3000
    text = "id,hb\n" + "".join(f"{i},{9 + i % 7}\n" for i in range(n))
    looked_at = []
    line = accounts._reason
    monkeypatch.setattr(accounts, "_reason", lambda outcome, i: looked_at.append(i) or line(outcome, i))
    done = deliver(text, "hb: hb")
    assert by_status(done.account, "hb") == {"mapped": n}
    assert len(looked_at) <= 7 * 3
