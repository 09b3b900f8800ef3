"""What is wrong is said in one line: before the first job if it can be known, in its center's job otherwise."""

import shutil


def extract_of(workspace, center: str):
    rows = (workspace.folder / "config/centers.tsv").read_text(encoding="utf-8").splitlines()
    name = next(row.split("\t")[2] for row in rows if row.startswith(f"{center}\t"))
    return workspace.folder / "resources/simulated/extracts" / name


def test_all_that_can_be_known_is_reported_before_the_first_job(fresh):
    missing = extract_of(fresh, "NCC")
    missing.unlink()
    shutil.move(fresh.folder / "config/centers/SMC.yaml", fresh.folder / "config/centers/SMD.yaml")
    fresh.edit("config/study.yaml", "      - CYCLES\n", "      - CYCLE\n")
    result = fresh.snakemake()
    assert result.returncode != 0
    assert f"center NCC: extract {missing.name!r} is not in " in result.stdout
    assert "SMD.yaml: mapping without a center" in result.stdout
    assert "center SMC has no mapping" in result.stdout
    assert "covariate 'CYCLE' does not exist. Did you mean 'CYCLES'?" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (fresh.folder / "results").exists()


def test_an_unknown_config_key_stops_before_the_first_job(fresh):
    result = fresh.snakemake("--config", "extrakts=somewhere")
    assert result.returncode != 0
    assert "config: unknown key 'extrakts'. Did you mean 'extracts'?" in result.stdout
    assert not (fresh.folder / "results").exists()


def test_a_deleted_extract_is_missed_although_nothing_else_changed(workspace):
    extract_of(workspace, "HPH").unlink()
    result = workspace.snakemake()
    assert result.returncode != 0
    assert "center HPH: extract" in result.stdout


def test_a_spoiled_delivery_stops_its_center_and_spares_the_others_and_its_earlier_tables(workspace):
    accepted = workspace.folder / "results/restricted/harmonized/KUASH/patient.parquet"
    before = accepted.read_bytes()
    spoiled, changed = extract_of(workspace, "KUASH"), extract_of(workspace, "CNUHH")
    spoiled.write_bytes(spoiled.read_bytes()[:2000])
    changed.write_bytes(changed.read_bytes() + b"\r\n")
    changed_before = (workspace.folder / "results/restricted/intake/CNUHH/receipt.json").read_bytes()
    figure = workspace.folder / "results/release/figures/fig2_pfs_by_use.pdf"
    result = workspace.snakemake("--keep-going")
    assert result.returncode != 0
    shown, _, mend = result.stdout.partition("What has to be mended:\n")
    assert len([line for line in shown.splitlines() if line.startswith(spoiled.name)]) == 1, result.stdout
    assert mend.startswith(f"- {spoiled.name}")
    assert "Traceback" not in result.stdout
    assert accepted.read_bytes() == before
    assert (workspace.folder / "results/restricted/intake/CNUHH/receipt.json").read_bytes() != changed_before
    assert figure.exists()
    log = (workspace.folder / "logs/harmonize_center/KUASH.log").read_text(encoding="utf-8")
    assert log.count(spoiled.name) == 1 and "Traceback" not in log


def test_a_failure_is_not_forgotten(workspace):
    spoiled = extract_of(workspace, "KUASH")
    spoiled.write_bytes(spoiled.read_bytes()[:2000])
    first, second = workspace.snakemake(), workspace.snakemake()
    assert first.returncode != 0
    assert second.returncode != 0
    assert f"- {spoiled.name}" in second.stdout


def test_a_failed_pooled_job_is_not_forgotten(workspace):
    workspace.edit("config/decisions.csv", "KUAS-13", "KUAS-99")
    for _ in range(2):
        result = workspace.snakemake()
        assert result.returncode != 0
        assert "decisions: patient KUASH-KUAS-99 is in no delivery." in result.stdout


def test_a_deleted_output_is_made_again(workspace):
    for path in (
        "restricted/intake/HPH/patient.parquet", "restricted/harmonized/KUGH/patient.parquet",
        "restricted/cohort/adsl.parquet", "restricted/estimates/cox.csv", "release/flow.csv",
    ):  # fmt: skip
        (workspace.folder / "results" / path).unlink()
    planned = workspace.planned("cohort")
    assert {"accept_delivery:KUGH", "build_cohort"} <= planned
    assert "fit_cox" in workspace.planned()
