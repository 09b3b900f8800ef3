"""A delivery as its receipt knows it: which one it is, and the accepted one at which a center can be held.

Light: read before the first job and when a run has failed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multicenter.paths import ACCEPTED_DELIVERIES

SHORT = 12  # hexadecimal digits by which people name a delivery


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """Return the receipt of the delivery in a folder; None if no delivery was accepted there."""
    try:
        return json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def delivery_sha(receipt: Mapping[str, Any]) -> str:
    """Return the sha256 by which a delivery is known: of its file, or of its files' sorted sha256, one a line."""
    sums = sorted(file["sha256"] for file in receipt["files"])
    return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()


def delivery_name(receipt: Mapping[str, Any]) -> str:
    """Return how a delivery is named to people: 'delivery of 2023-08-02 (sha 0123456789ab)'."""
    day = f" of {receipt['received']}" if receipt.get("received") else ""
    return f"delivery{day} (sha {delivery_sha(receipt)[:SHORT]})"


def hold_problems(held: Iterable[str], workspace: Path, files: Iterable[str], table: Path) -> list[str]:
    """Return one line for each held center without a complete accepted delivery.

    `held`: codes; `files`: what an accepted delivery consists of; `table`: the list of centers, for the message.
    """
    problems = []
    for center in held:
        folder = f"{ACCEPTED_DELIVERIES}/{center}"
        missing = [name for name in files if not (workspace / folder / name).is_file()]
        if missing:
            what = f"{missing[0]} and {len(missing) - 1} more files are" if len(missing) > 1 else f"{missing[0]} is"
            problems.append(
                f"{table}: center {center} is on hold, but no accepted delivery of it is in {folder} "
                f"({what} missing). Empty its 'hold' or bring the folder back."
            )
    return problems


def hold_hints(stopped: Iterable[str], workspace: Path, table: Path) -> list[str]:
    """Return, for each center whose delivery stopped, what can be done so that the pooled part goes on.

    `table`: the list of centers, for the message.
    """
    hints = []
    for center in stopped:
        receipt = read_receipt(workspace / ACCEPTED_DELIVERIES / center)
        if receipt:
            way = f"or hold it at its {delivery_name(receipt)}: set hold in {table}."
            hints.append(f"{center}: mend its delivery or its mapping, {way}")
        else:
            hints.append(f"{center}: mend its delivery or its mapping. None was accepted yet that it could be held at.")
    return hints
