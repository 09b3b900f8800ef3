"""The oracle: what must come of a mutated delivery, found out without the harmonizer's own conversions.

A mutation is judged recovered (the tables equal those of the unmutated delivery, source coordinates aside), query (each
differing cell is named by a new finding), error (one that a person can read, and that names the place), or a plausible
other value (each differing cell says exactly what is typed now, and nothing else differs). Nobody can know of that in a
first delivery; so it is judged again as the one after the accepted delivery: it has to list each of these cells among
its changes (listed) or to stop (stopped). Anything else is an ESCAPE.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from mutate import RECOVER, Mutation, Typed
from typed import Base, Key, as_typed, comparable, ident, page_of, same, text_of

from extracts import Extract, harmonize, load, study
from multicenter.errors import DeliveryError, StudyError
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.run import Harmonized, write_harmonized, write_intake
from multicenter.intake.read import read_table

RECOVERED, QUERY, ERROR, LISTED, STOPPED, ESCAPE = "recovered", "query", "error", "listed", "stopped", "ESCAPE"
FINDING = ["file", "sheet", "column", "patient_id", "table", "variable", "value", "kind"]
SEVERAL = re.compile(r"\(\d+ cells\)|of \d+ filled cells|\d+ lines|\d+ of \d+ rows|median of")
WHOLE_ROWS = re.compile("repeat an earlier row exactly|rows share an id and differ")  # no column of it has to be named
MOST_CELLS = 40


@dataclass(frozen=True)
class Verdict:
    outcome: str
    detail: str = ""


def judge(mutation: Mutation) -> Verdict:
    """Harmonize the mutated delivery and say what became of it."""
    try:
        done = harmonized(mutation)
        if isinstance(done, Verdict):
            return _strict(mutation, done)
        return _strict(mutation, _compare(mutation, done))
    except Traceback as error:
        return Verdict(ESCAPE, f"traceback: {error}")


class Traceback(Exception):
    """Harmonization ended in an exception that is not for people."""


def harmonized(mutation: Mutation, before: Path | None = None, also: Iterable[str] = ()) -> Harmonized | Verdict:
    """What the mutated delivery becomes, or the verdict on its error.

    before: the folder of the accepted delivery. also: words of which one will do to name the place.
    """
    try:
        return harmonize(mutation.extract, mutation.files, before)
    except StudyError as error:
        lines = error.problems if isinstance(error, DeliveryError) else [str(error)]
        if not any(names_place(line, mutation) or any(word in line for word in also) for line in lines):
            return Verdict(ESCAPE, f"the error does not name the place: {' | '.join(lines[:3])}")
        return Verdict(ERROR, lines[0])
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Traceback(f"{type(error).__name__}: {error}") from error


def _strict(mutation: Mutation, verdict: Verdict) -> Verdict:
    if mutation.rule == RECOVER and verdict.outcome not in (RECOVERED, ESCAPE):
        return Verdict(ESCAPE, f"must recover, but: {verdict.outcome}: {verdict.detail}")
    return verdict


def names_place(line: str, mutation: Mutation) -> bool:
    """Whether an error's line names file, sheet, column and row, as far as the mutation has them."""
    header = mutation.header
    named = (
        not header
        or WHOLE_ROWS.search(line)
        or any(h and h in line for h in (header, *mutation.swapped))
        or any(re.search(rf"column [^:]*\b{re.escape(ref)}\b", line) for ref in _refs(mutation))
    )
    row = mutation.row is None or re.search(rf"\b{mutation.row}\b", line) or SEVERAL.search(line)
    file = mutation.file in line or any(f"the patients of {source!r}" in line for source, _ in mutation.lost)
    return bool(file and (not mutation.sheet or mutation.sheet in line) and named and row)


def _refs(mutation: Mutation) -> list[str]:
    """What a person may call the mutation's column beside its header: the letter in a workbook, or its number."""
    pages = [p for p in mutation.extract.pages if p.file == mutation.file and mutation.header in p.headers]
    return [ref for p in pages for ref in (p.refs[mutation.header], f"no. {p.column(mutation.header) + 1}")]


