"""The fifteen extracts whose center files exist: what a draft calls sure says the same as these files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from multicenter.draft.evidence import Reader
from multicenter.draft.facts import table_facts
from multicenter.harmonize.cells import MAPPED, MISSING
from multicenter.yamlfile import read_yaml

CENTERS = [
    "SMC",
    "SSMH",
    "CNUHH",
    "SNUH",
    "NCC",
    "SNUBH",
    "KUAH",
    "JBUH",
    "DSMC",
    "CNUH",
    "DAUH",
    "KUGH",
    "WKUH",
    "KUASH",
    "HPH",
]


def becomes(reader: Reader, facts: Any, spec: Any, row_is: str, source: dict[str, Any], whole: dict[str, Any]) -> dict:
    """slot → (status, values) of a column's distinct values, with what its source and delivery declare."""
    from multicenter.harmonize.convert import convert
    from multicenter.harmonize.spec import build_sources
    from multicenter.harmonize.texts import read_texts

    config = {**{k: v for k, v in whole.items() if k != "sources"},
              "sources": {"s": {**source, "columns": {"x": spec}, "constants": {}, "number": {}}}}  # fmt: skip
    column = build_sources(config, reader.dictionary, reader.codes)["s"].columns["x"]
    if column.reader is not None:
        return read_texts(facts.distinct, column.reader, reader.units)
    return {target.slot: convert(facts.distinct, target, reader.units) for target in column.targets}


@pytest.mark.parametrize("center", CENTERS)
def test_nothing_sure_is_wrong(center, desk, clone, tmp_path):
    rows = pd.read_csv(clone / "config" / "centers.tsv", sep="\t", dtype=str).set_index("center")
    files = [clone / "resources" / "simulated" / "extracts" / name for name in rows["extract"][center].split(";")]
    tables = desk.read(files)
    desk.write(desk.draft(center, tables), tmp_path / f"{center}.yaml")
    draft, real = read_yaml(tmp_path / f"{center}.yaml"), read_yaml(clone / "config" / "centers" / f"{center}.yaml")
    reader = Reader(desk.dictionary, desk.codes, desk.vocabulary)
    facts = {(f.raw.file, f.raw.sheet): {x.header: x for x in table_facts(f.raw)} for f in tables}
    sure, wrong = 0, []
    for source in draft["sources"].values():
        columns = facts[source.get("file", files[0].name), source.get("sheet", tables[0].raw.sheet)]
        mapped = next(s for s in real["sources"].values() if columns.keys() >= s["columns"].keys() - {"x"})
        for header, spec in source["columns"].items():
            if isinstance(spec, dict) and "open" in spec:
                continue
            sure += 1
            theirs = mapped["columns"][header]
            if isinstance(theirs, dict) and "drop" in theirs:
                wrong.append((header, spec, theirs))
                continue
            ours = becomes(reader, columns[header], spec, source.get("row_is", "patient"), source, draft)
            given = becomes(reader, columns[header], theirs, mapped.get("row_is", "patient"), mapped, real)
            wrong += [(header, spec, theirs, what) for what in differences(ours, given, mapped)]
    print(f"\n{center}: {sure} sure")
    assert wrong == []
    assert sure >= 0.25 * sum(len(s["columns"]) for s in draft["sources"].values())


def differences(ours: dict, given: dict, mapped: dict[str, Any]) -> list[str]:
    """What one reading of a column says and the other contradicts."""
    found = []
    for slot, outcome in ours.items():
        other = given.get(slot) or given.get((slot[0], "", slot[2])) or given.get((slot[0], "1", slot[2]))
        if other is None:
            found.append(f"{slot} is not among {list(given)}")
            continue
        both = (outcome.status == MAPPED) & (other.status == MAPPED)
        same = outcome.value[both] == other.value[both]
        if not np.all(same):
            found.append(f"{slot}: {outcome.value[both][~same][:3]} instead of {other.value[both][~same][:3]}")
        lost = (outcome.status == MISSING) & (other.status == MAPPED)
        if lost.any():
            found.append(f"{slot}: {int(lost.sum())} values are lost")
        invented = (outcome.status == MAPPED) & (other.status == MISSING)
        if invented.any():
            found.append(f"{slot}: {outcome.value[invented][:3]} are missing codes")
    return found
