"""The baseline table: several descriptive analyses side by side, groups that stand already not repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import find
from multicenter.manuscript.formats import p_text, value_text
from multicenter.manuscript.rounding import (
    MISSING,
    format_count_percent,
    format_interval,
    format_number,
    is_number,
)
from multicenter.manuscript.table import Column, Footnotes, Row, Table, compared_note

TESTS = {
    "wilcoxon_w": "Wilcoxon rank-sum test (normal approximation, corrected for ties and continuity).",
    "wilcoxon_exact_w": "Wilcoxon rank-sum test, exact.",
    "kruskal_h": "Kruskal-Wallis test.",
    "pearson_chisq": "Pearson's chi-square test without continuity correction.",
    "fisher_p": "Fisher's exact test (an expected count is below 5).",
    "fisher_monte_carlo_p": "Fisher's exact test (an expected count is below 5), by 100,000 random tables.",
}
HOW = (
    "Values are median (interquartile range) or n (%). Percentages are of the column's patients with a known value; "
    "those without are counted in the row Missing."
)
SMD = "SMD, standardized mean difference (of a category: Yang and Dalton)"
LARGEST = "; for more than two groups the largest of all pairs"


@dataclass(frozen=True)
class Block:
    """One analysis of the table: its rows, the groups whose columns it adds, and the heading over them."""

    rows: pd.DataFrame
    analysis: str
    over: str
    groups: list[str]
    compared: int


def make_baseline_table(spec: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], simulated: str) -> Table:
    """Return the table of `spec` {id, title, analyses: [{analysis, label}], decimals?: {variable: places}, notes?}."""
    blocks = _blocks(spec, estimates)
    footnotes = Footnotes()
    rows = [
        row for variable in _variables(blocks[0]) for row in _variable_rows(variable, blocks, spec, labels, footnotes)
    ]
    largest = LARGEST if any(block.compared > 2 for block in blocks) else ""
    return Table(
        id=spec["id"],
        title=spec["title"],
        first_heading=spec.get("first_heading", "Characteristic"),
        columns=_columns(blocks, labels),
        rows=rows,
        notes=[HOW, f"{SMD}{largest}.", *_all_groups(blocks), *footnotes.lines(), *spec.get("notes", ())],
        abbreviations=spec.get("abbreviations", {}),
        simulated=simulated,
    )


def _blocks(spec: Mapping, estimates: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = []
    shown: set[str] = set()
    for entry in spec["analyses"]:
        rows = estimates[estimates["analysis"] == entry["analysis"]]
        if rows.empty:
            raise StudyError(f"table {spec['id']}: there are no estimates of analysis {entry['analysis']!r}")
        groups = list(rows.loc[(rows["statistic"] == "patients") & (rows["term"] == ""), "group"])
        new = [group for group in groups if group not in shown]
        shown |= set(groups)
        blocks.append(Block(rows, entry["analysis"], entry.get("label", ""), new, len(groups) - 1))
    return blocks


def _all_groups(blocks: list[Block]) -> list[str]:
    """A note for each block whose comparisons are of more groups than it shows."""
    return [
        compared_note(block.over, block.compared)
        for block in blocks
        if len([group for group in block.groups if group]) < block.compared
    ]


def _columns(blocks: list[Block], labels: Mapping[str, str]) -> list[Column]:
    columns = []
    for block in blocks:
        for group in block.groups:
            n = format_number(find(block.rows, block.analysis, "patients", group)["value"])
            columns.append(
                Column(f"{labels.get(group, group)} (n = {n})", block.over) if group else Column(f"Overall (n = {n})")
            )
        if block.compared > 1:
            columns += [Column("SMD", block.over), Column("P", block.over)]
    return columns


def _variables(block: Block) -> list[str]:
    return list(dict.fromkeys(block.rows.loc[block.rows["statistic"] == "missing", "term"]))


def _variable_rows(
    variable: str, blocks: list[Block], spec: Mapping, labels: Mapping[str, str], footnotes: Footnotes
) -> list[Row]:
    label = labels.get(variable, variable)
    terms = [term for term in blocks[0].rows["term"].unique() if term.startswith(f"{variable}: ")]
    if terms:
        heading = Row(f"{label}, n (%)", _line(blocks, lambda *_: "", variable, footnotes), heading=True)
        body = [Row(term.removeprefix(f"{variable}: "), _line(blocks, _share(term)), indented=True) for term in terms]
    else:
        points = blocks[0].rows
        points = points[(points["term"] == variable) & points["statistic"].isin(["median", "quartile_1", "quartile_3"])]
        whole = (points["value"].dropna() % 1 == 0).all()
        decimals = spec.get("decimals", {}).get(variable, 0 if whole else 1)
        texts = _line(blocks, _median(variable, decimals), variable, footnotes)
        heading, body = Row(f"{label}, median (IQR)", texts, heading=True), []
    unknown = _line(
        blocks, lambda block, group: value_text(find(block.rows, block.analysis, "missing", group, variable))
    )
    if any(text not in ("", "0") for text in unknown):
        body.append(Row("Missing", unknown, indented=True))
    return [heading, *body]


def _line(blocks: list[Block], text, compared: str = "", footnotes: Footnotes | None = None) -> list[str]:
    """One text a column: `text(block, group)`, then SMD and P of the variable `compared` ("" leaves them blank)."""
    cells = []
    for block in blocks:
        cells += [text(block, group) for group in block.groups]
        if block.compared > 1:
            cells += _comparison(block, compared, footnotes) if compared else ["", ""]
    return cells


def _comparison(block: Block, variable: str, footnotes: Footnotes) -> list[str]:
    of_variable = block.rows[block.rows["term"] == variable]
    smd = of_variable[of_variable["statistic"] == "smd"]
    test = of_variable[of_variable["statistic"].isin(TESTS)]
    smd_text = value_text(smd.iloc[0]) if len(smd) else MISSING
    if test.empty:
        return [smd_text, MISSING]
    mark = footnotes.mark(TESTS[test.iloc[0]["statistic"]])
    return [smd_text, f"{p_text(test.iloc[0])} {mark}"]


def _share(term: str):
    def text(block: Block, group: str) -> str:
        row = find(block.rows, block.analysis, "count", group, term)
        return MISSING if row is None else format_count_percent(row["value"], row["n"])

    return text


def _median(variable: str, decimals: int):
    def text(block: Block, group: str) -> str:
        points = [
            find(block.rows, block.analysis, statistic, group, variable)
            for statistic in ("median", "quartile_1", "quartile_3")
        ]
        if any(point is None or not is_number(point["value"]) for point in points):
            return MISSING
        return format_interval(*(point["value"] for point in points), decimals)

    return text
