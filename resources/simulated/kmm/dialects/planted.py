"""Faults that are wrong cells: what stands in the cell cannot be read, is coarse, or is censored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from .formats import Formula


@dataclass(frozen=True)
class Plant:
    """A planned fault: its kind, the variable (`table.item.variable`, item `*` = any), what the cell becomes (from the
    value and the text that stood there), what remains of the value (nothing, if not given), in how many cells.

    who: any, or first (patients whom the first criterion excludes). fits: which values it may replace (value and date
    of diagnosis).
    alone: the cell holds other variables that stay readable (free text).
    """

    kind: str
    key: str
    raw: Callable[[object, object], object]
    after: Callable[[object], object] | None = None
    n: int = 1
    who: str = "any"
    fits: Callable[[object, pd.Timestamp], bool] | None = None
    alone: bool = False


def put(value: object) -> Callable[[object, object], object]:
    return lambda sent, raw: value


def form(spelled: str) -> Callable[[object, object], object]:
    """Write the date in another strftime form."""
    return lambda sent, raw: sent.strftime(spelled)


def middle(sent: pd.Timestamp) -> pd.Timestamp:
    """The 15th of the month, to which a date without a day is imputed."""
    return sent.replace(day=15)


def same(sent: object) -> object:
    return sent


def zero(sent: object) -> float:
    return 0.0


def month_only(key: str, spelled: str, n: int = 1, who: str = "any") -> Plant:
    return Plant("date_month_only", key, form(spelled), middle, n, who)


def year_only(key: str, n: int = 1, who: str = "any") -> Plant:
    return Plant("date_year_only", key, form("%Y"), None, n, who)


def impossible(key: str, spelled: str, n: int = 1, who: str = "any") -> Plant:
    """Write the 31st of February of the date's year (`spelled` holds the month and day)."""
    return Plant("date_impossible", key, form(spelled), None, n, who)


def words(key: str, text: str, n: int = 1, who: str = "any") -> Plant:
    return Plant("not_numeric", key, put(text), None, n, who)


def below(key: str, text: str, n: int = 1) -> Plant:
    return Plant("below_limit", key, put(text), zero, n, fits=lambda value, dx: value < 0.5 or key == "mprot_urine")


def above(key: str, n: int = 1) -> Plant:
    """Write `>5000` in place of the largest values."""
    return Plant("above_limit", key, put(">5000"), lambda sent: 5000.0, n, fits=lambda value, dx: value > 1000)


def between(key: str, low: int, high: int, n: int = 1) -> Plant:
    return Plant("range_midpoint", key, put(f"{low}-{high}"), lambda sent: (low + high) / 2, n)


def unclear(key: str, text: str, n: int = 1, who: str = "any") -> Plant:
    return Plant("ambiguous_code", key, put(text), None, n, who)


def of_1904(key: str, n: int, fits: Callable[[pd.Timestamp, pd.Timestamp], bool]) -> Plant:
    """Write the serial that a workbook of the 1904 date system holds: 1462 days less."""
    return Plant("date_system_1904", key, lambda sent, raw: raw - 1462, None, n, fits=fits)


def broken(key: str, code: str) -> Plant:
    """Write a formula whose kept value is an error."""
    text = {"#REF!": "=#REF!*1", "#DIV/0!": "=1/0", "#N/A": "=NA()"}[code]
    return Plant("formula_error", key, put(Formula(text, code)))


def _in_narrative(sent: pd.Timestamp, raw: object) -> str:
    """Take the day from the date of the next treatment inside the narrative."""
    return str(raw).replace(f"{sent:%Y.%m.%d} next Tx", f"{sent:%Y.%m} next Tx")


SINCE_2016 = pd.Timestamp("2016-07-01")
PLANTS: dict[str, list[Plant]] = {
    "SMC": [
        Plant("date_text", "next_tx_date", form("%Y-%m-%d"), same, 2),
        Plant("date_text", "ind_start", form("%Y.%m.%d"), same, 2),
        Plant("date_text", "ind_end", form("%Y-%m-%d"), same, 2),
        impossible("next_tx_date", "%Y-02-30"),
        words("hb", "hemolyzed"),
        words("plt", "clumped"),
        below("mprot_serum", "<0.1", 2),
        below("mprot_serum", "trace"),
        above("flc_kappa"),
        between("bmpc", 80, 90),
        unclear("response.m6.response", "CRu"),
    ],
    "CNUHH": [
        impossible("ind_end", "%Y.02.30"),
        impossible("next_tx_date", "%Y.13.05"),
        month_only("next_tx_date", "%Y.%m"),
        month_only("ind_end", "%Y.%m"),
        year_only("next_tx_date"),
        words("hb", "용혈"),
        words("ca", "9..4"),
        below("mprot_serum", "<0.1"),
        below("mprot_serum", "not detected"),
        below("mprot_urine", "trace"),
        above("flc_kappa"),
        above("flc_lambda"),
        between("bmpc", 80, 90),
        between("bmpc", 30, 40),
        unclear("response.m12.response", "≥VGPR"),
    ],
    "SNUH": [
        impossible("next_tx_date", "%Y-02-30"),
        month_only("ind_end", "%Y-%m"),
        year_only("next_tx_date"),
        below("mprot_serum", "<0.1"),
        above("flc_lambda"),
        unclear("response.m6.response", "≥VGPR"),
    ],
    "KUAH": [
        of_1904("ind_start", 3, lambda date, dx: date > SINCE_2016),
        of_1904("next_tx_date", 1, lambda date, dx: date - pd.Timedelta(days=1462) < dx),
        between("bmpc", 80, 90),
        words("hb", "see chart"),
        unclear("response.best.response", "CRu"),
    ],
    "JBUH": [impossible("ind_end", "%y/02/31"), below("mprot_serum", "trace"), between("bmpc", 60, 70)],
    "DSMC": [
        Plant("date_month_only", "next_tx_date", _in_narrative, middle, alone=True),
        Plant("date_impossible", "ind_start", lambda sent, raw: int(f"{sent:%Y}0231")),
        words("hb", "lysis"),
    ],
    "CNUH": [month_only("ind_end", "%Y/%-m"), impossible("next_tx_date", "%Y/2/30"), words("plt", "응집")],
    "DAUH": [
        month_only("next_tx_date", "%Y년 %-m월"),
        Plant("date_year_only", "ind_end", form("%Y년")),
        unclear("response.best.response", "CRu"),
        words("hb", "용혈"),
    ],
    "KUGH": [impossible("ind_end", "31-Feb-%y"), below("mprot_serum", "<0.1")],
    "WKUH": [month_only("ind_end", "%Y.%-m"), impossible("ind_start", "%Y.2.30"), below("mprot_serum", "trace")],
    "KUASH": [
        broken("plt", "#REF!"),
        broken("ca", "#REF!"),
        broken("flc_kappa", "#DIV/0!"),
        broken("bmpc", "#N/A"),
        Plant("date_text", "ind_start", form("%Y-%m-%d"), same),
    ],
    "HPH": [year_only("ind_start"), words("plt", "응집")],
}
