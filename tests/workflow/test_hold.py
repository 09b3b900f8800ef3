"""A re-extract that drifts stops its center alone; a center that is held at its accepted delivery takes part."""

import json
import os
import shutil
import time

import pandas as pd

from .test_bad_input import extract_of
from .test_reruns import FIGURES, POOLED, of_center

ACCEPTED = "results/restricted/harmonized"


def set_cell(workspace, center: str, column: str, value: str) -> None:
    """Write one cell of centers.tsv."""
    table = workspace.folder / "config/centers.tsv"
    rows = [row.split("\t") for row in table.read_text(encoding="utf-8").splitlines()]
    next(row for row in rows if row[0] == center)[rows[0].index(column)] = value
    table.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_drift_stops_one_center_and_a_hold_lets_the_run_complete(workspace):
    dropped, changed = extract_of(workspace, "KUGH"), extract_of(workspace, "CNUHH")
    lines = dropped.read_bytes().split(b"\n")
    dropped.write_bytes(b"\n".join(lines[:2] + lines[4:]))
    changed.write_bytes(changed.read_bytes() + b"\r\n")
    before = contents(workspace.folder / ACCEPTED / "KUGH")
    other = contents(workspace.folder / ACCEPTED / "CNUHH")

    stopped = workspace.snakemake()
    assert stopped.returncode != 0
    assert "2 of the 17 accepted patients are gone: KUG002, KUG003." in stopped.stdout
    last = stopped.stdout.partition("Stopped centers (the pooled part waits for them):\n")[2]
    sha = json.loads(before["receipt.json"])["files"][0]["sha256"][:12]
    assert last.splitlines()[0] == (
        f"- KUGH: mend its delivery or its mapping, or hold it at its delivery of 2023-08-12 (sha {sha}): "
        "set hold in config/centers.tsv."
    )
    assert "Traceback" not in stopped.stdout
    assert contents(workspace.folder / ACCEPTED / "KUGH") == before
    assert contents(workspace.folder / ACCEPTED / "CNUHH")["receipt.json"] != other["receipt.json"]

    assert workspace.planned(f"{ACCEPTED}/KUGH/account.csv") == of_center("KUGH")  # refused, not forgotten

    set_cell(workspace, "KUGH", "hold", "two patients are missing; asked on 2024-02-01")
    set_cell(workspace, "KUGH", "data_cut", "2024-01-31")  # of the new delivery, which is not the accepted one
    assert workspace.planned() == POOLED | FIGURES
    completed = workspace.snakemake()
    assert completed.returncode == 0, completed.stdout
    summary = "Deliveries: 14 current (received 2022-02-19 to 2023-08-23); held: KUGH at its delivery of 2023-08-12."
    assert summary in completed.stdout
    assert contents(workspace.folder / ACCEPTED / "KUGH") == before
    rows = pd.read_csv(workspace.folder / "results/restricted/cohort/deliveries.csv", dtype=str).set_index("center")
    assert rows["state"].value_counts().to_dict() == {"current": 14, "held": 1}
    assert rows.loc["KUGH", ["sha256", "received", "data_cut", "reason"]].tolist() == [
        sha, "2023-08-12", "2023-06-30", "two patients are missing; asked on 2024-02-01",
    ]  # fmt: skip
    released = (workspace.folder / "results/release/data_status.json").read_text(encoding="utf-8")
    held = next(c for c in json.loads(released)["centers"] if c["center"] == "KUGH")
    assert (held["state"], held["received"], held["data_cut"]) == ("held", "2023-08-12", "2023-06-30")
    assert sha not in released and dropped.name not in released and "asked on" not in released
    manifest = (workspace.folder / "results/provenance/manifest.csv").read_text(encoding="utf-8")
    assert json.loads(before["receipt.json"])["files"][0]["sha256"] in manifest

    assert workspace.planned() == set()
    dropped.write_bytes(b"\n".join(lines[:3] + lines[5:]))  # whatever arrives meanwhile
    workspace.edit("config/centers/KUGH.yaml", "about: csv", "missing: ['?']\nabout: csv")
    assert workspace.planned() == set()

    set_cell(workspace, "KUGH", "hold", "")
    assert workspace.planned() == of_center("KUGH") | POOLED | FIGURES


def test_holding_an_unchanged_center_and_releasing_it_pools_again_and_harmonizes_nothing(workspace):
    extract = extract_of(workspace, "HPH")
    kept = shutil.copy2(extract, extract.with_suffix(".kept"))
    set_cell(workspace, "HPH", "hold", "the hospital asked for it")
    assert workspace.planned() == POOLED | FIGURES
    extract.unlink()
    assert workspace.planned() == POOLED | FIGURES
    set_cell(workspace, "HPH", "hold", "")
    shutil.move(kept, extract)
    assert workspace.planned() == set()


def test_touching_the_accepted_files_of_a_held_center_plans_nothing_more(workspace):
    set_cell(workspace, "HPH", "hold", "the hospital asked for it")
    later = time.time() + 3600
    for file in (workspace.folder / ACCEPTED / "HPH").iterdir():
        os.utime(file, (later, later))
    assert workspace.planned() == POOLED | FIGURES


def test_a_hold_without_an_accepted_delivery_is_known_before_the_first_job(fresh):
    set_cell(fresh, "KUGH", "hold", "not good enough yet")
    result = fresh.snakemake()
    assert result.returncode != 0
    assert "center KUGH is on hold, but no accepted delivery of it is in results/restricted/harmonized/KUGH" in (
        result.stdout
    )
    assert not (fresh.folder / "results").exists()


def test_a_new_day_of_receipt_concerns_its_center_alone(workspace):
    set_cell(workspace, "KUGH", "received", "2023-08-30")
    assert workspace.planned() == of_center("KUGH") | POOLED | FIGURES


def test_a_decision_that_lets_a_change_pass_reruns_nothing_by_itself(workspace):
    file = workspace.folder / "config/centers/KUGH.yaml"
    entry = "accepted_changes:\n  - {delivery: '0123456789ab', change: lost_patients, ids: [KUG002], reason: moved, "
    file.write_text(
        file.read_text(encoding="utf-8") + entry + "decided_by: N. N., decided_on: 2024-02-01}\n", encoding="utf-8"
    )
    assert workspace.planned() == set()
