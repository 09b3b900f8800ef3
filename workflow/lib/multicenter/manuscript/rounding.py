"""The one rounding policy: half-up as journals print, P values by the journal's rule, percentages, intervals.

Half-up is applied to the shortest decimal text of the float (its repr): 0.285 prints 0.29 and 2.675 prints 2.68.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

MISSING = "\u2013"
NOT_REACHED = "NR"
NOT_ESTIMABLE = "NE"
MINUS = "\u2212"


def is_number(value: object) -> bool:
    """True for a finite number; False for None, NA, NaN and infinities."""
    return value is not None and not pd.isna(value) and math.isfinite(float(value))


def half_up(value: float, decimals: int = 0) -> Decimal:
    """Return `value` rounded half away from zero to `decimals` places."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def format_number(value: object, decimals: int = 0, missing: str = MISSING) -> str:
    """Return the number as printed: commas from 10,000 on, a true minus sign; `missing` if there is none."""
    if not is_number(value):
        return missing
    rounded = half_up(float(value), decimals)
    return (f"{rounded:,f}" if abs(rounded) >= 10_000 else f"{rounded:f}").replace("-", MINUS)


def format_p(p: object, prefix: bool = False) -> str:
    """Return a P value: `< 0.001`, three decimals below 0.01 (and where two would print 0.05), else two; `> 0.99`.

    With `prefix` the text is `P = 0.03` or `P < 0.001`, as in a sentence or a figure.
    """
    if not is_number(p):
        return MISSING
    value = float(p)
    if not 0 <= value <= 1:
        raise ValueError(f"a P value lies between 0 and 1, not at {value}")
    if value < 0.001:
        text = "<0.001"
    elif value > 0.99:
        text = ">0.99"
    elif value < 0.01 or (value < 0.055 and half_up(value, 2) == Decimal("0.05")):
        text = format_number(value, 3)
        # 0.04996 must not print as 0.050 when it is below the level that readers compare it with
        text = "0.049" if value < 0.05 and text == "0.050" else text
    else:
        text = format_number(value, 2)
    if not prefix:
        return text
    return f"P {text[0]} {text[1:]}" if text[0] in "<>" else f"P = {text}"


def format_percent(count: object, denominator: object, decimals: int = 0, sign: bool = False) -> str:
    """Return 100 * count / denominator, computed exactly and rounded half-up; `MISSING` if there is no denominator.

    What would print as 0 or 100 but is not prints as `<1` and `>99` (with `decimals`: `<0.1`, `>99.9`).
    """
    if not is_number(count) or not is_number(denominator) or float(denominator) == 0:
        return MISSING
    ratio = Decimal(repr(float(count))) * 100 / Decimal(repr(float(denominator)))
    unit = Decimal(1).scaleb(-decimals)
    rounded = ratio.quantize(unit, rounding=ROUND_HALF_UP)
    text = f"{rounded:f}"
    if rounded == 0 and ratio > 0:
        text = f"<{unit:f}"
    elif rounded == 100 and ratio < 100:
        text = f">{100 - unit:f}"
    return text + (" %" if sign else "")


def format_count_percent(count: object, denominator: object, decimals: int = 0) -> str:
    """Return `104 (68)`: the count and its percentage of `denominator`."""
    if not is_number(count):
        return MISSING
    return f"{format_number(count)} ({format_percent(count, denominator, decimals)})"


def format_interval(
    value: object, low: object, high: object, decimals: int, missing: str = NOT_ESTIMABLE, scale: float = 1.0
) -> str:
    """Return `26.4 (22.1 to 29.8)`; each bound that cannot be estimated prints as `missing`."""
    point, lower, upper = (
        format_number(float(x) * scale, decimals) if is_number(x) else missing for x in (value, low, high)
    )
    if lower == upper == missing:
        return point
    return f"{point} ({lower} to {upper})"
