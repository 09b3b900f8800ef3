"""A delivery that nobody has mapped, as a draft of its center file: sources, ids, proposals, open questions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary
from multicenter.draft.code_evidence import explain_words
from multicenter.draft.cross_evidence import Column, Records, doubt_contradictions, values_of
from multicenter.draft.date_evidence import are_dates
from multicenter.draft.evidence import ALL, Question, Reader, place
from multicenter.draft.facts import Facts, table_facts
from multicenter.draft.layout import Found
from multicenter.draft.propose import Candidate, Proposal, propose, total
from multicenter.draft.vocabulary import Slot, Vocabulary
from multicenter.harmonize.words import key
from multicenter.intake.table import written

LONG = 0.1  # of the rows whose id stands more than once: more are records, fewer are duplicates
UNIQUE = 0.98
FEWEST_REPEATED = 3  # ids that stand more than once; two are rather duplicates
TELLS = 0.8  # of the repeated ids within which a column that tells rows apart differs
COMMON = 0.5  # of a source's ids that the patients' source knows
WIDELY = 3  # columns in which a missing code stands to be declared for the whole source


@dataclass
class Draft:
    """One source of the draft. id_ask: why the id column is open ("": it is sure). repeats: ids that stand twice."""

    name: str
    found: Found
    facts: list[Facts]
    row_is: str
    id_column: str
    id_ask: str
    id_others: list[str]
    proposals: dict[str, Proposal]
    missing: list[str] = field(default_factory=list)
    number: dict[str, str] = field(default_factory=dict)
    repeats: int = 0


@dataclass
class Delivery:
    """The whole draft. ignored: sheets (or whole files) without this delivery's patients, by file: {sheet: what}."""

    center: str
    sources: list[Draft]
    ignored: dict[str, dict[str, str]]
    several_files: bool

    @property
    def counts(self) -> Counter[str]:
        """Columns by state: sure, open."""
        return Counter("sure" if p.sure else "open" for s in self.sources for p in s.proposals.values())


def draft_delivery(
    center: str,
    tables: list[Found],
    dictionary: Dictionary,
    codes: Mapping[str, Any],
    vocabulary: Vocabulary,
    usual: Mapping[str, float],
    checks: Sequence[Mapping[str, str]] = (),
) -> Delivery:
    """Propose a mapping for every column of every table of a delivery.

    usual: the median to expect, by address. checks: the rows of checks.csv.
    """
    facts = [table_facts(found.raw) for found in tables]
    ids = [_id_column(columns, vocabulary) for columns in facts]
    order = sorted(range(len(tables)), key=lambda i: (not ids[i][0], -_uniqueness(tables[i], ids[i][0])))
    roster: set[str] = set()
    sources: list[Draft] = []
    ignored: dict[str, dict[str, str]] = {}
    for i in order:
        found, (column, ask, others) = tables[i], ids[i]
        own = _ids(found, column)
        if sources and (not column or len(own & roster) < COMMON * len(own)):
            ignored.setdefault(found.raw.file, {})[found.raw.sheet] = _strange(found)
            continue
        roster |= own
        sources.append(
            _source(found, facts[i], (column, ask, others), dictionary, codes, vocabulary, usual, bool(sources))
        )
    _once(sources)
    reader = Reader(dictionary, codes, vocabulary)
    for source in sources:
        _add_told(source, sources, reader)
    doubt_contradictions([_records(source, reader) for source in sources], reader, checks)
    for source in sources:
        _share_missing(source, reader)
    _name(sources)
    return Delivery(center, sources, ignored, len({found.raw.file for found in tables}) > 1)


def _source(
    found: Found,
    facts: list[Facts],
    ident: tuple[str, str, list[str]],
    dictionary: Dictionary,
    codes: Mapping[str, Any],
    vocabulary: Vocabulary,
    usual: Mapping[str, float],
    later: bool,
) -> Draft:
    """Draft one table. later: an earlier one tells which patients there are, so that this may be records of few."""
    reader = Reader(dictionary, codes, vocabulary, found.source["format"])
    column, ask, others = ident
    columns = [f for f in facts if f.header != column]
    texts = [written(v) for v in found.raw.cells[column].to_numpy()] if column else []
    counts = Counter(texts)
    repeated = sum(n for n in counts.values() if n > 1) / len(texts) if texts else 0.0
    few = 1 if later else FEWEST_REPEATED
    several = _record_tables(columns, texts, vocabulary, few) if repeated > (0 if later else LONG) else []
    tried = several if several and repeated > LONG else ["patient", *several]
    best: tuple[float, str, dict[str, Proposal], dict[str, str]] | None = None
    for row_is in tried:
        proposals = propose(columns, reader, row_is, usual)
        number = _numbered(proposals, row_is, dictionary)
        worth = total(proposals) - (0 if number is not None else 1)
        if best is None or worth > best[0]:
            best = worth, row_is, proposals, number or {}
    repeats = sum(n > 1 for n in counts.values()) if best[1] == "patient" else 0
    return Draft("main", found, facts, best[1], column, ask, others, best[2], number=best[3], repeats=repeats)