@cache
def base(center: str) -> Base:
    extract = load(center)
    done = harmonize(extract, extract.files)
    dictionary = study()[0]
    sources = {(p.file, p.sheet): p.source.name for p in extract.pages}
    rows: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
    for name, table in done.tables.items():
        item = dictionary.tables[name].item
        for record in table.to_dict("records"):
            key = (name, record["patient_id"], text_of(record[item]) if item else "")
            source = sources.get((record["src_file"], record["src_sheet"]), "")
            rows.setdefault(key, set()).add((source, int(record["src_row"])))
    for record in done.source_rows.to_dict("records"):
        rows.setdefault((record["table"], record["patient_id"], record["item"]), set()).add(
            (record["source"], record["row"])
        )
    feeds: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    for record in done.column_map.to_dict("records"):
        feeds.setdefault((record["source"], record["header"]), set()).add(
            (record["table"], record["item"], record["variable"])
        )
    return Base(done, cells_of(done), rows, feeds)


def cells_of(done: Harmonized) -> dict[Key, str]:
    """Every filled cell of the harmonized tables, source coordinates aside."""
    dictionary = study()[0]
    found = {}
    for name, table in done.tables.items():
        item = dictionary.tables[name].item
        for record in table.to_dict("records"):
            start = (name, record["patient_id"], text_of(record[item]) if item else "")
            for variable, value in record.items():
                if not variable.startswith("src_") and variable != "center" and text_of(value):
                    found[(*start, variable)] = text_of(value)
    return found


def _compare(mutation: Mutation, done: Harmonized) -> Verdict:
    known, cells = base(mutation.extract.center), cells_of(done)
    differ = _differ(known.cells, cells)
    if not differ:
        return Verdict(RECOVERED)
    new = _new_findings(known.done.findings, done.findings)
    left = [key for key in differ if not _covered(key, new, known, mutation)]
    asked = set(known.done.findings[["patient_id", "table", "variable"]].itertuples(index=False, name=None))
    if mutation.rule == RECOVER and all((p, t, v) in asked for t, p, _, v in differ):
        return Verdict(RECOVERED, "but for cells that were in question before")
    if not left:
        return Verdict(QUERY, "; ".join(f"{f.kind} {f.column} {f.row}" for f in new[:3]))
    if mutation.blind:
        _find_out(mutation)
        if len(mutation.typed) > MOST_CELLS:
            return Verdict(ESCAPE, f"{len(mutation.typed)} cells changed: {_shown(left, known.cells, cells)}")
    if mutation.renamed and not _differ(_with_new_ids(known.cells, mutation.renamed), cells):
        return _after_accepted(mutation, left, f"ids {mutation.renamed}"[:200])
    unexplained = _unexplained(left, differ, mutation, known, cells)
    if unexplained:
        return Verdict(ESCAPE, f"silently changed: {_shown(unexplained, known.cells, cells)}")
    return _after_accepted(mutation, left, _shown(left, known.cells, cells))


@cache
def accepted(center: str) -> Path:
    """The folder of the unmutated delivery, as a run that accepted it has left it."""
    folder = Path(tempfile.mkdtemp())
    write_intake(base(center).done, folder)
    write_harmonized(base(center).done, folder)
    return folder


def _after_accepted(mutation: Mutation, keys: Iterable[Key], shown: str) -> Verdict:
    """Whether each cell of a patient known before is a listed change if the unmutated delivery was accepted."""
    center = mutation.extract.center
    done = harmonized(mutation, accepted(center), {key[1] for key in keys})
    if isinstance(done, Verdict):
        return Verdict(STOPPED, done.detail) if done.outcome == ERROR else done
    listed = set(done.changes[["table", "patient_id", "item", "variable"]].itertuples(index=False, name=None))
    patients = set(base(center).done.tables["patient"]["patient_id"])
    missing = [key for key in keys if key[1] in patients and key[3] != "patient_id" and key not in listed]
    return Verdict(ESCAPE, f"not a listed change: {missing[:3]}: {shown}") if missing else Verdict(LISTED, shown)


def _differ(old: Mapping[Key, str], new: Mapping[Key, str]) -> list[Key]:
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _shown(keys: list[Key], old: Mapping[Key, str], new: Mapping[Key, str]) -> str:
    shown = [f"{'.'.join(filter(None, key))}: {old.get(key, '')!r} -> {new.get(key, '')!r}" for key in keys[:4]]
    return "; ".join(shown) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")


def _new_findings(old: pd.DataFrame, new: pd.DataFrame) -> list[Any]:
    count = Counter(old[FINDING].astype(str).itertuples(index=False, name=None))
    found = []
    for finding, key in zip(new.itertuples(), new[FINDING].astype(str).itertuples(index=False, name=None), strict=True):
        if count[key]:
            count[key] -= 1
        else:
            found.append(finding)
    return found


