"""What a run's results were made of: sha256 of deliveries, configuration, code and results; versions; a short
summary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from multicenter.digests import digest_file

CODE = ("Snakefile", "requirements.txt", "workflow/**/*", "envs/*", "profiles/**/*")


def code_files(clone: Path) -> dict[str, Path]:
    """Return the code behind a run by name: Snakefile, lock, everything in workflow, environments, profiles."""
    found = {path for pattern in CODE for path in clone.glob(pattern) if path.is_file() and path.suffix != ".pyc"}
    return {str(path.relative_to(clone)): path for path in sorted(found)}


def build_manifest(
    receipts: Iterable[Path], config: Mapping[str, Path], code: Mapping[str, Path], results: Iterable[Path]
) -> pd.DataFrame:
    """Return one row a file: kind (delivery | config | code | result), file, sha256, sorted by kind and file.

    `receipts`: the receipts of the deliveries; `config` and `code`: name → path.
    """
    rows = []
    for receipt in map(Path, receipts):
        files = json.loads(receipt.read_text(encoding="utf-8"))["files"]
        rows += [("delivery", f"{receipt.parent.name}/{file['file']}", file["sha256"]) for file in files]
    for kind, named in (("config", config), ("code", code)):
        rows += [(kind, name, digest_file(Path(path))) for name, path in named.items()]
    rows += [("result", str(path), digest_file(Path(path))) for path in results]
    return pd.DataFrame(rows, columns=["kind", "file", "sha256"]).sort_values(["kind", "file"], ignore_index=True)


def software_versions(clone: Path) -> dict[str, dict[str, str]]:
    """Return the pinned versions that a run used: of the lock, and of each rule environment (by its file's name).

    A run from the virtual environment uses the lock; with `--sdm conda` each rule uses its environment's pins, which
    are the lock's.
    """
    lock = (clone / "requirements.txt").read_text(encoding="utf-8")
    versions = {"requirements.txt": dict(re.findall(r"^([\w.-]+)==([\w.+]+)", lock, re.MULTILINE))}
    for env in sorted((clone / "envs").glob("*.yaml")):
        text = env.read_text(encoding="utf-8")
        versions[f"envs/{env.name}"] = dict(re.findall(r"^ +- ([\w.-]+)=([\w.+]+)$", text, re.MULTILINE))
    return versions


def summarize(
    status: Mapping, findings: pd.DataFrame, ledger: pd.DataFrame, deliveries: pd.DataFrame, folder: str
) -> str:
    """Return the lines that a run ends with: centers, patients, which deliveries, open queries, where the figures lie.

    `ledger`: the ledger of queries (query, status); `deliveries`: what list_deliveries gives; `folder`: where the
    release lies.
    """
    centers = status["centers"]
    simulated = [center["center"] for center in centers if center["simulated"]]
    if len(simulated) == len(centers):
        note = "All of it is simulated data."
    elif simulated:
        note = f"Simulated data from: {', '.join(simulated)}."
    else:
        note = ""
    states = ledger["status"].value_counts()
    queries = int(states.get("OPEN", 0) + states.get("REOPENED", 0))
    notes = int((findings["outcome"] == "note").sum())
    lines = [
        f"{status['patients']} eligible patients from {len(centers)} centers. {note}".rstrip(),
        _stand(centers),
        *_changed(deliveries),
        f"{queries} open queries and {notes} notes on the deliveries. Workbooks: results/restricted/queries",
        f"Figures: {folder}/figures   Tables: {folder}/tables   Every number: {folder}/estimates.csv",
    ]
    return "\n".join(lines) + "\n"


def _changed(deliveries: pd.DataFrame) -> list[str]:
    """How many known values the updates changed; no line if no center has sent one."""
    updates = deliveries[deliveries["replaces"] != ""]
    told = [f"{row.center} {row.changed_values}" for row in updates.itertuples()]
    where = "changes.csv beside each center's accepted delivery"
    return [f"Known values changed by updates: {', '.join(told)} ({where})."] if told else []


def _stand(centers: Iterable[Mapping]) -> str:
    """Which delivery each center stands at: the current one, or the one at which it is held."""
    days = sorted(center["received"] for center in centers if center["state"] == "current" and center["received"])
    current = sum(center["state"] == "current" for center in centers)
    received = f" (received {days[0]} to {days[-1]})" if days else ""
    held = [
        f"{center['center']} at its delivery of {center['received'] or 'an unrecorded day'}"
        for center in centers
        if center["state"] == "held"
    ]
    return f"Deliveries: {current} current{received}; held: {', '.join(held) or 'none'}."
