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
    rows.add("ph_chisq", 6.2, term="ARM", p_value=0.013, **counts)
    rows.add("ph_chisq", 4.9, term="DOSE", p_value=0.027, **counts)
    rows.add("ph_chisq", 0.9, term="AGE", p_value=0.34, **counts)
    rows.add("ph_chisq", 12.0, term="GLOBAL", p_value=0.3, **counts)
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
    assert "ᵃ Not estimable: Treatment rare: 0 events among 2 patients." in notes
    assert "Only the coefficient of Treatment is interpreted" in notes
    assert "Efron" in notes and "Wald" in notes
    assert "90 complete cases with 40 events (10 patients without a value" in notes
    assert "10.0 events per parameter; fewest events in a level of the exposure: 0 (rare); global test" in notes


def test_cox_names_the_terms_whose_hazard_ratios_are_averages_over_time():
    rows = cox_rows()
    notes = make_table(COX, rows, LABELS, "").footnotes()
    broken = "evidence against proportional hazards of Treatment (P = 0.01) and Dose (P = 0.03), whose hazard ratios"
    assert any(f"global test of proportional hazards P = 0.30; {broken} are averages over time." in n for n in notes)
    single = rows[rows["statistic"].isin(["hazard_ratio", "ph_chisq"]) & rows["term"].str.startswith("ARM")]
    model = {**COX["models"][0], "method": "cox univariable", "label": "Univariable"}
    notes = make_table({**COX, "models": [model]}, single.assign(method=model["method"]), LABELS, "").footnotes()
    text = (
        "Univariable: evidence against proportional hazards of Treatment (P = 0.01), whose hazard ratios are averages"
    )
    assert f"{text} over time." in notes
    kept = rows[~rows["term"].isin(["ARM", "DOSE"])]
    assert "averages over time" not in " ".join(make_table(COX, kept, LABELS, "").footnotes())


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


def test_summary_marks_what_few_patients_or_no_event_make_uncertain():
    few, none = "fewer than 5 at risk (3)", "no event so far: no confidence interval"
    rows = Rows({"id": "os_by_arm"}, "kaplan_meier")
    for group in ("none", "any"):
        rows.add("patients", 16, group=group)
    rows.add("median_months", 46.75, group="none", ci_low=44.88)
    rows.add("median_months", 30.0, group="any", ci_low=20.0, ci_high=41.0)
    rows.add("survival", 1.0, group="none", term="36 months")
    rows.add("survival", 1.0, group="any", term="36 months")
    frame = rows.frame()
    frame["reason"] = ["", "", few, "", none, f"{none}; fewer than 5 at risk (4)"]
    spec = {**SUMMARY, "columns": SUMMARY["columns"][:1], "rows": [SUMMARY["rows"][2], SUMMARY["rows"][3]]}
    table = make_table(spec, frame, LABELS, "")
    assert by_row(table)["Median, months"] == ["46.8 (44.9 to NR) ᵃ", "30.0 (20.0 to 41.0)"]
    assert by_row(table)["At 36 months, %"] == ["100 ᵇ", "100 ᵃᵇ"]
    notes = table.footnotes()
    assert "ᵃ Fewer than 5 at risk." in notes
    assert "ᵇ No event so far: no confidence interval." in notes


def test_summary_follow_up_that_is_not_reached_is_no_footnote():
    rows = Rows({"id": "follow_by_arm"}, "reverse_kaplan_meier")
    rows.add("patients", 16, group="none")
    rows.refuse("followup_median_months", "not reached", group="none", ci_low=20.0)
    line = {"label": "Follow-up", "analysis": "follow", "statistic": "followup_median_months"}
    table = make_table({**SUMMARY, "columns": SUMMARY["columns"][:1], "rows": [line]}, rows.frame(), LABELS, "")
    assert by_row(table)["Follow-up"] == ["NR (20.0 to NR)"]
    assert "Follow-up: reverse Kaplan-Meier median with log-log 95% confidence interval." in table.footnotes()


PAIRWISE = {
    "id": "s4",
    "kind": "pairwise",
    "title": "Pairs",
    "columns": [{"label": "By kind", "suffix": "by_kind"}],
    "rows": [{"label": "Survival", "analysis": "os"}],
}


def test_pairs_show_counts_chi_square_and_the_adjusted_p_value():
    rows = Rows({"id": "os_by_kind"}, "logrank")
    counts = {"n": 49, "n_events": 16}
    rows.add("logrank_pairwise_chisq", 6.316, term="df=1", group="none vs one", p_value=0.00775, **counts)
    rows.refuse("logrank_pairwise_chisq", "one vs two: no event", group="one vs two", n=40, n_events=0)
    table = make_table(PAIRWISE, rows.frame(), {"one": "First"}, "")
    assert [column.heading for column in table.columns] == ["Patients", "Events", "Chi-square", "P (Holm)"]
    assert by_row(table)["none vs First"] == ["49", "16", "6.32", "0.008"]
    assert by_row(table)["First vs two"] == ["40", "0", "NE ᵃ", "–"]
    assert "ᵃ Not estimable: one vs two: no event." in table.footnotes()
    with pytest.raises(StudyError, match="table s4: analysis 'pfs_by_kind' has no pairwise tests"):
        make_table({**PAIRWISE, "rows": [{"label": "PFS", "analysis": "pfs"}]}, rows.frame(), {}, "")


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
