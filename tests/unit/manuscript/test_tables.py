"""Tables from tidy rows: every cell traceable, notes that name methods, valid html, the mark."""

from __future__ import annotations

import csv
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from multicenter.analyses.result import Rows
from multicenter.describe.baseline import describe_baseline
from multicenter.errors import StudyError
from multicenter.manuscript.tables import make_table, write_table

MARK = "Simulated data"
LABELS = {"AGE": "Age, years", "STAGE": "Stage", "ARM": "Treatment", "DOSE": "Dose, mg"}


@pytest.fixture(scope="module")
def baseline() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    kind = np.repeat(["none", "one", "two"], [60, 30, 10])
    adsl = pd.DataFrame(
        {
            "KIND": pd.Categorical(kind, categories=["none", "one", "two"]),
            "ARM": pd.Categorical(np.where(kind == "none", "none", "any"), categories=["none", "any"]),
            "AGE": np.append(rng.normal(60, 8, 99).round(1), np.nan),
            "STAGE": pd.Categorical(rng.choice(["I", "II"], 100), categories=["I", "II"]),
        }
    )
    entries = [{"id": f"by_{by.lower()}", "by": by, "variables": ["AGE", "STAGE"]} for by in ("ARM", "KIND")]
    return pd.concat([describe_baseline(adsl, entry) for entry in entries])


BASELINE = {
    "id": "t1",
    "kind": "baseline",
    "title": "Patients",
    "analyses": [{"analysis": "by_arm", "label": "By use"}, {"analysis": "by_kind", "label": "By kind"}],
    "abbreviations": {"SMD": "standardized mean difference", "XYZ": "never used"},
    "notes": ["A note."],
}


def cox_rows() -> pd.DataFrame:
    rows = Rows({"id": "cox", "endpoint": "E"}, "cox multivariable")
    counts = {"n": 90, "n_events": 40}
    rows.add("dropped_missing", 10, **counts)
    for level, n, events in (("none", 50, 30), ("any", 38, 10), ("rare", 2, 0)):
        rows.add("level_patients", n, term=f"ARM: {level}", **counts)
        rows.add("level_events", events, term=f"ARM: {level}", **counts)
    limits = {"ci_low": 0.3996, "ci_high": 0.8999, "p_value": 0.0004}
    rows.add("hazard_ratio", 0.595, term="ARM: any vs none", **limits, **counts)
    rows.refuse("hazard_ratio", "ARM rare: 0 events among 2 patients", term="ARM: rare vs none", **counts)
    rows.add("hazard_ratio", 1.02, term="DOSE: per 10 mg", ci_low=0.9, ci_high=1.2, p_value=0.7, **counts)
    rows.add("hazard_ratio", 1.5, term="AGE: per 1 year", ci_low=0.9, ci_high=2.2, p_value=0.07, **counts)
    rows.add("events_per_parameter", 10.0, **counts)
    rows.add("ph_chisq", 1.2, term="GLOBAL", p_value=0.3, **counts)
    return rows.frame()


COX = {
    "id": "t2",
    "kind": "cox",
    "title": "Models",
    "models": [{"analysis": "cox", "method": "cox multivariable", "label": "Multivariable"}],
    "exposure": "ARM",
}


def summary_rows() -> pd.DataFrame:
    frames = []
    for analysis, groups in (("os_by_arm", ("none", "any")), ("os_by_kind", ("none", "one", "two"))):
        rows = Rows({"id": analysis}, "kaplan_meier")
        for group in groups:
            rows.add("patients", 200, group=group)
            rows.add("events", 33, group=group)
            rows.refuse("median_months", "survival stays above 0.5", group=group)
            rows.add("survival", 0.8349, group=group, term="36 months", ci_low=0.79, ci_high=0.868)
        rows.add("logrank_chisq", 3.1, term="df=1", p_value=0.078)
        rows.add("logrank_pairwise_chisq", 3.1, group="one vs two", p_value=0.5)
        frames.append(rows.frame())
    return pd.concat(frames)


SUMMARY = {
    "id": "t4",
    "kind": "summary",
    "title": "Outcomes",
    "columns": [{"label": "By use", "suffix": "by_arm"}, {"label": "By kind", "suffix": "by_kind"}],
    "rows": [
        {"header": "Survival"},
        {"label": "Deaths", "analysis": "os", "statistic": "events", "p": "logrank_chisq"},
        {"label": "Median, months", "analysis": "os", "statistic": "median_months"},
        {"label": "At 36 months, %", "analysis": "os", "statistic": "survival", "term": "36 months"},
    ],
}


def by_row(table) -> dict[str, list[str]]:
    return {row.text: list(row.cells) for row in table.rows}


