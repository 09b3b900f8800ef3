"""Re-extracts of the shipped centers against their accepted deliveries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from center_over_time import Center, csv

from multicenter.errors import StudyError
from multicenter.harmonize.run import Arrival, harmonize_center
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
EXTRACTS = CLONE / "resources" / "simulated" / "extracts"
KUGH = "KUGH_maintenance.csv"


@pytest.fixture
def shipped(tmp_path, dictionary, codes, checks) -> Callable[[str], Center]:
    def make(code: str) -> Center:
        config = read_yaml(CLONE / "config" / "centers" / f"{code}.yaml")
        return Center(tmp_path, code, config, dictionary, codes, checks)

    return make


def test_dates_that_were_typed_and_now_are_texts(shipped):
    center = shipped("KUASH")
    file = "KUASH_KMM.xlsx"
    data = (EXTRACTS / file).read_bytes()
    center.accept(center.receive(file, data))
    book = openpyxl.load_workbook(EXTRACTS / file)
    dates = [h for h, row in center_columns(center).items() if int(row["date"]) > 3]
    sheet = next(s for s in book if dates[0] in {cell.value for row in s.iter_rows(max_row=6) for cell in row})
    head = next(cell for row in sheet.iter_rows(max_row=6) for cell in row if cell.value == dates[0])
    n = 0
    for (cell,) in sheet.iter_rows(min_row=head.row + 1, min_col=head.column, max_col=head.column):
        if hasattr(cell.value, "date"):
            cell.value, n = f"{cell.value:%Y-%m-%d}", n + 1
            cell.number_format = "@"
    changed = center.folder / "changed.xlsx"
    book.save(changed)
    lines = center.stopped_by(file, changed.read_bytes())
    assert len([line for line in lines if line.startswith(f"{file}, ") and "filled cells are texts; " in line]) == 1
    assert f'    columns: ["{dates[0]}"]' in lines
    assert n > 3


def center_columns(center: Center) -> dict[str, dict]:
    profile = pd.read_csv(center.accepted / "profile.csv", dtype=str, keep_default_na=False)
    return profile.set_index("header").to_dict("index")


def test_the_shipped_study_extended_by_a_year_of_follow_up_passes(shipped):
    """The extract as it was a year before its data cut was accepted; now the whole extract arrives."""
    center = shipped("KUGH")
    whole = pd.read_csv(EXTRACTS / KUGH, dtype=str, keep_default_na=False)
    cut = pd.Timestamp("2022-06-30")
    before = whole.copy()
    days = {c: pd.to_datetime(whole[c], format="%d-%b-%y", errors="coerce") for c in whole}
    contact = ("Last assessment", "Last follow-up")
    events = {"Date of progression": ("Progression", "no", "Kind"), "Date of death": ("Vital status", "alive",
              "Cause of death"), "Date of second cancer": ("Second cancer", "no", "Site of second cancer")}  # fmt: skip
    for column, dates in days.items():
        late = dates > cut
        if not late.any():
            continue
        before.loc[late, column] = f"{cut:%d-%b-%y}" if column in contact else "ongoing" if column == "To" else ""
        if column in events:
            flag, no, more = events[column]
            before.loc[late, flag], before.loc[late, more] = no, ""
        if column.endswith(" date"):
            before.loc[late, column.removesuffix(" date")] = ""
        if column == "To":
            before.loc[late, "Reason off"] = "ongoing"
        if column == "Date of next Tx":
            before.loc[late, "Next Tx"] = ""
    center.accept(center.receive(KUGH, csv(before), "2022-08-01", cut="2022-06-30"))
    done = center.receive(KUGH, csv(whole), "2023-08-12")
    assert len(done.changes) > 20


def test_columns_changed_in_a_long_source_name_their_table(shipped):
    center = shipped("SNUH")
    files = [f"SNUH_{part}.csv" for part in ("patients", "response", "visits")]
    dictionary, codes, checks = center.known
    paths = [center.folder / name for name in files]
    for path in paths:
        path.write_bytes((EXTRACTS / path.name).read_bytes())
    common = (center.config, dictionary, codes, checks, "2022-03-31", Arrival("", center.accepted))
    center.accept(harmonize_center("SNUH", paths, *common))
    rows = pd.read_csv(paths[1], dtype=str, keep_default_na=False, encoding="utf-8-sig")
    rows[rows.index % 3 > 0].to_csv(paths[1], index=False, encoding="utf-8-sig")
    with pytest.raises(StudyError) as error:
        harmonize_center("SNUH", paths, *common)
    first = str(error.value).splitlines()[1]
    assert first.startswith("SNUH_response.csv: ")
    assert " records response of known patients are gone, of S0" in first


def test_a_unit_that_misses_the_usual_median_is_told_by_the_same_patients_too(shipped):
    center = shipped("KUGH")
    center.accept(center.receive(KUGH, (EXTRACTS / KUGH).read_bytes()))
    new = pd.read_csv(EXTRACTS / KUGH, dtype=str, keep_default_na=False)
    new["Cr mg/dL"] = [f"{float(cr) * 88.4:.0f}" if cr else "" for cr in new["Cr mg/dL"]]
    assert center.stopped_by(KUGH, csv(new))[1] == (
        "KUGH_maintenance.csv, column Cr mg/dL: the median of 18 values is 68.5 mg/dL, 72.1 times the usual 0.95; the "
        "unit mg/dL looks wrong (is it umol/L?). Ask the center for the unit and declare it in "
        "config/centers/KUGH.yaml. In the patients known before it is 88.3 times the accepted value in 17 of 17."
    )