def _covered(key: Key, new: Iterable[Any], known: Base, mutation: Mutation) -> bool:
    """Whether a new finding names the cell: by patient and variable, by its source cell, or its whole row."""
    table, patient, _, variable = key
    for finding in new:
        if finding.patient_id != patient:
            continue
        if (finding.table, finding.variable) == (table, variable) or not finding.column:
            return True
        if _follows(key, finding, mutation.extract):
            return True
        for (source, header), slots in known.feeds.items():
            page = page_of(mutation.extract, source)
            if (page.file, page.sheet, page.refs.get(header)) == (finding.file, finding.sheet, finding.column) and (
                any((t, v) == (table, variable) for t, _, v in slots)
                or (
                    any(t == table and t != "patient" for t, _, v in slots)
                    and key not in _alone(known, known.cells, key, slots)
                )
            ):
                return True
    return False


def _follows(key: Key, finding: Any, extract: Extract) -> bool:
    """Whether a cell goes with the one that a finding names: its record's key, or the date an age is counted from."""
    if finding.table == key[0] and finding.variable == study()[0].tables[key[0]].item:
        return True
    targets = [t for p in extract.pages for c in p.source.columns.values() for t in c.targets if t.age_at]
    counted = [t for t in targets if (t.table, t.variable.name) == (key[0], key[3])]
    return any(t.age_at.rpartition(".")[2] == finding.variable for t in counted)


def _alone(known: Base, cells: Mapping[Key, str], key: Key, slots: Iterable[tuple[str, str, str]]) -> set[Key]:
    """The cells of the key's record that say something beside the slots: a record with any of them does not vanish."""
    fed = {(t, v) for t, _, v in slots}
    item = study()[0].tables[key[0]].item
    constant = {v for (_, header), s in known.feeds.items() if header.startswith("(declared") for _, _, v in s}
    quiet = {item, "patient_id", *constant}
    return {k for k in cells if k[:3] == key[:3] and (k[0], k[3]) not in fed and k[3] not in quiet}


def _with_new_ids(cells: Mapping[Key, str], renamed: Mapping[str, str]) -> dict[Key, str]:
    return {
        (t, renamed.get(p, p), i, v): renamed.get(value, value) if v == "patient_id" else value
        for (t, p, i, v), value in cells.items()
    }


def _unexplained(
    left: list[Key], differ: list[Key], mutation: Mutation, known: Base, cells: Mapping[Key, str]
) -> list[Key]:
    """Those of the differing cells without a finding (`left`) that do not say what is typed now."""
    fine: set[Key] = set()
    for key in left:
        got, rows = cells.get(key, ""), known.rows.get(key[:3], set())
        if (
            _lost(key, got, rows, mutation, known)
            or any(_says(key, got, typed, rows, mutation, known) for typed in mutation.typed)
            or any(_moved(key, got, typed, mutation, known) for typed in mutation.typed)
            or (mutation.swapped[0] and _exchanged(key, got, mutation, known))
            or _elsewhere(key, got, rows, mutation, known)
            or _counted(key, got, mutation, known, cells)
        ):
            fine.add(key)
    for key in set(left) - fine:  # a record of which nothing is left vanishes with its key and constants, or appears
        slots = {(k[0], k[2], k[3]) for k in differ if k[:3] == key[:3] and (k in fine or k not in left)}
        for here, there in ((cells, known.cells), (known.cells, cells)):
            if slots and not any(k[:3] == key[:3] for k in here) and not _alone(known, there, key, slots):
                fine.add(key)
    return sorted(set(left) - fine)


def _elsewhere(key: Key, got: str, rows: set[tuple[str, int]], mutation: Mutation, known: Base) -> bool:
    """Whether a row's records left its patient, or stand under the new id with all that they say."""
    source, row, old, new = mutation.moved
    if key[1] == new and new:
        return got == (new if key[3] == "patient_id" else known.cells.get((key[0], old, key[2], key[3]), ""))
    return key[1] == old and not got and rows == {(source, row)}


