"""What a variable of the harmonized tables can change: read from the protocol's structure, nothing is computed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from multicenter.expression_syntax import names_in, parse

ELIGIBILITY, EXPOSURE, COVARIATE = "eligibility", "exposure", "covariate"
ITEM = re.compile(r"\[.*\]")
# how an endpoint is touched: its start, what ends it, or where it is censored
START, EVENT, COMPETING, CENSOR = "start", "event", "competing event", "censoring"


@dataclass(frozen=True, order=True)
class Effect:
    """One thing that can change: an endpoint's code (or ELIGIBILITY, EXPOSURE, COVARIATE), and in which role."""

    what: str
    role: str = ""


class Reach:
    """The dependencies of a protocol, from canonical variables to what is analyzed.

    `protocol`: variables, endpoints and criteria of study.yaml, and `primary`, the primary analysis's entry (or None).
    `tables`: the variables of each canonical table. `items`: each table's item variable ("" for one row a patient).
    A variable is `table.variable`, or `table[item].variable` where the protocol takes one item alone.
    """

    def __init__(self, protocol: Mapping[str, Any], tables: Mapping[str, Iterable[str]], items: Mapping[str, str]):
        self.protocol, self.items = protocol, items
        self.tables = {name: list(variables) for name, variables in tables.items()}
        self._effects: dict[str, set[Effect]] = {}
        self._sources_of = cache(self._sources)
        self._collect()

    def effects(self, addresses: Iterable[str]) -> list[Effect]:
        """Return what the given variables can change, each once, sorted.

        An address with an item means that item alone; one without means every item.
        """
        found: set[Effect] = set()
        for address in addresses:
            plain = ITEM.sub("", address)
            found |= self._effects.get(plain, set()) | self._effects.get(address, set())
            if address == plain:
                found |= self._effects.get(f"{plain} of one", set())
        return sorted(found)

    def everything(self) -> list[str]:
        """Return every variable of every table: what a whole row of a delivery can hold."""
        return [f"{table}.{name}" for table, names in self.tables.items() for name in names]

    def _collect(self) -> None:
        for code, spec in self.protocol["endpoints"].items():
            self._add(self._of_name(spec["start"]), Effect(code, START))
            for kind, role in (("events", EVENT), ("competing", COMPETING), ("censor", CENSOR)):
                for part in spec.get(kind, []):
                    self._add(self._of_rows(part), Effect(code, role))
        for criterion in self.protocol["criteria"]:
            self._add(self._of_names(names_in(criterion["exclude"])), Effect(ELIGIBILITY))
        self._add({"patient.patient_id"}, Effect(ELIGIBILITY))
        primary = self.protocol.get("primary") or {}
        if primary:
            self._add(self._of_name(primary["exposure"]), Effect(EXPOSURE))
        for entry in primary.get("covariates", []):
            self._add(self._of_name(entry if isinstance(entry, str) else entry["variable"]), Effect(COVARIATE))

    def _add(self, addresses: Iterable[str], effect: Effect) -> None:
        for address in addresses:
            self._effects.setdefault(address, set()).add(effect)
            if "[" in address:
                self._effects.setdefault(f"{ITEM.sub('', address)} of one", set()).add(effect)

    def _of_name(self, name: str) -> frozenset[str]:
        """The variables behind a name that the protocol uses: derived, or of the patient's table."""
        return self._sources_of(name) if name in self.protocol["variables"] else frozenset({f"patient.{name}"})

    def _of_names(self, names: Iterable[str], table: str = "") -> set[str]:
        """The variables behind names; those of `table` go before those of the patient."""
        found: set[str] = set()
        for name in names:
            found |= {f"{table}.{name}"} if name in self.tables.get(table, ()) else self._of_name(name)
        return found

    def _of_rows(self, spec: Mapping[str, Any]) -> set[str]:
        """The variables behind what is taken from the rows of tables: the sources, their order and their condition."""
        sources = [*spec.get("earliest", []), *spec.get("latest", [])]
        sources += [spec[verb] for verb in ("first", "last") if verb in spec]
        found, tables = set(sources), {source.split(".")[0] for source in sources}
        if "order" in spec:
            found |= {f"{table}.{spec['order']}" for table in tables}
        if "any" in spec:
            tables = {spec["any"]}
            found |= set() if "where" in spec else {f"{spec['any']}.{name}" for name in self.tables[spec["any"]]}
        if "where" not in spec:
            return found
        for table in tables:
            found |= self._of_names(names_in(spec["where"]), table)
            only = self._only_items(spec["where"], table)
            of_table = {address for address in found if only and address.startswith(f"{table}.")}
            found -= of_table
            found |= {f"{table}[{item}]{address.removeprefix(table)}" for address in of_table for item in only}
        return found

    def _only_items(self, condition: str, table: str) -> list[str]:
        """The items of a table to which a condition limits its rows (`item == "x" and …`, `item in [...]`), else []."""
        body = parse(condition).body
        parts = body.values if isinstance(body, ast.BoolOp) and isinstance(body.op, ast.And) else [body]
        for part in parts:
            match part:
                case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq() | ast.In()], comparators=[right]):
                    options = right.elts if isinstance(right, ast.List | ast.Tuple) else [right]
                    if name == self.items.get(table) and all(isinstance(one, ast.Constant) for one in options):
                        return [str(one.value) for one in options]
        return []

    def _sources(self, name: str) -> frozenset[str]:
        spec = self.protocol["variables"][name]
        found = self._of_rows(spec)
        told = [spec[key] for key in ("value", "when") if key in spec] + [c["when"] for c in spec.get("cases", [])]
        for expression in told:
            # a variable may be named as the column of the patient's table that it is made of
            found |= self._of_names(names_in(expression) - {name})
            found |= {f"patient.{name}"} if name in names_in(expression) else set()
        return frozenset(found)
