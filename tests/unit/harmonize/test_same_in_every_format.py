"""Forty patients in ten formats: whatever a hospital saves them as, the same tables come out, byte for byte."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from forty_patients import WRITERS

from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import Harmonized, harmonize_center
from multicenter.schemas import schema_problems

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "center.schema.json"
COORDINATES = ["src_file", "src_sheet", "src_row"]
FIRST, *OTHERS = WRITERS
DAYS = ("2015-10-15", "2015-10-01", "2015-10-31")


@pytest.fixture(scope="module")
def harmonized(tmp_path_factory, dictionary, codes, checks) -> dict[str, Harmonized]:
    """What becomes of the delivery, by format."""
    done = {}
    for number, (name, write) in enumerate(WRITERS.items()):
        path, config = write(tmp_path_factory.mktemp(f"format{number}", numbered=False))
        assert schema_problems(config, SCHEMA, name) == []
        assert check_center(config, dictionary, codes) == []
        done[name] = harmonize_center("XX", [path], config, dictionary, codes, checks, "2022-12-31")
    return done


def stored(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.drop(columns=COORDINATES, errors="ignore").to_parquet(stream, index=False)
    return stream.getvalue()


def told(done: Harmonized) -> list[list[str]]:
    """What is found, without where it stands and how it is spelled there; that a date is a text is the format's own."""
    found = done.findings[done.findings["kind"] != "date_text"]
    return sorted(found[["patient_id", "table", "variable", "kind", "outcome", "lo", "hi"]].to_numpy().tolist())


def test_the_first_format_holds_what_was_written(harmonized):
    patient = harmonized[FIRST].tables["patient"].set_index("patient_id")
    assert (len(patient), patient.index[0], patient.index[39]) == (40, "0007", "0904")
    assert patient["sex"].value_counts().to_dict() == {"M": 20, "F": 20}
    assert patient["ecog"].isna().sum() == 4
    assert patient.loc["0053", ["hb", "flc_kappa"]].tolist() == [10.5, 0.0]
    assert patient["flc_kappa"].dropna().unique().tolist() == [350.2, 0.0, 5000.0, 85.0, 1250.0, 350.0, 120.0]
    assert patient["iss"].value_counts().to_dict() == {"II": 12, "III": 12, "I": 9}
    imputed = harmonized[FIRST].imputed
    assert imputed["flag"].tolist() == ["D"] * 5
    assert imputed.loc[0, ["patient_id", "variable"]].tolist() == ["0076", "dx_date"]
    assert imputed.loc[0, ["value", "lo", "hi"]].tolist() == list(map(pd.Timestamp, DAYS))
    assert patient["dx_date"].isna().sum() == 1  # the year alone is a query
    assert len(harmonized[FIRST].tables["response"]) > 50


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_gives_the_same_bytes(harmonized, name):
    for table, expected in harmonized[FIRST].tables.items():
        pd.testing.assert_frame_equal(
            harmonized[name].tables[table].drop(columns=COORDINATES), expected.drop(columns=COORDINATES)
        )
        assert stored(harmonized[name].tables[table]) == stored(expected), table
    assert stored(harmonized[name].imputed) == stored(harmonized[FIRST].imputed)


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_gives_the_same_findings(harmonized, name):
    assert told(harmonized[name]) == told(harmonized[FIRST])
