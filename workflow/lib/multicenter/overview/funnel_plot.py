"""Funnel plots: each center's rate by its size, the pooled rate, and its limits."""

from __future__ import annotations

from multicenter.overview.funnel import ALARM, FAR_HIGH, FAR_LOW, HIGH, INSIDE, LOW, WATCH
from multicenter.overview.rates import Rate
from multicenter.overview.svg import Scale, apart, line, marker, path, picture, shown, text

WIDTH, HEIGHT = 340, 230
LEFT, RIGHT, TOP, BOTTOM = 38, 10, 10, 34
SHAPES = {INSIDE: "circle", LOW: "down", HIGH: "up", FAR_LOW: "down", FAR_HIGH: "up"}
CLASSES = {INSIDE: "", LOW: "watch", HIGH: "watch", FAR_LOW: "alarm", FAR_HIGH: "alarm"}
LABEL_GAP = 11


def funnel_plot(rate: Rate, own: str = "") -> str:
    """Draw one rate; with `own` (a center's code) that center alone is named, and the others are anonymous dots."""
    sizes, limits = rate.curve
    known = rate.centers[rate.centers["size"] > 0]
    seen = max(float(known["value"].max()) if len(known) else 0.0, rate.pooled)
    top = max(seen, min(float(limits[WATCH][1][sizes >= sizes[-1] / 8].max()), 2.5 * seen)) * 1.08 or 1.0
    top = min(top, 103.0) if rate.kind == "share" else top
    across = Scale(0, float(sizes[-1]) * 1.06, LEFT, WIDTH - RIGHT)
    up = Scale(0, top, HEIGHT - BOTTOM, TOP)
    parts = _frame(across, up, rate)
    for level, name in ((ALARM, "limit alarm-line"), (WATCH, "limit watch-line")):
        for bound, low in zip(limits[level], (True, False), strict=True):
            parts += _curve(sizes, bound, across, up, top, name, low)
    parts.append(line(LEFT, up(rate.pooled), WIDTH - RIGHT, up(rate.pooled), "pooled"))
    parts += _dots(rate, known, across, up, own)
    return picture(WIDTH, HEIGHT, _about(rate, own), *parts, class_="plot funnel")


def _frame(across: Scale, up: Scale, rate: Rate) -> list[str]:
    parts = []
    for tick in up.ticks():
        parts.append(line(LEFT, up(tick), WIDTH - RIGHT, up(tick), "grid"))
        parts.append(text(LEFT - 5, up(tick) + 3.5, shown(tick), "end", "tick"))
    for tick in across.ticks(5):
        parts.append(text(across(tick), HEIGHT - BOTTOM + 14, shown(tick), "middle", "tick"))
    parts.append(line(LEFT, up(0), WIDTH - RIGHT, up(0), "axis"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, rate.size_label, "middle", "tick"))
    return parts


def _curve(sizes, bound, across: Scale, up: Scale, top: float, name: str, low: bool) -> list[str]:
    """A limit as far as it lies within the picture; an upper one from where one event is no longer too many."""
    inside = [(n, value) for n, value in zip(sizes, bound, strict=True) if value <= top and (value > 0 or low)]
    points = [(across(float(n)), up(float(value))) for n, value in inside]
    return [path(points, name)] if len(points) > 1 else []


def _dots(rate: Rate, known, across: Scale, up: Scale, own: str) -> list[str]:
    parts, labels = [], []
    order = sorted(known.index, key=lambda code: (code == own, known.loc[code, "standing"] != INSIDE, code))
    for code in order:
        row = known.loc[code]
        x, y = across(row["size"]), up(row["value"])
        if own and code != own:
            parts.append(marker(x, y, "circle", "other"))
            continue
        told = f"{code}: {shown(row['value'])} {rate.unit} ({row['count']} of {shown(row['size'])} {rate.size_label})"
        name = "dot own" if own else "dot"
        parts.append(marker(x, y, SHAPES[row["standing"]], f"{name} {CLASSES[row['standing']]}".strip(), told))
        if own or row["standing"] != INSIDE:
            labels.append((y, x, code, CLASSES[row["standing"]]))
    return parts + _labels(labels)


def _labels(labels: list[tuple[float, float, str, str]]) -> list[str]:
    """The names of dots, moved apart where they would overlap."""
    parts = []
    for left in (True, False):
        side = sorted(entry for entry in labels if (entry[1] > WIDTH * 0.72) == left)
        heights = apart([entry[0] for entry in side], LABEL_GAP, TOP + 4, HEIGHT - BOTTOM - 3)
        for (_, x, code, name), y in zip(side, heights, strict=True):
            x, anchor = (x - 8, "end") if left else (x + 8, "start")
            parts.append(text(x, y + 3.5, code, anchor, f"name {name}".strip()))
    return parts


def _about(rate: Rate, own: str) -> str:
    """What the picture shows, in words."""
    out = rate.centers[rate.centers["standing"] != INSIDE]
    out = out[out.index == own] if own else out
    told = ", ".join(f"{code} {shown(row['value'])} ({row['standing']})" for code, row in out.iterrows())
    beyond = f"Outside the 95 % limits: {told}." if told else "None outside the 95 % limits."
    if own:
        value = shown(rate.centers.loc[own, "value"])
        beyond = f"{own}: {value}, {rate.centers.loc[own, 'standing']} the limits."
    return f"{rate.label}, {rate.unit}, by {rate.size_label}. All centers: {shown(rate.pooled)}. {beyond}"
