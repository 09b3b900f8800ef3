"""The manuscript's figures: an entry of the protocol's `figures` becomes pictures and the tables behind them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from multicenter.errors import StudyError, did_you_mean
from multicenter.manuscript.cumulative_incidence_figure import draw_cumulative_incidence
from multicenter.manuscript.estimates import named
from multicenter.manuscript.km_figure import draw_kaplan_meier
from multicenter.manuscript.response_figure import draw_response_kinetics
from multicenter.manuscript.style import save_figure

CURVES = {"kaplan_meier": draw_kaplan_meier, "cumulative_incidence": draw_cumulative_incidence}
KINDS = (*CURVES, "response_kinetics")
# Estimates that stand as numbers below the bars of a response figure.
NUMBERS_BELOW = ("patients", "on_treatment")


def draw_figure(
    spec: Mapping,
    curves: pd.DataFrame | None,
    risk_tables: pd.DataFrame | None,
    estimates: pd.DataFrame,
    kinetics: pd.DataFrame | None,
    labels: Mapping[str, str],
    simulated: str,
) -> Figure:
    """Return the figure that `spec` describes; a table that its kind does not need may be None.

    `labels`: printed text of groups, states and time points, which `spec["labels"]` overrides. `simulated`: the mark,
    "" for none. Raises StudyError for an unknown kind or an analysis without rows.
    """
    texts = {**labels, **spec.get("labels", {})}
    kind = _kind(spec)
    if kind in CURVES:
        return CURVES[kind](curves, risk_tables, named(estimates), spec, texts, simulated)
    return draw_response_kinetics(kinetics, named(estimates), spec, texts, simulated)


def figure_sources(
    spec: Mapping,
    curves: pd.DataFrame | None,
    risk_tables: pd.DataFrame | None,
    estimates: pd.DataFrame,
    kinetics: pd.DataFrame | None,
) -> dict[str, pd.DataFrame]:
    """Return what the figure draws, by the ending of its file's name: "" (curves or states) and "_numbers" (below)."""
    analyses = [panel["analysis"] for panel in spec.get("panels") or [spec]]
    if _kind(spec) in CURVES:
        return {"": _of(curves, analyses), "_numbers": _of(risk_tables, analyses)}
    below = _of(estimates, analyses)
    return {"": _of(kinetics, analyses), "_numbers": below[below["statistic"].isin(NUMBERS_BELOW)]}


def write_figure(
    spec: Mapping,
    curves: pd.DataFrame | None,
    risk_tables: pd.DataFrame | None,
    estimates: pd.DataFrame,
    kinetics: pd.DataFrame | None,
    labels: Mapping[str, str],
    simulated: str,
    directory: str | Path,
) -> list[Path]:
    """Draw the figure and write <id>.pdf, .svg, .png, <id>.csv and <id>_numbers.csv; return the paths."""
    stem = Path(directory) / spec["id"]
    written = save_figure(draw_figure(spec, curves, risk_tables, estimates, kinetics, labels, simulated), stem)
    for ending, table in figure_sources(spec, curves, risk_tables, estimates, kinetics).items():
        path = stem.with_name(f"{stem.name}{ending}.csv")
        table.to_csv(path, index=False)
        written.append(path)
    return written


def _kind(spec: Mapping) -> str:
    if spec["kind"] not in KINDS:
        hint = did_you_mean(spec["kind"], KINDS)
        raise StudyError(f"figure {spec['id']}: there is no kind {spec['kind']!r}.{hint}")
    return spec["kind"]


def _of(table: pd.DataFrame, analyses: list[str]) -> pd.DataFrame:
    return table[table["analysis"].isin(analyses)]
