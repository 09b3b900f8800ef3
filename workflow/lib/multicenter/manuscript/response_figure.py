"""States over time as stacked bars: those assessed, with denominators, and beside them every patient's whereabouts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from multicenter.errors import StudyError
from multicenter.manuscript import style
from multicenter.manuscript.curve_figure import EDGE_MM, mark_simulated
from multicenter.manuscript.curve_panel import LINE_MM, Rect, add_axes, take
from multicenter.manuscript.rounding import format_number, half_up

ASSESSED = "Assessed"
ON_TREATMENT = "Still on treatment"
BAR_WIDTH = 0.74
OUTLINE = "#555555"
EDGE_PT = 0.4
LEGEND_GAP_MM = 3.0
SWATCH_MM = 4.5
SWATCH_HEIGHT_MM = 3.4
UPPER_SHARE = 0.56
X_AXIS_MM = 6.0
X_LABEL_MM = 4.5


def draw_response_kinetics(
    kinetics: pd.DataFrame, estimates: pd.DataFrame | None, spec: Mapping, labels: Mapping[str, str], simulated: str
) -> Figure:
    """Return the figure: A, the states of those assessed in percent, with the number assessed (and, of them, still on
    treatment) under each bar; B, all patients by whether and why not they were assessed.

    `kinetics`: describe.response_kinetics.KINETICS_COLUMNS. `estimates`: rows `on_treatment` (term = time point), or
    None. `spec`: id, analysis, width_mm, height_mm, x_label, y_label, y_label_all. `labels`: printed text of states and
    time points. Raises StudyError if the analysis has no rows or a time point's text is wider than its bar's place.
    """
    rows = take(kinetics, spec["analysis"], "table of states").sort_values(["timepoint_order", "state_order"])
    with style.style_context():
        figure = style.new_figure(spec["width_mm"], spec["height_mm"])
        top = mark_simulated(figure, simulated)
        seen, others = rows[rows["assessed"]], _whereabouts(rows, labels)
        counted = _counted(rows, estimates, spec, labels)
        names = [*_names(seen, labels), *_names(others, labels)]
        ticks = _tick_labels(figure, rows, names, counted, labels)
        more_lines = max(text.count("\n") for text in ticks.values())
        upper, lower = _rects(figure, top, names, counted, more_lines)
        looks = _level_looks(list(dict.fromkeys(seen["state"])))
        axes = _bars(figure, upper, seen, "percent", looks, labels, ticks)
        axes.set_ylabel(spec["y_label"], labelpad=3)
        axes.set_yticks(range(0, 101, 20))
        axes.set_ylim(0, 100)
        _numbers_under(figure, axes, upper, counted, more_lines)
        below = _bars(figure, lower, others, "n", _other_looks(rows), labels, ticks)
        below.set_ylabel(spec["y_label_all"], labelpad=3)
        below.set_ylim(0, others.groupby("timepoint")["n"].sum().max())
        below.set_xlabel(spec["x_label"], labelpad=2)
        for letter, rect in (("A", upper), ("B", lower)):
            _write(figure, EDGE_MM, rect.y + rect.height + 4.5, letter, style.PANEL_PT, "bold")
    return figure


def _names(rows: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    return [labels.get(state, state) for state in dict.fromkeys(rows["state"])]


def _whereabouts(rows: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """All patients at each time point: those assessed in one row, then each reason for no assessment that occurs."""
    keys = ["timepoint", "timepoint_order"]
    seen = rows[rows["assessed"]].groupby(keys, as_index=False)["n"].sum().assign(state=ASSESSED, state_order=-1)
    unseen = rows[~rows["assessed"]]
    occurring = unseen.groupby("state")["n"].transform("sum") > 0
    both = pd.concat([seen, unseen[occurring]], ignore_index=True)
    return both.sort_values(["timepoint_order", "state_order"], kind="stable")


def _counted(rows: pd.DataFrame, estimates: pd.DataFrame | None, spec: Mapping, labels: Mapping[str, str]) -> dict:
    """The lines of numbers under panel A: {text: one number or None a time point}."""
    timepoints = list(dict.fromkeys(rows["timepoint"]))
    seen = rows[rows["assessed"]].groupby("timepoint")["n"].sum()
    lines = {labels.get("assessed_n", f"{ASSESSED}, n"): [int(seen[timepoint]) for timepoint in timepoints]}
    if estimates is not None:
        own = estimates[(estimates["analysis"] == spec["analysis"]) & (estimates["statistic"] == "on_treatment")]
        still = own.set_index("term")["value"]
        if len(still):
            lines[labels.get("on_treatment_n", f"{ON_TREATMENT}, n")] = [still.get(at) for at in timepoints]
    return lines


def _margins(figure: Figure, names: list[str], counted: Mapping[str, list]) -> tuple[float, float]:
    """Room for the widest line of numbers on the left and for the widest legend text on the right, in mm."""
    left = max(14.0, max(style.text_width_mm(figure, text) for text in counted) + 5)
    legend = SWATCH_MM + 1.5 + max(style.text_width_mm(figure, name) for name in names)
    return left, LEGEND_GAP_MM + legend + EDGE_MM


def _tick_labels(
    figure: Figure, rows: pd.DataFrame, names: list[str], counted: Mapping[str, list], labels: Mapping[str, str]
) -> dict[str, str]:
    """The time points' texts, broken between words so that each fits its bar's place."""
    timepoints = list(dict.fromkeys(rows["timepoint"]))
    slot = (style.size_mm(figure)[0] - sum(_margins(figure, names, counted))) / (len(timepoints) + 0.1) - 1.5
    wrapped = {at: style.wrap(figure, labels.get(at, at), slot) for at in timepoints}
    for at, lines in wrapped.items():
        for line in lines:
            if style.text_width_mm(figure, line) > slot:
                raise StudyError(
                    f"figure: {line!r} in the label of time point {at} is too wide; give it a shorter label"
                )
    return {at: "\n".join(lines) for at, lines in wrapped.items()}


def _rects(
    figure: Figure, top: float, names: list[str], counted: Mapping[str, list], more_lines: int
) -> tuple[Rect, Rect]:
    """The two axes; `more_lines`: how many lines beyond the first the time points' texts take."""
    left, right = _margins(figure, names, counted)
    letter, axis = 5.0, X_AXIS_MM + more_lines * LINE_MM
    under = axis + len(counted) * LINE_MM + 2
    room = top - EDGE_MM - 2 * letter - under - axis - X_LABEL_MM
    lower = Rect(left, EDGE_MM + axis + X_LABEL_MM, style.size_mm(figure)[0] - left - right, room * (1 - UPPER_SHARE))
    return Rect(left, lower.y + lower.height + letter + under, lower.width, room * UPPER_SHARE), lower


