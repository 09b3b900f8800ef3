"""When each center's delivery was cut and when it arrived, on one axis of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from multicenter.overview.svg import Scale, line, marker, picture, tag, text, title

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 860, 18, 70, 16, 8, 22
DAYS_IN_YEAR = 365.25


def timeline_plot(deliveries: Sequence[Mapping[str, Any]]) -> str:
    """One row a center: hollow mark at the data cut, filled one at the arrival; a held delivery is a diamond."""
    days = [_day(row[key]) for row in deliveries for key in ("data_cut", "received") if row[key]]
    first, last = min(days), max(days)
    pad = max((last - first) * 0.03, 20)
    across = Scale(first - pad, last + pad, LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(deliveries)
    parts = []
    for tick, name in _months(first - pad, last + pad):
        parts.append(line(across(tick), TOP, across(tick), bottom, "grid"))
        parts.append(text(across(tick), bottom + 14, name, "middle", "tick"))
    for i, row in enumerate(deliveries):
        parts.append(_delivery(row, TOP + ROW * (i + 0.5), across))
    told = "; ".join(f"{row['center']} cut {row['data_cut']}, received {row['received'] or '?'}" for row in deliveries)
    return picture(WIDTH, bottom + BOTTOM, f"Deliveries by data cut and arrival: {told}.", *parts, class_="plot wide")


def _delivery(row: Mapping[str, Any], y: float, across: Scale) -> str:
    cut = across(_day(row["data_cut"]))
    arrived = across(_day(row["received"])) if row["received"] else None
    shape = "diamond" if row["state"] == "held" else "circle"
    told = f"{row['center']}: data cut {row['data_cut']}, received {row['received'] or 'on a day not recorded'}"
    told += f", held: {row['reason']}" if row["state"] == "held" else ""
    marks = [marker(cut, y, "circle", "cut", size=5.5)]
    if arrived is not None:
        marks = [line(cut, y, arrived, y, "span"), *marks, marker(arrived, y, shape, "arrived", size=6)]
    name = text(LEFT - 8, y + 3.5, row["center"], "end", "row")
    return tag("g", title(told), name, *marks)


def _day(iso: str) -> int:
    return date.fromisoformat(iso).toordinal()


def _months(low: float, high: float) -> list[tuple[int, str]]:
    """Firsts of years, or of half years and quarters where the span is short."""
    every = 12 if high - low > 5 * DAYS_IN_YEAR else 6 if high - low > 2.5 * DAYS_IN_YEAR else 3
    found = []
    for year in range(date.fromordinal(int(low)).year, date.fromordinal(int(high)).year + 1):
        for month in range(1, 13, every):
            day = date(year, month, 1).toordinal()
            if low <= day <= high:
                found.append((day, str(year) if month == 1 else f"{year}-{month:02d}"))
    return found
