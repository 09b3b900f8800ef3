"""Stage cohort: the harmonized tables of all centers, pooled; eligibility; ADSL, ADTTE, ADRS.

Required inputs: results/restricted/harmonized/{center} of every center (also of those on hold), recorded decisions.
Outputs: results/restricted/cohort, results/release/flow.csv, results/release/data_status.json.
"""

COHORT = [
    *(f"{RESTRICTED}/cohort/{name}.parquet" for name in COHORT_TABLES),
    f"{RESTRICTED}/cohort/findings.parquet",
    f"{RESTRICTED}/cohort/excluded.csv",
    f"{RESTRICTED}/cohort/date_intervals.parquet",
    f"{RESTRICTED}/cohort/linkage.csv",
    f"{RESTRICTED}/cohort/linkage_evidence.csv",
    f"{RESTRICTED}/cohort/linkage_keys.csv",
    f"{RESTRICTED}/cohort/deliveries.csv",
    f"{RELEASE}/flow.csv",
    f"{RELEASE}/data_status.json",
]


rule build_cohort:
    input:
        deliveries=ACCEPTED,
        decisions=ancient(RUN.files["decisions"]),
        checks=ancient(RUN.files["checks"]),
        simulated=ancient(RUN.files["simulated_deliveries"]),
    output:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
        adrs=f"{RESTRICTED}/cohort/adrs.parquet",
        excluded=f"{RESTRICTED}/cohort/excluded.csv",
        deliveries=f"{RESTRICTED}/cohort/deliveries.csv",
        findings=f"{RESTRICTED}/cohort/findings.parquet",
        intervals=f"{RESTRICTED}/cohort/date_intervals.parquet",
        linkage=f"{RESTRICTED}/cohort/linkage.csv",
        linkage_evidence=f"{RESTRICTED}/cohort/linkage_evidence.csv",
        linkage_keys=f"{RESTRICTED}/cohort/linkage_keys.csv",
        flow=report(
            f"{RELEASE}/flow.csv",
            caption="../report/flow.rst",
            category="Numbers",
            labels={"table": "Eligibility, by step and center"},
        ),
        status=f"{RELEASE}/data_status.json",
    log:
        "logs/build_cohort/build_cohort.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        centers={
            center: {
                "name": RUN.centers[center].name,
                "hold": RUN.centers[center].hold,
            }
            for center in CENTERS
        },
        protocol=RUN.cohort_protocol,
        tables=TABLES_OF_DICTIONARY,
        result_levels=RUN.levels(STUDY["response"]["table"]),
        decisions=DIGESTS.file(RUN.files["decisions"]),
        checks=DIGESTS.file(RUN.files["checks"]),
        simulated=DIGESTS.file(RUN.files["simulated_deliveries"]),
        code=code("build_cohort", "cohort"),
    message:
        "Building the cohort"
    script:
        "../scripts/build_cohort.py"
