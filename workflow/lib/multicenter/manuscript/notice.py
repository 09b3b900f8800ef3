"""The mark that everything made of simulated deliveries bears."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def simulated_notice(simulated: Sequence[str], centers: Sequence[str]) -> str:
    """Return the mark: all centers simulated, some (named, in the order of `centers`), or "" for none.

    Raises ValueError for a simulated center that is not among the centers.
    """
    unknown = sorted(set(simulated) - set(centers))
    if unknown:
        raise ValueError(f"simulated centers that are not in the run: {', '.join(unknown)}")
    if not simulated:
        return ""
    if set(simulated) == set(centers):
        return "Simulated data"
    return "Includes simulated data: " + ", ".join(center for center in centers if center in set(simulated))


def notice_from_status(path: str | Path) -> str:
    """Return the mark for a run from its data_status.json: {centers: [{center, simulated}]}."""
    centers = json.loads(Path(path).read_text(encoding="utf-8"))["centers"]
    simulated = [center["center"] for center in centers if center["simulated"]]
    return simulated_notice(simulated, [center["center"] for center in centers])
