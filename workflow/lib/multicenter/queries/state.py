"""What a run has to know before its first job: the returned workbooks, and whether the ledger is as it was left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from multicenter.digests import digest_file


def answer_files(folder: Path) -> list[Path]:
    """Return what lies in the folder of returned workbooks, sorted; none if there is no folder.

    Hidden files and what Excel leaves beside an open workbook do not count.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~$")))


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