def test_baseline_columns_are_not_repeated_and_percentages_are_of_the_known(baseline):
    table = make_table(BASELINE, baseline, LABELS, MARK)
    assert [column.name for column in table.columns] == [
        "Overall (n = 100)",
        "By use: none (n = 60)",
        "By use: any (n = 40)",
        "By use: SMD",
        "By use: P",
        "By kind: one (n = 30)",
        "By kind: two (n = 10)",
        "By kind: SMD",
        "By kind: P",
    ]
    rows = by_row(table)
    counts = baseline[(baseline["analysis"] == "by_arm") & (baseline["statistic"] == "count")]
    overall = counts[counts["group"] == ""].set_index("term")["value"]
    assert rows["I"][0] == f"{overall['STAGE: I']:.0f} ({overall['STAGE: I']:.0f})"
    assert rows["Missing"] == ["1", "0", "1", "", "", "0", "1", "", ""]
    assert "Age, years, median (IQR)" in rows


def test_baseline_tests_are_named_in_footnotes_and_all_groups_are_mentioned(baseline):
    table = make_table(BASELINE, baseline, LABELS, MARK)
    notes = table.footnotes()
    age = by_row(table)["Age, years, median (IQR)"]
    marks = [age[4][-1], age[8][-1]]
    assert next(note for note in notes if note.startswith(marks[0])).endswith("ties and continuity).")
    assert [note for note in notes if note.startswith(marks[1])] == [f"{marks[1]} Kruskal-Wallis test."]
    assert "By kind: comparisons are of all 3 groups, those of earlier columns included." in notes
    assert "A note." in notes
    assert notes[-1] == "Abbreviations: SMD, standardized mean difference."


def test_cox_levels_reference_and_what_is_not_estimable():
    table = make_table(COX, cox_rows(), LABELS, "")
    rows = by_row(table)
    assert rows["none"] == ["50", "30", "1 (reference)", ""]
    assert rows["any"] == ["38", "10", "0.60 (0.40 to 0.90)", "<0.001"]
    assert rows["rare"] == ["2", "0", "NE ᵃ", "–"]
    assert rows["Age (per year)"] == ["90", "40", "1.50 (0.90 to 2.20)", "0.07"]
    assert "Dose (per 10 mg)" in rows
    notes = " ".join(table.footnotes())
    assert "ᵃ Not estimable: ARM rare: 0 events among 2 patients." in notes
    assert "Only the coefficient of Treatment is interpreted" in notes
    assert "Efron" in notes and "Wald" in notes
    assert "90 complete cases with 40 events (10 patients without a value" in notes
    assert "10.0 events per parameter; global test of proportional hazards P = 0.30" in notes


def test_cox_exposures_come_first():
    table = make_table({**COX, "exposure": ["DOSE", "ARM"]}, cox_rows(), LABELS, "")
    assert [row.text for row in table.rows if not row.indented] == ["Dose (per 10 mg)", "Treatment", "Age (per year)"]


def test_summary_counts_medians_not_reached_and_tests():
    table = make_table(SUMMARY, summary_rows(), LABELS, "")
    rows = by_row(table)
    assert rows["Deaths, n (%)"] == ["33 (16.5)"] * 2 + ["0.08 ᵃ"] + ["33 (16.5)"] * 2 + ["0.08 ᵃ"]
    assert rows["Median, months"][:3] == ["NR", "NR", ""]
    assert rows["At 36 months, %"][0] == "83 (79 to 87)"
    assert "ᵃ Log-rank test." in table.footnotes()


class Reader(HTMLParser):
    """Checks that every opened element is closed and collects cells by row."""

    def __init__(self):
        super().__init__()
        self.open, self.rows = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += int(dict(attrs).get("colspan", 1))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_files_are_well_formed_marked_and_the_same_twice(baseline, tmp_path):
    labels = {**LABELS, "STAGE": "Stage <b>"}
    paths = write_table(BASELINE, baseline, labels, MARK, tmp_path / "a")
    again = write_table(BASELINE, baseline, labels, MARK, tmp_path / "b")
    assert [path.name for path in paths] == ["t1.csv", "t1.html"]
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    page = paths[1].read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    assert set(reader.rows) == {10}
    assert MARK in page and "Stage &lt;b&gt;" in page
    assert "src=" not in page and "href=" not in page
    with open(paths[0], encoding="utf-8", newline="") as handle:
        lines = list(csv.reader(handle))
    assert {len(line) for line in lines} == {12}
    assert {line[-1] for line in lines[1:]} == {MARK}


def test_errors_name_the_table_and_what_is_missing(baseline):
    with pytest.raises(StudyError, match=r"table t1: there are no estimates of analysis 'by_use'"):
        make_table({**BASELINE, "analyses": [{"analysis": "by_use"}]}, baseline, LABELS, "")
    with pytest.raises(StudyError, match=r"no kind 'sumary'\. Did you mean 'summary'"):
        make_table({**SUMMARY, "kind": "sumary"}, baseline, LABELS, "")
    with pytest.raises(StudyError, match="needs the published numbers"):
        make_table({"id": "r", "kind": "replication", "title": ""}, baseline, LABELS, "")
