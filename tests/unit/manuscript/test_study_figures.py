"""The protocol's own figures: no P value without an effect size where there are two groups."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

STUDY = yaml.safe_load((Path(__file__).resolve().parents[3] / "config" / "study.yaml").read_text(encoding="utf-8"))
ANALYSES = {entry["id"]: entry for entry in STUDY["analyses"]}
PANELS = [{**figure, **panel} for figure in STUDY["figures"] for panel in figure.get("panels") or [{}]]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["analysis"])
def test_a_p_value_of_two_groups_stands_beside_their_effect(panel):
    by = ANALYSES[panel["analysis"]].get("by")
    tested = "test" in panel or panel["kind"] == "kaplan_meier"
    if by and tested and len(STUDY["variables"][by]["levels"]) == 2:
        effect = panel["effect"]
        model = ANALYSES[effect["analysis"]]
        assert (model["exposure"], model["endpoint"]) == (by, ANALYSES[panel["analysis"]]["endpoint"])
        assert effect["term"].startswith(f"{by}: ")
