"""Patients, columns and units that were exchanged or mixed since the accepted delivery, each with its right name."""

from __future__ import annotations

import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.harmonize.accepted import Limits
from multicenter.harmonize.run import Arrival, harmonize_center, write_harmonized, write_intake

N = 15
COLUMNS = {
    "sex": {"to": "sex", "codes": {"1": "M", "2": "F"}},
    "kappa": {"to": "flc_kappa", "unit": "mg/L"},
    "lambda": {"to": "flc_lambda", "unit": "mg/L"},
    "dx": "dx_date",
    "ind": "ind_start",
    "last": "last_fu_date",
    "stays": {"drop": "not used"},
}


def frame() -> pd.DataFrame:
    at = range(N)
    return pd.DataFrame(
        {
            "id": [f"P{i:02d}" for i in at],
            "sex": [str(1 + (i % 3 == 0)) for i in at],
            "kappa": [f"{12.5 + 7 * i}" for i in at],
            "lambda": [f"{300 - 11 * i}" for i in at],
            "dx": [f"2019-{1 + i % 9:02d}-{2 + i:02d}" for i in at],
            "ind": [f"2019-11-{2 + i:02d}" for i in at],
            "last": [f"2023-0{1 + i % 6}-{10 + i}" for i in at],
            "stays": "",
        }
    )


@pytest.fixture
def stopped(tmp_path, dictionary, codes, checks):
    """What stops a delivery after `frame` was accepted, without the advice; no line if it passes."""
    source = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": COLUMNS}
    config = {"center": "XX", "sources": {"main": source}}

    def receive(new: pd.DataFrame, **more):
        (tmp_path / "x.csv").write_bytes(new.to_csv(index=False).encode())
        arrival = Arrival("", tmp_path / "accepted", Limits())
        study = (config | more, dictionary, codes, checks, "2023-06-30", arrival)
        return harmonize_center("XX", [tmp_path / "x.csv"], *study)

    first = receive(frame())
    write_intake(first, tmp_path / "accepted")
    write_harmonized(first, tmp_path / "accepted")

    def run(new: pd.DataFrame, **more) -> list[str]:
        try:
            receive(new, **more)
        except StudyError as error:
            lines = str(error).splitlines()
            advice = [at for at, line in enumerate(lines) if line.startswith("Compared with")] or [len(lines)]
            run.advice = lines[advice[0] :]
            return lines[1 : advice[0]]
        return []

    return run


def test_two_patients_whose_ids_are_exchanged(stopped):
    new = frame()
    new.loc[[2, 7], "id"] = ["P07", "P02"]
    assert stopped(new) == [
        "x.csv, column id: 2 ids have the dates and numbers that were accepted of another patient: P02 has those of "
        "P07, P07 has those of P02. Rows or ids were exchanged or have slipped: ask the center for the right ids."
    ]
    assert stopped.advice[3:5] == ["    change: patients", '    ids: ["P02", "P07"]']


def test_rows_that_have_slipped_against_the_ids_are_one_line(stopped):
    new = frame()
    new["id"] = [*new["id"][1:], new["id"][0]]
    assert stopped(new) == [
        "x.csv, column id: 15 ids have the dates and numbers that were accepted of another patient: P00 has those of "
        "P14, P01 has those of P00, P02 has those of P01 and 12 more. Rows or ids were exchanged or have slipped: ask "
        "the center for the right ids."
    ]


def test_an_id_that_was_used_again(stopped):
    new = frame()
    new.loc[4, ["kappa", "lambda", "dx", "ind"]] = ["900", "800", "2020-02-02", "2020-03-03"]
    assert stopped(new) == [
        "x.csv, column id: of 1 known patient more than half of the dates and numbers are others now: P04. Ask the "
        "center whether these are other patients under ids that were used before."
    ]


def test_exchanged_columns_are_named_together(stopped):
    new = frame().rename(columns={"kappa": "lambda", "lambda": "kappa"})
    assert stopped(new)[0] == (
        "x.csv, column kappa: the columns 'kappa' (patient.flc_kappa) and 'lambda' (patient.flc_lambda) are exchanged: "
        "each says what the other said of 15 known patients. If the headers or the mapping are exchanged, correct the "
        "one that is wrong; or ask the center."
    )


def test_exchanged_columns_with_codes_of_their_own_are_not_offered_for_mapping(stopped):
    new = frame().rename(columns={"sex": "kappa", "kappa": "sex"})
    assert stopped(new) == [
        "x.csv, column sex: the columns 'sex' and 'kappa' are exchanged: each says what the other said of 15 "
        "patients. If the headers or the mapping are exchanged, correct the one that is wrong; or ask the center."
    ]


