"""Stage provenance: what the results were made of, and the summary that a run ends with.

Required inputs: every delivery and every release output. Outputs: results/provenance.
"""

PROVENANCE = [
    f"results/provenance/{name}"
    for name in ("manifest.csv", "versions.json", "config.yaml", "summary.txt")
]


rule record_provenance:
    input:
        results=[
            *FIGURES,
            *TABLES,
            *NUMBERS,
            f"{RELEASE}/estimates.csv",
            f"{RELEASE}/flow.csv",
        ],
        status=f"{RELEASE}/data_status.json",
        cohort=COHORT,
        stands=f"{RESTRICTED}/cohort/deliveries.csv",
        ledger=f"{RESTRICTED}/queries/ledger.csv",
        findings=[
            *expand(
                f"{ACCEPTED_DELIVERIES}/{{center}}/findings.parquet", center=CENTERS
            ),
            f"{RESTRICTED}/cohort/findings.parquet",
        ],
        receipts=expand(
            f"{ACCEPTED_DELIVERIES}/{{center}}/receipt.json", center=CENTERS
        ),
    output:
        manifest="results/provenance/manifest.csv",
        versions="results/provenance/versions.json",
        config="results/provenance/config.yaml",
        summary="results/provenance/summary.txt",
    log:
        "logs/record_provenance/record_provenance.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        clone=os.path.relpath(CLONE),
        config_files=RUN.config_files,
        config=RUN.as_used(config),
        code=code("record_provenance", "cohort"),
    message:
        "Recording what the results were made of"
    script:
        "../scripts/record_provenance.py"


onsuccess:
    summary = Path("results/provenance/summary.txt")
    if summary.is_file() and summary.stat().st_mtime >= RUN_START:
        print(summary.read_text(encoding="utf-8"))


onerror:
    problems = problems_since(Path("logs"), RUN_START)
    if problems:
        print("\nWhat has to be mended:")
        print("\n".join(f"- {problem}" for problem in problems))
    stopped = stopped_since(Path("logs/harmonize_center"), RUN_START)
    if stopped:
        print("\nStopped centers (the pooled part waits for them):")
        hints = hold_hints(stopped, Path(), RUN.files["centers"])
        print("\n".join(f"- {hint}" for hint in hints))
