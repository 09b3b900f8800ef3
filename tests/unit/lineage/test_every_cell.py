"""Every cell of ADSL, ADTTE and ADRS: its tree gives the stored value, and the cells named hold what they should."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from multicenter.harmonize.cells import Distinct
from multicenter.harmonize.convert import convert
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.texts import read_texts
from multicenter.intake.table import written
from multicenter.lineage.datasets import trace
from multicenter.lineage.dossier import Dossier, open_dossier
from multicenter.lineage.eligibility import eligibility_node, is_eligible
from multicenter.lineage.endpoints import COLUMNS, trace_endpoint
from multicenter.lineage.origins import findings_of, record_node
from multicenter.lineage.raw import raw_cell, read_delivery
from multicenter.lineage.tree import USED, is_missing, shown

NAME = re.compile(r"^(?:(\w+)(?:\[(.*)\])?\.)?(\w+)$")
SAMPLE, SEED = 12, 7


@pytest.fixture(scope="module")
def adsl(study_folder) -> pd.DataFrame:
    return pd.read_parquet(study_folder / "results/restricted/cohort/adsl.parquet")


@pytest.fixture(scope="module")
def truth(study_folder) -> dict:
    expected = pd.read_parquet(study_folder / "resources/simulated/truth/expected.parquet")
    keys = ["center", "patient_id", "table", "item", "variable"]
    return {tuple(row[:5]): row[5:7] for row in expected[[*keys, "value", "tolerance"]].itertuples(index=False)}


@pytest.fixture(scope="module")
def chosen(adsl) -> list[str]:
    """The first and last patients of every center, and a sample of all."""
    ends = adsl.groupby("SITEID", sort=True)["USUBJID"].agg(lambda ids: [ids.iloc[0], ids.iloc[-1]])
    sample = adsl["USUBJID"].sample(SAMPLE, random_state=SEED)
    return list(dict.fromkeys([*ends.explode(), *sample]))


@pytest.fixture(scope="module")
def opened(study_run, study_folder):
    return cache(lambda usubjid: open_dossier(study_run, study_folder, usubjid))


@pytest.fixture(scope="module")
def delivery():
    found = {}

    def read(dossier: Dossier) -> dict:
        if dossier.center.code not in found:
            found[dossier.center.code] = read_delivery(dossier)
        return found[dossier.center.code]

    return read


def same(one, other) -> bool:
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) < 1e-9
    return shown(one) == shown(other)


def converted(dossier: Dossier, cell, raw, slot):
    """What the center file makes of one raw cell."""
    column = dossier.sources[cell.source].columns[cell.header]
    distinct, units = Distinct([raw]), Units(dossier.dictionary)
    if column.reader is not None:
        outcomes = read_texts(distinct, column.reader, units)
    else:
        outcomes = {target.slot: convert(distinct, target, units) for target in column.targets}
    found = [outcomes[s] for s in (slot, (slot[0], "", slot[2])) if s in outcomes]
    value = found[0].take(distinct.codes)[0] if found else None
    return pd.Timestamp(value) if isinstance(value, np.datetime64) else value


def checked_cells(dossier: Dossier, node, tables, truth) -> int:
    """Compare one node's cells with the extract and its value with the truth; how many cells were compared."""
    match = NAME.match(node.name)
    table, item, variable = match[1] or "patient", match[2] or "", match[3]
    for cell in node.cells:
        raw = raw_cell(tables, cell)
        identity = tables[cell.source].cells[dossier.sources[cell.source].id_column]
        assert dossier.patient_id.lstrip("0") in written(identity[list(tables[cell.source].rows).index(cell.row)])
        if variable == "patient_id" or any("counted" in remark for remark in node.remarks):
            continue
        if any(f["action"] == "set_missing" for f in findings_of(dossier, cell)):
            assert is_missing(node.value)
            continue
        assert same(converted(dossier, cell, raw, (table, item, variable)), node.value), (node, raw)
    if (dossier.center.code, dossier.patient_id, table, item, variable) in truth:
        value, tolerance = truth[dossier.center.code, dossier.patient_id, table, item, variable]
        if is_missing(node.value) or value == "":
            assert is_missing(node.value) and value == "", node
        elif isinstance(node.value, float):
            assert abs(node.value - float(value)) <= tolerance + 1e-9, node
        else:
            assert shown(node.value) == value, node
    return len(node.cells)


