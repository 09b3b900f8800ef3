"""What the publication prints beside a run's numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.manuscript.replication import compare
from multicenter.manuscript.tables import make_table

PUBLISHED = Path(__file__).resolve().parents[3] / "resources" / "published" / "kang2025_abstract.csv"


def estimates_like(facts: pd.DataFrame, **changes) -> pd.DataFrame:
    """Rows that agree with every printed fact, apart from `changes` (name=(value, p_value))."""
    names = ["analysis", "method", "group", "term", "statistic"]
    rows = facts[[*names, "name", "value", "rule", "percent_of"]].copy()
    rows["p_value"] = [0.2 if rule == "no difference" else 0.01 for rule in rows["rule"]]
    rows["value"] = rows["value"].fillna(0.6)
    for name, (value, p) in changes.items():
        rows.loc[rows["name"] == name, ["value", "p_value"]] = [value, p]
    rows = rows[rows["percent_of"].isna()]
    return rows.assign(ci_low=float("nan"), ci_high=float("nan"), status="ok", reason="")


@pytest.fixture
def facts() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED)


def test_the_shipped_facts_flag_33_of_153_and_nothing_else(facts):
    found = compare(facts, estimates_like(facts)).set_index("name")
    assert list(found.index[found["agrees"] == "no"]) == ["lenalidomide_percent"]
    row = found.loc["lenalidomide_percent"]
    assert (row["printed"], row["ours"], row["difference"]) == ("21", "22 (21.57)", "0.57")
    assert row["note"] == "printed 21 is cut off: 21.57 rounds to 22"
    assert found.loc["thalidomide_percent", "agrees"] == "yes"


@pytest.mark.parametrize(
    ("name", "value", "p", "agrees"),
    [
        ("maintenance", 152, None, "no"),
        ("median_pfs_no_maintenance", 26.9, None, "yes"),
        ("median_pfs_no_maintenance", 26.91, None, "no"),
        ("median_pfs_maintenance", 43.1, None, "yes"),
        ("median_pfs_maintenance", float("nan"), None, "no"),
        ("pfs_use", 0.6, 0.049, "yes"),
        ("pfs_use", 0.6, 0.05, "no"),
        ("pfs_use", 1.4, 0.001, "no"),
        ("os_use", 0.6, 0.05, "yes"),
        ("os_use", 0.6, 0.049, "no"),
        ("os_use", 0.6, float("nan"), "no"),
    ],
)
def test_rules(facts, name, value, p, agrees):
    found = compare(facts, estimates_like(facts, **{name: (value, p)})).set_index("name")
    assert found.loc[name, "agrees"] == agrees


def test_the_claim_for_a_group_with_few_events_is_called_exploratory(facts):
    note = compare(facts, estimates_like(facts)).set_index("name").loc["pfs_type", "note"]
    assert note.startswith("few events in this group: exploratory, supports no claim of superiority")


def test_difference_is_ours_minus_printed(facts):
    found = compare(facts, estimates_like(facts, median_pfs_maintenance=(43.25, None))).set_index("name")
    assert found.loc["median_pfs_maintenance", ["ours", "difference"]].to_list() == ["43.3", "−0.9"]


def test_errors_name_the_fact(facts):
    rows = estimates_like(facts)
    with pytest.raises(StudyError, match="fact patients: the estimates have no row with"):
        compare(facts, rows[rows["name"] != "patients"])
    with pytest.raises(StudyError, match="fact centers: there is no rule 'near'"):
        compare(facts.assign(rule=facts["rule"].where(facts["name"] != "centers", "near")), rows)
    wrong = facts.assign(percent_of=facts["percent_of"].replace("maintenance", "everybody"))
    with pytest.raises(StudyError, match="percent_of names 'everybody', which is no fact"):
        compare(wrong, rows)


def test_the_table_counts_what_agrees(facts):
    spec = {"id": "replication", "kind": "replication", "title": "Printed and found"}
    table = make_table(spec, estimates_like(facts), {}, "", facts)
    assert f"{len(facts) - 1} of {len(facts)} statements agree by their rules." in table.footnotes()
    assert len(table.rows) == len(facts)
