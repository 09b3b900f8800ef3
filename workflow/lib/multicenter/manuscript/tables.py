"""The manuscript's tables: an entry of the protocol's `tables` becomes csv and html."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from multicenter.errors import StudyError, did_you_mean
from multicenter.manuscript.baseline_table import make_baseline_table
from multicenter.manuscript.cox_table import make_cox_table
from multicenter.manuscript.estimates import named
from multicenter.manuscript.pairwise_table import make_pairwise_table
from multicenter.manuscript.replication import make_replication_table
from multicenter.manuscript.summary_table import make_summary_table
from multicenter.manuscript.table import Table

MAKERS = {
    "baseline": make_baseline_table,
    "cox": make_cox_table,
    "summary": make_summary_table,
    "pairwise": make_pairwise_table,
}
REPLICATION = "replication"


def make_table(
    spec: Mapping, estimates: pd.DataFrame, labels: Mapping[str, str], simulated: str, facts: pd.DataFrame | None = None
) -> Table:
    """Return the table that `spec` describes.

    `labels`: printed text of variables and groups, which `spec["labels"]` overrides. `simulated`: the mark, "" for
    none. `facts`: what a publication prints (see replication.compare), needed by the kind `replication` alone. Raises
    StudyError for an unknown kind or an analysis without estimates.
    """
    texts = {**labels, **spec.get("labels", {})}
    kind = spec["kind"]
    if kind == REPLICATION:
        if facts is None:
            raise StudyError(f"table {spec['id']}: a replication table needs the published numbers")
        return make_replication_table(spec, named(estimates), facts, simulated)
    if kind not in MAKERS:
        hint = did_you_mean(kind, [*MAKERS, REPLICATION])
        raise StudyError(f"table {spec['id']}: there is no kind {kind!r}.{hint}")
    return MAKERS[kind](spec, named(estimates), texts, simulated)


def write_table(
    spec: Mapping,
    estimates: pd.DataFrame,
    labels: Mapping[str, str],
    simulated: str,
    directory: str | Path,
    facts: pd.DataFrame | None = None,
) -> list[Path]:
    """Make the table and write <id>.csv and <id>.html; return the paths."""
    table = make_table(spec, estimates, labels, simulated, facts)
    stem = Path(directory) / spec["id"]
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(f"{stem.name}.{ending}") for ending in ("csv", "html")]
    table.to_csv(paths[0])
    table.to_html(paths[1])
    return paths
