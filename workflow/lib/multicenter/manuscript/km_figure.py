"""Kaplan-Meier figures, drawn from tidy tables of curves, numbers at risk and estimates."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from multicenter.manuscript.curve_figure import KEY_MARKS, draw_curve_figure, key_column, remark, time_zero_lines
from multicenter.manuscript.curve_panel import KeyColumn, PanelData, curves_to_draw, take
from multicenter.manuscript.rounding import format_number
from multicenter.manuscript.table import Footnotes

DEFAULT_KEY = ({"label": "Median, months (95% CI)", "statistic": "median_months", "decimals": 1},)
LOGRANK = {"statistic": "logrank_chisq", "label": "Log-rank"}
OVERALL_LOGRANK = {"statistic": "logrank_chisq", "label": "Overall log-rank"}


def draw_kaplan_meier(
    curves: pd.DataFrame,
    risk_table: pd.DataFrame,
    estimates: pd.DataFrame,
    spec: Mapping,
    labels: Mapping[str, str],
    simulated: str,
) -> Figure:
    """Return the figure: survival in percent from 0, 95 % bands, censoring ticks, a key with events and medians, the
    log-rank P value, numbers at risk and cumulative events under the ticks.

    `curves`: analysis, group, time (days), estimate, ci_low, ci_high, n_risk, n_censor[, shown]; `risk_table`:
    analysis, group, time (months), n_risk, cum_events; `estimates`: rows of the analysis-results table. Each may hold
    more analyses than the figure draws. `spec`: id, width_mm, height_mm, analysis (or `panels`: a list that overrides
    these keys), x_label, y_label, ticks?, min_at_risk?, key?, test?, effect?, risk_table?. Raises StudyError for an
    analysis without curves.
    """
    return draw_curve_figure(
        lambda panel: panel_data(curves, risk_table, estimates, panel, labels),
        spec,
        labels,
        simulated,
        lambda *_: 100.0,
    )


def panel_data(
    curves: pd.DataFrame, risk_table: pd.DataFrame, estimates: pd.DataFrame, spec: Mapping, labels: Mapping[str, str]
) -> PanelData:
    """Gather what one Kaplan-Meier panel shows."""
    analysis = spec["analysis"]
    own = take(curves, analysis, "curve")
    groups = list(dict.fromkeys(own["group"]))
    rows = take(estimates, analysis, "estimate")
    footnotes = Footnotes(KEY_MARKS)
    shown = [key_column(rows, groups, column, footnotes) for column in spec.get("key", DEFAULT_KEY)]
    key = [events_column(rows, groups), *shown]
    test = {"analysis": analysis, **(LOGRANK if len(groups) <= 2 else OVERALL_LOGRANK), **spec.get("test", {})}
    return PanelData(
        groups=groups,
        curves=curves_to_draw(own, spec.get("min_at_risk")),
        risk_table=take(risk_table, analysis, "table of numbers at risk"),
        key=key,
        remark="\n".join([*time_zero_lines(rows), remark(estimates, spec.get("effect"), test, footnotes)]),
        remark_at_top=False,
    )


def events_column(rows: pd.DataFrame, groups: list[str]) -> KeyColumn:
    """The key column `Events / patients`."""
    value = rows[rows["term"].fillna("") == ""].set_index(["group", "statistic"])["value"]
    texts = {
        group: f"{format_number(value.get((group, 'events')))} / {format_number(value.get((group, 'patients')))}"
        for group in groups
    }
    return KeyColumn("Events\u00a0/\u00a0n", texts)