def _records(source: Draft, reader: Reader) -> Records:
    columns = [
        Column(facts, proposal, values_of(reader, facts, proposal, source.row_is))
        for facts in source.facts
        if (proposal := source.proposals.get(facts.header))
    ]
    cells = source.found.raw.cells
    ids = [key(written(v)) for v in cells[source.id_column]] if source.id_column else list(map(str, range(len(cells))))
    return Records(source.row_is, ids, columns, source.number)


def _record_tables(facts: list[Facts], ids: list[str], vocabulary: Vocabulary, few: int) -> list[str]:
    """The tables whose records the rows of repeated ids can be: a column says which, or when, and differs within an id.

    Rows that only stand twice agree in all such columns.
    """
    index = pd.Series(ids).groupby(ids, sort=False).ngroup().to_numpy()
    found = []
    for table in vocabulary.dictionary.tables.values():
        telling = {table.item} | {v.name for v in table.variables.values() if v.type == "date"} if table.item else set()
        for f in facts:
            header = vocabulary.header(f.name)
            named = any(
                n.exact and s[:2] == (table.name, "") and s[2] in telling
                for s, n in vocabulary.names(header, table.name).items()
            )
            if named and _differs(index, f.distinct.codes, few) >= TELLS:
                found.append(table.name)
                break
    return found


def _differs(index: np.ndarray, codes: np.ndarray, few: int) -> float:
    """The share of repeated ids within which a column's values are all different."""
    frame = pd.DataFrame({"id": index, "code": np.where(codes < 0, np.nan, codes)})
    sizes = frame.groupby("id")["code"].agg(["size", "nunique"])
    several = sizes[sizes["size"] > 1]
    return float((several["size"] == several["nunique"]).mean()) if len(several) >= few else 0.0


def _numbered(proposals: Mapping[str, Proposal], row_is: str, dictionary: Dictionary) -> dict[str, str] | None:
    """How the rows of a record's table are told apart: {} by a column, {item: date} by order, None if they are not."""
    table = dictionary.tables[row_is]
    firsts = [(p.candidates[0].slot, p.sure) for p in proposals.values() if p.candidates]
    own = {slot[2]: sure for slot, sure in firsts if slot[:2] == (row_is, "")}
    if not table.item or table.item in own:
        return {}
    dates = [name for name, sure in own.items() if table.variables[name].type == "date" and sure]
    return {table.item: dates[0]} if dates and table.variables[table.item].type == "integer" else None


def _id_column(facts: list[Facts], vocabulary: Vocabulary) -> tuple[str, str, list[str]]:
    """The column of patient ids, why it is not sure, and what else it could be."""
    named = [f for f in facts if any(vocabulary.is_id(vocabulary.header(text)) for text in (f.name, f.label) if text)]
    full = [f for f in named if f.filled == f.n]
    if full:
        best = max(full, key=lambda f: len(f.distinct))
        near = [f.header for f in full if f is not best and len(f.distinct) > len(best.distinct) / 2]
        return best.header, f"{1 + len(near)} columns may be the patient's id" if near else "", near
    unique = [f for f in facts if f.filled == f.n and len(f.distinct) >= UNIQUE * f.n and not are_dates(f)]
    if unique:
        others = [f.header for f in unique[1:4]]
        return unique[0].header, "no header names the patient's id; this column's values are all different", others
    return "", "no column looks like the patient's id", []


def _strange(found: Found) -> str:
    """What a sheet or file without this delivery's patients holds."""
    n = len(found.raw.rows)
    state = found.raw.facts.get("hidden_sheets", {}).get(found.raw.sheet, "")
    what = "without this delivery's patients; a code book?" if len(found.raw.cells.columns) else "and no table; a note?"
    return f"{state + ': ' if state else ''}{n} row{'s' if n > 1 else ''} {what}"


def _ids(found: Found, column: str) -> set[str]:
    return {key(written(v)) for v in found.raw.cells[column].to_numpy()} if column else set()


def _uniqueness(found: Found, column: str) -> float:
    """Patients' sources come first: many columns, ids that stand once."""
    return len(_ids(found, column)) / len(found.raw.rows) * len(found.raw.cells.columns) if column else 0.0


