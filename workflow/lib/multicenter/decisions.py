"""Recorded decisions on two records: are they of the same patient, and which of them stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from multicenter.errors import did_you_mean

DECISION_COLUMNS = [
    "center", "patient_id", "kept_center", "kept_patient_id", "verdict", "reason", "decided_by", "decided_on",
]  # fmt: skip
SAME, DIFFERENT = "same", "different"
OPEN, DECIDED, NEAR_MISS = "open", "decided", "near miss"


def check_decisions(rows: list[Mapping[str, str]], path: Path) -> list[str]:
    """Return what is wrong in decisions.csv, one line each: cells, and decisions that cannot hold together."""
    problems = [problem for number, row in enumerate(rows, start=2) for problem in _cell_problems(row, path, number)]
    return problems or _pair_problems(rows, path) or _joint_problems(rows, path)


def ends(row: Mapping[str, str]) -> tuple[str, str]:
    """Return the USUBJIDs of the record that is left out and of the one that stays."""
    return f"{row['center']}-{row['patient_id']}", f"{row['kept_center']}-{row['kept_patient_id']}"


def _cell_problems(row: Mapping[str, str], path: Path, number: int) -> list[str]:
    place, problems = f"{path}: line {number}", []
    if row["verdict"] not in (SAME, DIFFERENT):
        problems.append(
            f"{place}: verdict {row['verdict']!r} is neither same nor different."
            f"{did_you_mean(row['verdict'], (SAME, DIFFERENT))}"
        )
    try:
        date.fromisoformat(row["decided_on"])
    except ValueError:
        problems.append(f"{place}: decided_on {row['decided_on']!r} is not a date. Write YYYY-MM-DD.")
    one, other = ends(row)
    if one == other:
        problems.append(f"{place}: {one} is compared with itself. Name two records.")
    return problems


def _pair_problems(rows: list[Mapping[str, str]], path: Path) -> list[str]:
    """Pairs that are decided twice, in the same or in the other direction."""
    problems, seen = [], {}
    for number, row in enumerate(rows, start=2):
        one, other = ends(row)
        first, verdict, stays = seen.setdefault(frozenset((one, other)), (number, row["verdict"], other))
        if first == number:
            continue
        place = f"{path}: line {number}: {one} and {other}"
        if verdict != row["verdict"]:
            problems.append(
                f"{place} are {row['verdict']} here and {verdict} in line {first}. Remove one of the lines."
            )
        elif verdict == SAME and stays != other:
            problems.append(f"{place}: {other} stays here, and {stays} in line {first}. Remove one of the lines.")
        else:
            problems.append(f"{place} are decided in line {first} already. Remove one of the lines.")
    return problems


def _joint_problems(rows: list[Mapping[str, str]], path: Path) -> list[str]:
    """Decisions that leave out every record of a patient, or call records different that others make the same."""
    stays, group = {}, {}
    for row in rows:
        one, other = ends(row)
        group.setdefault(one, {one})
        group.setdefault(other, {other})
        if row["verdict"] == SAME:
            stays.setdefault(one, []).append(other)
            merged = group[one] | group[other]
            group.update(dict.fromkeys(merged, merged))
    try:
        TopologicalSorter(stays).prepare()
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        return [f"{path}: each of {names} is left out in favor of another of them. Let one of them stay."]
    return [
        f"{path}: line {number}: {ends(row)[0]} and {ends(row)[1]} are different here, but the same by other lines "
        f"({', '.join(sorted(group[ends(row)[0]]))} are one patient). Correct one of the lines."
        for number, row in enumerate(rows, start=2)
        if row["verdict"] == DIFFERENT and ends(row)[1] in group[ends(row)[0]]
    ]
