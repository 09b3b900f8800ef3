"""A table whose rows are chosen statistics of several analyses and whose columns are the analyses' groups."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import find
from multicenter.manuscript.formats import interval_text, not_estimable, p_text, value_text
from multicenter.manuscript.rounding import MISSING, NOT_REACHED, format_count_percent, format_number, is_number
from multicenter.manuscript.table import Column, Footnotes, Row, Table, compared_note

COUNTS = ("events", "competing_events")
MEDIANS = ("median_months", "followup_median_months")
TESTS = {"logrank_chisq": "Log-rank test.", "fisher_p": "Fisher's exact test."}
NOTES = {
    "events": "n (%): percentages are of all patients of the column.",
    "followup_median_months": "Follow-up: reverse Kaplan-Meier median with log-log 95% confidence interval.",
    "median_months": "Kaplan-Meier median with log-log 95% confidence interval; NR, not reached.",
    "survival": "Kaplan-Meier estimate with log-log 95% confidence interval.",
    "rate_per_100py": "Rates with exact Poisson 95% confidence interval.",
    "cumulative_incidence": "Aalen-Johansen cumulative incidence (competing events), log-log 95% confidence interval.",
}


def make_summary_table(spec: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], simulated: str) -> Table:
    """Return the table of `spec` {id, title, columns: [{label, suffix}], rows: [{header} | {label, analysis, statistic,
    term?, p?}], notes?}: a cell is the row's statistic of analysis `<analysis>_<suffix>` in the column's group.

    A group that stands in an earlier column is not repeated. `p` names the row of the test. Raises StudyError for an
    analysis without estimates.
    """
    blocks = _blocks(spec, estimates)
    with_p = any("p" in row for row in spec["rows"])
    columns = []
    for over, _, groups, sizes in blocks:
        columns += [Column(f"{labels.get(group, group)} (n = {sizes[group]})", over) for group in groups]
        columns += [Column("P", over)] if with_p else []
    footnotes = Footnotes()
    rows = [_row(row, blocks, estimates, with_p, footnotes, labels) for row in spec["rows"]]
    used = [NOTES[statistic] for statistic in NOTES if any(row.get("statistic") == statistic for row in spec["rows"])]
    return Table(
        id=spec["id"],
        title=spec["title"],
        first_heading=spec.get("first_heading", "Outcome"),
        columns=columns,
        rows=rows,
        notes=[*used, *_all_groups(blocks), *footnotes.lines(), *spec.get("notes", ())],
        abbreviations=spec.get("abbreviations", {}),
        simulated=simulated,
    )


def _blocks(spec: Mapping, estimates: pd.DataFrame) -> list[tuple[str, str, list[str], dict[str, str]]]:
    """(heading, suffix, groups not shown before, their sizes) of each column block."""
    blocks, shown = [], set()
    first = next(row for row in spec["rows"] if "analysis" in row)
    for column in spec["columns"]:
        analysis = f"{first['analysis']}_{column['suffix']}"
        rows = estimates[(estimates["analysis"] == analysis) & (estimates["statistic"] == "patients")]
        if rows.empty:
            raise StudyError(f"table {spec['id']}: there are no estimates of analysis {analysis!r}")
        groups = [group for group in rows["group"] if group not in shown]
        shown |= set(groups)
        sizes = {row.group: format_number(row.value) for row in rows.itertuples()}
        blocks.append((column.get("label", ""), column["suffix"], groups, sizes))
    return blocks


def _all_groups(blocks: list) -> list[str]:
    return [compared_note(over, len(sizes)) for over, _, groups, sizes in blocks if 0 < len(groups) < len(sizes)]


def _row(
    row: Mapping, blocks: list, estimates: pd.DataFrame, with_p: bool, footnotes: Footnotes, labels: Mapping[str, str]
) -> Row:
    if "header" in row:
        return Row(row["header"], heading=True)
    cells = []
    for _, suffix, groups, _ in blocks:
        analysis = f"{row['analysis']}_{suffix}"
        cells += [_cell(row, analysis, group, estimates, footnotes, labels) for group in groups]
        if with_p:
            cells.append(_p(row, analysis, estimates, footnotes))
    text = f"{row['label']}, n (%)" if row["statistic"] in COUNTS else row["label"]
    return Row(text, cells, indented=True)


def _cell(
    row: Mapping, analysis: str, group: str, estimates: pd.DataFrame, footnotes: Footnotes, labels: Mapping[str, str]
) -> str:
    found = find(estimates, analysis, row["statistic"], group, row.get("term", ""))
    if found is None:
        return MISSING
    if found["status"] != "ok" and found["statistic"] in MEDIANS:
        return interval_text(found) if is_number(found["ci_low"]) else NOT_REACHED
    if found["status"] != "ok":
        return f"{value_text(found)} {footnotes.mark(not_estimable(found))}"
    if row["statistic"] in COUNTS:
        patients = find(estimates, analysis, "patients", group)
        return format_count_percent(found["value"], None if patients is None else patients["value"], 1)
    return footnotes.caution(interval_text(found), found)


def _p(row: Mapping, analysis: str, estimates: pd.DataFrame, footnotes: Footnotes) -> str:
    if "p" not in row:
        return ""
    rows = estimates[
        (estimates["analysis"] == analysis) & (estimates["statistic"] == row["p"]) & (estimates["group"] == "")
    ]
    if rows.empty:
        return MISSING
    return f"{p_text(rows.iloc[0])} {footnotes.mark(TESTS.get(row['p'], row['p'] + '.'))}"