def _once(sources: list[Draft]) -> None:
    """A variable that an earlier source feeds for sure is a question in a later one."""
    fed: dict[Slot, str] = {}
    for source in sources:
        long = source.row_is
        for proposal in source.proposals.values():
            slot = proposal.candidates[0].slot if proposal.candidates else ("", "", "")
            if slot in fed and not (slot[0] == long and not slot[1] and long != "patient"):
                proposal.sure = False
                proposal.ask.append(f"{place(slot)}.{slot[2]} is already fed by {fed[slot]!r}; do they agree?")
        for proposal in source.proposals.values():
            if proposal.sure:
                fed.setdefault(proposal.candidates[0].slot, proposal.header)


def _add_told(source: Draft, sources: list[Draft], reader: Reader) -> None:
    """Add the variables that a column tells besides its own, if the delivery speaks of them at all."""
    taken = {p.candidates[0].slot for s in sources for p in s.proposals.values() if p.candidates}
    for facts in source.facts:
        proposal = source.proposals.get(facts.header)
        best = proposal.candidates[0] if proposal and proposal.candidates else None
        if not best or isinstance(proposal.spec, list) or "read" in proposal.spec:
            continue
        for variable in reader.dictionary.tables[best.slot[0]].variables.values():
            slot = (*best.slot[:2], variable.name)
            if reader.hints(variable).told_by != best.slot[2] or slot in taken:
                continue
            more = _told_target(source, sources, facts, best, reader, variable, slot)
            if more:
                proposal.spec = [proposal.spec, more]
                proposal.why.append(f"it also tells {variable.name}")


def _told_target(
    source: Draft, sources: list[Draft], facts: Facts, best: Candidate, reader: Reader, variable: Any, slot: Slot
) -> Any:
    """The second target of a column, or None. A flag is only added where some column says yes to it."""
    hints = reader.hints(variable)
    q = Question(facts, reader.vocabulary.header(""), variable, slot, source.row_is)
    if hints.prefixes:
        words = sorted(
            (w for ws in reader.lists[hints.prefixes]["codes"].values() for w in ws), key=lambda w: (-len(w), w)
        )
        pattern = f"({'|'.join(re.escape(w) for w in words)}).*"
        live = [t for i, t in enumerate(facts.distinct.plain) if i not in set(reader.idle(facts))]
        if live and all(re.fullmatch(pattern, t, re.IGNORECASE) for t in live):
            return {"to": q.address, "pattern": pattern, "codes": hints.prefixes}
        return None
    fit = explain_words(reader, q)
    if not fit or fit.ask or fit.score < ALL or not _spoken(sources, best.slot[2], reader, variable):
        return None
    return fit.spec


def _spoken(sources: list[Draft], owner: str, reader: Reader, variable: Any) -> bool:
    """Whether any column of the delivery that feeds `owner` holds a word that means yes to the told flag."""
    if variable.type != "flag":
        return True
    yes = {key(w) for name in reader.hints(variable).lists for w in reader.lists[name]["codes"].get("1", ())}
    return any(
        yes & {key(text) for text in facts.texts}
        for source in sources
        for facts in source.facts
        if (p := source.proposals.get(facts.header)) and p.candidates and p.candidates[0].slot[2] == owner
    )


def _share_missing(source: Draft, reader: Reader) -> None:
    """Declare a missing code once for the source where many columns have it and none gives it a meaning."""
    specs = [spec for p in source.proposals.values() if p.sure for spec in _targets(p.spec)]
    counts = Counter(word for spec in specs for word in spec.get("missing", ()))
    meant = set()
    for facts in source.facts:
        proposal = source.proposals.get(facts.header)
        said = {
            w
            for spec in (_targets(proposal.spec) if proposal and proposal.spec else [])
            for w in spec.get("missing", ())
        }
        meant |= {
            facts.distinct.text[i].strip()
            for i in range(len(facts.distinct))
            if facts.distinct.key[i] in reader.missing
        } - said
    source.missing = sorted(word for word, n in counts.items() if n >= WIDELY and word not in meant)
    for spec in (spec for p in source.proposals.values() if p.spec for spec in _targets(p.spec)):
        left = [word for word in spec.get("missing", ()) if word not in source.missing]
        if "missing" in spec:
            spec["missing"] = left
        if not left:
            spec.pop("missing", None)


def _targets(spec: Any) -> list[dict[str, Any]]:
    return [part for part in (spec if isinstance(spec, list) else [spec]) if isinstance(part, dict)]


def _name(sources: list[Draft]) -> None:
    """Names for people: main, or the sheet's or file's own."""
    if len(sources) == 1:
        return
    for source in sources:
        raw = source.found.raw
        source.name = raw.sheet or raw.file.rsplit(".", 1)[0]
