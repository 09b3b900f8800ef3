"""A patient's row of ADTTE: start, event or censoring date, the reason, and why other dates were not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from multicenter.censoring import CENSORED, COMPETING, EVENT
from multicenter.cohort.endpoints import DECLARED, endpoint_rows
from multicenter.cohort.imputation import add_date_flags
from multicenter.lineage.candidates import Candidate, date_nodes, extreme
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.tree import USED, Node, shown
from multicenter.lineage.variables import cut_node, whole_scope

STATUS = {EVENT: "event", CENSORED: "censored", COMPETING: "competing event"}
CENSOR, EVENTS, COMPETITORS = "censor", "events", "competing"
KINDS = {EVENT: EVENTS, COMPETING: COMPETITORS, CENSORED: CENSOR}
WORDS = {EVENTS: "event", COMPETITORS: "competing event", CENSOR: "censoring"}
RULE = (
    "The first event that is not after the data cut counts. Without one the patient is censored at the first known of "
    "the declared dates after the start, or at the data cut if that is earlier; one day after the start if nothing is "
    "known."
)

FLAGS = "what was filled in of the date: D the day, M month and day; missing if nothing was"


@dataclass(frozen=True, eq=False)
class Declared:
    """One event or censoring date of an endpoint: its kind, its place there, and the candidate that it gives."""

    kind: str
    number: int
    spec: Mapping[str, Any]
    found: Candidate | None

    @property
    def sources(self) -> list[str]:
        return self.spec["latest" if self.kind == CENSOR else "earliest"]

    @property
    def date(self) -> Any:
        return self.found.value if self.found else pd.NaT


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A patient's row of ADTTE with everything that was declared for it; `used` is None if no record decided."""

    dossier: Dossier
    code: str
    spec: Mapping[str, Any]
    row: pd.Series
    declared: Sequence[Declared]
    used: Declared | None


@lru_cache(maxsize=16)
def trace_endpoint(dossier: Dossier, code: str) -> Endpoint:
    """Derive a patient's row of ADTTE and find the declared date that decided it."""
    spec, scope = dossier.run.study["endpoints"][code], whole_scope(dossier)
    rows = endpoint_rows(dossier.frame, dossier.tables, code, spec)
    row = add_date_flags(rows, dossier.imputed, {code: spec}, dossier.run.study["variables"]).iloc[0]
    declared = []
    for kind in (EVENTS, COMPETITORS, CENSOR):
        for number, entry in enumerate(spec.get(kind, [])):
            sources = entry["latest" if kind == CENSOR else "earliest"]
            found = extreme(scope, sources, entry.get("where"), kind == CENSOR)
            declared.append(Declared(kind, number, entry, found))
    decided = (KINDS[row["CNSR"]], row[DECLARED])
    used = next((entry for entry in declared if (entry.kind, entry.number) == decided), None)
    return Endpoint(dossier, code, spec, row, declared, used)


def verdict(endpoint: Endpoint, declared: Declared) -> str:
    """`used`, or why a declared date did not decide."""
    date, cut, start, used = declared.date, endpoint.dossier.cut, endpoint.row["STARTDT"], endpoint.used
    if pd.isna(date):
        return "no date"
    if declared is used:
        return USED if declared.kind != CENSOR or date <= cut else f"after the data cut ({shown(cut)}): censored there"
    if declared.kind != CENSOR:
        if date > cut:
            return f"not used: after the data cut ({shown(cut)})"
        same = date == used.date
        return f"not used: {'the same date, and named later' if same else 'later'} than {used.spec['description']}"
    if used is not None and used.kind != CENSOR:
        return f"not needed: there is an event ({used.spec['description']})"
    if not date > start:
        return f"not used: not after the start ({shown(start)})"
    return f"not needed: {used.spec['description']} is named first"


