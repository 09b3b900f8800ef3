"""The rows that a value could have come from: the one that counts, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from multicenter.cohort.sources import extreme_date, picked_rows, rows_where
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.expressions import in_order
from multicenter.lineage.origins import record_node
from multicenter.lineage.tree import USED, Node, shown

FEW = 4  # so many rows that do not count are listed; of more only their number and span is told


class Scope(Protocol):
    """What a part of the protocol can name: the patient's row as it was then, and the node of each name in it."""

    dossier: Dossier

    @property
    def frame(self) -> pd.DataFrame: ...

    def node(self, name: str) -> Node: ...


@dataclass(frozen=True, eq=False)
class Candidate:
    """One row of a source (`table.variable`) of this patient, and whether the condition on rows holds for it."""

    source: str
    row: pd.Series
    kept: bool

    @property
    def table(self) -> str:
        return self.source.split(".")[0]

    @property
    def variable(self) -> str:
        return self.source.split(".")[1]

    @property
    def value(self) -> Any:
        return self.row[self.variable]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and (self.source, self.row.name) == (other.source, other.row.name)


def candidates(scope: Scope, sources: Sequence[str], where: str | None) -> list[Candidate]:
    """Every row of the patient in the tables of the sources, source by source."""
    found = []
    for source in sources:
        table = source.split(".")[0]
        kept = set(rows_where(scope.dossier.tables, table, scope.frame, where).index)
        found += [Candidate(source, row, i in kept) for i, row in scope.dossier.tables[table].iterrows()]
    return found


def extreme(scope: Scope, sources: Sequence[str], where: str | None, latest: bool) -> Candidate | None:
    """The row that gives the earliest (or latest) date; None without any date."""
    found = extreme_date(scope.dossier.tables, scope.frame, sources, where, latest).iloc[0]
    if pd.isna(found["date"]):
        return None
    row = scope.dossier.tables[found["domain"]].loc[found["record"]]
    return Candidate(f"{found['domain']}.{found['variable']}", row, kept=True)


def date_nodes(
    scope: Scope, sources: Sequence[str], where: str | None, latest: bool, verdict: str = USED
) -> list[Node]:
    """A node a candidate of an earliest or latest date; the one that counts gets the verdict."""
    best = extreme(scope, sources, where, latest)
    found = candidates(scope, sources, where)
    nodes = []
    for source in sources:
        own = [candidate for candidate in found if candidate.source == source]
        rest = [candidate for candidate in own if candidate != best]
        if not own:
            nodes.append(no_rows(scope, source.split(".")[0], source))
        if best in own:
            nodes.append(_candidate_node(scope, best, where, verdict))
        if len(rest) <= FEW:
            nodes += [_candidate_node(scope, other, where, _unlike(other, best, latest)) for other in rest]
        else:
            nodes.append(_many(rest, latest))
    return nodes


def picked_nodes(scope: Scope, source: str, order: str, where: str | None, last: bool) -> list[Node]:
    """A node a candidate of a first or last value, in their order; rows without a place in it come last."""
    found = candidates(scope, [source], where)
    if not found:
        return [no_rows(scope, source.split(".")[0], source)]
    placed = sorted((c for c in found if pd.notna(c.row[order])), key=lambda c: c.row[order])
    chosen = picked_rows(scope.dossier.tables, scope.frame, source, order, where, last).index
    nodes = []
    for candidate in [*placed, *(c for c in found if pd.isna(c.row[order]))]:
        if candidate.row.name in chosen:
            verdict = USED
        elif not candidate.kept:
            verdict = "not used: the condition does not hold"
        elif pd.isna(candidate.row[order]):
            verdict = f"not used: {order} is missing"
        else:
            verdict = f"not used: {'earlier' if last else 'later'} by {order} ({shown(candidate.row[order])})"
        node = _candidate_node(scope, candidate, where, verdict)
        by = record_node(scope.dossier, candidate.table, candidate.row, order)
        if by.name not in {node.name, *(child.name for child in node.children)}:
            node.children.append(by)
        nodes.append(node)
    return nodes


def any_nodes(scope: Scope, table: str, where: str | None) -> list[Node]:
    """A node a row of a table: whether the condition holds for it, and what the condition read."""
    found = candidates(scope, [f"{table}.patient_id"], where)
    if not found:
        return [no_rows(scope, table, table)]
    nodes = []
    for candidate in found:
        verdict = "the condition holds" if candidate.kept else "the condition does not hold"
        item = scope.dossier.dictionary.tables[table].item
        name = f"{table}[{shown(candidate.row[item])}]" if item else table
        children = condition_names(scope, table, candidate.row, where)
        nodes.append(Node(name, verdict=verdict, children=children, is_value=False))
    return nodes


def condition_names(scope: Scope, table: str, row: pd.Series, where: str | None) -> list[Node]:
    """What a condition on a row of a table read: variables of the row, and of the patient."""
    names = in_order(where) if where else []
    return [record_node(scope.dossier, table, row, name) if name in row.index else scope.node(name) for name in names]


def no_rows(scope: Scope, table: str, name: str) -> Node:
    """The node of a table in which the patient has no row."""
    sent = any(line["table"] == table for line in scope.dossier.column_map)
    remark = "the patient has no row there" if sent else "impossible: this center's extract has no column for it"
    return Node(name, pd.NaT, remarks=[remark])


def _candidate_node(scope: Scope, candidate: Candidate, where: str | None, verdict: str) -> Node:
    node = record_node(scope.dossier, candidate.table, candidate.row, candidate.variable)
    node.verdict = verdict
    told = condition_names(scope, candidate.table, candidate.row, where)
    node.children = [child for child in told if child.name != node.name]
    return node


def _unlike(other: Candidate, best: Candidate | None, latest: bool) -> str:
    """Why a candidate is not the earliest (or latest) one."""
    if pd.isna(other.value):
        return ""
    if not other.kept:
        return "not used: the condition does not hold"
    if best is not None and other.value == best.value:
        return "the same date"
    return f"not used: {'earlier' if latest else 'later'}"


def _many(rest: Sequence[Candidate], latest: bool) -> Node:
    """One node for many candidates of a source that do not count."""
    dates = sorted(shown(candidate.value) for candidate in rest if pd.notna(candidate.value))
    span = f", {dates[0]} to {dates[-1]}" if dates else ""
    name = f"{rest[0].source}: {len(rest)} more rows{span}"
    return Node(name, is_value=False, verdict=f"not used: none is {'later' if latest else 'earlier'}")
