"""Columns that contradict each other, whatever their headers say: they are read as drafted and compared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary, Variable
from multicenter.draft.evidence import ALL, MOST, Fit, Reader
from multicenter.draft.facts import Facts
from multicenter.draft.propose import Candidate, Proposal
from multicenter.draft.vocabulary import Slot
from multicenter.expression_syntax import names_in
from multicenter.expressions import is_true
from multicenter.harmonize.check_open import is_unanswered
from multicenter.harmonize.check_rules import addresses_in
from multicenter.harmonize.rules import asked_and_hit, joined_rows
from multicenter.harmonize.spec import parse_address

CONTRADICTED = 0.2  # of the rows that a rule is about; single patients are mistakes of the hospital
FEWEST_ROWS = 5
BLANKS = re.compile(r"(?:known|missing)\(\w+\)")
EVENT = re.compile(r"known\((\w+)\)")  # with a population `flag == 0`: a date that only some patients have
WITHOUT_EVENT = re.compile(r"(\w+) == 0")
SHOWN = re.compile(r" \([^()]*\{[^()]*\)")  # a message's values in brackets


@dataclass
class Column:
    """One column of a source as drafted. read: what each slot's cells are; {} while a column is open."""

    facts: Facts
    proposal: Proposal
    read: dict[Slot, np.ndarray]


@dataclass
class Records:
    """One source as drafted. ids: the patient of each row. number: the key that rows are numbered by, and the date."""

    row_is: str
    ids: list[str]
    columns: list[Column]
    number: Mapping[str, str]


def doubt_contradictions(sources: Sequence[Records], reader: Reader, checks: Iterable[Mapping[str, str]]) -> None:
    """Leave sure columns open (in place) that contradict others in too many rows.

    checks: the rows of checks.csv; of them the rules of plausibility are asked. Of two columns either may be wrong, so
    both are left open; of more the one that the rule blames.
    """
    checks = [check for check in checks if check["expression"] and check["category"] == "plausibility"]
    for source in sources:
        _doubt_twins(source)
        _doubt_events(source, checks)
        _doubt_ages(source, reader)
    feeders = _feeders(sources)
    tables = {name: _table(sources, name, reader.dictionary) for name in reader.dictionary.tables}
    for check in checks:
        _doubt_rule(check, tables, feeders, reader.dictionary)


class _Names(dict[str, str]):
    """A message's placeholders by name alone."""

    def __missing__(self, name: str) -> str:
        return name


def values_of(reader: Reader, facts: Facts, proposal: Proposal, row_is: str) -> dict[Slot, np.ndarray]:
    """The cells of a sure column, read as its proposal says, by slot."""
    if not proposal.sure:
        return {}
    return {slot: o.take(facts.distinct.codes) for slot, o in reader.read(facts, proposal.spec, row_is).items()}


def _doubt_rule(
    check: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
    feeders: Mapping[str, list[Proposal]],
    dictionary: Dictionary,
) -> None:
    fed = {a: feeders[a] for a in addresses_in(check, dictionary) if a in feeders}
    blamed = f"{check['table']}.{check['blame']}"
    if blamed not in fed or "data_cut" in names_in(check["expression"]) or tables[check["table"]].empty:
        return
    frame = joined_rows(tables, dictionary, check, pd.NaT)
    decided = is_true(check["population"], frame).to_numpy() if check["population"] else np.ones(len(frame), dtype=bool)
    for name in names_in(BLANKS.sub("1", check["expression"])):
        decided = decided & (frame[name].notna().to_numpy() | frame[name].isna().all())
    share = float(asked_and_hit(check, frame)[1][decided].mean()) if decided.sum() >= FEWEST_ROWS else 0.0
    if share > CONTRADICTED:
        ask = f"in {share:.0%} of the rows {SHOWN.sub('', check['message_en']).format_map(_Names())}"
        _open(fed.values() if len(fed) <= 2 else [fed[blamed]], ask)


def _doubt_twins(source: Records) -> None:
    """Dates of two meanings that are the same in every row."""
    same: dict[bytes, list[Column]] = defaultdict(list)
    for column in source.columns:
        for values in column.read.values():
            if values.dtype.kind == "M" and (~np.isnat(values)).sum() >= FEWEST_ROWS:
                same[values.tobytes()].append(column)
    for twins in same.values():
        for column in twins if len(twins) > 1 else ():
            others = ", ".join(repr(other.facts.header) for other in twins if other is not column)
            _open([[column.proposal]], f"it is the same as {others} in every row")


def _doubt_events(source: Records, checks: Iterable[Mapping[str, str]]) -> None:
    """Dates that patients without the event have as well, as far as an unread code of the event's flag can tell."""
    for check in checks:
        event, without = EVENT.fullmatch(check["expression"]), WITHOUT_EVENT.fullmatch(check["population"])
        if not event or not without:
            continue
        dated = _column(source, (check["table"], "", event[1]))
        flag = _column(source, (check["table"], "", without[1]))
        if not dated or not dated.proposal.sure or (flag and flag.proposal.sure):
            continue
        codes = flag.facts.distinct.codes if flag else np.zeros(len(source.ids), dtype="int64")
        filled = pd.Series(dated.facts.distinct.codes >= 0).groupby(codes).agg(["mean", "size"])
        filled = filled[filled["size"] >= FEWEST_ROWS]["mean"]
        if len(filled) and filled.min() > (CONTRADICTED if len(filled) > 1 else ALL):
            group = f"of the rows with any code of {flag.facts.header!r}" if flag else "of the rows"
            ask = f"filled in {filled.min():.0%} {group}: what is it for patients without the event?"
            _open([[dated.proposal]], ask)


