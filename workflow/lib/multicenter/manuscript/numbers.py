"""numbers.json: every number that a text may quote, by name, with its value, printed text, unit and source row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import named
from multicenter.manuscript.formats import format_of, interval_text, value_text
from multicenter.manuscript.rounding import MISSING, format_number, format_p, is_number

EXTREMES = ("minimum", "maximum")
POINTS = (*EXTREMES, "median", "quartile_1", "quartile_3")
RANK_SUMS = ("wilcoxon_w", "wilcoxon_exact_w")
SIGNS = {
    "≥": " ge ",
    "≤": " le ",
    ">=": " ge ",
    "<=": " le ",
    ">": " gt ",
    "<": " lt ",
    "%": " percent ",
    "+": " plus ",
}


def make_numbers(
    estimates: pd.DataFrame, labels: Mapping[str, str], flow: pd.DataFrame | None = None, simulated: str = ""
) -> dict:
    """Return {"data": the mark, "numbers": {name: number}}.

    A name is analysis[.method].[group].[term].statistic, lower case, e.g. `os_by_arm.treated.median_months`; the
    method is in the name where an analysis has several. A number: label, value (in its printed scale; null if it is not
    estimable), text, unit, status, and where there is one ci ([low, high]), ci_text (`26.4 (22.1 to 29.8)`), p, p_text,
    n, n_events, reason; source: {file, row, and the row's names}, `row` counted from 1 below the heading. Of `flow`
    (columns step, n_in, n_excluded, n_out[, center]) the numbers are `flow.<step>[.<center>].<column>`. Raises
    StudyError if two rows get the same name.
    """
    rows = named(estimates)
    whole = _whole_numbered(rows)
    several = rows.groupby("analysis")["method"].nunique()
    numbers: dict[str, dict] = {}
    for position, row in enumerate(rows.to_dict("records"), start=1):
        name = _name(row, with_method=several[row["analysis"]] > 1)
        decimals = 0 if _prints_whole(row, whole) else None
        _put(numbers, name, _number(pd.Series(row), position, labels, decimals))
    for name, number in _flow_numbers(flow):
        _put(numbers, name, number)
    return {"data": simulated, "numbers": dict(sorted(numbers.items()))}


def write_numbers(
    estimates: pd.DataFrame,
    labels: Mapping[str, str],
    flow: pd.DataFrame | None,
    path: str | Path,
    simulated: str = "",
) -> None:
    """Write numbers.json: one number a line, sorted by name."""
    made = make_numbers(estimates, labels, flow, simulated)
    lines = [
        f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, allow_nan=False)}" for k, v in made["numbers"].items()
    ]
    text = f'{{"data": {json.dumps(made["data"])},\n"numbers": {{\n' + ",\n".join(lines) + "\n}}\n"
    Path(path).write_text(text, encoding="utf-8")


def slug(text: str) -> str:
    """Return a text as a part of a name: lower case, comparison signs as words, other signs as `_`."""
    for sign, word in SIGNS.items():
        text = text.replace(sign, word)
    return re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")


def _name(row: Mapping, with_method: bool) -> str:
    parts = [row["analysis"], row["method"] if with_method else "", row["group"], row["term"], row["statistic"]]
    return ".".join(slug(part) for part in parts if part)


def _put(numbers: dict, name: str, number: dict) -> None:
    if name in numbers:
        first, second = (json.dumps(entry["source"]) for entry in (numbers[name], number))
        raise StudyError(f"two numbers have the name {name}: {first} and {second}; rename a level or an analysis")
    numbers[name] = number


def _whole_numbered(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """(analysis, term) of each described variable whose extremes are whole in every group, such as a year."""
    extremes = rows[rows["statistic"].isin(EXTREMES) & rows["value"].notna()]
    whole = (extremes["value"] % 1 == 0).groupby([extremes["analysis"], extremes["term"]]).all()
    return set(whole.index[whole])


def _prints_whole(row: Mapping, whole: set[tuple[str, str]]) -> bool:
    """True for a whole rank sum, and for a whole point of the distribution of a whole-numbered variable."""
    counted = row["statistic"] in POINTS and (row["analysis"], row["term"]) in whole
    return (counted or row["statistic"] in RANK_SUMS) and is_number(row["value"]) and row["value"] % 1 == 0


def _number(row: pd.Series, position: int, labels: Mapping[str, str], decimals: int | None) -> dict:
    how = format_of(row["statistic"])
    known = is_number(row["value"])
    number = {
        "label": _label(row, labels),
        "value": row["value"] * how.scale if known else None,
        "text": value_text(row, decimals),
        "unit": how.unit,
        "status": row["status"],
    }
    limits = [row[column] * how.scale if is_number(row[column]) else None for column in ("ci_low", "ci_high")]
    if known and limits != [None, None]:
        number |= {"ci": limits, "ci_text": interval_text(row)}
    if is_number(row["p_value"]):
        number |= {"p": row["p_value"], "p_text": format_p(row["p_value"], prefix=True)}
    number |= {column: int(row[column]) for column in ("n", "n_events") if is_number(row[column])}
    if row["reason"]:
        number["reason"] = row["reason"]
    names = ("analysis", "method", "group", "term", "statistic")
    return {**number, "source": {"file": "estimates.csv", "row": position, **{name: row[name] for name in names}}}


def _label(row: pd.Series, labels: Mapping[str, str]) -> str:
    variable, colon, rest = row["term"].partition(": ")
    term = labels.get(variable, variable) + (colon + rest if colon else "")
    parts = [row["analysis"], labels.get(row["group"], row["group"]), term, row["statistic"]]
    return ", ".join(part for part in parts if part)


def _flow_numbers(flow: pd.DataFrame | None):
    if flow is None:
        return
    for position, row in enumerate(flow.to_dict("records"), start=1):
        center = row.get("center")
        place = [slug(str(row["step"]))] + ([slug(str(center))] if isinstance(center, str) and center else [])
        for column in ("n_in", "n_excluded", "n_out"):
            if column in row:
                known = is_number(row[column])
                yield (
                    ".".join(["flow", *place, column]),
                    {
                        "label": str(row.get("label", row["step"])),
                        "value": int(row[column]) if known else None,
                        "text": format_number(row[column]) if known else MISSING,
                        "unit": "patients",
                        "status": "ok" if known else "not estimable",
                        "source": {"file": "flow.csv", "row": position, "step": str(row["step"])},
                    },
                )
