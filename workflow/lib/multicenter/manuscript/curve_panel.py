"""One panel of step curves with confidence bands, a key above and a table of numbers at risk under its ticks.

All lengths are millimeters at printed size, measured from the lower left corner of the figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from multicenter.durations import DAYS_PER_MONTH
from multicenter.errors import StudyError
from multicenter.manuscript import style
from multicenter.manuscript.rounding import format_number

LINE_MM = 3.7
TICK_TO_TABLE_MM = 10.5
Y_AXIS_MM = 14.0
RIGHT_MM = 5.0
CLASSICAL_SHARE = 0.26
RISK_INDENT_MM = 1.5
HEADROOM = 1.015
MIN_AT_RISK = 5
ALL_PATIENTS = "All patients"
RISK_ROWS = (("n_risk", "Number at risk", "At risk"), ("cum_events", "Cumulative events", "Events"))


@dataclass(frozen=True)
class Rect:
    """A part of the figure: left, bottom, width, height in mm."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class KeyColumn:
    """A column of the key above the curves: its heading and one text a group."""

    heading: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class PanelData:
    """What a panel draws: curves of one analysis (months, percent, cut), their table, key columns and a remark."""

    groups: list[str]
    curves: pd.DataFrame
    risk_table: pd.DataFrame
    key: list[KeyColumn]
    remark: str
    remark_at_top: bool
    censor_marks: bool = True


def take(table: pd.DataFrame | None, analysis: str, what: str) -> pd.DataFrame:
    """Return the rows of one analysis; StudyError if there are none."""
    rows = table[table["analysis"] == analysis] if table is not None else pd.DataFrame()
    if "group" in rows.columns:
        rows = rows.assign(group=rows["group"].astype("string").fillna(""))
    if rows.empty:
        raise StudyError(f"a figure draws analysis {analysis!r}, but there is no {what} of it")
    return rows


def curves_to_draw(curves: pd.DataFrame, min_at_risk: int | None = None) -> pd.DataFrame:
    """Return the curves in months and percent, each cut at its last time with enough patients at risk.

    `curves`: group, time (days), estimate, ci_low, ci_high (0-1), n_risk, n_censor. What is enough says `min_at_risk`;
    without it the column `shown` (bool), or 5 at risk if there is no such column.
    """
    if min_at_risk is None and "shown" in curves.columns:
        shown = curves["shown"].astype(bool)
    else:
        shown = curves["n_risk"] >= (MIN_AT_RISK if min_at_risk is None else min_at_risk)
    drawn = curves[shown | (curves["time"] == 0)].sort_values("time", kind="stable")
    percent = {column: 100 * drawn[column] for column in ("estimate", "ci_low", "ci_high")}
    return drawn.assign(months=drawn["time"] / DAYS_PER_MONTH, **percent)


def axis_ticks(spec: Mapping, risk_table: pd.DataFrame, curves: pd.DataFrame) -> list[float]:
    """Return the ticks up to the first one that no drawn curve passes."""
    ticks = sorted({float(tick) for tick in spec.get("ticks") or risk_table["time"]})
    end = float(curves["months"].max())
    return [tick for i, tick in enumerate(ticks) if i < 2 or ticks[i - 1] < end]


@dataclass(frozen=True)
class RiskLine:
    """A line of the table under the curves: a heading (no `column`) or the numbers of one group."""

    text: str
    group: str = ""
    column: str = ""


@dataclass(frozen=True)
class Key:
    """The key's left edge and line samples (mm from the panel's edge), and its texts: (x of a column, its lines)."""

    x: float
    sample: float
    columns: list[tuple[float, list[str]]]
    heading_lines: int
    groups: int


@dataclass(frozen=True)
class Layout:
    """How a panel of a given width is set: its data, key and table lines, and the mm that they need."""

    data: PanelData
    key: Key
    lines: list[RiskLine]
    left: float

    @property
    def above(self) -> float:
        return (self.key.groups + self.key.heading_lines) * LINE_MM + 2

    @property
    def below(self) -> float:
        return TICK_TO_TABLE_MM + len(self.lines) * LINE_MM


