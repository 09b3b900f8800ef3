"""Whether a patient is in the study's data sets, and if not, at which step the patient left and why."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache

from multicenter.actions import ROW_DROPPED
from multicenter.cohort.eligibility import Flow, apply_criteria
from multicenter.decisions import DECISION_COLUMNS, SAME
from multicenter.lineage.dossier import Dossier
from multicenter.lineage.expressions import parts_of
from multicenter.lineage.tree import Node
from multicenter.lineage.variables import whole_scope


def eligibility_node(dossier: Dossier) -> Node:
    """In ADSL, or the step of the flow at which the patient left, with what its condition read."""
    decision, criterion = _left_by(dossier)
    if decision:
        label = dossier.run.study["records"]["labels"]["transfers"]
        node = Node(f"not in ADSL: left at step transfers ({label})", is_value=False)
        node.remarks = [
            f"{dossier.run.files['decisions']}: kept as {decision['kept_center']}-{decision['kept_patient_id']}; "
            f"{decision['reason']} ({decision['decided_by']}, {decision['decided_on']})"
        ]
        return node
    if criterion:
        node = Node(f"not in ADSL: left at step {criterion['id']} ({criterion['label']})", is_value=False)
        node.rule = f"{dossier.run.files['study']}, criteria.{criterion['id']}: exclude {criterion['exclude']}"
        node.children = parts_of(criterion["exclude"], dossier.frame, whole_scope(dossier).node)
        return node
    return Node("in ADSL: no criterion excludes the patient", is_value=False)


def is_eligible(dossier: Dossier) -> bool:
    """Whether the patient is in ADSL by the protocol and the recorded decisions."""
    return not any(_left_by(dossier))


def dropped_rows(dossier: Dossier) -> list[str]:
    """A line for each row of the delivery about this patient that was left out."""
    found = [line for line in dossier.findings if line["action"] == ROW_DROPPED]
    return [
        f"row {line['row']} of {'!'.join(part for part in (line['file'], line['sheet']) if part)} was left out: "
        f"{line['message']}"
        for line in found
    ]


@lru_cache(maxsize=16)
def _left_by(dossier: Dossier) -> tuple[Mapping[str, str] | None, Mapping[str, str] | None]:
    """The decision, else the criterion, by which the patient left; none of them for a patient of the study."""
    decision = _transfer(dossier)
    if decision:
        return decision, None
    criteria = dossier.run.study["criteria"]
    step = apply_criteria(Flow([dossier.center.code]), dossier.frame, criteria).iloc[0]
    return None, {criterion["id"]: criterion for criterion in criteria}.get(step)


def _transfer(dossier: Dossier) -> dict[str, str] | None:
    """The recorded decision that leaves this patient's record out, if there is one."""
    with open(dossier.folder / dossier.run.files["decisions"], encoding="utf-8-sig", newline="") as handle:
        rows = [{name: (row[name] or "").strip() for name in DECISION_COLUMNS} for row in csv.DictReader(handle)]
    own = (dossier.center.code, dossier.patient_id, SAME)
    return next((row for row in rows if (row["center"], row["patient_id"], row["verdict"]) == own), None)
