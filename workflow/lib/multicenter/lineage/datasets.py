"""Any cell of ADSL, ADTTE and ADRS by its name, and canonical variables and working variables besides."""

from __future__ import annotations

import csv
import re

import pandas as pd

from multicenter.cohort.sources import KEY
from multicenter.errors import StudyError, did_you_mean
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.endpoints import COLUMNS, column_node, endpoint_node, trace_endpoint
from multicenter.lineage.origins import record_node
from multicenter.lineage.tree import Node, shown
from multicenter.lineage.variables import variable_node

RECORD = re.compile(r"^(?P<table>[a-z_]+)(?:\[(?P<item>[^\]]+)\])?\.(?P<variable>[a-z0-9_]+)$")
RESPONSE_COLUMNS = ("AVALC", "AVAL", "ADT", "AVISIT", "AVISITN", "SRCSEQ")


def trace(dossier: Dossier, what: str) -> Node:
    """Return the tree of what is asked for.

    what: an endpoint (`PFS`) or a column of its row (`PFS.ADT`), a column of ADSL (`AGE`) or a working variable, a
    visit of ADRS (`ADRS:m12`, `ADRS:m12.ADT`), or a canonical variable (`patient.pd_date`, `drug[2].start`). `ADSL:`
    and `ADTTE:` may stand before a name. Raises StudyError (with the nearest name) for what does not exist.
    """
    study, name = dossier.run.study, what
    data_set, colon, rest = what.partition(":")
    if colon:
        if data_set not in ("ADSL", "ADTTE", "ADRS"):
            raise StudyError(f"{what}: there is no data set {data_set!r}. Data sets: ADSL, ADTTE, ADRS.")
        name = rest
    if data_set == "ADRS" and colon:
        return _response(dossier, *_dotted(name, RESPONSE_COLUMNS))
    code, column = _dotted(name, COLUMNS)
    if code in study["endpoints"] and data_set != "ADSL":
        endpoint = trace_endpoint(dossier, code)
        if not column:
            return endpoint_node(endpoint)
        return _shared(dossier, column) or column_node(endpoint, column)
    if data_set != "ADTTE" or not colon:
        found = _shared(dossier, name) or _variable(dossier, name)
        if found is not None:
            return found
    raise _unknown(dossier, what, name, data_set if colon else "")


def names_known(dossier: Dossier, data_set: str = "") -> list[str]:
    """Every name that can be asked for, of one data set or of all."""
    study, response = dossier.run.study, dossier.run.study["response"]
    visits = dossier.run.levels(response["table"])[response["visit"]]
    known = {
        "ADSL": ["STUDYID", KEY, "SITEID", "SIMFL", *study["variables"]],
        "ADTTE": [*study["endpoints"], *(f"{code}.{column}" for code in study["endpoints"] for column in COLUMNS)],
        "ADRS": [f"ADRS:{visit}" for visit in visits],
        "record": list(dossier.dictionary.addresses()),
    }
    return known[data_set] if data_set else [name for names in known.values() for name in names]


def _dotted(name: str, columns: tuple[str, ...]) -> tuple[str, str]:
    head, dot, column = name.rpartition(".")
    return (head, column) if dot and column in (*columns, "STUDYID", KEY, "SITEID") else (name, "")


def _shared(dossier: Dossier, column: str) -> Node | None:
    """Columns that are not derived from the patient's record."""
    run, center = dossier.run, dossier.center
    if column == "STUDYID":
        return Node(column, run.study["study"]["id"], f"{run.files['study']}: study.id")
    if column == "SITEID":
        return Node(column, center.code, f"{run.files['centers']}: the code of the center that sent the patient")
    if column == KEY:
        patient = record_node(dossier, "patient", dossier.tables["patient"].iloc[0], "patient_id")
        return Node(column, dossier.usubjid, "the center's code, a dash and the center's id", children=[patient])
    if column == "SIMFL":
        return _simulated(dossier)
    return None