def test_many_unknown_codes_are_one_line(stopped):
    new = frame()
    new["sex"] = [f"visit {i}" for i in range(N)]
    assert stopped(new) == [
        "x.csv, row 2, column sex: 15 values ('visit 0', 'visit 1', 'visit 2', …; 15 cells) are not mapped: the column "
        "may hold something else than it is mapped to. Mend this column in config/centers/XX.yaml."
    ]


def test_a_column_that_was_sorted_by_itself(stopped):
    new = frame()
    new["kappa"] = list(new["kappa"])[::-1]
    assert stopped(new) == [
        "x.csv, column kappa: patient.flc_kappa: 14 of 15 known values (93 %) stand at other patients now: P00 12.5 → "
        "110.5, P01 19.5 → 103.5, P02 26.5 → 96.5. Was the column sorted or moved by itself? Ask the center."
    ]


def test_a_mixture_of_units_is_no_unit(stopped):
    new = frame()
    new.loc[:7, "kappa"] = [f"{float(k) / 10:.4g}" for k in new["kappa"][:8]]
    assert stopped(new) == [
        "x.csv, column kappa: patient.flc_kappa: the numbers of 8 of 15 known patients are 1/10 of the accepted ones: "
        "mg/dL, not mg/L; 7 are as they were: two units are mixed in this column. Ask the center to send the column in "
        "one unit, or with the unit in the cells."
    ]


def test_a_day_is_no_date_system(stopped):
    new = frame()
    new["dx"] = [f"{day:%Y-%m-%d}" for day in pd.to_datetime(new["dx"]) - pd.Timedelta(days=1)]
    assert stopped(new) == [
        "x.csv, column dx: patient.dx_date: 15 of 15 known dates lie 1 day earlier. A conversion between time zones "
        "does this: ask the center how the dates were exported."
    ]


def test_values_that_are_gone_say_why(stopped):
    new = frame()
    new.loc[:5, "kappa"] = "#REF!"
    assert stopped(new) == [
        "x.csv, column kappa: patient.flc_kappa: 6 of 15 known values (40 %) are gone: the cell holds a spreadsheet "
        "error (#REF!). Ask the center for them."
    ]


def test_many_columns_that_changed_alike_are_one_line(stopped):
    new = frame()
    new.loc[:5, ["kappa", "lambda", "dx", "ind"]] = ""
    assert stopped(new) == [
        "x.csv, column dx: 4 columns changed alike (dx, kappa, lambda, ind). The first: patient.dx_date: 6 of 15 "
        "known values (40 %) are gone: the cells are blank. Ask the center for them."
    ]
    assert '    columns: ["dx", "kappa", "lambda", "ind"]' in stopped.advice


def test_what_is_not_mapped_and_what_changed_is_told_at_once(stopped):
    new = frame().rename(columns={"lambda": "FLC L"}).drop(index=14)
    new["sex"] = new["sex"].replace("2", "W")
    new["dx"] = [f"{day:%Y-%m-%d}" for day in pd.to_datetime(new["dx"]) - pd.Timedelta(days=1)]
    assert [line.split(". ")[0][:78] for line in stopped(new)] == [
        "x.csv, column FLC L: column 'lambda' is gone; new column 'FLC L' holds the sam",
        "x.csv, row 2, column sex: the value 'W' (5 cells) is not mapped",
        "x.csv, column id: 1 of the 15 accepted patients is gone: P14",
        "x.csv, column dx: patient.dx_date: 14 of 14 known dates lie 1 day earlier",
    ]
    kinds = [line.split()[1] for line in stopped.advice if line.startswith("    change:")]
    assert kinds == ["lost_patients", "date_shift"]


def test_a_mixture_of_units_that_misses_the_usual_median_is_named(deliver):
    values = [*range(80, 94), *(f"0.{i}" for i in range(80, 84))]
    text = "id,c\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))
    with pytest.raises(StudyError) as error:
        deliver(text, "c: {to: cr, unit: mg/dL}")
    assert str(error.value).splitlines()[1] == (
        "extract.csv, column c: the median of 18 values is 84.5 mg/dL, 88.9 times the usual 0.95; 4 values fit mg/dL "
        "and the others umol/L: two units are mixed. Ask the center to send the column in one unit, or with the unit "
        "in the cells."
    )
