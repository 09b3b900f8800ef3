"""A center file as objects: what each column of each source becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from multicenter.dictionary import Dictionary, Variable
from multicenter.harmonize.words import key, plain

NOTHING = object()
NUMERIC = re.compile(r"^[-+]?\d*\.?\d+$")
ADDRESS = re.compile(r"^(?:(?P<table>[a-z_]+)(?:\[(?P<item>[^\]]+)\])?\.)?(?P<variable>[a-z0-9_]+)$")
PLACE = re.compile(r"^(?P<table>[a-z_]+)(?:\[(?P<item>[^\]]+)\])?$")


@dataclass(frozen=True)
class Dates:
    """How dates are written: formats of texts, what a bare number means, the first year of two-digit years."""

    formats: tuple[str, ...] = ()
    system: str = ""
    two_digit_years: int | None = None


@dataclass(frozen=True)
class Target:
    """One variable that a column feeds. `item` is the row's key within the patient ("": told by the row itself).

    With `positive_from` every number is a percentage: numbers are no codes (but those that mean missing).
    """

    variable: Variable
    item: str = ""
    codes: Mapping[str, Any] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    unit: str = ""
    dates: Dates = Dates()
    otherwise: Any = NOTHING
    empty: Any = NOTHING
    pattern: re.Pattern[str] | None = None
    positive_from: float | None = None
    age_at: str = ""
    not_missing: frozenset[str] = frozenset()
    labels_checked: bool = False

    @property
    def table(self) -> str:
        return self.variable.table

    @property
    def slot(self) -> tuple[str, str, str]:
        return self.variable.table, self.item, self.variable.name


@dataclass(frozen=True)
class Pattern:
    """One phrase of a text reader."""

    find: re.Pattern[str]
    set: Mapping[str, Any]
    positive: str
    item: str
    alone: bool


@dataclass(frozen=True)
class Reader:
    """How a free text is read, phrase by phrase; what no phrase explains stops the center.

    slots: every (table, item, variable) that the reader can fill, with its Target.
    """

    table: str
    item: str
    split: re.Pattern[str] | None
    patterns: tuple[Pattern, ...]
    defaults: Mapping[str, Any]
    targets: Mapping[str, Target]
    missing: frozenset[str]
    ambiguous: frozenset[str]
    positive_from: float | None


@dataclass(frozen=True)
class Column:
    """One source column: its targets, or its reader, or the reason why it is dropped."""

    header: str
    targets: tuple[Target, ...] = ()
    reader: Reader | None = None
    drop: str = ""


@dataclass(frozen=True)
class Source:
    """One sheet or file of a delivery."""

    name: str
    row_is: str
    id_column: str
    id_pattern: re.Pattern[str] | None
    id_pad: int
    columns: Mapping[str, Column]
    constants: Mapping[tuple[str, str, str], Any]
    number: Mapping[str, str]
    duplicates: Mapping[str, Any]
    hidden_rows: str = ""


def build_sources(config: Mapping[str, Any], dictionary: Dictionary, codes: Mapping[str, Any]) -> dict[str, Source]:
    """Make the sources of a checked center file; a KeyError or re.error here means that it was not checked."""
    return {name: _source(name, entry, config, dictionary, codes) for name, entry in config["sources"].items()}


def parse_address(address: str, row_is: str) -> tuple[str, str, str]:
    """Split `table[item].variable`; without a table it is the source's own. ValueError if it is no address."""
    match = ADDRESS.match(address)
    if not match:
        raise ValueError(address)
    return match["table"] or row_is, match["item"] or "", match["variable"]


def canonical(value: Any, variable: Variable) -> Any:
    """A config value as the variable's type; None stays None. ValueError if it cannot be one."""
    if value is None:
        return None
    if variable.type in ("integer", "flag"):
        number = int(str(value))
        if variable.type == "flag" and number not in (0, 1):
            raise ValueError(value)
        return number
    if variable.type == "number":
        return float(value)
    if variable.type == "category" and str(value) not in variable.levels:
        raise ValueError(value)
    return str(value)


