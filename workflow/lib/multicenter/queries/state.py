"""What a run has to know before its first job: the returned workbooks, and whether the ledger is as it was left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from multicenter.digests import digest_file
from multicenter.identifiers.detect import LABEL, Detector
from multicenter.identifiers.mask import mask_text


def answer_files(folder: Path, identifiers: Mapping[str, Any]) -> tuple[list[Path], list[str]]:
    """Return what lies in the folder of returned workbooks, sorted, and the masked names of files that are left out
    because their names identify persons; none if there is no folder.

    Snakemake writes the names of a job's inputs down, so that those must not come so far. Hidden files and what Excel
    leaves beside an open workbook do not count. identifiers: identifiers.yaml.
    """
    if not folder.is_dir():
        return [], []
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~$")))
    if not files:
        return [], []
    detector = Detector(identifiers)
    hit = {found.index for found in detector.find([path.name for path in files], LABEL)}
    named = [mask_text(files[i].name, detector) for i in sorted(hit)]
    return [path for i, path in enumerate(files) if i not in hit], named


def ledger_state(ledger: Path, state: Path, digest: Callable[[Path], str] = digest_file) -> str:
    """Return what stands for the ledger among the parameters of the job that updates it.

    The job reads and writes the ledger, so the ledger's own digest would change with every run of it. As long as the
    ledger is as the job left it (`state` remembers its digest), this is what it was for that job; after any other
    change it is the digest of the changed ledger, which makes the job run once.
    """
    if not ledger.is_file():
        return ""
    now = digest(ledger)
    try:
        left = json.loads(state.read_text(encoding="utf-8"))
        return left["parameter"] if left["ledger"] == now else now
    except (OSError, ValueError, KeyError, TypeError):
        return now


def write_state(ledger: Path, state: Path, parameter: str) -> None:
    """Remember the ledger as it is now, and the parameter with which it was made."""
    left = {"ledger": digest_file(ledger), "parameter": parameter}
    state.write_text(json.dumps(left, indent=1) + "\n", encoding="utf-8")
