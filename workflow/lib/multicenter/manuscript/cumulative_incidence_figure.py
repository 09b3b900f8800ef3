"""Cumulative-incidence figures, drawn from tidy tables of curves, numbers at risk and estimates."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from multicenter.manuscript.curve_figure import KEY_MARKS, draw_curve_figure, key_column, remark, time_zero_lines
from multicenter.manuscript.curve_panel import PanelData, curves_to_draw, take
from multicenter.manuscript.km_figure import events_column
from multicenter.manuscript.table import Footnotes

NICE_TOPS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)


def draw_cumulative_incidence(
    curves: pd.DataFrame,
    risk_table: pd.DataFrame,
    estimates: pd.DataFrame,
    spec: Mapping,
    labels: Mapping[str, str],
    simulated: str,
) -> Figure:
    """Return the figure: incidence of the cause in percent from 0, with bands, key, and the table under the ticks.

    Arguments as in km_figure.draw_kaplan_meier. `spec` may add `y_max` (percent; else the first round number that holds
    every drawn band), `key` (columns of the key, e.g. {label, statistic: cumulative_incidence, term: "60 months",
    scale: 100}) and `test` ({analysis?, statistic, label}: which P value stands in the panel; none by default).
    """
    return draw_curve_figure(
        lambda panel: panel_data(curves, risk_table, estimates, panel, labels), spec, labels, simulated, _top
    )


def panel_data(
    curves: pd.DataFrame, risk_table: pd.DataFrame, estimates: pd.DataFrame, spec: Mapping, labels: Mapping[str, str]
) -> PanelData:
    """Gather what one cumulative-incidence panel shows."""
    analysis = spec["analysis"]
    own = take(curves, analysis, "curve")
    groups = list(dict.fromkeys(own["group"]))
    rows = take(estimates, analysis, "estimate")
    footnotes = Footnotes(KEY_MARKS)
    shown = [key_column(rows, groups, column, footnotes) for column in spec.get("key", ())]
    key = [events_column(rows, groups), *shown]
    test = spec.get("test")
    note = remark(estimates, spec.get("effect"), {"analysis": analysis, **test} if test else None, footnotes)
    return PanelData(
        groups=groups,
        curves=curves_to_draw(own, spec.get("min_at_risk")),
        risk_table=take(risk_table, analysis, "table of numbers at risk"),
        key=key,
        remark="\n".join([*time_zero_lines(rows), *filter(None, [note])]),
        remark_at_top=True,
        censor_marks=False,
    )


def _top(data: PanelData, spec: Mapping) -> float:
    highest = max(data.curves["ci_high"].max(), data.curves["estimate"].max())
    return float(next((top for top in NICE_TOPS if top >= highest), 100))