def code_map(
    spec: Any, variable: Variable, lists: Mapping[str, Any], missing: Iterable[str] = ()
) -> tuple[dict[str, Any], set[str]]:
    """Resolve `codes:` (a list's name, an inline map, or several of them; later ones win) to raw → level.

    missing: the center's missing codes (comparable form): they win over a shared list, an inline map wins over them.
    Returns the map (keys in comparable form) and the ambiguous raw codes.
    """
    found: dict[str, Any] = {}
    ambiguous: set[str] = set()
    hidden = set(missing)
    for part in spec if isinstance(spec, list) else [spec]:
        if isinstance(part, str):
            shared = lists[part]
            for level, raws in shared["codes"].items():
                value = canonical(None if level == "~" else level, variable)
                found.update({word: value for word in _keys(raws) - hidden})
            ambiguous |= _keys(shared.get("ambiguous", ())) - hidden
        else:
            found.update({key(raw): canonical(level, variable) for raw, level in part.items()})
    return found, ambiguous


def expand(find: str, lists: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Replace `{variable=list}` in a phrase by a group of all the list's words; returns (regex, variable → list).

    The list's ambiguous words are among them: they are found, and become a query.
    """
    used: dict[str, str] = {}

    def words(match: re.Match[str]) -> str:
        variable, name = match[1], match[2]
        used[variable] = name
        spellings = (*lists[name]["codes"].values(), lists[name].get("ambiguous", ()))
        raws = {plain(str(raw)) for raws in spellings for raw in raws}
        choices = "|".join(re.escape(word) for word in sorted(raws, key=lambda w: (-len(w), w)))
        return f"(?P<{variable}>{choices})"

    return re.sub(r"\{([a-z0-9_]+)=([a-z0-9_]+)\}", words, find), used


def _source(name: str, entry: Mapping[str, Any], config: Any, dictionary: Dictionary, codes: Any) -> Source:
    row_is = entry.get("row_is", "patient")
    ident = entry["id"] if isinstance(entry["id"], dict) else {"column": entry["id"]}
    shared = _Shared(config, entry, row_is, dictionary, codes)
    columns = {header: shared.column(header, spec) for header, spec in entry["columns"].items()}
    constants = {}
    for address, value in entry.get("constants", {}).items():
        table, item, variable = parse_address(address, row_is)
        constants[table, item, variable] = canonical(value, dictionary.tables[table].variables[variable])
    return Source(
        name=name,
        row_is=row_is,
        id_column=ident["column"],
        id_pattern=re.compile(ident["pattern"]) if "pattern" in ident else None,
        id_pad=ident.get("pad", 0),
        columns=columns,
        constants=constants,
        number=entry.get("number", {}),
        duplicates=entry.get("duplicates", {}),
        hidden_rows=entry.get("hidden_rows", ""),
    )


class _Shared:
    """What the columns of one source inherit from the source and the delivery."""

    def __init__(self, config: Any, entry: Any, row_is: str, dictionary: Dictionary, codes: Any):
        self.missing = _keys(config.get("missing", ())) | _keys(entry.get("missing", ()))
        self.below = _keys(config.get("below_detection", ())) | _keys(entry.get("below_detection", ()))
        self.dates = {**config.get("dates", {}), **entry.get("dates", {})}
        self.row_is = row_is
        self.dictionary = dictionary
        self.lists = codes.get("lists", {})
        self.readers = codes.get("readers", {})

    def column(self, header: str, spec: Any) -> Column:
        if isinstance(spec, dict) and "drop" in spec:
            return Column(header, drop=spec["drop"])
        if isinstance(spec, dict) and "read" in spec:
            return Column(header, reader=self.reader(spec))
        parts = spec if isinstance(spec, list) else [spec]
        return Column(header, targets=tuple(self.target(p if isinstance(p, dict) else {"to": p}) for p in parts))

    def target(self, spec: Mapping[str, Any]) -> Target:
        table, item, name = parse_address(spec["to"], self.row_is)
        variable = self.dictionary.tables[table].variables[name]
        return self.value(variable, item, spec)

    def value(self, variable: Variable, item: str, spec: Mapping[str, Any]) -> Target:
        missing = (self.missing | _keys(spec.get("missing", ()))) - _keys(spec.get("not_missing", ()))
        own = ["0", "1"] if variable.type == "flag" else list(variable.levels)
        codes = {key(level): canonical(level, variable) for level in own if key(level) not in missing}
        ambiguous: set[str] = set()
        if "codes" in spec:
            codes, ambiguous = code_map(spec["codes"], variable, self.lists, missing)
        if spec.get("positive_from") is not None:
            codes = {word: value for word, value in codes.items() if value is None or not NUMERIC.match(word)}
        ambiguous |= _keys(spec.get("ambiguous", ()))
        dates = {**self.dates, **spec.get("dates", {})}
        return Target(
            variable=variable,
            item=item,
            codes=codes,
            ambiguous=frozenset(ambiguous),
            missing=missing,
            below=self.below | _keys(spec.get("below_detection", ())),
            unit=spec.get("unit", ""),
            dates=Dates(tuple(dates.get("formats", ())), dates.get("system", ""), dates.get("two_digit_years")),
            otherwise=canonical(spec["otherwise"], variable) if "otherwise" in spec else NOTHING,
            empty=canonical(spec["empty"], variable) if "empty" in spec else NOTHING,
            pattern=re.compile(spec["pattern"], re.IGNORECASE) if "pattern" in spec else None,
            positive_from=spec.get("positive_from"),
            age_at=spec.get("counted_age_at", ""),
            not_missing=_keys(spec.get("not_missing", ())),
            labels_checked="labels_checked" in spec,
        )

    def reader(self, spec: Mapping[str, Any]) -> Reader:
        match = PLACE.match(spec.get("to", self.row_is))
        table, item = match["table"], match["item"] or ""
        parts = merged_readers(spec["read"], self.readers)
        patterns, values = [], dict(parts["values"])
        for entry in parts["patterns"]:
            regex, used = expand(entry["find"], self.lists)
            values.update({variable: {"codes": name} for variable, name in used.items() if variable not in values})
            place = entry.get("item", "")
            found = re.compile(regex, re.IGNORECASE)
            patterns.append(
                Pattern(found, entry.get("set", {}), entry.get("positive", ""), place, bool(entry.get("alone")))
            )
        split = re.compile(parts["split"]) if parts["split"] else None
        targets = self._reader_targets(table, patterns, parts["defaults"], values)
        fixed = [
            Pattern(
                p.find,
                {n: _set(v, targets[_owner(p, table), n]) for n, v in p.set.items()},
                p.positive,
                p.item,
                p.alone,
            )
            for p in patterns
        ]
        defaults = {n: _set(v, targets[table, n]) for n, v in parts["defaults"].items()}
        missing = (self.missing | _keys(spec.get("missing", ()))) - _keys(spec.get("not_missing", ()))
        return Reader(
            table, item, split, tuple(fixed), defaults, targets, missing,
            _keys(spec.get("ambiguous", ())) | parts["ambiguous"], spec.get("positive_from"),
        )  # fmt: skip

    def _reader_targets(self, table: str, patterns: Iterable[Pattern], defaults: Any, values: Any) -> dict:
        names = {(table, n) for n in defaults}
        for p in patterns:
            owner = _owner(p, table)
            fields = {g for g in p.find.groupindex if g not in ("percent", "part", "whole")} - _item_groups(p.item)
            names |= {(owner, n) for n in (*p.set, *fields, *([p.positive] if p.positive else []))}
            for group in _item_groups(p.item):
                names.add((owner, group))
        return {
            (t, n): self.value(self.dictionary.tables[t].variables[n], "", values.get(n, {})) for t, n in sorted(names)
        }


def merged_readers(read: Any, readers: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve `read:` (a shared reader's name, an inline reader, or several; earlier phrases win)."""
    whole: dict[str, Any] = {"patterns": [], "values": {}, "defaults": {}, "split": "", "ambiguous": frozenset()}
    for part in read if isinstance(read, list) else [read]:
        entry = readers[part] if isinstance(part, str) else part
        whole["patterns"] += entry.get("patterns", [])
        whole["values"] = {**entry.get("values", {}), **whole["values"]}
        whole["defaults"] = {**entry.get("defaults", {}), **whole["defaults"]}
        whole["split"] = whole["split"] or entry.get("split", "")
        whole["ambiguous"] |= _keys(entry.get("ambiguous", ()))
    return whole


def _owner(pattern: Pattern, table: str) -> str:
    return PLACE.match(pattern.item)["table"] if pattern.item else table


def _item_groups(item: str) -> set[str]:
    return set(re.findall(r"\{([a-z0-9_]+)\}", item))


def _set(value: Any, target: Target) -> Any:
    return canonical(value, target.variable)


def _keys(values: Iterable[Any]) -> frozenset[str]:
    return frozenset(key(str(v)) for v in values)
