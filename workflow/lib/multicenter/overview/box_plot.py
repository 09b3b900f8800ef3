"""Distributions side by side: boxes of numbers, stacked bars of categories, counts by year; one row a center."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multicenter.overview.distributions import ALL, MISSING, Distribution
from multicenter.overview.svg import Scale, line, picture, shown, tag, text, title

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 340, 17, 62, 8, 6, 22
ALL_NAME = "All"
FEWEST = 5  # of fewer values no median is called odd
SHADES = 6  # so many shades of one hue tell ordered levels apart


def distribution_plot(distribution: Distribution, names: Mapping[str, str]) -> str:
    """Draw one variable; `names`: the rows to draw (center or ALL → what stands before the row), in order."""
    draw = {"box": _boxes, "bars": _bars, "years": _years}[distribution.kind]
    height = TOP + ROW * len(names) + BOTTOM
    return picture(WIDTH, height, _about(distribution, names), *draw(distribution, names), class_="plot rows")


def level_shade(i: int, levels: int) -> int:
    """The shade (1 is the lightest) of level i of an ordered category."""
    return 1 + round(i * (SHADES - 1) / max(levels - 1, 1))


def _boxes(distribution: Distribution, names: Mapping[str, str]) -> list[str]:
    rows = {code: distribution.rows[code] for code in names}
    ends = [v for row in rows.values() for v in (row["low"], row["high"], *row["points"]) if v is not None]
    if not ends:
        return [text(LEFT, TOP + 12, "no values", class_="tick")]
    low, high = min(ends), max(ends)
    pad = (high - low) * 0.04 or 1.0
    across = Scale(min(low - pad, 0) if 0 <= low < high / 4 else low - pad, high + pad, LEFT, WIDTH - RIGHT)
    parts, bottom = [], TOP + ROW * len(names)
    for tick in across.ticks(5):
        parts.append(line(across(tick), TOP, across(tick), bottom, "grid"))
        parts.append(text(across(tick), bottom + 14, shown(tick), "middle", "tick"))
    pooled = distribution.rows[ALL]["median"]
    if pooled is not None:
        parts.append(line(across(pooled), TOP, across(pooled), bottom, "pooled"))
    for i, (code, name) in enumerate(names.items()):
        odd = code != ALL and _is_odd(rows[code], distribution.rows[ALL])
        parts += _box(rows[code], code, name, TOP + ROW * i, across, odd)
    return parts


def _is_odd(row: Mapping[str, Any], pooled: Mapping[str, Any]) -> bool:
    """Whether a center's median lies outside the middle half of all patients (of FEWEST values or more)."""
    return row["n"] >= FEWEST and not pooled["q1"] <= row["median"] <= pooled["q3"]


def _box(row: Mapping[str, Any], code: str, name: str, top: float, across: Scale, odd: bool) -> list[str]:
    middle, kind = top + ROW / 2, "box all" if code == ALL else "box odd" if odd else "box"
    parts = [_name(f"◆ {name}" if odd else name, middle, code, odd)]
    if not row["n"]:
        return [*parts, text(across(across.low) + 4, middle + 3.5, "no values", class_="tick")]
    told = f"{name}: median {shown(row['median'])}, middle half {shown(row['q1'])} to {shown(row['q3'])}"
    told += f", n {row['n']}, missing {row[MISSING]}"
    if row["points"]:
        dots = [
            tag("circle", cx=across(v), cy=middle, r=2.6, class_="point odd" if odd else "point") for v in row["points"]
        ]
        mark = line(across(row["median"]), middle - 6, across(row["median"]), middle + 6, "median")
        return [*parts, tag("g", title(told), *dots, mark)]
    x1, x2 = across(row["q1"]), across(row["q3"])
    body = [
        line(across(row["low"]), middle, across(row["high"]), middle, "whisker"),
        tag("rect", x=x1, y=middle - 5, width=max(x2 - x1, 1.0), height=10, class_=kind),
        line(across(row["median"]), middle - 6, across(row["median"]), middle + 6, "median"),
    ]
    return [*parts, tag("g", title(told), *body)]


def _bars(distribution: Distribution, names: Mapping[str, str]) -> list[str]:
    levels = [*distribution.levels, MISSING]
    across = Scale(0, 100, LEFT, WIDTH - RIGHT)
    parts = []
    for i, (code, name) in enumerate(names.items()):
        top, counts = TOP + ROW * i, distribution.rows[code]
        parts.append(_name(name, top + ROW / 2, code))
        n, at = sum(counts.values()), 0.0
        for k, level in enumerate(levels):
            share = 100 * counts[level] / n if n else 0.0
            if share:
                x1, x2 = across(at), across(at + share)
                shade = "none" if level == MISSING else f"s{level_shade(k, len(distribution.levels))}"
                told = title(f"{name}, {level}: {counts[level]} of {n} ({shown(share, 2)} %)")
                size = {"x": x1, "y": top + 2, "width": x2 - x1, "height": ROW - 4}
                parts.append(tag("rect", told, **size, class_=f"part {shade}"))
            at += share
    bottom = TOP + ROW * len(names)
    parts += [text(across(t), bottom + 14, f"{t} %" if t else "0", "middle", "tick") for t in (0, 50)]
    return [*parts, text(across(100), bottom + 14, "100 %", "end", "tick")]


def _years(distribution: Distribution, names: Mapping[str, str]) -> list[str]:
    levels = list(distribution.levels)
    width = (WIDTH - LEFT - RIGHT) / max(len(levels), 1)
    parts = []
    for i, (code, name) in enumerate(names.items()):
        top, counts = TOP + ROW * i, distribution.rows[code]
        parts.append(_name(name, top + ROW / 2, code))
        most = max((counts[level] for level in levels), default=0)
        for k, level in enumerate(levels):
            if not counts[level]:
                continue
            height = (ROW - 4) * counts[level] / most
            told = title(f"{name}, {level}: {counts[level]}")
            box = {"x": LEFT + width * k + 1, "y": top + ROW - 2 - height, "width": width - 2, "height": height}
            parts.append(tag("rect", told, **box, class_="year all" if code == ALL else "year"))
        parts.append(line(LEFT, top + ROW - 1.5, WIDTH - RIGHT, top + ROW - 1.5, "grid"))
    bottom = TOP + ROW * len(names)
    step = max(1, -(-len(levels) // 5))
    for k in range(0, len(levels), step):
        parts.append(text(LEFT + width * (k + 0.5), bottom + 13, levels[k], "middle", "tick"))
    return parts


def _name(name: str, middle: float, code: str, odd: bool = False) -> str:
    return text(LEFT - 6, middle + 3.5, name, "end", "row all" if code == ALL else "row odd" if odd else "row")


def _about(distribution: Distribution, names: Mapping[str, str]) -> str:
    told = {"box": "median, middle half and 5th to 95th percentile", "bars": "share of each level", "years": "count"}
    return f"{distribution.label}: {told[distribution.kind]} in {len(names)} rows, {', '.join(names.values())}."