def _level_looks(states: list[str]) -> dict[str, tuple[str, str]]:
    """Color and hatch of ordered states, best to worst."""
    ramp = style.STATE_COLORS
    places = np.linspace(0, len(ramp) - 1, max(len(states) - 1, 1)).round().astype(int)
    looks = {state: (ramp[place], "") for state, place in zip(states, places, strict=False)}
    return looks | {states[-1]: (style.WORST_COLOR, style.WORST_HATCH)}


def _other_looks(rows: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Color and hatch of the states without assessment, the same whether or not all of them occur."""
    looks = list(zip(style.OTHER_COLORS, style.OTHER_HATCHES, strict=True))
    states = dict.fromkeys(rows.loc[~rows["assessed"], "state"])
    return {ASSESSED: (style.SEEN_COLOR, "")} | {state: looks[i % len(looks)] for i, state in enumerate(states)}


def _edge(color: str, usual: str) -> tuple[str, float]:
    """Color and width of a segment's outline (its hatch has the same color): bold for the worst state."""
    return (style.WORST_EDGE, style.WORST_EDGE_PT) if color == style.WORST_COLOR else (usual, EDGE_PT)


def _bars(
    figure: Figure,
    rect: Rect,
    rows: pd.DataFrame,
    column: str,
    looks: Mapping,
    labels: Mapping[str, str],
    ticks: Mapping[str, str],
) -> Axes:
    """Stacked bars of `column`, each segment labeled where the text fits, and the legend on the right."""
    axes = add_axes(figure, rect)
    wide = rows.pivot_table(index="state", columns="timepoint", values=column, sort=False, aggfunc="sum").fillna(0.0)
    positions, base = np.arange(wide.shape[1]), np.zeros(wide.shape[1])
    full = wide.to_numpy(dtype=float).sum(axis=0).max() or 1.0
    for state, heights in wide.iterrows():
        color, hatch = looks[state]
        values = heights.to_numpy(dtype=float)
        edge, line = _edge(color, OUTLINE if hatch else "white")
        some = values > 0
        looked = {"color": color, "hatch": hatch, "edgecolor": edge, "linewidth": line}
        axes.bar(positions[some], values[some], BAR_WIDTH, base[some], **looked)
        for x, value, bottom in zip(positions, values, base, strict=True):
            if value / full * rect.height >= LINE_MM - 0.2:
                ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.7} if hatch else None
                ink = "black" if hatch else style.ink_on(color)
                text = f"{half_up(value)}"
                axes.text(x, bottom + value / 2, text, ha="center", va="center_baseline", color=ink, bbox=ground)
        base = base + values
    axes.set_xticks(positions, [ticks[timepoint] for timepoint in wide.columns])
    axes.set_xlim(-0.55, wide.shape[1] - 0.45)
    axes.tick_params(axis="x", length=0, pad=3)
    _legend(figure, rect, list(wide.index), looks, labels)
    return axes


