"""`trace`: from a cell of the study's data sets back to the cells of the delivery, for one patient."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from multicenter.config import Run, load_run
from multicenter.lineage.datasets import trace
from multicenter.lineage.dossier import Dossier, open_dossier
from multicenter.lineage.eligibility import dropped_rows, eligibility_node, is_eligible
from multicenter.lineage.endpoints import COLUMNS, trace_endpoint
from multicenter.lineage.tree import is_missing, render, shown

HELP = "show which cells of which extract a value of one patient was made of"
EXAMPLES = """
what to trace:
  PFS                  an endpoint: start, event or censoring date, reason, and why other dates were not used
  PFS.ADT              one column of its row in ADTTE
  AGE                  a column of ADSL, or a working variable of study.yaml
  ADRS:m12             an assessment (ADRS:m12.ADT: one column of its row)
  patient.pd_date      a canonical variable; of a record among several: table[item].variable
  .                    whether the patient is in the study, and which rows were left out

patients are named as in ADSL: the center's code, a dash and the center's id
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `trace` takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = HELP, EXAMPLES
    parser.add_argument("what", help="endpoint, variable, visit or '.'; see below")
    parser.add_argument("patient", help="USUBJID, such as A-017")
    parser.add_argument("--raw", action="store_true", help="also show the cells as delivered (reads the extract)")


def run(args: argparse.Namespace) -> int:
    """Print the lineage asked for. Raises StudyError for what does not exist.

    `args.desk` says where the command works: clone, workspace, config and config_folders.
    """
    desk = args.desk
    os.chdir(desk.workspace)  # relative paths of the configuration count from there
    center = args.patient.partition("-")[0]
    study = load_run(
        desk.config, desk.clone, desk.workspace, desk.config_folders, need_extracts=False, only_center=center
    )
    print(lineage_text(study, desk.workspace, args.what, args.patient, args.raw))
    return 0


def lineage_text(run: Run, folder: Path, what: str, usubjid: str, raw: bool = False) -> str:
    """The lineage of one value of one patient as text; `folder`: the workspace with results/."""
    dossier = open_dossier(run, folder, usubjid)
    nodes = [] if what == "." else [trace(dossier, what)]
    state = eligibility_node(dossier)
    if not is_eligible(dossier) or not nodes:
        nodes.append(state)
    if raw:
        from multicenter.lineage.raw import add_raw_values

        for node in nodes:
            add_raw_values(dossier, node)
    head = f"{usubjid}, {dossier.center.name}, data cut {shown(dossier.cut)}"
    head += f", held at its accepted delivery ({dossier.center.hold})" if dossier.center.hold else ""
    head += " (simulated data)" if trace(dossier, "SIMFL").value == "Y" else ""
    notes = [*dropped_rows(dossier), *stale(dossier, what)]
    return "\n".join([head, *notes, "", *(f"{render(node)}\n" for node in nodes)]).rstrip()


def stale(dossier: Dossier, what: str) -> list[str]:
    """A line for what the last run wrote otherwise: the configuration or the tables have changed since."""
    name, differ = what.partition(":")[2] or what, []
    code, _, column = name.partition(".")
    if code in dossier.run.study["endpoints"]:
        columns = [column] if column in COLUMNS[:-2] else ["ADT", "CNSR"]
        rows = dossier.stored("adtte", ["PARAMCD", *columns])
        row = trace_endpoint(dossier, code).row
        for stored in rows[rows["PARAMCD"] == code].to_dict("records") if len(rows) else []:
            differ += [f"{code}.{c} {shown(stored[c])}" for c in columns if not _same(stored[c], row[c])]
    elif name.isupper() and name in dossier.frame:
        stored = dossier.stored("adsl", [name])
        differ += [f"{name} {shown(v)}" for v in stored[name] if not _same(v, dossier.frame[name].iloc[0])]
    return [f"the last run wrote {other}: configuration or tables have changed since" for other in differ]


def _same(stored: Any, now: Any) -> bool:
    if is_missing(stored) or is_missing(now):
        return is_missing(stored) and is_missing(now)
    return f"{stored:.9g}" == f"{now:.9g}" if isinstance(stored, float) else shown(stored) == shown(now)