def _doubt_ages(source: Records, reader: Reader) -> None:
    """Ages that birth and date show to be counted ones; and those of which nothing shows that they are not."""
    for variable in reader.dictionary.tables[source.row_is].variables.values():
        hints = reader.hints(variable)
        if not hints.counted_ages:
            continue
        births = [_year(source, (source.row_is, "", name)) for name in (hints.year_of, variable.name)]
        born = next((years for years in births if years is not None), None)
        for name, at in hints.counted_ages.items():
            column = _column(source, (source.row_is, "", name))
            if column and not is_unanswered(column.proposal.candidates[0].fit.spec):
                years = _year(source, parse_address(at, source.row_is))
                _doubt_age(column, at, years, born, reader, source.row_is, variable)


def _doubt_age(
    column: Column,
    at: str,
    years: np.ndarray | None,
    born: np.ndarray | None,
    reader: Reader,
    row_is: str,
    variable: Variable,
) -> None:
    proposal, best = column.proposal, column.proposal.candidates[0]
    spec = {"to": variable.name if variable.table == row_is else variable.address, "counted_age_at": at}
    counted = Candidate((variable.table, "", variable.name), best.name, Fit(best.fit.score, spec), variable)
    if years is None or born is None:
        counted.fit.why.append("if it is counted age")
        proposal.candidates.insert(1, counted)
        if proposal.sure:
            _open([[proposal]], f"nothing shows whether it is counted age (needs a birth date and {at}); is it?")
        return
    ages = reader.read(column.facts, best.fit.spec, row_is)[best.slot].take(column.facts.distinct.codes)
    gap = (years - born - np.floor(ages))[~np.isnan(years + born + ages)]
    share = float((gap == -1).mean()) if len(gap) >= FEWEST_ROWS else 0.0
    if share >= MOST:
        counted.fit.why.append(f"{share:.0%} of the ages are the year of {at} less the year of birth, and one")
        proposal.candidates.insert(0, counted)
        proposal.spec = spec
        _open([[proposal]], "by birth and date these are counted ages")


def _year(source: Records, slot: Slot) -> np.ndarray | None:
    values = next((c.read[slot] for c in source.columns if slot in c.read), None)
    if values is None:
        return None
    if values.dtype.kind != "M":
        return values.astype("float64")
    return np.where(np.isnat(values), np.nan, values.astype("datetime64[Y]").astype("int64") + 1970.0)


def _column(source: Records, slot: Slot) -> Column | None:
    """The column that most likely fills a slot."""
    return next((c for c in source.columns if c.proposal.candidates and c.proposal.candidates[0].slot == slot), None)


def _open(groups: Iterable[Iterable[Proposal]], ask: str) -> None:
    for proposal in (p for group in groups for p in group):
        proposal.sure = False
        if ask not in proposal.ask:
            proposal.ask.append(ask)


def _feeders(sources: Iterable[Records]) -> dict[str, list[Proposal]]:
    found: dict[str, list[Proposal]] = defaultdict(list)
    for source in sources:
        for column in source.columns:
            for table, _, name in column.read:
                found[f"{table}.{name}"].append(column.proposal)
    return found


def _table(sources: Iterable[Records], name: str, dictionary: Dictionary) -> pd.DataFrame:
    """A canonical table as the draft's sure columns make it; of rows that say the same thing twice the first counts."""
    table, parts = dictionary.tables[name], []
    for source in sources:
        items: dict[str, dict[str, Any]] = defaultdict(dict)
        for column in source.columns:
            for slot, values in column.read.items():
                if slot[0] == name:
                    items[slot[1]][slot[2]] = values
        for item, values in items.items():
            part = pd.DataFrame({"patient_id": source.ids, **values})
            part = part[part[list(values)].notna().any(axis=1)]
            if table.item and table.item not in part:
                by = source.number.get(table.item)
                rows = part.sort_values(by, kind="stable") if by in part else part
                part[table.item] = item or rows.groupby("patient_id").cumcount() + 1
            parts.append(part)
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"patient_id": pd.Series(dtype=object)})
    for variable in table.variables.values():
        values = whole[variable.name] if variable.name in whole else pd.Series(pd.NA, index=whole.index)
        values = pd.to_numeric(values, errors="coerce") if variable.dtype in ("Int64", "float64") else values
        whole[variable.name] = pd.to_datetime(values) if variable.type == "date" else values.astype(variable.dtype)
    keys = [key for key in ("patient_id", table.item) if key]
    return whole.groupby(keys, sort=False, dropna=False).first().reset_index() if len(parts) > 1 else whole
