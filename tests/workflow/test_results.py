"""What a run leaves behind, and that it is the study that was planted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

FIGURES = (
    "fig1_response_kinetics",
    "fig2_pfs_by_use",
    "fig3_pfs_by_type",
    "fig4_os",
    "fig5_second_malignancy",
    "fig6_pfs_corrected",
)
TABLES = (
    "table1_baseline", "table2_pfs_cox", "table3_type_duration", "table4_outcomes", "table5_corrected",
    "supplement1_exposure",
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
    assert set(estimates["style"]) == {"published", "corrected", "sensitivity"}
    kinetics = estimates["analysis"] == "response_kinetics"
    style = estimates["style"] == "published"
    assert (estimates.loc[~kinetics & style, "time_zero"] == "ASCT").all()
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


USE = {"statistic": "hazard_ratio", "method": "cox multivariable", "term": "MAINTUSE: Maintenance vs No maintenance"}
PLANTED_RATIO = 0.69
# what the generator planted: resources/simulated/kmm/values.py
PLANTED = {
    "ISS3: III vs I or II": 1.35,
    "CYTO: High vs Standard": 1.8,
    "POSTCR: <CR vs CR": 1.6,
    "LDH: High vs Normal": 1.25,
    "EMD: Yes vs No": 1.25,
    "AGE: per 10 years": 1.05,
    "CYCLES: >4 vs ≤4": 0.9,
}


def covers(row, value) -> bool:
    return row["ci_low"] <= value <= row["ci_high"]


def test_the_corrected_estimates_cover_their_true_values_and_lie_nearer_to_the_planted_ratio(finished, estimates):
    truth = json.loads((finished.folder / "resources/simulated/kmm/estimators.json").read_text())["planted"]
    naive = one(estimates, analysis="pfs_cox_use", **USE)
    landmark = one(estimates, analysis="pfs_cox_landmark_6", **USE)
    time_dependent = one(estimates, analysis="pfs_cox_time_dependent", **USE)
    assert covers(landmark, truth["landmark_6_adjusted"]["value"])
    assert covers(time_dependent, truth["time_dependent_protocol"]["value"])
    far = abs(np.log(naive["value"] / PLANTED_RATIO))
    assert all(abs(np.log(row["value"] / PLANTED_RATIO)) < far for row in (landmark, time_dependent))


def test_strategies_cover_their_true_values(finished, estimates):
    truth = json.loads((finished.folder / "resources/simulated/kmm/estimators.json").read_text())["planted"]
    own = {"analysis": "pfs_strategies", "method": "clone_censor_weight"}
    names = {
        "ccw_risk_difference_36": {"statistic": "survival_difference", "term": "36 months"},
        "ccw_rmst_difference_60": {"statistic": "restricted_mean_difference"},
        "ccw_hazard_ratio": {"statistic": "hazard_ratio"},
    }
    for name, where in names.items():
        assert covers(one(estimates, **own, **where), truth[name]["value"]), name


@pytest.mark.parametrize(("term", "value"), PLANTED.items())
def test_planted_covariate_effects_lie_in_their_intervals(estimates, term, value):
    assert covers(one(estimates, analysis="pfs_cox_landmark_6", statistic="hazard_ratio", term=term), value)


def test_duration_has_no_effect_where_it_is_analyzed_rightly(estimates):
    ratio = {"statistic": "hazard_ratio", "method": "cox multivariable"}
    for analysis, term in {
        "pfs_cox_on_treatment": "MAINTON: Yes vs No",
        "pfs_cox_cumulative": "MAINTMON: per 1 month",
        "pfs_cox_duration_landmark": "MAINTMON: per 1 month",
    }.items():
        assert covers(one(estimates, analysis=analysis, term=term, **ratio), 1), analysis
    assert not covers(one(estimates, analysis="pfs_cox_type_duration", term="MAINTDUR: per 1 month", **ratio), 1)


def test_who_left_before_the_landmark_is_counted(estimates):
    rows = estimates[(estimates["analysis"] == "pfs_landmark_6") & (estimates["method"] == "landmark")]
    counts = rows.set_index("statistic")["value"]
    assert counts["followed"] + counts["excluded_event"] + counts["excluded_censored"] == 512


def test_what_is_open_to_immortal_time_bias_says_so(estimates, release):
    outcomes = estimates[(estimates["style"] == "published") & estimates["endpoint"].notna()]
    follow_up = outcomes["method"] == "reverse_kaplan_meier"
    assert outcomes.loc[~follow_up, "estimand"].str.endswith("(open to immortal-time bias)").all()
    assert not estimates.loc[estimates["style"] != "published", "estimand"].str.contains("immortal").any()
    for name in ("fig2_pfs_by_use", "fig3_pfs_by_type", "fig4_os", "fig5_second_malignancy"):
        assert "Open to immortal-time bias" in (release / f"figures/{name}.svg").read_text(encoding="utf-8"), name
    for name in (
        "table2_pfs_cox",
        "table3_type_duration",
        "table4_outcomes",
        "supplement2_pfs_type",
        "supplement3_os_cox",
        "supplement4_pairwise",
    ):
        assert "immortal-time bias" in (release / f"tables/{name}.html").read_text(encoding="utf-8"), name
