"""Four hospitals that the mappings shipped with the study have never seen: their files, and what each column means.

Written from the true records alone. Nothing here reads the configuration or the library: headers, orders, codes and
units are chosen as a hospital would choose them, and `answer` is what its data manager would say on the phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

TRUTH = Path(__file__).resolve().parents[3] / "resources" / "simulated" / "truth"
ITEM = {"transplant": "asct_no", "maintenance": "episode_no", "response": "timepoint", "malignancy": "spm_no"}
Encoder = Callable[[Any], Any]


@dataclass
class Column:
    """One column: its header as it is read, its cells, the addresses that it fills (none: of no use), the answer.

    also: addresses that a reader may fill besides. keys: the true values behind it, by address.
    """

    header: str
    cells: list[Any]
    means: list[str] = field(default_factory=list)
    answer: Any = None
    also: list[str] = field(default_factory=list)


@dataclass
class Sheet:
    """One sheet or file with its columns; `facts` are the source keys that the hospital would confirm."""

    file: str
    name: str
    id: str
    columns: list[Column]
    facts: dict[str, Any] = field(default_factory=dict)
    row_is: str = "patient"


@dataclass
class Extract:
    """What one hospital sends. ids: the true patient (center, id) behind each of its own ids."""

    center: str
    sheets: list[Sheet]
    ids: dict[str, tuple[str, str]]
    files: list[Path] = field(default_factory=list)


class Truth:
    """The true records of some patients, by address, in the order of the patients."""

    def __init__(self, center: str, n: int, prefix: str):
        self.tables = {name: pd.read_parquet(TRUTH / f"{name}.parquet") for name in ("patient", *ITEM)}
        rows = self.tables["patient"].query("center == @center").head(n)
        self.known = list(rows["patient_id"])
        self.center = center
        self.own = [f"{prefix}{17 * i % 900 + 100}" for i in range(1, len(rows) + 1)]

    def get(self, address: str) -> list[Any]:
        """The values of `patient.sex` or `transplant[1].asct_date`; None where there is none."""
        place, variable = address.split(".")
        name, _, item = place.rstrip("]").partition("[")
        table = self.tables[name][self.tables[name]["center"] == self.center]
        if item:
            table = table[table[ITEM[name]].astype(str) == item]
        values = table.set_index("patient_id")[variable].reindex(self.known).astype(object)
        return [None if pd.isna(v) else v for v in values]

    def column(self, header: str, address: str, encode: Encoder, answer: Any = None, also: Sequence[str] = ()):
        """A column of one variable; `answer` defaults to the bare address."""
        cells = [None if v is None else encode(v) for v in self.get(address)]
        return Column(header, cells, [address], answer or short(address), list(also))

    def ids(self) -> dict[str, tuple[str, str]]:
        return {own: (self.center, known) for own, known in zip(self.own, self.known, strict=True)}


def short(address: str) -> str:
    return address.removeprefix("patient.")


def coded(names: dict[Any, Any]) -> Encoder:
    return lambda v: names.get(v, names.get(str(v)))


def number(digits: int, factor: float = 1.0) -> Encoder:
    return lambda v: round(float(v) * factor, digits) if digits else round(float(v) * factor)


def day(form: str) -> Encoder:
    return lambda v: pd.Timestamp(v).strftime(form)


def typed(value: Any) -> Any:
    return pd.Timestamp(value).to_pydatetime()


def told(address: str, names: dict[Any, Any], **more: Any) -> dict[str, Any]:
    """The answer about a coded column: each of its words and the level that it means."""
    return {"to": short(address), "codes": {str(word): level for level, word in names.items()}, **more}


def useless(header: str, words: Sequence[Any], n: int, blank_every: int = 0) -> Column:
    cells = [words[(5 * i + i // 3) % len(words)] for i in range(n)]
    if blank_every:
        cells[::blank_every] = [None] * len(cells[::blank_every])
    return Column(header, cells)


def responses(truth: Truth, item: str, header: str, names: dict[str, Any], stringent: Any) -> Column:
    """A response column; a stringent complete response has a word of its own."""
    address = f"response[{item}].response"
    levels, flags = truth.get(address), truth.get(f"response[{item}].scr")
    cells = [None if v is None else stringent if f == 1 else names[v] for v, f in zip(levels, flags, strict=True)]
    codes = {str(word): level for level, word in names.items()} | {str(stringent): "CR"}
    flag = {str(word): (None if level == "NE" else 0) for level, word in names.items()} | {str(stringent): 1}
    scr = {"to": f"response[{item}].scr", "codes": flag}
    return Column(header, cells, [address], [{"to": address, "codes": codes}, scr], [f"response[{item}].scr"])


SAME = {level: level for level in ("CR", "VGPR", "PR", "MR", "SD", "PD", "NE")}
