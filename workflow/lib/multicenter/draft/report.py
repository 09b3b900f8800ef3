"""The profile of an extract: what each column holds, for the terminal, as csv and as html."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multicenter.draft.date_evidence import read_dates, unread, ways, with_century
from multicenter.draft.facts import FEWEST, Facts, shown_values
from multicenter.draft.layout import Found
from multicenter.draft.number_evidence import HEAPED, MISSING_NUMBERS
from multicenter.draft.vocabulary import Vocabulary
from multicenter.harmonize.cells import MAPPED
from multicenter.harmonize.words import key

COLUMNS = [
    "file", "sheet", "column", "header", "label", "language", "encoding", "cells", "blank", "types", "distinct",
    "values", "missing_codes", "dates", "numbers", "unit",
]  # fmt: skip
STYLE = (
    "body{font:14px sans-serif}table{border-collapse:collapse}th{background:#eee;position:sticky;top:0}"
    "td,th{border:1px solid #ccc;padding:3px 6px;text-align:left;vertical-align:top}"
)
ON_TERMINAL = ["column", "header", "blank", "types", "values", "missing_codes", "dates", "numbers", "unit"]
WIDEST = {"header": 28, "values": 44, "dates": 34, "missing_codes": 18, "numbers": 28, "types": 16, "unit": 24}
MOSTLY = 0.8
UNIQUE, LONG_NUMBER = 0.95, 1e5
FEW = 12  # distinct numbers that may still be codes
DATED = (1900, 2100)


def profile_tables(
    tables: Sequence[tuple[Found, list[Facts]]], vocabulary: Vocabulary, units: dict[str, str], ids: set[str]
) -> pd.DataFrame:
    """One row a column of every table (columns: COLUMNS).

    units: header → unit as the draft understands it. ids: headers of patient ids, of which no number is shown.
    """
    rows = []
    for found, columns in tables:
        raw = found.raw
        for facts in columns:
            rows.append([
                raw.file, raw.sheet, facts.ref, facts.header, facts.label, _language(facts),
                raw.facts.get("encoding", found.source.get("encoding", "")) or "", facts.n, facts.n - facts.filled,
                " ".join(f"{name} {n}" for name, n in facts.kinds().items() if n), len(facts.distinct),
                "; ".join(shown_values(facts, fewest=FEWEST)) if _coded(facts) else "",
                "; ".join(_missing(facts, vocabulary)), _dates(facts, found.source["format"]),
                "" if facts.header in ids else _numbers(facts),
                units.get(facts.header, vocabulary.header(facts.name).unit_text),
            ])  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def as_text(profile: pd.DataFrame) -> str:
    """The profile as a table for the terminal; long cells are cut."""
    blocks = []
    for (file, sheet), part in profile.groupby(["file", "sheet"], sort=False):
        head = f"{file}{f', sheet {sheet}' if sheet else ''}: {part['cells'].iloc[0]} rows, {len(part)} columns"
        encoding = part["encoding"].iloc[0]
        body = part[ON_TERMINAL].astype(str)
        shown = [c for c in ON_TERMINAL if c != "column" or not (body["column"] == body["header"]).all()]
        widths = {c: min(max(_wide(c), *(_wide(v) for v in body[c])), WIDEST.get(c, 10)) for c in shown}
        lines = [dict(zip(shown, shown, strict=True)), *body.to_dict("records")]
        lines = ["  ".join(_cell(row[c], widths[c]) for c in shown).rstrip() for row in lines]
        blocks.append("\n".join([head + (f", {encoding}" if encoding else ""), *lines]))
    return "\n\n".join(blocks)


def write_profile(profile: pd.DataFrame, path: Path) -> None:
    """Write the profile as html (by its suffix) or csv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.casefold() in (".html", ".htm"):
        table = profile.to_html(index=False, border=0, justify="left", na_rep="")
        text = f'<!doctype html><meta charset="utf-8"><title>Profile</title><style>{STYLE}</style>\n{table}\n'
        path.write_text(text, encoding="utf-8")
    else:
        profile.to_csv(path, index=False, lineterminator="\n", encoding="utf-8-sig")


