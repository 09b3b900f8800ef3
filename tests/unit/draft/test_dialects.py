"""Four hospitals that nobody has mapped: how much of the draft is right, and that its answered form harmonizes."""

from __future__ import annotations

from typing import Any

import dialect_english
import dialect_korean
import dialect_mixed
import dialect_spss
import numpy as np
import pandas as pd
import pytest
from dialects import Extract, Truth
from scoring import Score, columns_of, judge

from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import harmonize_center
from multicenter.harmonize.spec import parse_address
from multicenter.yamlfile import read_yaml

DIALECTS = {"SG": dialect_english, "CJ": dialect_korean, "SM": dialect_spss, "MX": dialect_mixed}
RIGHT = 0.85


@pytest.fixture(scope="module", params=DIALECTS)
def case(request, desk, tmp_path_factory) -> tuple[Extract, dict[str, Any]]:
    """(extract, its draft as it was written)."""
    folder = tmp_path_factory.mktemp(request.param)
    extract = DIALECTS[request.param].build(folder)
    out = folder / f"{extract.center}.yaml"
    desk.write(desk.draft(extract.center, desk.read(extract.files)), out)
    return extract, read_yaml(out)


def meaning(extract: Extract) -> dict[str, tuple[Any, Any]]:
    return {column.header: (column, sheet) for sheet in extract.sheets for column in sheet.columns}


def test_most_columns_are_proposed_right_and_no_sure_one_is_wrong(case, record_property):
    extract, draft = case
    score, known = Score(), meaning(extract)
    for _, row_is, header, spec, _ in columns_of(draft):
        column, sheet = known.pop(header)
        slots = [[parse_address(a, sheet.row_is) for a in addresses] for addresses in (column.means[:1], column.also)]
        judge(score, header, spec, row_is, *slots)
    print(f"\n{extract.center}: {score}")
    assert not known
    assert score.wrong_sure == []
    assert score.right >= RIGHT
    assert score.sure_right >= 0.6 * score.mappable
    assert score.useless_open == score.useless > 0


def test_the_layout_is_found(case):
    extract, draft = case
    assert len(draft["sources"]) == len(extract.sheets)
    for source, sheet in zip(draft["sources"].values(), extract.sheets, strict=True):
        assert {key: source.get(key) for key in sheet.facts if key != "missing"} == {
            key: value for key, value in sheet.facts.items() if key != "missing"
        }
        assert source["id"].split(" / ")[-1] == sheet.id
        assert source.get("row_is", "patient") == sheet.row_is
        assert source.get("sheet", "") == sheet.name


def answered(extract: Extract, draft: dict[str, Any]) -> dict[str, Any]:
    """The draft with each open question answered by the hospital; what was sure stays as it was drafted."""
    known = meaning(extract)
    for _, _, header, spec, source in columns_of(draft):
        column, sheet = known[header]
        if isinstance(spec, dict) and "open" in spec:
            source["columns"][header] = column.answer or {"drop": "not part of the study"}
        source["missing"] = sorted({*source.get("missing", []), *sheet.facts.get("missing", [])})
    for source in draft["sources"].values():
        for sheet in source.get("ignore_sheets", {}):
            source["ignore_sheets"][sheet] = "a code book"
    return draft


def test_the_answered_draft_harmonizes_to_the_truth(case, desk, checks):
    extract, draft = case
    config = answered(extract, draft)
    assert check_center(config, desk.dictionary, desk.codes, extract.center) == []
    done = harmonize_center(extract.center, extract.files, config, desk.dictionary, desk.codes, checks, "2023-12-31")
    asked = set(zip(done.findings["patient_id"], done.findings["variable"], strict=True))
    center = next(iter(extract.ids.values()))[0]
    truth = Truth(center, len(extract.ids), "")
    wrong, cells = [], 0
    for address in sorted(sent(extract)):
        place, variable = address.split(".")
        table, _, item = place.rstrip("]").partition("[")
        found = done.tables[table]
        if item:
            found = found[found[desk.dictionary.tables[table].item].astype(str) == item]
        got = found.set_index("patient_id")[variable]
        for own, value in zip(extract.ids, truth.get(address), strict=True):
            ours = got.get(own)
            cells += value is not None
            if value is not None and (own, variable) not in asked and not same(value, ours):
                wrong.append((address, own, value, ours))
    assert cells > 1000
    assert wrong == []


def sent(extract: Extract) -> set[str]:
    """Every address of which the extract carries the truth."""
    found = set()
    for sheet in extract.sheets:
        for column in sheet.columns:
            if sheet.row_is == "response":
                found |= {
                    f"response[{item}].{a.split('.')[1]}"
                    for item in ("post_asct", "m6", "best")
                    for a in column.means
                    if not a.endswith("timepoint")
                }
            else:
                found |= {
                    *column.means,
                    *(a for a in column.also if a.startswith(("response", "maintenance")) and spoken(column)),
                }
    return found


def spoken(column) -> bool:
    """A flag beside the response is only drafted where the delivery writes a word of its own for it."""
    return any("sCR" in str(spec) for spec in [column.answer]) or not column.means[0].startswith("response")


def same(value: Any, ours: Any) -> bool:
    if ours is None or ours is pd.NA or ours is pd.NaT or (isinstance(ours, float) and np.isnan(ours)):
        return False
    if isinstance(value, pd.Timestamp):
        return value == ours
    if isinstance(value, (int, float, np.number)):
        return abs(float(ours) - float(value)) <= max(0.03 * abs(float(value)), 0.51 if float(value) > 20 else 0.051)
    return str(value) == str(ours)
