"""A center file checked against the dictionary and the shared code lists, before any delivery is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from multicenter.dictionary import Dictionary, Variable
from multicenter.errors import did_you_mean
from multicenter.harmonize.check_open import is_open, is_unanswered, open_problems
from multicenter.harmonize.check_source import date_problems, regex_problems, source_problems, unit_problems
from multicenter.harmonize.spec import PLACE, canonical, code_map, expand, parse_address

BY_IDS = ("lost_patients", "lost_rows", "patients")  # accepted changes that name patients; the others name columns


def check_center(
    center: Mapping[str, Any], dictionary: Dictionary, codes: Mapping[str, Any], code: str = ""
) -> list[str]:
    """Return one line for each mistake of a center file that its JSON schema cannot see; [] if there is none.

    code: the center's code as in its file's name and in the list of centers ("": not compared). Found are unknown
    tables, variables, levels, code lists, readers, units and encodings, units that measure something else, items that
    cannot be, formats that contradict each other or have two-digit years but no century, regular expressions that do
    not compile or have no group, long sources without a key, and accepted changes that name nothing.
    """
    checker = _Checker(dictionary, codes)
    if code and center.get("center") != code:
        checker.add("center", f"{center.get('center')!r} is not the file's name; write center: {code} or rename it")
    for name, source in center.get("sources", {}).items():
        checker.source(name, source, center)
    for number, entry in enumerate(center.get("accepted_changes", ()), start=1):
        needed = "ids" if entry["change"] in BY_IDS else "columns"
        if not entry.get(needed):
            checker.add(f"accepted_changes, entry {number}", f"{entry['change']} needs '{needed}'; paste it as printed")
    return checker.problems


class _Checker:
    def __init__(self, dictionary: Dictionary, codes: Mapping[str, Any]):
        self.dictionary = dictionary
        self.lists = codes.get("lists", {})
        self.readers = codes.get("readers", {})
        self.problems: list[str] = []
        self.inherited: dict[str, Any] = {}

    def add(self, where: str, what: str, word: str = "", known: Iterable[str] = ()) -> None:
        self.problems.append(f"{where}: {what}.{did_you_mean(word, known) if word else ''}")

    def source(self, name: str, source: Mapping[str, Any], center: Mapping[str, Any]) -> None:
        where = f"sources.{name}"
        self.problems += open_problems(where, source)
        self.problems += source_problems(where, source, center)
        row_is = source.get("row_is", "patient")
        if row_is not in self.dictionary.tables:
            self.add(f"{where}.row_is", f"there is no table {row_is!r}", row_is, self.dictionary.tables)
            return
        self.inherited = {**center.get("dates", {}), **source.get("dates", {})}
        self.problems += date_problems(f"{where}.dates", self.inherited)
        reached: set[tuple[str, str]] = set()
        slots: dict[tuple[str, str, str], str] = {}
        for header, spec in source.get("columns", {}).items():
            for slot in self.column(f"{where}.columns.{header}", spec, row_is):
                reached.add(slot[:2])
                if slots.setdefault(slot, header) != header:
                    self.add(f"{where}.columns.{header}", f"{_shown(slot)} is already fed by column {slots[slot]!r}")
        for address, value in source.get("constants", {}).items():
            variable = self.address(f"{where}.constants", address, row_is)
            if variable:
                self.level(f"{where}.constants.{address}", value, variable)
        self.keys(where, source, row_is, reached, slots)

    def keys(self, where: str, source: Mapping[str, Any], row_is: str, reached: Any, slots: Any) -> None:
        """Every table that is filled needs its rows told apart; a column that is still open may do so."""
        waits = any(is_open(spec) for spec in source.get("columns", {}).values())
        number = source.get("number", {})
        constants = {parse_address(a, row_is) for a in source.get("constants", {}) if _parses(a)}
        for table, item in sorted(reached):
            key = self.dictionary.tables[table].item
            if not waits and key and not item and key not in number and (table, "", key) not in {*slots, *constants}:
                self.add(
                    where,
                    f"nothing tells the rows of {table} apart: map a column to {key}, write {table}[…] or use 'number'",
                )
        for key, by in number.items():
            if key != self.dictionary.tables[row_is].item:
                self.add(
                    f"{where}.number", f"{key!r} is not the key of {row_is}", key, [self.dictionary.tables[row_is].item]
                )
            if (row_is, "", by) not in slots:
                self.add(f"{where}.number", f"no column is mapped to {by!r}", by, [s[2] for s in slots])
        keep = source.get("duplicates", {}).get("differing", {})
        if isinstance(keep, dict) and keep and keep.get("keep_latest", "").split(".")[-1] not in {s[2] for s in slots}:
            self.add(
                f"{where}.duplicates",
                f"no column is mapped to {keep.get('keep_latest')!r}",
                keep.get("keep_latest", ""),
                [s[2] for s in slots],
            )

    def column(self, where: str, spec: Any, row_is: str) -> list[tuple[str, str, str]]:
        if is_open(spec) or is_unanswered(spec) or (isinstance(spec, dict) and "drop" in spec):
            return []
        if isinstance(spec, dict) and "read" in spec:
            return self.reader(where, spec, row_is)
        found = []
        for part in spec if isinstance(spec, list) else [spec]:
            entry = part if isinstance(part, dict) else {"to": part}
            variable = self.address(where, str(entry.get("to", "")), row_is)
            if variable:
                self.value(where, entry, variable)
                table, item, name = parse_address(entry["to"], row_is)
                found.append((table, item, name))
        return found

    def value(self, where: str, spec: Mapping[str, Any], variable: Variable) -> None:
        if "codes" in spec:
            self.codes(f"{where}.codes", spec["codes"], variable)
        for name in ("otherwise", "empty"):
            if name in spec:
                self.level(f"{where}.{name}", spec[name], variable)
        self.problems += unit_problems(where, spec.get("unit", ""), variable, self.dictionary)
        if "dates" in spec:
            self.problems += date_problems(f"{where}.dates", {**self.inherited, **spec["dates"]})
        if "pattern" in spec:
            self.problems += regex_problems(where, spec["pattern"], needs_group=True)
        if spec.get("positive_from") is not None and variable.type != "flag":
            self.add(where, f"positive_from is for flags, and {variable.name} is a {variable.type}")
        if "counted_age_at" in spec:
            self.address(f"{where}.counted_age_at", spec["counted_age_at"], "patient")

    def codes(self, where: str, spec: Any, variable: Variable) -> None:
        for part in spec if isinstance(spec, list) else [spec]:
            if isinstance(part, str) and part not in self.lists:
                self.add(where, f"there is no code list {part!r} in codes.yaml", part, self.lists)
            elif isinstance(part, str):
                try:
                    code_map(part, variable, self.lists)
                except ValueError as error:
                    self.add(where, f"the list {part!r} has the level {error}, which {variable.address} does not know")
            else:
                for raw, level in part.items():
                    self.level(f"{where}.{raw}", level, variable)

    def level(self, where: str, value: Any, variable: Variable) -> None:
        try:
            canonical(value, variable)
        except (ValueError, TypeError):
            known = variable.levels or {"flag": ["0", "1"]}.get(variable.type, [])
            self.add(where, f"{value!r} is no {variable.type} value of {variable.address}", str(value), known)

    def reader(self, where: str, spec: Mapping[str, Any], row_is: str) -> list[tuple[str, str, str]]:
        place = PLACE.match(spec.get("to", row_is))
        if not place or place["table"] not in self.dictionary.tables:
            self.add(where, f"there is no table {spec.get('to')!r}", str(spec.get("to")), self.dictionary.tables)
            return []
        found = []
        table, item = place["table"], place["item"] or ""
        for part in spec["read"] if isinstance(spec["read"], list) else [spec["read"]]:
            if isinstance(part, str) and part not in self.readers:
                self.add(where, f"there is no reader {part!r} in codes.yaml", part, self.readers)
                continue
            entry = self.readers[part] if isinstance(part, str) else part
            item = item or ("*" if entry.get("split") else "")
            self.problems += regex_problems(where, entry.get("split", ""))
            found += [(table, item, name) for name in self.defaults(where, entry, table)]
            for pattern in entry.get("patterns", ()):
                found += self.phrase(where, pattern, table, item)
            self.values(where, entry.get("values", {}), found)
        return list(dict.fromkeys(found))

    def values(self, where: str, values: Mapping[str, Any], found: Iterable[tuple[str, str, str]]) -> None:
        """What the texts of groups become, for every variable that a phrase fills."""
        for name, spec in values.items():
            owners = {table for table, _, variable in found if variable == name}
            for table in sorted(owners):
                self.value(f"{where}.values.{name}", spec, self.dictionary.tables[table].variables[name])
            if not owners:
                self.add(f"{where}.values", f"no phrase has a group {name!r}", name, [f[2] for f in found])

    def defaults(self, where: str, entry: Mapping[str, Any], table: str) -> list[str]:
        for name, value in entry.get("defaults", {}).items():
            variable = self.address(f"{where}.defaults", f"{table}.{name}", table)
            if variable:
                self.level(f"{where}.defaults.{name}", value, variable)
        return list(entry.get("defaults", {}))

    def phrase(self, where: str, pattern: Mapping[str, Any], table: str, item: str) -> list[tuple[str, str, str]]:
        unknown = [n for n in re.findall(r"\{[a-z0-9_]+=([a-z0-9_]+)\}", pattern["find"]) if n not in self.lists]
        for name in unknown:
            self.add(where, f"there is no code list {name!r} in codes.yaml", name, self.lists)
        if unknown:
            return []
        regex, _ = expand(pattern["find"], self.lists)
        self.problems += regex_problems(where, regex)
        place = PLACE.match(pattern["item"]) if pattern.get("item") else None
        owner, at = (place["table"], place["item"] or "") if place else (table, item)
        found = []
        for name, value in pattern.get("set", {}).items():
            variable = self.address(where, f"{owner}.{name}", owner)
            if variable:
                self.level(f"{where}.set.{name}", value, variable)
                found.append((owner, at, name))
        if pattern.get("positive") and self.address(where, f"{owner}.{pattern['positive']}", owner):
            found.append((owner, at, pattern["positive"]))
        try:
            groups = set(re.compile(regex).groupindex) - {"percent", "part", "whole"}
        except re.error:
            return found
        found += [(owner, at, g) for g in groups if self.address(where, f"{owner}.{g}", owner)]
        return found

    def address(self, where: str, address: str, row_is: str) -> Variable | None:
        if not _parses(address):
            self.add(where, f"{address!r} is no address; write variable, table.variable or table[item].variable")
            return None
        table, item, name = parse_address(address, row_is)
        if table not in self.dictionary.tables:
            self.add(where, f"there is no table {table!r}", table, self.dictionary.tables)
            return None
        spec = self.dictionary.tables[table]
        if name not in spec.variables:
            known = [v.split(".")[1] for v in self.dictionary.addresses()] if row_is == table else spec.variables
            self.add(where, f"there is no variable {name!r} in {table}", name, [*spec.variables, *known])
            return None
        if item:
            self.item(where, item, table)
        return spec.variables[name]

    def item(self, where: str, item: str, table: str) -> None:
        key = self.dictionary.tables[table].item
        if not key:
            self.add(where, f"{table} has one row a patient and no items")
        elif key and item != "*":
            self.level(where, item, self.dictionary.tables[table].variables[key])


def _parses(address: str) -> bool:
    try:
        parse_address(address, "patient")
    except ValueError:
        return False
    return True


def _shown(slot: tuple[str, str, str]) -> str:
    return f"{slot[0]}[{slot[1]}].{slot[2]}" if slot[1] else f"{slot[0]}.{slot[2]}"
