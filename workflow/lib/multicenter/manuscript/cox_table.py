"""Cox models side by side: patients, events, hazard ratio with its interval and P value, term by term."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import find
from multicenter.manuscript.formats import interval_text, not_estimable, p_text
from multicenter.manuscript.rounding import MISSING, NOT_ESTIMABLE, format_number, format_p
from multicenter.manuscript.table import Column, Footnotes, Row, Table

REFERENCE = "1 (reference)"
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
        notes=[METHOD, *_exposure_note(spec, labels), *_fits(spec, models), *footnotes.lines(), *spec.get("notes", ())],
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


def _ratio(row: pd.Series, footnotes: Footnotes) -> tuple[str, str]:
    if row["status"] != "ok":
        return f"{NOT_ESTIMABLE} {footnotes.mark(not_estimable(row))}", MISSING
    return interval_text(row), p_text(row)


def _exposure_note(spec: Mapping, labels: Mapping[str, str]) -> list[str]:
    names = _exposures(spec)
    if not names:
        return []
    words = list(dict.fromkeys(labels.get(name, name).rpartition(", ")[0] or labels.get(name, name) for name in names))
    return [FALLACY.format(exposure=" and ".join(words))]


def _fits(spec: Mapping, models: list[pd.DataFrame]) -> list[str]:
    """A line for each model with all covariates: complete cases, events a parameter, test of proportional hazards."""
    notes = []
    for model, rows in zip(spec["models"], models, strict=True):
        dropped = find(rows, model["analysis"], "dropped_missing")
        if dropped is None:
            continue
        text = f"{model.get('label') or model['analysis']}: {format_number(dropped['n'])} complete cases"
        text += f" with {format_number(dropped['n_events'])} events"
        text += f" ({format_number(dropped['value'])} patients without a value of a covariate left out)"
        ratio = find(rows, model["analysis"], "events_per_parameter")
        if ratio is not None and ratio["status"] == "ok":
            text += f"; {format_number(ratio['value'], 1)} events per parameter"
        proportional = find(rows, model["analysis"], "ph_chisq", term="GLOBAL")
        if proportional is not None and proportional["status"] == "ok":
            text += f"; global test of proportional hazards {format_p(proportional['p_value'], prefix=True)}"
        notes.append(f"{text}.")
    return notes