def _counted(key: Key, got: str, mutation: Mutation, known: Base, cells: Mapping[Key, str]) -> bool:
    """Whether a year of birth moved with the date from which a counted age goes back."""
    for target in (t for p in mutation.extract.pages for c in p.source.columns.values() for t in c.targets if t.age_at):
        if (target.table, target.variable.name) == (key[0], key[3]):
            date = ("patient", key[1], "", target.age_at.rpartition(".")[2])
            old, new, had = known.cells.get(date, ""), cells.get(date, ""), known.cells.get(key, "")
            years = bool(old and new and had and got) and int(new[:4]) - int(old[:4])
            return not got if not new else years is not False and int(got) - int(had) == years
    return False


def _lost(key: Key, got: str, rows: set[tuple[str, int]], mutation: Mutation, known: Base) -> bool:
    """Whether all rows of a cell's record that could say it are removed."""
    could = {row for row in rows if not _fed_elsewhere(key, row, known)}
    return not got and bool(could) and could <= set(mutation.lost)


def _fed_elsewhere(key: Key, row: tuple[str, int], known: Base) -> bool:
    """Whether a row of a record has nothing to do with one of its variables."""
    slots = [s for (source, _), found in known.feeds.items() if source == row[0] for s in found]
    return not any((t, v) == (key[0], key[3]) for t, _, v in slots)


def _says(key: Key, got: str, typed: Typed, rows: set, mutation: Mutation, known: Base) -> bool:
    page = page_of(mutation.extract, typed.source)
    if typed.row - page.first + page.deep >= len(page.rows) or ident(page, typed.row) != key[1]:
        return False
    for table, item, variable in known.feeds.get((typed.source, typed.header), ()):
        if (table, variable) == (key[0], key[3]) and (item == key[2] if item else (typed.source, typed.row) in rows):
            want = as_typed(typed, page, (table, item, variable), known)
            return want is not None and same(got, want)
    return False


def _moved(key: Key, got: str, typed: Typed, mutation: Mutation, known: Base) -> bool:
    """Whether the typed cell names the record, which now stands under another name with all that it says."""
    table, patient, item, variable = key
    slot = (table, "", study()[0].tables[table].item)
    page = page_of(mutation.extract, typed.source)
    if slot not in known.feeds.get((typed.source, typed.header), ()) or ident(page, typed.row) != patient:
        return False
    old = [record for record, rows in known.rows.items() if (typed.source, typed.row) in rows and record[0] == table]
    if (table, patient, item) in old:
        return not got
    want = as_typed(typed, page, slot, known)
    return item == want and all(
        got == (item if variable == slot[2] else known.cells.get((*o, variable), "")) for o in old
    )


def _exchanged(key: Key, got: str, mutation: Mutation, known: Base) -> bool:
    """Whether a cell holds what the column says whose header was exchanged with its own."""
    page = next(p for p in mutation.extract.pages if (p.file, p.sheet) == (mutation.file, mutation.sheet))
    units = Units(study()[0])
    for mine, other in (mutation.swapped, mutation.swapped[::-1]):
        a, b = (page.source.columns[h].targets[0] for h in (mine, other))
        if (a.table, a.variable.name) != (key[0], key[3]) or (a.item and a.item != key[2]):
            continue
        item = "" if b.table == "patient" else b.item or key[2]
        had = known.cells.get((b.table, key[1], item, b.variable.name), "")
        if a.variable.type in ("number", "integer") and had and got:
            factor = units.factor(a.unit, a.variable) / units.factor(b.unit, b.variable)
            return same(got, repr(float(had) * factor))
        asked = known.done.findings
        asked = asked[(asked["patient_id"] == key[1]) & (asked["variable"] == b.variable.name)]
        return got == had or (not had and len(asked) > 0)
    return False


def _find_out(mutation: Mutation) -> None:
    """Which cells and rows the damaged bytes changed, as the file's reader gives them."""
    for page in mutation.extract.pages:
        if page.file != mutation.file or mutation.files[page.file] == mutation.extract.files[page.file]:
            continue
        old = read_table(mutation.extract.files[page.file], page.file, page.config)
        new = read_table(mutation.files[page.file], page.file, page.config)
        now = dict(zip(new.rows.tolist(), new.cells.to_dict("records"), strict=True))
        for row, record in zip(old.rows.tolist(), old.cells.to_dict("records"), strict=True):
            if row not in now:
                mutation.lost.append((page.source.name, row))
                continue
            for header, value in record.items():
                if now[row].get(header) != value:
                    if header == page.source.id_column:
                        mutation.renamed[comparable(value).upper()] = comparable(now[row][header]).upper()
                    else:
                        mutation.typed.append(Typed(page.source.name, row, header, now[row].get(header)))