def _simulated(dossier: Dossier) -> Node:
    shipped = dossier.run.files["simulated_deliveries"]
    with open(dossier.folder / shipped, encoding="utf-8", newline="") as handle:
        known = {row["sha256"] for row in csv.DictReader(handle)}
    files = dossier.receipt.get("files", [])
    node = Node("SIMFL", "Y" if known & {file["sha256"] for file in files} else "N")
    node.rule = f"Y if the sha256 of a delivered file stands in {shipped}"
    node.remarks = [
        f"{file['file']}, sha256 {file['sha256'][:12]}…: {'is' if file['sha256'] in known else 'is not'} there"
        for file in files
    ]
    return node


def _variable(dossier: Dossier, name: str) -> Node | None:
    """A variable of the protocol, or one of a canonical record."""
    if name in dossier.run.study["variables"]:
        return variable_node(dossier, name)
    patient = dossier.tables["patient"].iloc[0]
    if name in dossier.dictionary.tables["patient"].variables:
        return record_node(dossier, "patient", patient, name)
    match = RECORD.match(name)
    if not match or match["table"] not in dossier.tables:
        return None
    table, item, variable = match.groups()
    if variable not in dossier.dictionary.tables[table].variables:
        return None
    key = dossier.dictionary.tables[table].item
    rows = dossier.tables[table]
    records = [row for _, row in rows.iterrows() if not item or (key and shown(row[key]) == item)]
    nodes = [record_node(dossier, table, record, variable) for record in records]
    if item and not records:
        has = ", ".join(shown(value) for value in rows[key]) if key else ""
        return Node(name, pd.NA, remarks=[f"the patient has no such record; there are: {has or 'none'}"])
    if len(nodes) == 1:
        return nodes[0]
    return Node(f"{name}: {len(nodes)} records", children=nodes, is_value=False)


def _response(dossier: Dossier, visit: str, column: str) -> Node:
    """A row of ADRS, or one column of it."""
    spec, levels = dossier.run.study["response"], dossier.run.levels(dossier.run.study["response"]["table"])
    visits, results = levels[spec["visit"]], levels[spec["result"]]
    if visit not in visits:
        raise StudyError(f"ADRS:{visit}: there is no such visit.{did_you_mean(visit, visits)} {_listed(visits)}")
    if column and (shared := _shared(dossier, column)):
        return shared
    rows = dossier.tables[spec["table"]]
    own = rows[rows[spec["visit"]] == visit]
    where = f"{dossier.run.files['study']}: response"
    if own.empty:
        has = ", ".join(rows[spec["visit"]]) or "none"
        return Node(f"ADRS:{visit}", pd.NA, where, remarks=[f"the patient has no such assessment; there are: {has}"])
    row = own.iloc[0]
    nodes = {}
    for name, key in (("AVALC", "result"), ("ADT", "date"), ("AVISIT", "visit")):
        child = record_node(dossier, spec["table"], row, spec[key])
        nodes[name] = Node(name, child.value, f"{where}.{key}", children=[child])
    for name, of, known in (("AVISITN", "AVISIT", visits), ("AVAL", "AVALC", results)):
        value = known.index(nodes[of].value) + 1 if pd.notna(nodes[of].value) else pd.NA
        nodes[name] = Node(name, value, f"the place of {of} among the levels {', '.join(known)}")
        nodes[name].children = nodes[of].children
    file = "!".join(part for part in (row["src_file"], row["src_sheet"]) if part)
    nodes["SRCSEQ"] = Node("SRCSEQ", row["src_row"], f"the record's row in {file}")
    if column:
        return nodes[column]
    head = f"ADRS:{visit}: {shown(row[spec['result']])} on {shown(row[spec['date']])}"
    return Node(head, rule=where, children=[nodes[name] for name in RESPONSE_COLUMNS], is_value=False)


def _unknown(dossier: Dossier, what: str, name: str, data_set: str) -> StudyError:
    near = did_you_mean(name, names_known(dossier, data_set))
    known = f"Endpoints: {', '.join(dossier.run.study['endpoints'])}." if not near else ""
    return StudyError(f"{what!r} is no endpoint, variable or visit of this study.{near} {known}".strip())


def _listed(visits: list[str]) -> str:
    return f"Visits: {', '.join(visits)}."
