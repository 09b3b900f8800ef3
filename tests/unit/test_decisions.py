"""Decisions that cannot hold are named before the first job, with their lines."""

from pathlib import Path

import pytest

from multicenter.decisions import DECISION_COLUMNS, check_decisions

PATH = Path("decisions.csv")


def decision(dropped, kept, verdict="same", on="2024-03-04"):
    cells = [*dropped.split("-"), *kept.split("-"), verdict, "transferred", "coordinating center", on]
    return dict(zip(DECISION_COLUMNS, cells, strict=True))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [decision("A-1", "B-1"), decision("A-2", "A-3"), decision("A-1", "A-2", "different")],
        # one patient, three records: one after the other, or both in favor of the same
        [decision("A-1", "B-1"), decision("B-1", "C-1")],
        [decision("A-1", "C-1"), decision("B-1", "C-1")],
        [decision("A-1", "C-1"), decision("B-1", "C-1"), decision("A-1", "B-1")],
    ],
)
def test_what_can_hold_together(rows):
    assert check_decisions(rows, PATH) == []


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            [decision("A-1", "B-1", "diferent")],
            "decisions.csv: line 2: verdict 'diferent' is neither same nor different. Did you mean 'different'?",
        ),
        ([decision("A-1", "B-1", "")], "decisions.csv: line 2: verdict '' is neither same nor different."),
        (
            [decision("A-1", "B-1", on="4 March")],
            "decisions.csv: line 2: decided_on '4 March' is not a date. Write YYYY-MM-DD.",
        ),
        ([decision("A-1", "A-1")], "decisions.csv: line 2: A-1 is compared with itself. Name two records."),
        (
            [decision("A-1", "B-1"), decision("C-1", "B-1"), decision("A-1", "B-1")],
            "decisions.csv: line 4: A-1 and B-1 are decided in line 2 already. Remove one of the lines.",
        ),
        (
            [decision("A-1", "B-1", "different"), decision("B-1", "A-1", "different")],
            "decisions.csv: line 3: B-1 and A-1 are decided in line 2 already. Remove one of the lines.",
        ),
        (
            [decision("A-1", "B-1"), decision("B-1", "A-1")],
            "decisions.csv: line 3: B-1 and A-1: A-1 stays here, and B-1 in line 2. Remove one of the lines.",
        ),
        (
            [decision("A-1", "B-1"), decision("B-1", "A-1", "different")],
            "decisions.csv: line 3: B-1 and A-1 are different here and same in line 2. Remove one of the lines.",
        ),
        (
            [decision("A-1", "B-1"), decision("B-1", "C-1"), decision("C-1", "A-1")],
            "decisions.csv: each of A-1, B-1, C-1 is left out in favor of another of them. Let one of them stay.",
        ),
        (
            [decision("A-1", "B-1"), decision("C-1", "B-1"), decision("A-1", "C-1", "different")],
            "decisions.csv: line 4: A-1 and C-1 are different here, but the same by other lines "
            "(A-1, B-1, C-1 are one patient). Correct one of the lines.",
        ),
    ],
)
def test_what_cannot(rows, problem):
    assert check_decisions(rows, PATH) == [problem]