def _legend(figure: Figure, rect: Rect, states: list[str], looks: Mapping, labels: Mapping[str, str]) -> None:
    """One swatch a state, in the order of the stack from the top down."""
    width, height = style.size_mm(figure)
    x = rect.x + rect.width + LEGEND_GAP_MM
    for line, state in enumerate(reversed(states)):
        color, hatch = looks[state]
        y = rect.y + rect.height - (line + 1) * (LINE_MM + 1.3)
        edge, line_width = _edge(color, OUTLINE)
        swatch = Rectangle(
            (x / width, y / height),
            SWATCH_MM / width,
            SWATCH_HEIGHT_MM / height,
            facecolor=color,
            hatch=hatch,
            edgecolor=edge,
            linewidth=line_width,
            transform=figure.transFigure,
        )
        figure.add_artist(swatch)
        middle = (y + SWATCH_HEIGHT_MM / 2) / height
        figure.text((x + SWATCH_MM + 1.5) / width, middle, labels.get(state, state), ha="left", va="center_baseline")


def _numbers_under(figure: Figure, axes: Axes, rect: Rect, counted: Mapping[str, list], more_lines: int) -> None:
    _, height = style.size_mm(figure)
    under = blended_transform_factory(axes.transData, figure.transFigure)
    for line, (text, numbers) in enumerate(counted.items()):
        y = rect.y - X_AXIS_MM - (line + more_lines) * LINE_MM
        _write(figure, EDGE_MM, y, text)
        for x, number in enumerate(numbers):
            if number is not None and not pd.isna(number):
                figure.text(x, y / height, format_number(number), transform=under, ha="center", va="top")


def _write(figure: Figure, x: float, y: float, text: str, size: float = style.TEXT_PT, weight: str = "normal") -> None:
    width, height = style.size_mm(figure)
    figure.text(x / width, y / height, text, ha="left", va="top", fontsize=size, fontweight=weight)
