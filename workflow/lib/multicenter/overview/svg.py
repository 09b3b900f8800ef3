"""Small pictures as inline SVG: elements, scales and ticks. Colors and type come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element; `class_` is class, an underscore in a name a dash, None leaves an attribute out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{''.join(children)}</{name}>" if children else f"<{name}{told}/>"


def text(x: float, y: float, content: object, anchor: str = "start", class_: str | None = None) -> str:
    """A line of text whose baseline is at y."""
    return tag("text", escape(str(content)), x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_)


def title(content: object) -> str:
    """What is told of an element where the pointer rests on it, and by a screen reader."""
    return tag("title", escape(str(content)))


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: Iterable[tuple[float, float]], class_: str, closed: bool = False) -> str:
    """Straight lines through points."""
    steps = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
    return tag("path", d=f"M{steps}{'Z' if closed else ''}", class_=class_)


def picture(width: float, height: float, about: str, *children: str, class_: str = "plot") -> str:
    """A whole picture; `about` says in words what it shows."""
    size = f"0 0 {_number(width)} {_number(height)}"
    return tag("svg", title(about), *children, viewBox=size, role="img", class_=class_, aria_label=about)


def marker(x: float, y: float, shape: str, class_: str, about: str = "", size: float = 5) -> str:
    """A mark: circle, up, down or diamond."""
    told = (title(about),) if about else ()
    if shape == "circle":
        return tag("circle", *told, cx=x, cy=y, r=size * 0.8, class_=class_)
    turned = {
        "up": ((0, -1.1), (1.05, 0.8), (-1.05, 0.8)),
        "down": ((0, 1.1), (1.05, -0.8), (-1.05, -0.8)),
        "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    }
    corners = "L".join(f"{_number(x + dx * size)} {_number(y + dy * size)}" for dx, dy in turned[shape])
    return tag("path", *told, d=f"M{corners}Z", class_=class_)


@dataclass(frozen=True)
class Scale:
    """From values (low to high) to pixels (start to end)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / span if span else 0.5)

    def ticks(self, about: int = 4) -> list[float]:
        """Round numbers within the scale, about so many."""
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [round(i * step, 10) for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def apart(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near as possible to the wanted ones (ascending), at least `gap` from each other, within bounds."""
    placed: list[float] = []
    for value in wanted:
        placed.append(max(value, placed[-1] + gap if placed else low))
    over = placed[-1] - high if placed else 0
    for i in range(len(placed) - 1, -1, -1):
        limit = high if i == len(placed) - 1 else placed[i + 1] - gap
        if over > 0 and placed[i] > limit:
            placed[i] = limit
    return placed


def shown(value: float, digits: int = 3) -> str:
    """A number for people: so many significant digits, no exponent."""
    if value != value:
        return "–"
    places = max(0, digits - 1 - (math.floor(math.log10(abs(value))) if value else 0))
    out = f"{value:.{min(places, 3)}f}"
    return out.rstrip("0").rstrip(".") if "." in out else out


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".")
    return str(value)
