"""What a run leaves behind, and that it is the study that was planted."""

import json
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

FIGURES = ("fig1_response_kinetics", "fig2_pfs_by_use", "fig3_pfs_by_type", "fig4_os", "fig5_second_malignancy")
TABLES = (
    "table1_baseline", "table2_pfs_cox", "table3_type_duration", "table4_outcomes", "supplement1_exposure",
    "supplement2_pfs_type", "supplement3_os_cox", "supplement4_pairwise", "replication",
)  # fmt: skip
COLUMNS = [
    "analysis", "style", "estimand", "time_zero", "endpoint", "population", "method", "group", "term", "statistic",
    "value", "ci_low", "ci_high", "p_value", "n", "n_events", "status", "reason",
]  # fmt: skip


@pytest.fixture(scope="module")
def release(finished) -> Path:
    return finished.folder / "results" / "release"


@pytest.fixture(scope="module")
def estimates(release) -> pd.DataFrame:
    return pd.read_csv(release / "estimates.csv", keep_default_na=False, na_values=[""])


def one(estimates, **where) -> pd.Series:
    rows = estimates
    for column, value in where.items():
        rows = rows[rows[column].fillna("") == value]
    assert len(rows) == 1, (where, len(rows))
    return rows.iloc[0]


def test_the_flow_ends_with_the_papers_patients(release):
    flow = pd.read_csv(release / "flow.csv").query("center == 'all'").set_index("step")
    assert flow.loc["repeats", "n_excluded"] == 52
    assert flow.loc["transfers", "n_excluded"] == 6
    criteria = ["induction", "early_progression", "combination", "follow_up", "other_disease"]
    assert flow.loc[criteria, "n_excluded"].tolist() == [31, 9, 6, 11, 5]
    assert flow["n_out"].iloc[-1] == 512
    assert (flow["n_in"] - flow["n_excluded"] == flow["n_out"]).all()
    assert (flow["n_in"].iloc[1:].to_numpy() == flow["n_out"].iloc[:-1].to_numpy()).all()


def test_every_planted_fault_is_found_where_it_is_and_nothing_else(finished):
    place = ["center", "file", "sheet", "row", "column", "kind", "outcome"]
    restricted = finished.folder / "results" / "restricted"
    parts = [*(restricted / "harmonized").glob("*/findings.parquet"), restricted / "cohort" / "findings.parquet"]
    found = pd.concat([pd.read_parquet(part) for part in parts])[place]
    planted = pd.read_csv(finished.folder / "resources/simulated/faults.csv", dtype=str, keep_default_na=False)[place]
    assert sorted(found.astype(str).itertuples(index=False)) == sorted(planted.itertuples(index=False))
    assert len(planted) > 100


def test_the_planted_transfers_are_proposed_and_decided(finished):
    cohort = finished.folder / "results/restricted/cohort"
    pairs = pd.read_csv(cohort / "linkage.csv", dtype=str, keep_default_na=False)
    planted = pd.read_csv(finished.folder / "resources/simulated/transfers.csv", dtype=str)
    everything, pairs = pairs, pairs[pairs["proposed"] == "True"]
    assert set(everything["state"]) <= {"decided", "near miss"}
    names = [
        ["center_1", "patient_id_1", "center_2", "patient_id_2"],
        ["kept_center", "kept_id", "dropped_center", "dropped_id"],
    ]
    found, wanted = (
        {frozenset([(a, b), (c, d)]) for a, b, c, d in table[columns].itertuples(index=False)}
        for table, columns in zip((pairs, planted), names, strict=True)
    )
    assert found == wanted and len(found) == 6
    assert pairs[["proposed", "state", "verdict", "shift_days"]].drop_duplicates().to_numpy().tolist() == [
        ["True", "decided", "same", "0"]
    ]
    evidence = pd.read_csv(cohort / "linkage_evidence.csv", dtype=str, keep_default_na=False)
    assert set(evidence["pair"]) == set(everything["pair"]) and set(evidence["result"]) <= {
        "agree",
        "close",
        "differ",
        "missing",
    }
    keys = pd.read_csv(cohort / "linkage_keys.csv")
    assert (keys["compared"] <= keys["neighbors"]).all() and len(keys) == 28


def test_the_groups_are_the_papers(finished):
    adsl = pd.read_parquet(finished.folder / "results/restricted/cohort/adsl.parquet")
    assert adsl["MAINTUSE"].value_counts().to_dict() == {"No maintenance": 359, "Maintenance": 153}
    assert adsl["MAINTTYP"].value_counts().to_dict() == {
        "No maintenance": 359, "Thalidomide": 104, "Lenalidomide": 33, "Bortezomib or ixazomib": 16,
    }  # fmt: skip
    assert (adsl["SIMFL"] == "Y").all()


