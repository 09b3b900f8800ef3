"""Covariates of a protocol entry as the columns of a regression: one a non-reference level, one a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from multicenter.analyses.subjects import levels, patients_in
from multicenter.errors import StudyError


@dataclass(frozen=True)
class Term:
    """One parameter: how it is written, and the covariate and level (None for a number) it stands for."""

    text: str
    covariate: str
    level: str | None = None


@dataclass(frozen=True)
class Covariate:
    """One covariate among the patients of a fit.

    `design` has a column a term (its text the name); `level_counts` is (level, patients, events) for a categorical one,
    `reference` its first level that has patients; `empty` are the terms of levels without patients.
    """

    name: str
    design: pd.DataFrame
    terms: tuple[Term, ...]
    level_counts: tuple[tuple[str, int, int], ...] = ()
    reference: str | None = None
    empty: tuple[Term, ...] = ()


def variable(entry: str | Mapping) -> str:
    """Return the ADSL column of a covariate entry, "ISS" or {variable: AGE, per: 10, unit: years}."""
    return entry if isinstance(entry, str) else entry["variable"]


def covariate(spec: Mapping, entry: str | Mapping, patients: pd.DataFrame) -> Covariate:
    """Return a covariate of `patients` (complete rows, with `event`); StudyError for a column that cannot be one."""
    name = variable(entry)
    column = patients[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        raise StudyError(f"analysis {spec['id']}: {name} holds dates; a covariate must be a number or a category")
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _number(name, entry, column)
    return _category(name, column, patients)


def _number(name: str, entry: str | Mapping, column: pd.Series) -> Covariate:
    options = {} if isinstance(entry, str) else entry
    per = options.get("per") or 1
    text = f"{name}: per {per:g} {options.get('unit') or ''}".rstrip()
    return Covariate(name, pd.DataFrame({text: column.astype("float64") / per}), (Term(text, name),))


def _category(name: str, column: pd.Series, patients: pd.DataFrame) -> Covariate:
    known = levels(column)
    members = {level: (column == level).astype(bool) for level in known}
    event = patients["event"]
    counts = tuple((str(level), patients_in(patients[rows]), int(event[rows].sum())) for level, rows in members.items())
    present = [level for level in known if members[level].any()]
    reference = present[0] if present else None
    terms, empty, design = [], [], {}
    for level in known:
        if level == reference:
            continue
        term = Term(f"{name}: {level} vs {reference}", name, str(level))
        if members[level].any():
            terms.append(term)
            design[term.text] = members[level].astype("float64")
        else:
            empty.append(term)
    frame = pd.DataFrame(design, index=column.index)
    return Covariate(name, frame, tuple(terms), counts, None if reference is None else str(reference), tuple(empty))


def complete(patients: pd.DataFrame, entries: Sequence[str | Mapping], strata: Sequence[str] = ()) -> pd.DataFrame:
    """Return the patients with a value of every covariate and stratum."""
    return patients.dropna(subset=[*dict.fromkeys([*map(variable, entries), *strata])])
