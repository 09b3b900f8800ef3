"""Cox models side by side: patients, events, hazard ratio with its interval and P value, term by term."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import find
from multicenter.manuscript.formats import interval_text, not_estimable, p_text
from multicenter.manuscript.rounding import MISSING, NOT_ESTIMABLE, format_number, format_p
from multicenter.manuscript.table import Column, Footnotes, Row, Table

REFERENCE = "1 (reference)"
GLOBAL = "GLOBAL"
PH_LEVEL = 0.05
METHOD = (
    "Cox proportional hazards models; Efron's method for tied times; 95% confidence intervals and P values by Wald, "
    "two-sided. Patients and events are those of the model's complete cases."
)
FALLACY = (
    "Only the coefficient of {exposure} is interpreted; the other covariates are adjusters, and their coefficients do "
    "not estimate effects of their own (Table 2 fallacy)."
)


def make_cox_table(spec: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], simulated: str) -> Table:
    """Return the table of `spec` {id, title, models: [{analysis, method, label}], exposure?, notes?}.

    `exposure`: the variable (or list of variables) whose coefficients are interpreted.
    """
    models = [_rows_of(spec, model, estimates) for model in spec["models"]]
    footnotes = Footnotes()
    rows = [row for variable in _variables(spec, models) for row in _variable_rows(variable, models, labels, footnotes)]
    return Table(
        id=spec["id"],
        title=spec["title"],
        first_heading=spec.get("first_heading", "Covariate"),
        columns=[
            Column(heading, model.get("label", ""))
            for model in spec["models"]
            for heading in ("Patients", "Events", "HR (95% CI)", "P")
        ],
        rows=rows,
        notes=[
            METHOD,
            *_exposure_note(spec, labels),
            *_fits(spec, models, labels),
            *(_spelled(line, labels) for line in footnotes.lines()),
            *spec.get("notes", ()),
        ],
        abbreviations=spec.get("abbreviations", {}),
        simulated=simulated,
    )


def _rows_of(spec: Mapping, model: Mapping, estimates: pd.DataFrame) -> pd.DataFrame:
    rows = estimates[(estimates["analysis"] == model["analysis"]) & (estimates["method"] == model["method"])]
    if rows.empty:
        raise StudyError(f"table {spec['id']}: there are no estimates of {model['analysis']!r}, {model['method']}")
    return rows


def _variables(spec: Mapping, models: list[pd.DataFrame]) -> list[str]:
    """The covariates of all models: the exposures, then those of the first model first."""
    terms = [term for rows in models for term in rows.loc[rows["statistic"] == "hazard_ratio", "term"]]
    found = dict.fromkeys(term.split(": ")[0] for term in terms)
    exposures = [name for name in _exposures(spec) if name in found]
    return [*exposures, *(name for name in found if name not in exposures)]


def _exposures(spec: Mapping) -> list[str]:
    exposure = spec.get("exposure") or []
    return [exposure] if isinstance(exposure, str) else list(exposure)


def _variable_rows(
    variable: str, models: list[pd.DataFrame], labels: Mapping[str, str], footnotes: Footnotes
) -> list[Row]:
    label = labels.get(variable, variable)
    levels = _levels(variable, models)
    if not levels:
        term = next(t for rows in models for t in _ratios(rows)["term"] if t.split(": ")[0] == variable)
        cells = [cell for rows in models for cell in _number_cells(rows, term, footnotes)]
        return [Row(_number_label(label, term.partition(": ")[2]), cells)]
    body = [
        Row(level, [cell for rows in models for cell in _level_cells(rows, variable, level, footnotes)], indented=True)
        for level in levels
    ]
    return [Row(label, heading=True), *body]


def _ratios(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["statistic"] == "hazard_ratio"]


def _levels(variable: str, models: list[pd.DataFrame]) -> list[str]:
    found = [
        term.removeprefix(f"{variable}: ")
        for rows in models
        for term in rows.loc[rows["statistic"] == "level_patients", "term"]
        if term.startswith(f"{variable}: ")
    ]
    return list(dict.fromkeys(found))


def _number_label(label: str, per: str) -> str:
    """`Age, years` and `per 10 years` give `Age (per 10 years)`; `per 1 month` gives `per month`."""
    name, _, unit = label.rpartition(", ")
    step = per.replace("per 1 ", "per ") if not per.endswith("per 1") else ""
    if name and unit.rstrip("s") in per:
        label = name
    return f"{label} ({step})" if step else label


def _number_cells(rows: pd.DataFrame, term: str, footnotes: Footnotes) -> list[str]:
    row = _ratios(rows)[_ratios(rows)["term"] == term]
    if row.empty:
        return [MISSING] * 4
    return [format_number(row.iloc[0]["n"]), format_number(row.iloc[0]["n_events"]), *_ratio(row.iloc[0], footnotes)]


def _level_cells(rows: pd.DataFrame, variable: str, level: str, footnotes: Footnotes) -> list[str]:
    term = f"{variable}: {level}"
    counts = [
        rows.loc[(rows["statistic"] == statistic) & (rows["term"] == term), "value"]
        for statistic in ("level_patients", "level_events")
    ]
    if counts[0].empty:
        return [MISSING] * 4
    cells = [format_number(count.iloc[0]) for count in counts]
    ratios = _ratios(rows)
    own = ratios[ratios["term"].str.startswith(f"{term} vs ")]
    return [*cells, *(_ratio(own.iloc[0], footnotes) if len(own) else (REFERENCE, ""))]


def _spelled(text: str, labels: Mapping[str, str]) -> str:
    """A footnote with the printed names of the columns that a reason names."""
    return re.sub(r"\b[A-Z][A-Z0-9]+\b", lambda name: labels.get(name[0], name[0]), text)


def _ratio(row: pd.Series, footnotes: Footnotes) -> tuple[str, str]:
    if row["status"] != "ok":
        return f"{NOT_ESTIMABLE} {footnotes.mark(not_estimable(row))}", MISSING
    return footnotes.caution(interval_text(row), row), p_text(row)


def _exposure_note(spec: Mapping, labels: Mapping[str, str]) -> list[str]:
    names = _exposures(spec)
    if not names:
        return []
    words = list(dict.fromkeys(labels.get(name, name).rpartition(", ")[0] or labels.get(name, name) for name in names))
    return [FALLACY.format(exposure=" and ".join(words))]


def _fits(spec: Mapping, models: list[pd.DataFrame], labels: Mapping[str, str]) -> list[str]:
    """A line for each model: cases, events a parameter and in the smallest level, tests of proportional hazards."""
    notes = []
    for model, rows in zip(spec["models"], models, strict=True):
        name = model["analysis"]
        parts = [*_cases(rows, name, _exposures(spec)), *_proportional(rows, name, labels)]
        if parts:
            notes.append(f"{model.get('label') or name}: {'; '.join(parts)}.")
    return notes


def _cases(rows: pd.DataFrame, analysis: str, exposures: list[str]) -> list[str]:
    """Complete cases and events of a model with all covariates; nothing for models of one covariate each."""
    dropped = find(rows, analysis, "dropped_missing")
    if dropped is None:
        return []
    left_out = f"({format_number(dropped['value'])} patients without a value of a covariate left out)"
    cases = f"{format_number(dropped['n'])} complete cases with {format_number(dropped['n_events'])} events {left_out}"
    ratio = find(rows, analysis, "events_per_parameter")
    known = ratio is not None and ratio["status"] == "ok"
    per_parameter = [f"{format_number(ratio['value'], 1)} events per parameter"] if known else []
    return [cases, *per_parameter, *_fewest(rows, exposures)]


def _fewest(rows: pd.DataFrame, exposures: list[str]) -> list[str]:
    """The level of an exposure with the fewest events: events per parameter alone hide it."""
    levels = rows[(rows["statistic"] == "level_events") & rows["term"].str.split(": ").str[0].isin(exposures)]
    if levels.empty:
        return []
    smallest = levels.loc[levels["value"].idxmin()]
    level = smallest["term"].partition(": ")[2]
    return [f"fewest events in a level of the exposure: {format_number(smallest['value'])} ({level})"]


def _proportional(rows: pd.DataFrame, analysis: str, labels: Mapping[str, str]) -> list[str]:
    """The global test of proportional hazards, and the terms whose own test has a P value below the level."""
    tests = rows[(rows["statistic"] == "ph_chisq") & (rows["status"] == "ok")]
    overall = find(tests, analysis, "ph_chisq", term=GLOBAL)
    parts = []
    if overall is not None:
        parts.append(f"global test of proportional hazards {format_p(overall['p_value'], prefix=True)}")
    broken = tests[(tests["term"] != GLOBAL) & (tests["p_value"] < PH_LEVEL)]
    if len(broken):
        named = [
            f"{_plain_label(row.term, rows, labels)} ({format_p(row.p_value, prefix=True)})"
            for row in broken.itertuples()
        ]
        parts.append(
            f"evidence against proportional hazards of {_listed(named)}, whose hazard ratios are averages over time"
        )
    return parts


def _plain_label(variable: str, rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The variable's label; that of a number without its unit."""
    label = labels.get(variable, variable)
    return label if _levels(variable, [rows]) else label.rpartition(", ")[0] or label


def _listed(texts: list[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
