"""The variables of the protocol, down to the canonical variables and cells that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd

from multicenter.lineage.candidates import any_nodes, date_nodes, picked_nodes
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.expressions import condition_node, holds, in_order, parts_of
from multicenter.lineage.origins import record_node
from multicenter.lineage.tree import USED, Node


@dataclass(frozen=True)
class ProtocolScope:
    """What the variable at place `at` of the protocol can name: the patient's record and the variables before it."""

    dossier: Dossier
    at: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The patient's row as it was before that variable was derived."""
        later = list(self.dossier.run.study["variables"])[self.at :]
        record = self.dossier.tables["patient"]
        frame = self.dossier.frame.drop(columns=later)
        return frame.assign(**{name: record[name].to_numpy() for name in later if name in record.columns})

    def node(self, name: str) -> Node:
        """The node of a name: a variable of the protocol, the data cut, or a variable of the patient's record."""
        if name in list(self.dossier.run.study["variables"])[: self.at]:
            return variable_node(self.dossier, name)
        if name == "data_cut":
            return cut_node(self.dossier)
        node = record_node(self.dossier, "patient", self.dossier.tables["patient"].iloc[0], name)
        node.name = name
        return node


@lru_cache(maxsize=128)
def _scope(dossier: Dossier, at: int) -> ProtocolScope:
    return ProtocolScope(dossier, at)


def whole_scope(dossier: Dossier) -> ProtocolScope:
    """What endpoints and criteria can name: every variable of the protocol."""
    return _scope(dossier, len(dossier.run.study["variables"]))


def cut_node(dossier: Dossier) -> Node:
    """The data cut of the patient's center."""
    where = f"{dossier.run.files['centers']}, center {dossier.center.code}, as of the accepted delivery"
    return Node("data_cut", dossier.cut, remarks=[where])


def variable_node(dossier: Dossier, name: str) -> Node:
    """The node of one variable of the protocol (working variable or column of ADSL)."""
    spec = dossier.run.study["variables"][name]
    scope = _scope(dossier, list(dossier.run.study["variables"]).index(name))
    how, children = _derivation(scope, spec)
    label = ", ".join(spec[key] for key in ("label", "unit") if key in spec)
    node = Node(name, dossier.frame[name].iloc[0], f"variables.{name}: {how}", children=children)
    node.remarks += [label] if label else []
    if "when" in spec:
        asked = condition_node(spec["when"], scope.frame, scope.node, "only when")
        node.children = [asked, *(children if holds(spec["when"], scope.frame) == "holds" else [])]
    return node


def _derivation(scope: ProtocolScope, spec: Mapping[str, Any]) -> tuple[str, list[Node]]:
    """How a variable is derived, in words of the protocol, and what it depends on."""
    where = spec.get("where")
    which = f" where {where}" if where else ""
    for verb in ("first", "last"):
        if verb in spec:
            how = f"{verb} {spec[verb]} in the order of {spec['order']}{which}"
            return how, picked_nodes(scope, spec[verb], spec["order"], where, verb == "last")
    for verb in ("earliest", "latest"):
        if verb in spec:
            how = f"{verb} of {', '.join(spec[verb])}{which}"
            return how, date_nodes(scope, spec[verb], where, verb == "latest")
    if "any" in spec:
        return f"whether there is a row in {spec['any']}{which}", any_nodes(scope, spec["any"], where)
    if "value" in spec:
        return spec["value"], parts_of(spec["value"], scope.frame, scope.node)
    return "the first case that holds", _cases(scope, spec)


def _cases(scope: ProtocolScope, spec: Mapping[str, Any]) -> list[Node]:
    nodes, asked = [], []
    for case in spec["cases"]:
        asked.append(case["when"])
        result = holds(case["when"], scope.frame)
        nodes.append(Node(f"when {case['when']}, then {case['then']}: {result}", is_value=False))
        if result == "holds":
            nodes[-1].verdict = USED
            break
    else:
        other = spec.get("otherwise")
        last = f"otherwise {other}" if other else "no case holds: missing"
        nodes.append(Node(last, is_value=False, verdict=USED))
    return nodes + [scope.node(name) for name in in_order(*asked)]
