"""Queries sent and received: what a run plans, and one round trip of a center's workbook."""

import shutil

import pandas as pd
from openpyxl import load_workbook

from multicenter.identifiers.detect import Detector
from multicenter.opencsv import read_csv
from multicenter.queries.firewall import Inbox
from multicenter.yamlfile import read_yaml

PLANNED = {"write_queries", "write_overview", "record_provenance", "all"}
FOLDER = "results/restricted/queries"


def ledger(workspace) -> pd.DataFrame:
    return read_csv(workspace.folder / FOLDER / "ledger.csv").set_index("query")


def files(workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (workspace.folder / FOLDER).iterdir()}


def stands_anywhere(workspace, text: str) -> bool:
    """Whether a text stands in a file, or the name of one, that a run writes."""
    written = (path for part in ("results", "logs", ".snakemake") for path in (workspace.folder / part).rglob("*"))
    forms = [text.encode(), text.encode("unicode_escape")]
    return any(form in str(path).encode() + path.read_bytes() for path in written if path.is_file() for form in forms)


def answer(workspace, center: str, name: str, rows: dict[int, dict[str, str]]) -> None:
    """Return a center's workbook with these rows filled in, by the heading of the column."""
    book = load_workbook(workspace.folder / FOLDER / f"{center}.xlsx")
    sheet = book["Queries"]
    at = {cell.value.split("\n")[0]: cell.column for cell in sheet[2]}
    for number, cells in rows.items():
        for heading, value in cells.items():
            sheet.cell(number, at[heading], value)
    folder = workspace.folder / "resources" / "answers"
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)


def test_every_center_gets_its_own_queries_and_no_others(finished):
    status = pd.read_csv(finished.folder / "config/centers.tsv", sep="\t", dtype=str)
    overview = pd.read_csv(finished.folder / FOLDER / "queries.csv", dtype=str)
    assert set(overview["center"]) <= set(status["center"])
    for center in status["center"]:
        book = load_workbook(finished.folder / FOLDER / f"{center}.xlsx")
        own = [row[0] for row in book["Queries"].iter_rows(min_row=3, max_col=1, values_only=True)]
        assert sorted(own) == sorted(overview.loc[overview["center"] == center, "query"])
        known = [row[:2] for row in book["Record"].iter_rows(min_row=3, values_only=True)]
        assert sorted(known) == sorted((query, center) for query in own)


def test_no_workbook_that_is_sent_would_be_refused_when_it_returns(finished):
    inbox = Inbox(detector=Detector(read_yaml(finished.folder / "config" / "identifiers.yaml")))
    workbooks = sorted((finished.folder / FOLDER).glob("*.xlsx"))
    assert len(workbooks) == 15
    for path in workbooks:
        inbox.check(path, path.stem)


def test_a_touched_ledger_or_workbook_plans_nothing_and_an_edited_ledger_one_run(workspace):
    path = workspace.folder / FOLDER / "ledger.csv"
    path.touch()
    assert workspace.planned() == set()
    path.write_text(path.read_text(encoding="utf-8").replace(",OPEN,", ",OPEN, ", 1), encoding="utf-8")
    assert workspace.planned() == PLANNED


def test_a_lost_ledger_or_workbook_is_made_again(workspace):
    before = files(workspace)
    (workspace.folder / FOLDER / "ledger.csv").unlink()
    (workspace.folder / FOLDER / "KUAH.xlsx").unlink()
    assert workspace.planned() == PLANNED
    assert workspace.snakemake("cohort").returncode == 0
    assert files(workspace) == before


def test_a_round_trip(workspace):
    """Answered, corrected in the re-extract, and sent again; then nothing is left to do."""
    book = load_workbook(workspace.folder / FOLDER / "KUGH.xlsx")
    rows = {row[6].value.split("\n")[1]: row for row in book["Queries"].iter_rows(min_row=3)}
    right, corrected = rows["patient.hb"], rows["patient.ind_end"]
    named = {"Answered by": "Kim", "Date": "2023-09-01"}
    answers = {
        right[0].row: {"Answer": "Value is right as it stands", **named},
        corrected[0].row: {"Answer": "Corrected in the re-extract", **named},
    }
    answer(workspace, "KUGH", "KUGH_2023-09.xlsx", answers)
    # neither is read, and nothing that identifies a person goes further than these files
    answer(workspace, "SNUH", "SNUH_이명희.xlsx", {3: {"Answer": "See comment"}})
    answer(workspace, "NCC", "NCC.xlsx", {3: {"Answer": "See comment", "Comment": "환자 최영숙 님 800101-1234560"}})
    (workspace.folder / "resources/answers/SMC.xlsx").write_bytes(b"no workbook")
    assert workspace.planned() == PLANNED
    assert workspace.snakemake().returncode == 0
    states = ledger(workspace)
    assert states.loc[right[0].value, ["status", "answered_by", "status_since"]].tolist() == [
        "WAIVED",
        "Kim",
        "2023-09-01",
    ]
    still = states.loc[corrected[0].value]
    assert (still["status"], still["remark"]) == ("OPEN", "answered as corrected, waiting for the re-extract")
    log = pd.read_csv(workspace.folder / FOLDER / "answers_log.csv", dtype=str, keep_default_na=False)
    assert log[["file", "outcome"]].to_numpy().tolist() == [
        ["KUGH_2023-09.xlsx", "read"], ["NCC.xlsx", "refused"], ["NCC.xlsx", "refused"], ["SMC.xlsx", "refused"],
        ["SNUH_이*희.xlsx", "refused"],
    ]  # fmt: skip
    assert not [text for text in ("이명희", "최영숙", "800101-1234560") if stands_anywhere(workspace, text)]
    assert workspace.planned() == set()

    extract = workspace.folder / "resources/simulated/extracts/KUGH_maintenance.csv"
    extract.write_text(extract.read_text(encoding="utf-8").replace("31-Feb-17", "28-Feb-17"), encoding="utf-8")
    assert workspace.snakemake("cohort").returncode == 0
    after = ledger(workspace)
    assert after.loc[corrected[0].value, "status"] == "RESOLVED"
    assert after.loc[right[0].value, "status"] == "WAIVED"
    others = after.index.difference([right[0].value, corrected[0].value])
    assert after.loc[others, "first_asked"].equals(states.loc[others, "first_asked"])
    closed = load_workbook(workspace.folder / FOLDER / "KUGH.xlsx")["Closed"]
    assert {row[0] for row in closed.iter_rows(min_row=3, max_col=1, values_only=True)} == {
        right[0].value, corrected[0].value,
    }  # fmt: skip

    # everything made is lost: ids and first dates come back from the returned workbook
    shutil.rmtree(workspace.folder / FOLDER)
    assert workspace.snakemake("cohort").returncode == 0
    recovered = ledger(workspace)
    mine = after[after["center"] == "KUGH"]
    columns = ["patient_id", "variable", "kind", "first_asked", "status"]
    pd.testing.assert_frame_equal(recovered.loc[mine.index, columns], mine[columns])
