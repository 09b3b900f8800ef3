"""Whether a patient is in the study's data sets, and if not, at which step the patient left and why."""

from __future__ import annotations

import csv

from multicenter.decisions import DECISION_COLUMNS, SAME
from multicenter.expressions import is_true
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.expressions import parts_of
from multicenter.lineage.tree import Node
from multicenter.lineage.variables import whole_scope


def eligibility_node(dossier: Dossier) -> Node:
    """In ADSL, or the step of the flow at which the patient left, with what its condition read."""
    decision = _transfer(dossier)
    labels = dossier.run.study["records"]["labels"]
    if decision:
        node = Node(f"not in ADSL: left at step transfers ({labels['transfers']})", is_value=False)
        node.remarks = [
            f"{dossier.run.files['decisions']}: kept as {decision['kept_center']}-{decision['kept_patient_id']}; "
            f"{decision['reason']} ({decision['decided_by']}, {decision['decided_on']})"
        ]
        return node
    scope = whole_scope(dossier)
    for criterion in dossier.run.study["criteria"]:
        if bool(is_true(criterion["exclude"], dossier.frame).iloc[0]):
            node = Node(f"not in ADSL: left at step {criterion['id']} ({criterion['label']})", is_value=False)
            node.rule = f"{dossier.run.files['study']}, criteria.{criterion['id']}: exclude {criterion['exclude']}"
            node.children = parts_of(criterion["exclude"], dossier.frame, scope.node)
            return node
    return Node("in ADSL: no criterion excludes the patient", is_value=False)


def is_eligible(dossier: Dossier) -> bool:
    """Whether the patient is in ADSL by the protocol and the recorded decisions."""
    if _transfer(dossier):
        return False
    return not any(bool(is_true(c["exclude"], dossier.frame).iloc[0]) for c in dossier.run.study["criteria"])


def dropped_rows(dossier: Dossier) -> list[str]:
    """A line for each row of the delivery about this patient that was left out."""
    found = [line for line in dossier.findings if line["action"] == "row_dropped"]
    return [
        f"row {line['row']} of {'!'.join(part for part in (line['file'], line['sheet']) if part)} was left out: "
        f"{line['message']}"
        for line in found
    ]


def _transfer(dossier: Dossier) -> dict[str, str] | None:
    """The recorded decision that leaves this patient's record out, if there is one."""
    with open(dossier.folder / dossier.run.files["decisions"], encoding="utf-8-sig", newline="") as handle:
        rows = [{name: (row[name] or "").strip() for name in DECISION_COLUMNS} for row in csv.DictReader(handle)]
    own = (dossier.center.code, dossier.patient_id, SAME)
    return next((row for row in rows if (row["center"], row["patient_id"], row["verdict"]) == own), None)
