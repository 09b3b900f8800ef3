"""What Kaplan-Meier and cumulative-incidence figures share: panels, key columns, the P value, the mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.figure import Figure

from multicenter.analyses.guard import IMMORTAL
from multicenter.manuscript import style
from multicenter.manuscript.curve_panel import KeyColumn, Layout, PanelData, Rect, align, draw_panel, lay_out
from multicenter.manuscript.estimates import find
from multicenter.manuscript.formats import cautions, interval_text
from multicenter.manuscript.rounding import NOT_REACHED, format_interval, format_number, format_p, is_number
from multicenter.manuscript.table import Footnotes

MARK_MM = 4.5
EDGE_MM = 1.5
PANEL_GAP_MM = 4.0
LETTER_MM = 5.0
KEY_MARKS = "†‡§¶"


def draw_curve_figure(
    gather: Callable[[Mapping], PanelData],
    spec: Mapping,
    labels: Mapping[str, str],
    simulated: str,
    y_max: Callable[[PanelData, Mapping], float],
) -> Figure:
    """Draw one panel, or several one above the other (`layout: columns` side by side), lettered."""
    own = {key: value for key, value in spec.items() if key != "panels"}
    panels = [{**own, **panel} for panel in spec.get("panels") or [{}]]
    with style.style_context():
        figure = style.new_figure(spec["width_mm"], spec["height_mm"])
        room = mark_simulated(figure, simulated)
        width = _panel_width(spec, len(panels))
        layouts = [lay_out(figure, width, gather(panel), panel, labels) for panel in panels]
        for letter, panel, rect, layout in zip("ABCDEF", panels, *_place(spec, room, width, layouts), strict=False):
            if len(panels) > 1:
                _letter(figure, letter, rect)
            draw_panel(figure, rect, layout, panel, panel.get("y_max") or y_max(layout.data, panel))
    return figure


def mark_simulated(figure: Figure, simulated: str) -> float:
    """Write the mark into the upper right corner and return the height (mm) that is left below it."""
    width, height = style.size_mm(figure)
    if not simulated:
        return height - EDGE_MM
    lines = style.wrap(figure, simulated, width - 2 * EDGE_MM, weight="bold")
    for number, line in enumerate(lines):
        figure.text(
            1 - EDGE_MM / width,
            1 - (EDGE_MM + number * MARK_MM * 0.8) / height,
            line,
            ha="right",
            va="top",
            color=style.MARK_COLOR,
            fontweight="bold",
            gid="simulated",
        )
    return height - EDGE_MM - MARK_MM * (0.2 + 0.8 * len(lines))


def _panel_width(spec: Mapping, count: int) -> float:
    width = spec["width_mm"] - 2 * EDGE_MM
    return (width - (count - 1) * PANEL_GAP_MM) / count if spec.get("layout") == "columns" else width


def _place(spec: Mapping, room: float, width: float, layouts: list[Layout]) -> tuple[list[Rect], list[Layout]]:
    """The panels' places and layouts: one left edge and one height of the curves for all."""
    count = len(layouts)
    if spec.get("layout") == "columns":
        letter = LETTER_MM if count > 1 else 0
        return [
            Rect(EDGE_MM + i * (width + PANEL_GAP_MM), EDGE_MM, width, room - EDGE_MM - letter) for i in range(count)
        ], layouts
    aligned = [align(layout, max(other.left for other in layouts)) for layout in layouts]
    needed = [layout.above + layout.below for layout in layouts]
    curves = (room - EDGE_MM - sum(needed) - (count - 1) * PANEL_GAP_MM) / count
    rects, y = [], room
    for need in needed:
        y -= need + curves
        rects.append(Rect(EDGE_MM, y, width, need + curves))
        y -= PANEL_GAP_MM
    return rects, aligned


def _letter(figure: Figure, letter: str, rect: Rect) -> None:
    width, height = style.size_mm(figure)
    place = rect.x / width, (rect.y + rect.height) / height
    figure.text(*place, letter, ha="left", va="top", fontsize=style.PANEL_PT, fontweight="bold")


def key_column(rows: pd.DataFrame, groups: list[str], column: Mapping, footnotes: Footnotes) -> KeyColumn:
    """A key column of estimates with their intervals: {label, statistic, term?, decimals?, scale?}.

    A value whose row warns of something (see formats.cautions) bears the mark of a footnote.
    """
    chosen = rows[(rows["statistic"] == column["statistic"]) & (rows["term"].fillna("") == column.get("term", ""))]
    chosen = chosen.set_index("group")
    texts = {group: _estimate_text(chosen, group, column, footnotes) for group in groups}
    return KeyColumn(column["label"], texts)


def _estimate_text(chosen: pd.DataFrame, group: str, column: Mapping, footnotes: Footnotes) -> str:
    if group not in chosen.index:
        return NOT_REACHED
    row = chosen.loc[group]
    bounds = (row["value"], row["ci_low"], row["ci_high"])
    text = format_interval(*bounds, column.get("decimals", 1), missing=NOT_REACHED, scale=column.get("scale", 1))
    return text + "".join(footnotes.mark(caution) for caution in cautions(row))


def remark(
    estimates: pd.DataFrame, effect: Mapping | None, test: Mapping | None, footnotes: Footnotes | None = None
) -> str:
    """Return the lines in the panel: an effect with its interval and P value, a test, the footnotes of the key.

    `effect`: {analysis, statistic, label, term?, method?}; `test`: {analysis, statistic, label?}; of each there is a
    line where there is a row of it.
    """
    lines = []
    if effect:
        names = {name: effect.get(name, "") for name in ("term", "method")}
        row = find(estimates, effect["analysis"], effect["statistic"], **names)
        lines += [] if row is None else [_effect_text(effect["label"], row)]
    if test:
        rows = estimates[(estimates["analysis"] == test["analysis"]) & (estimates["statistic"] == test["statistic"])]
        rows = rows[rows["p_value"].notna()]
        if len(rows):
            lines.append(f"{test.get('label', '')} {format_p(rows.iloc[0]['p_value'], prefix=True)}".strip())
    return "\n".join([*lines, *(footnotes.lines() if footnotes else [])])


def time_zero_lines(rows: pd.DataFrame) -> list[str]:
    """Return what a reader of curves has to know of their time zero: immortal time, and who left before a landmark.

    `rows`: the estimates of the analysis.
    """
    immortal = "estimand" in rows and rows["estimand"].astype("string").str.contains(IMMORTAL, regex=False).any()
    lines = [f"{IMMORTAL[0].upper()}{IMMORTAL[1:]}"] if immortal else []
    left = rows[rows["method"] == "landmark"].set_index("statistic")["value"] if "method" in rows else {}
    words = {"excluded_event": "event", "excluded_competing": "competing event", "excluded_censored": "censored"}
    counts = [f"{word} {format_number(left[name])}" for name, word in words.items() if name in left]
    return [*lines, f"Left before the landmark: {', '.join(counts)}"] if counts else lines


def _effect_text(label: str, row: pd.Series) -> str:
    """`Adjusted HR 0.78 (95% CI 0.49 to 1.25), P = 0.30, n = 452`: the P value is that of the effect."""
    parts = [f"{label} {interval_text(row).replace('(', '(95% CI ', 1)}"]
    if is_number(row["p_value"]):
        parts.append(format_p(row["p_value"], prefix=True))
    if is_number(row.get("n")):
        parts.append(f"n = {format_number(row['n'])}")
    return ", ".join(parts)
