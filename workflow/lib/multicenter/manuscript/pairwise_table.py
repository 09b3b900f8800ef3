"""Pairs of groups compared outcome by outcome: log-rank tests with P values adjusted for their number."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.formats import not_estimable, p_text, value_text
from multicenter.manuscript.rounding import MISSING, NOT_ESTIMABLE, format_number
from multicenter.manuscript.table import Column, Footnotes, Row, Table

STATISTIC = "logrank_pairwise_chisq"
HEADINGS = ("Patients", "Events", "Chi-square", "P (Holm)")
METHOD = (
    "Log-rank tests of two groups, one degree of freedom. P values are two-sided and adjusted by Holm's method for all "
    "pairs of the same outcome. Patients and events are those of both groups."
)


def make_pairwise_table(spec: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], simulated: str) -> Table:
    """Return the table of `spec` {id, title, columns: [{label, suffix}], rows: [{label, analysis}], notes?}.

    A row is an outcome, its lines are the pairs of analysis `<analysis>_<suffix>`. Raises StudyError for an analysis
    without pairwise tests.
    """
    footnotes = Footnotes()
    rows = [row for outcome in spec["rows"] for row in _outcome_rows(spec, outcome, estimates, labels, footnotes)]
    return Table(
        id=spec["id"],
        title=spec["title"],
        first_heading=spec.get("first_heading", "Groups compared"),
        columns=[Column(heading, column["label"]) for column in spec["columns"] for heading in HEADINGS],
        rows=rows,
        notes=[METHOD, *footnotes.lines(), *spec.get("notes", ())],
        abbreviations=spec.get("abbreviations", {}),
        simulated=simulated,
    )


def _outcome_rows(
    spec: Mapping, outcome: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], footnotes: Footnotes
) -> list[Row]:
    found = [
        _pairs(spec, f"{outcome['analysis']}_{column['suffix']}", estimates).set_index("group")
        for column in spec["columns"]
    ]
    pairs = dict.fromkeys(pair for rows in found for pair in rows.index)
    body = []
    for pair in pairs:
        cells = [cell for rows in found for cell in _cells(rows, pair, footnotes)]
        names = (labels.get(group, group) for group in pair.split(" vs "))
        body.append(Row(" vs ".join(names), cells, indented=True))
    return [Row(outcome["label"], heading=True), *body]


def _pairs(spec: Mapping, analysis: str, estimates: pd.DataFrame) -> pd.DataFrame:
    rows = estimates[(estimates["analysis"] == analysis) & (estimates["statistic"] == STATISTIC)]
    if rows.empty:
        raise StudyError(f"table {spec['id']}: analysis {analysis!r} has no pairwise tests; give it `pairwise: true`")
    return rows


def _cells(rows: pd.DataFrame, pair: str, footnotes: Footnotes) -> list[str]:
    if pair not in rows.index:
        return [MISSING] * len(HEADINGS)
    row = rows.loc[pair]
    counts = [format_number(row["n"]), format_number(row["n_events"])]
    if row["status"] != "ok":
        return [*counts, f"{NOT_ESTIMABLE} {footnotes.mark(not_estimable(row))}", MISSING]
    return [*counts, value_text(row), p_text(row)]