def test_every_cell_of_every_data_set(chosen, opened, delivery, truth, study_run):
    seen = {"cells": 0, "values": 0}
    centers = set()
    for usubjid in chosen:
        dossier = opened(usubjid)
        centers.add(dossier.center.code)
        roots = []
        for column, stored in dossier.stored("adsl").iloc[0].items():
            roots.append((trace(dossier, f"ADSL:{column}"), stored))
        for _, row in dossier.stored("adtte").iterrows():
            roots += [(trace(dossier, f"{row['PARAMCD']}.{c}"), row[c]) for c in [*row.index] if c in COLUMNS]
        for _, row in dossier.stored("adrs").iterrows():
            shared = ("STUDYID", "USUBJID", "SITEID")
            roots += [(trace(dossier, f"ADRS:{row['AVISIT']}.{c}"), row[c]) for c in row.index if c not in shared]
        nodes = {}
        for root, stored in roots:
            assert same(root.value, stored), (usubjid, root, stored)
            nodes |= {(node.name, str(node.cells)): node for node in root.walk() if node.cells}
            known_or_told = [n for n in root.walk() if not n.children]
            assert all(n.cells or n.remarks or n.rule or n.verdict or not n.is_value for n in known_or_told), root.name
        for node in nodes.values():
            seen["cells"] += checked_cells(dossier, node, delivery(dossier), truth)
        seen["values"] += len(roots)
    assert centers == set(study_run.centers)
    assert seen["cells"] > 1300 and seen["values"] > 3000


def test_the_date_that_is_called_used_is_the_date_of_the_event_or_censoring(opened, chosen, study_run):
    for usubjid in chosen:
        dossier = opened(usubjid)
        for code in study_run.study["endpoints"]:
            endpoint = trace_endpoint(dossier, code)
            assert endpoint.used is not None
            assert min(endpoint.used.date, dossier.cut) == endpoint.row["ADT"]
            used = [node for node in trace(dossier, code).children if node.verdict.startswith(USED)]
            assert [node.value for node in used] == [endpoint.row["ADT"]], usubjid


def test_planted_faults_are_found_at_the_cells_that_lineage_names(opened, study_folder):
    faults = pd.read_csv(study_folder / "resources/simulated/faults.csv", dtype=str, keep_default_na=False)
    faults = faults[(faults["variable"] != "") & (faults["kind"] != "same_patient")]
    hits = 0
    for fault in faults.to_dict("records"):
        dossier = opened(f"{fault['center']}-{fault['patient_id']}")
        place = (fault["file"], fault["sheet"], int(fault["row"]), fault["column"])
        records = dossier.tables[fault["table"]]
        cells = [
            (cell.file, cell.sheet, cell.row, cell.column)
            for _, record in records.iterrows()
            for cell in record_node(dossier, fault["table"], record, fault["variable"]).cells
        ]
        assert place in cells, (fault, cells)
        hits += 1
    assert hits > 80


def test_patients_who_left_did_so_at_the_step_that_the_run_wrote(opened, study_folder):
    excluded = pd.read_csv(study_folder / "results/restricted/cohort/excluded.csv", dtype=str)
    for row in excluded.to_dict("records"):
        dossier = opened(row["USUBJID"])
        assert not is_eligible(dossier)
        assert f"left at step {row['step']} (" in eligibility_node(dossier).name


def test_an_endpoint_of_a_patient_without_a_start_is_explained(opened, study_folder, study_run):
    excluded = pd.read_csv(study_folder / "results/restricted/cohort/excluded.csv", dtype=str)
    told = {node.verdict for usubjid in excluded["USUBJID"] for node in trace(opened(usubjid), "PFS").children}
    assert "not used: not after the start (missing)" in told
