"""Stage overview: pages for people about the deliveries, one for the study and one a center.

Required inputs: results/restricted/harmonized, results/restricted/cohort, results/restricted/queries. Outputs:
results/restricted/overview.
"""

OVERVIEW = expand(f"{RESTRICTED}/overview/{{page}}.html", page=["index", *CENTERS])
OVERVIEW_TEMPLATES = CLONE / "workflow" / "report" / "overview"


rule write_overview:
    input:
        deliveries=ACCEPTED,
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
        stands=f"{RESTRICTED}/cohort/deliveries.csv",
        queries=f"{RESTRICTED}/queries/queries.csv",
        status=f"{RELEASE}/data_status.json",
        variables=ancient(RUN.files["variables"]),
    output:
        OVERVIEW,
    log:
        "logs/write_overview/write_overview.log",
    conda:
        "../../envs/overview.yaml"
    params:
        protocol=RUN.overview_protocol,
        variables=DIGESTS.file(RUN.files["variables"]),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        templates=os.path.relpath(OVERVIEW_TEMPLATES),
        looks=[DIGESTS.file(path) for path in sorted(OVERVIEW_TEMPLATES.iterdir())],
        code=code("write_overview", "overview"),
    message:
        "Writing the overview of the deliveries"
    script:
        "../scripts/write_overview.py"