def lay_out(figure: Figure, width: float, data: PanelData, spec: Mapping, labels: Mapping[str, str]) -> Layout:
    """Measure the texts of a panel that is `width` mm wide."""
    names = {group: labels.get(group, group) or ALL_PATIENTS for group in data.groups}
    widest = max(style.text_width_mm(figure, text) for text in names.values()) + RISK_INDENT_MM
    fitting = "classical" if widest <= CLASSICAL_SHARE * width else "by_group"
    lines = _risk_lines(data, names, spec.get("risk_table", fitting) == "classical")
    first_number = style.text_width_mm(figure, "0,000") / 2 + 1.5
    left = max(Y_AXIS_MM, first_number + max(_line_width(figure, line) for line in lines if line.column))
    return Layout(data, _place_key(figure, data, names, width, left), lines, left)


def align(layout: Layout, left: float) -> Layout:
    """Return the layout with its axes moved right to `left` mm; a key that stands over the axes moves with them."""
    shift = left - layout.left if layout.key.x == layout.left else 0.0
    columns = [(x + shift, lines) for x, lines in layout.key.columns]
    return replace(layout, left=left, key=replace(layout.key, x=layout.key.x + shift, columns=columns))


def draw_panel(figure: Figure, rect: Rect, layout: Layout, spec: Mapping, y_max: float) -> Axes:
    """Draw one panel into a part of the figure and return its axes."""
    bottom = rect.y + layout.below
    area = Rect(
        rect.x + layout.left, bottom, rect.width - layout.left - RIGHT_MM, rect.y + rect.height - layout.above - bottom
    )
    if area.height < 15 or area.width < 25:
        raise StudyError(f"figure {spec.get('id', '')}: no room for the curves; raise width_mm or height_mm")
    axes = add_axes(figure, area)
    _curves(axes, layout.data)
    _scales(axes, layout.data, spec, y_max)
    _remark(figure, axes, layout.data, 0.97 * area.width)
    _draw_key(figure, layout, rect.x, area.y + area.height)
    _risk_table(figure, axes, area, rect.x, layout)
    return axes


def add_axes(figure: Figure, rect: Rect) -> Axes:
    """Return new axes in this part of the figure."""
    width, height = style.size_mm(figure)
    return figure.add_axes((rect.x / width, rect.y / height, rect.width / width, rect.height / height))


def _curves(axes: Axes, data: PanelData) -> None:
    for index, group in enumerate(data.groups):
        color, dashes = style.curve_look(index)
        curve = data.curves[data.curves["group"] == group]
        months, estimate = curve["months"].to_numpy(), curve["estimate"].to_numpy()
        low, high = curve["ci_low"].to_numpy(), curve["ci_high"].to_numpy()
        alpha = style.BAND_ALPHA if len(data.groups) <= 2 else style.CROWDED_BAND_ALPHA
        axes.fill_between(months, low, high, step="post", color=color, alpha=alpha, linewidth=0, zorder=1)
        axes.step(months, estimate, where="post", color=color, linestyle=dashes, linewidth=style.LINE_PT, zorder=3)
        censored = (curve["n_censor"].to_numpy() > 0) & data.censor_marks
        axes.plot(
            months[censored],
            estimate[censored],
            linestyle="none",
            marker="|",
            markersize=4,
            markeredgewidth=style.THIN_PT,
            color=color,
            zorder=4,
        )


def _scales(axes: Axes, data: PanelData, spec: Mapping, y_max: float) -> None:
    ticks = axis_ticks(spec, data.risk_table, data.curves)
    axes.set_xlim(0, ticks[-1])
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylim(0, y_max * HEADROOM)
    axes.spines["left"].set_bounds(0, y_max)
    step = next(step for step in (0.5, 1, 2, 5, 10, 20) if y_max / step <= 6)
    axes.set_yticks(np.arange(0, y_max + step / 2, step))
    axes.set_xlabel(spec["x_label"], labelpad=2)
    axes.set_ylabel(spec["y_label"], labelpad=3)