def test_the_medians_are_the_papers(estimates):
    medians = {
        group: one(estimates, analysis="pfs_by_use", statistic="median_months", group=group)["value"]
        for group in ("No maintenance", "Maintenance")
    }
    assert medians["No maintenance"] == pytest.approx(26.4, abs=0.5)
    assert medians["Maintenance"] == pytest.approx(44.1, abs=1.0)


def test_the_directions_are_the_abstracts(estimates):
    use = one(
        estimates, analysis="pfs_cox_use", method="cox multivariable", statistic="hazard_ratio",
        term="MAINTUSE: Maintenance vs No maintenance",
    )  # fmt: skip
    assert use["value"] < 1
    assert use["p_value"] < 0.05
    duration = {"analysis": "pfs_cox_type_duration", "method": "cox multivariable", "statistic": "hazard_ratio"}
    drug = one(estimates, **duration, term="MAINTPI: Bortezomib or ixazomib vs Thalidomide or lenalidomide")
    months = one(estimates, **duration, term="MAINTDUR: per 1 month")
    assert drug["value"] < 1 and drug["p_value"] < 0.05
    assert months["value"] < 1 and months["p_value"] < 0.05
    for by in ("use", "type"):
        assert one(estimates, analysis=f"os_by_{by}", statistic="logrank_chisq")["p_value"] > 0.05
        assert one(estimates, analysis=f"spm_by_{by}", statistic="fisher_p")["p_value"] > 0.05


def test_estimates_have_the_agreed_columns_and_say_their_style(estimates):
    assert list(estimates.columns) == COLUMNS
    assert set(estimates["style"]) == {"published"}
    kinetics = estimates["analysis"] == "response_kinetics"
    assert (estimates.loc[~kinetics, "time_zero"] == "ASCT").all()
    assert (estimates.loc[kinetics, "time_zero"] == "Start of maintenance").all()
    assert set(estimates["status"]) <= {"ok", "not estimable"}
    assert estimates.loc[estimates["status"] != "ok", "reason"].notna().all()


def test_every_file_of_the_manuscript_is_there(release):
    for figure in FIGURES:
        assert all(
            (release / "figures" / f"{figure}.{suffix}").stat().st_size > 0 for suffix in ("pdf", "svg", "png", "csv")
        )
    for table in TABLES:
        assert all((release / "tables" / f"{table}.{suffix}").stat().st_size > 0 for suffix in ("csv", "html"))
    numbers = json.loads((release / "numbers.json").read_text(encoding="utf-8"))
    assert numbers["data"] == "Simulated data"
    assert len(numbers["numbers"]) > 100


def test_everything_shown_says_that_the_data_are_simulated(release):
    for figure in FIGURES:
        assert "imulated data" in PdfReader(release / "figures" / f"{figure}.pdf").pages[0].extract_text()
        assert "imulated data" in (release / "figures" / f"{figure}.svg").read_text(encoding="utf-8")
    for table in TABLES:
        assert "imulated data" in (release / "tables" / f"{table}.html").read_text(encoding="utf-8")


def test_only_the_printed_21_percent_disagrees(release):
    table = pd.read_csv(release / "tables" / "replication.csv")
    disagrees = table[table["Agrees"] == "no"]
    assert disagrees[["Printed", "This run"]].to_numpy().tolist() == [["21", "22 (21.57)"]]
    assert len(table) >= 19


def test_the_manifest_holds_every_delivery_and_result(finished):
    manifest = pd.read_csv(finished.folder / "results/provenance/manifest.csv")
    counts = manifest["kind"].value_counts()
    assert counts["delivery"] >= 15
    assert {f"results/release/figures/{figure}.pdf" for figure in FIGURES} <= set(manifest["file"])
    assert "workflow/lib/multicenter/survival/cox.py" in set(manifest["file"])
    assert manifest["sha256"].str.fullmatch("[0-9a-f]{64}").all()


def test_nothing_released_holds_a_patient(finished, release):
    adsl = pd.read_parquet(finished.folder / "results/restricted/cohort/adsl.parquet")
    ids = set(adsl["USUBJID"])
    for file in release.rglob("*"):
        if file.suffix in (".csv", ".html", ".json", ".svg"):
            text = file.read_text(encoding="utf-8")
            assert not [usubjid for usubjid in ids if usubjid in text], file


def test_the_same_inputs_give_the_same_bytes_on_one_core(finished, fresh):
    result = fresh.snakemake(cores=1)
    assert result.returncode == 0, result.stdout
    results = Path("results")
    files = sorted(
        path.relative_to(finished.folder) for path in (finished.folder / results).rglob("*") if path.is_file()
    )
    assert files == sorted(p.relative_to(fresh.folder) for p in (fresh.folder / results).rglob("*") if p.is_file())
    assert not [f for f in files if (finished.folder / f).read_bytes() != (fresh.folder / f).read_bytes()]


def test_the_report_builds(workspace):
    result = workspace.snakemake("--report", "report.html")
    assert result.returncode == 0, result.stdout
    assert (workspace.folder / "report.html").stat().st_size > 10_000
