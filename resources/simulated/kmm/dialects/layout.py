"""Columns that most wide dialects have, and the table of a cover note made from the columns themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from . import words
from .fields import Cells, Encoder, objects
from .sheets import Column, Form, Records, Sheet, make_carry

Rows = Sequence[tuple[str, str, Encoder, str]]


def lay(f: Form, rows: Rows, **look: object) -> None:
    """Add columns, one a row of (header, variable, encoder, what the note says)."""
    for header, key, encode, means in rows:
        f.put(header, key, encode, means=means, **look)


def aside(f: Form, header: str, raw: Sequence | np.ndarray, means: str = "참고용", **look: object) -> Column:
    """Add a column that carries nothing."""
    return f.extra(header, raw, means=means, **look)


def told(f: Form, header: str, raw: np.ndarray, keys: Sequence[str], means: str, **look: object) -> Column:
    """Add a column of text that carries these variables exactly."""
    column = f.extra(header, raw, means=means, **look)
    f.also(column, list(keys))
    return column


def ig_type(
    f: Form,
    header: str,
    join: str,
    names: Mapping[str, str],
    lights: Mapping[str, str],
    blank: object,
    means: str,
    **look,
) -> None:
    """Add heavy and light chain in one text."""
    raw = words.ig_type(f.get("mprotein_heavy"), f.get("mprotein_light"), join, names, lights, blank)
    told(f, header, raw, ["mprotein_heavy", "mprotein_light"], means, **look)


def fish_text(
    f: Form,
    header: str,
    texts: Mapping[str, list[str]],
    join: str,
    negative: list[str],
    untested: list[str],
    means: str,
    probes: Sequence[str] = tuple(words.FISH_KEYS[1:]),
    done: bool = True,
) -> None:
    """Add the FISH result as free text; with `done` the text tells whether FISH was done as well."""
    raw = words.fish(f.get("fish_done"), {name: f.get(name) for name in probes}, texts, join, negative, untested)
    told(f, header, raw, [*(["fish_done"] if done else []), *probes], means)


def replies(
    f: Form,
    times: Mapping[str, str],
    names: Mapping[str, object],
    blank: object,
    day: Encoder,
    suffix: str,
    stringent: object = "sCR",
    means: str = "",
    **look,
) -> None:
    """Add a response column a time point, and the date of all but the best response (header + suffix)."""
    for time, header in times.items():
        key = f"response.{time}."
        raw = words.response(f.get(key + "response"), f.get(key + "scr"), names, blank, stringent)
        told(f, header, raw, words.response_keys(key), means, **look)
        if time != "best":
            f.put(header + suffix, key + "response_date", day, means="", **{**look, **look.get("dates", {})})


def drug(f: Form, header: str, key: str, names: Mapping[str, object], blank: object, means: str, **form: str) -> None:
    """Add drug, dose and partner of an episode as one text."""
    raw = words.drug_text(f.get(key + "drug"), f.get(key + "dose"), f.get(key + "combination"), names, blank, **form)
    told(f, header, raw, [key + "drug", key + "dose", key + "combination"], means)


def ended(f: Form, header: str, key: str, day: Encoder, word: object, means: str = "", **look: object) -> None:
    """Add the end of an episode, with `word` where it is ongoing."""
    ends, ongoing = f.get(key + "maint_end"), f.get(key + "ongoing")
    cells = day(ends)
    on = (ongoing == 1).fillna(False).to_numpy(dtype=bool)
    raw = cells.raw.copy()
    raw[on] = word
    column = f.extra(header, raw, means=means, **look)
    f.carry(column, key + "maint_end", ends, Cells(raw, cells.sent), ~on | ends.isna().to_numpy())
    tells = on | ends.notna().to_numpy() | ongoing.isna().to_numpy()
    f.carry(column, key + "ongoing", ongoing, Cells(raw, objects(ongoing)), tells)


def site(f: Form, header: str, names: Mapping[str, str], blank: object, means: str) -> None:
    """Add the site of a second malignancy in words."""
    told(f, header, words.site(f.get("malignancy.1.icd10"), names, blank), ["malignancy.1.spm_type"], means)


def describe(sheet: Sheet) -> str:
    """Return the table of a cover note: every column and what it means."""
    lines = ["| column | meaning, codes, unit |", "|---|---|"]
    lines += [f"| {c.header} | {str(c.look.get('means', '')).replace('|', ', ')} |" for c in sheet.columns]
    return "\n".join(lines) + "\n"


class SecondRows(Form):
    """A sheet with one row a transplantation: the further row of a patient holds the transplantation alone.

    Keys `transplant.*.variable` are the row's own transplantation; everything else stands in the patient's first row.
    """

    def __init__(self, records: Records, file: str, blank: object, name: str = "", letters: bool = False):
        super().__init__(records, file, name, 2, letters)
        rows = records.tables["transplant"].sort_values("asct_no", kind="stable")
        order = {pid: i for i, pid in enumerate(records.tables["patient"]["patient_id"])}
        rows = rows.iloc[np.argsort(rows["patient_id"].map(order).to_numpy(), kind="stable")]
        self.blank = blank
        self.sheet.ids = rows["patient_id"].to_numpy(dtype=object)
        self.sheet.repeat = np.full(len(rows), "", dtype=object)
        self.number = rows["asct_no"].astype(str).to_numpy(dtype=object)
        self.own = rows.reset_index(drop=True)
        self.further = self.number != "1"

    def get(self, key: str) -> pd.Series:
        """Return one variable, a value a row (patients' variables in further rows too)."""
        return self.own[key.split(".")[2]] if key.startswith("transplant.*.") else super().get(key)

    def put(self, header: str, key: str, encode: Encoder, **look: object) -> Column:
        """Add a column; what is the patient's stays blank in further rows."""
        column = super().put(header, key, encode, **look)
        if not key.startswith("transplant.*."):
            column.raw[self.further] = self.blank
        return column

    def extra(self, header: str, raw: Sequence | np.ndarray, **look: object) -> Column:
        """Add a column made elsewhere, blank in further rows (`everywhere=True`: in none)."""
        column = super().extra(header, raw, **look)
        if not look.get("everywhere"):
            column.raw[self.further] = self.blank
        return column

    def carry(
        self, column: Column, key: str, values: pd.Series, cells: Cells, survives: np.ndarray | bool = True
    ) -> None:
        """Say that `column` carries `key`, in the rows in which it stands."""
        if key.startswith("transplant.*."):
            column.carries.append(make_carry("transplant", key.split(".")[2], self.number, values, cells, survives))
            return
        super().carry(column, key, values, cells, survives)
        column.carries[-1].status[self.further] = "elsewhere"
