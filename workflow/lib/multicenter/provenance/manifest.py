"""What a run's results were made of: sha256 of deliveries, configuration, code and results; versions; a short
summary."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd

from multicenter.digests import digest_file, module_files


def code_files(clone: Path) -> dict[str, Path]:
    """Return the code behind a run by name: Snakefile, rules, scripts, and the library modules that scripts import."""
    library = clone / "workflow" / "lib"
    scripts = sorted((clone / "workflow" / "scripts").glob("*.py"))
    modules = sorted({module for script in scripts for module in module_files(script, library)})
    files = [clone / "Snakefile", *sorted((clone / "workflow" / "rules").glob("*.smk")), *scripts, *modules]
    return {str(path.relative_to(clone)): path for path in files}


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


def software_versions() -> dict[str, str]:
    """Return the versions of Python and of every installed package, by name."""
    packages = {dist.metadata["Name"].lower(): dist.version for dist in distributions()}
    return {"python": platform.python_version(), **dict(sorted(packages.items()))}


def summarize(status: Mapping, findings: pd.DataFrame, folder: str) -> str:
    """Return the lines that a run ends with: centers, patients, open queries, where the figures lie."""
    centers = status["centers"]
    simulated = [center["center"] for center in centers if center["simulated"]]
    if len(simulated) == len(centers):
        note = "All of it is simulated data."
    elif simulated:
        note = f"Simulated data from: {', '.join(simulated)}."
    else:
        note = ""
    queries = int((findings["outcome"] == "query").sum())
    notes = int((findings["outcome"] == "note").sum())
    lines = [
        f"{status['patients']} eligible patients from {len(centers)} centers. {note}".rstrip(),
        f"{queries} open queries and {notes} notes on the deliveries.",
        f"Figures: {folder}/figures   Tables: {folder}/tables   Every number: {folder}/estimates.csv",
    ]
    return "\n".join(lines) + "\n"
