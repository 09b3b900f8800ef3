"""The mark of simulated data."""

from __future__ import annotations

import json

import pytest

from multicenter.manuscript.notice import notice_from_status, simulated_notice


def test_all_some_and_none():
    assert simulated_notice(["A", "B"], ["A", "B"]) == "Simulated data"
    assert simulated_notice(["C", "A"], ["A", "B", "C"]) == "Includes simulated data: A, C"
    assert simulated_notice([], ["A"]) == ""
    with pytest.raises(ValueError, match="X"):
        simulated_notice(["X"], ["A"])


def test_from_the_status_of_a_run(tmp_path):
    path = tmp_path / "data_status.json"
    path.write_text(json.dumps({"centers": [{"center": "A", "simulated": False}, {"center": "B", "simulated": True}]}))
    assert notice_from_status(path) == "Includes simulated data: B"
