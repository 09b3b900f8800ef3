"""Stage describe: baseline characteristics and response kinetics, as tidy rows.

Required inputs: results/restricted/cohort. Outputs: their part of estimates.csv, and the table behind the response figure.
"""

PARTS = f"{RESTRICTED}/estimates"


rule describe_baseline:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
    output:
        estimates=f"{PARTS}/baseline.csv",
    log:
        "logs/describe_baseline/describe_baseline.log",
    conda:
        "../../envs/survival.yaml"
    params:
        analyses=RUN.analyses_by("baseline"),
        code=code("describe_baseline", "survival"),
    message:
        "Describing the patients"
    script:
        "../scripts/describe_baseline.py"


rule describe_response:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
        adrs=f"{RESTRICTED}/cohort/adrs.parquet",
    output:
        estimates=f"{PARTS}/response.csv",
        kinetics=f"{PARTS}/response_kinetics.csv",
    log:
        "logs/describe_response/describe_response.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        analyses=RUN.analyses_by("response_kinetics"),
        code=code("describe_response", "cohort"),
    message:
        "Describing the responses"
    script:
        "../scripts/describe_response.py"