def _coded(facts: Facts) -> bool:
    """Whether the values are worth listing: not a measurement, not dates."""
    kinds = facts.kinds()
    measured = len(facts.distinct) > FEW and _numbers(facts)
    return (
        bool(facts.filled)
        and not measured
        and kinds["date"] <= MOSTLY * facts.filled
        and (facts.are_levels or kinds["text"] > 0)
    )


def _missing(facts: Facts, vocabulary: Vocabulary) -> list[str]:
    """Codes that may mean missing, with counts: known words, declared codes, numbers such as 99."""
    words = {key(word) for word in vocabulary.spec.get("missing", ())}
    found = []
    for i, text in enumerate(facts.distinct.text):
        number = facts.distinct.number[i]
        if np.isnan(number) and re.fullmatch(r"-?\d+(\.\d+)?", text.strip()):
            number = float(text)
        declared = facts.is_declared_missing(i)
        heaped = number in MISSING_NUMBERS and (
            len(facts.distinct) <= FEW or facts.counts[i] >= HEAPED * np.median(facts.counts)
        )
        if declared or facts.distinct.key[i] in words or (heaped and facts.counts[i] >= FEWEST):
            found.append(f"{text.strip()} ({int(facts.counts[i])}){' declared' if declared else ''}")
    return found


def _dates(facts: Facts, kind: str) -> str:
    """The date systems that read most of a column, `or` between those that its values cannot tell apart."""
    if facts.labels or not facts.filled:
        return ""
    dated = facts.kinds()["date"]
    if dated > MOSTLY * facts.filled:
        rest = facts.filled - dated
        return "typed" + (f", {rest} others" if rest else "")
    everything = list(range(len(facts.distinct)))
    found = []
    for way in [{}, *ways(*unread(facts, everything), kind)]:
        outcome = read_dates(facts, with_century(way))
        years = outcome.value.astype("datetime64[Y]").astype("int64") + 1970
        good = (outcome.status == MAPPED) & (years > DATED[0]) & (years < DATED[1])
        share = facts.counts[good].sum() / facts.filled
        if share > MOSTLY and _recent(years[good], facts.counts[good], way):
            found.append((share, ", ".join(way.get("formats", [])) or way.get("system", "") or "text, year first"))
    best = max((share for share, _ in found), default=0)
    names = [name for share, name in found if share >= best - 0.1]
    return names[0] if names[:1] == ["text, year first"] else " or ".join(names)


def _recent(years: np.ndarray, counts: np.ndarray, way: dict[str, Any]) -> bool:
    """Bare numbers are dates only where most of them fall into the years of living people."""
    return "system" not in way or bool(counts[(years > 1990) & (years < 2035)].sum() > MOSTLY * counts.sum())


def _numbers(facts: Facts) -> str:
    """Quartiles of a column of measurements; of long numbers that are all different, nothing."""
    texts = pd.to_numeric(pd.Series(facts.distinct.plain, dtype=object), errors="coerce").to_numpy(dtype="float64")
    numbers = np.where(np.isnan(facts.distinct.number), texts, facts.distinct.number) if len(texts) else np.zeros(0)
    known = np.isfinite(numbers)
    n = int(facts.counts[known].sum()) if len(numbers) else 0
    if not n or n < MOSTLY * facts.filled or len(facts.distinct) < 6 or facts.labels:
        return ""
    if len(facts.distinct) >= UNIQUE * facts.filled and np.nanmedian(numbers) >= LONG_NUMBER:
        return ""
    low, mid, high = np.quantile(np.repeat(numbers[known], facts.counts[known]), [0.25, 0.5, 0.75])
    return f"median {mid:.4g} ({low:.4g} to {high:.4g})"


def _language(facts: Facts) -> str:
    said = Counter(
        "Hangul" if re.search(r"[가-힣]", text) else "Latin"
        for text in [facts.header, facts.label, *facts.texts]
        if re.search(r"[^\W\d]", text)
    )
    return ", ".join(sorted(said))


def _wide(text: str) -> int:
    """How many places a text takes on a terminal; Hangul takes two each."""
    return sum(2 if ord(c) > 0x1100 else 1 for c in text)


def _cell(text: str, width: int) -> str:
    while _wide(text) > width:
        text = text[:-2] + "…"
    return text + " " * (width - _wide(text))