@lru_cache(maxsize=16)
def endpoint_node(endpoint: Endpoint) -> Node:
    """The whole row: reason, start, and every declared date with the cells behind it and the verdict on it."""
    row, dossier = endpoint.row, endpoint.dossier
    reason = row["CNSDTDSC"] if row["CNSR"] == CENSORED else row["EVNTDESC"]
    node = Node(
        f"{endpoint.code}: {STATUS[row['CNSR']]} on {shown(row['ADT'])}, {shown(row['AVAL'])} days after "
        f"{shown(row['STARTDT'])}. {reason}",
        rule=f"{endpoint.spec['label']}. {dossier.run.files['study']}, endpoints.{endpoint.code}: {RULE}",
        is_value=False,
    )
    node.children = [start_node(endpoint), *(_declared_node(endpoint, entry) for entry in endpoint.declared)]
    cut = cut_node(dossier)
    if row["CNSR"] == CENSORED and endpoint.used is not None and endpoint.used.date > dossier.cut:
        cut.verdict = f"{USED}: {endpoint.used.spec['description']} is later"
    elif endpoint.used is None:
        nothing = Node("start + 1 day", row["ADT"], verdict=f"{USED}: {row['CNSDTDSC']}")
        return _with(node, [*node.children, nothing, cut])
    return _with(node, [*node.children, cut])


def _with(node: Node, children: list[Node]) -> Node:
    node.children = children
    return node


def start_node(endpoint: Endpoint) -> Node:
    """STARTDT and what it was made of."""
    name = endpoint.spec["start"]
    return Node("STARTDT", endpoint.row["STARTDT"], f"endpoints.{endpoint.code}.start: {name}", children=[
        whole_scope(endpoint.dossier).node(name)])  # fmt: skip


def _declared_node(endpoint: Endpoint, declared: Declared) -> Node:
    where = declared.spec.get("where")
    verb = "latest" if declared.kind == CENSOR else "earliest"
    which = f" where {where}" if where else ""
    said = verdict(endpoint, declared)
    inner = USED if declared is endpoint.used else "the one that counts here"
    return Node(
        f"{WORDS[declared.kind]} {declared.spec['description']}",
        declared.date,
        f"endpoints.{endpoint.code}.{declared.kind}[{declared.number}]: {verb} of {', '.join(declared.sources)}{which}",
        said,
        children=date_nodes(
            whole_scope(endpoint.dossier), declared.sources, where, declared.kind == CENSOR,
            inner if len(declared.sources) > 1 else "",
        ),
    )  # fmt: skip


def column_node(endpoint: Endpoint, column: str) -> Node:
    """One column of the row and what it depends on."""
    row, code, used = endpoint.row, endpoint.code, endpoint.used
    whole = endpoint_node(endpoint)
    start, rest = whole.children[0], whole.children[1:]
    deciding = [child for child in rest if child.verdict.startswith((USED, "after the data cut"))]
    told = {
        "AVAL": ("days from STARTDT to ADT", [start, *rest]),
        "STARTDT": (start.rule, start.children),
        "STARTDTF": (FLAGS, start.children),
        "ADT": (RULE, rest),
        "ADTF": (FLAGS, deciding),
        "CNSR": (f"{RULE} 0 event, 1 censored, 2 competing event", rest),
        "EVNTDESC": ("description of the event that counts; missing for the censored", deciding),
        "CNSDTDSC": ("description of the censoring date; missing for events", deciding or rest),
        "SRCDOM": ("the table of the record behind the date", deciding),
        "SRCVAR": ("the variable of the record behind the date", deciding),
        "SRCSEQ": ("the row, in its extract, of the record behind the date", deciding),
        "PARAMCD": ("the endpoint's code", []),
        "PARAM": (f"endpoints.{code}.label", []),
    }
    rule, children = told[column]
    node = Node(f"{code}.{column}", row[column], f"{endpoint.dossier.run.files['study']}: {rule}", children=children)
    if column == "SRCSEQ" and used is not None:
        node.remarks.append(f"{used.found.row['src_file']} {used.found.row['src_sheet'] or ''}".strip())
    return node


COLUMNS = (
    "STARTDT", "STARTDTF", "ADT", "ADTF", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "SRCSEQ",
    "PARAMCD", "PARAM",
)  # fmt: skip