def _remark(figure: Figure, axes: Axes, data: PanelData, width: float) -> None:
    """Write the remark's lines, each broken where it is wider than `width` mm."""
    if data.remark:
        text = "\n".join(part for line in data.remark.split("\n") for part in style.wrap(figure, line, width))
        y, side = (0.97, "top") if data.remark_at_top else (0.04, "bottom")
        axes.text(0.015, y, text, transform=axes.transAxes, ha="left", va=side, zorder=5)


def _place_key(figure: Figure, data: PanelData, names: Mapping[str, str], width: float, left: float) -> Key:
    """Place the key over the curves, or, if it is too wide, from the panel's edge with broken headings."""
    for x, sample, gap, broken in ((left, 9.0, 5.0, False), (0.0, 7.5, 2.5, True)):
        headings = [_break(figure, column) if broken else [column.heading] for column in data.key]
        depth = max((len(lines) for lines in headings), default=1)
        texts = [[*[""] * depth, *(names[group] for group in data.groups)]]
        for heading, column in zip(headings, data.key, strict=True):
            blank = [""] * (depth - len(heading))
            texts.append([*blank, *heading, *(column.texts[group] for group in data.groups)])
        columns, at = [], x + sample
        for lines in texts:
            columns.append((at, lines))
            at += max(style.text_width_mm(figure, text) for text in lines if text) + gap
        if at - gap <= width:
            return Key(x, sample, columns, depth, len(data.groups))
    raise StudyError("a figure's key is wider than its panel; raise width_mm or shorten the labels of its groups")


def _break(figure: Figure, column: KeyColumn) -> list[str]:
    """Break a heading between words so that it is no wider than the column's texts."""
    widest = max(style.text_width_mm(figure, text) for text in column.texts.values())
    return style.wrap(figure, column.heading, widest)


def _draw_key(figure: Figure, layout: Layout, left: float, axes_top: float) -> None:
    key = layout.key
    width, height = style.size_mm(figure)
    top = axes_top + layout.above - LINE_MM
    for x, lines in key.columns:
        for number, text in enumerate(lines):
            if text:
                figure.text((left + x) / width, (top - number * LINE_MM) / height, text, ha="left", va="bottom")
    for index in range(key.groups):
        color, dashes = style.curve_look(index)
        middle = (top - (index + key.heading_lines) * LINE_MM + 0.42 * LINE_MM) / height
        ends = [(left + key.x + 0.5) / width, (left + key.x + key.sample - 1.5) / width]
        figure.add_artist(Line2D(ends, [middle, middle], color=color, linestyle=dashes, linewidth=style.LINE_PT + 0.3))


def _line_width(figure: Figure, line: RiskLine) -> float:
    return style.text_width_mm(figure, line.text) + RISK_INDENT_MM


def _risk_lines(data: PanelData, names: Mapping[str, str], classical: bool) -> list[RiskLine]:
    """Classical: a block of groups for each number. By group: a block of numbers for each group (narrow figures)."""
    if classical:
        blocks = [
            [RiskLine(heading), *(RiskLine(names[group], group, column) for group in data.groups)]
            for column, heading, _ in RISK_ROWS
        ]
    else:
        blocks = [
            [RiskLine(names[group]), *(RiskLine(short, group, column) for column, _, short in RISK_ROWS)]
            for group in data.groups
        ]
    return [line for block in blocks for line in block]


def _risk_table(figure: Figure, axes: Axes, rect: Rect, left: float, layout: Layout) -> None:
    width, height = style.size_mm(figure)
    under_tick = blended_transform_factory(axes.transData, figure.transFigure)
    numbers = layout.data.risk_table.set_index(["group", "time"])
    for index, line in enumerate(layout.lines):
        y = (rect.y - TICK_TO_TABLE_MM - index * LINE_MM) / height
        indent = RISK_INDENT_MM if line.column else 0
        weight = "normal" if line.column else "bold"
        figure.text((left + indent) / width, y, line.text, ha="left", va="top", fontweight=weight)
        for tick in axes.get_xticks() if line.column else ():
            if (line.group, tick) in numbers.index:
                text = format_number(numbers.loc[(line.group, tick), line.column])
                figure.text(tick, y, text, transform=under_tick, ha="center", va="top")
