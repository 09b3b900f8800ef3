"""Stage survival: Kaplan-Meier curves and log-rank tests, Cox models, counts and cumulative incidence, strategies.

Required inputs: results/restricted/cohort. Outputs: estimates.csv (one row a number) and the curves behind the figures.
"""

ESTIMATES_PARTS = expand(
    f"{PARTS}/{{part}}.csv",
    part=["baseline", "response", "kaplan_meier", "cox", "events", "strategies"],
)
CURVES = expand(
    f"{PARTS}/{{part}}.csv",
    part=[
        "response_kinetics",
        "kaplan_meier_curves",
        "kaplan_meier_risk_table",
        "events_curves",
        "events_risk_table",
        "strategies_curves",
        "strategies_risk_table",
    ],
)
ESTIMATES = [f"{RELEASE}/estimates.csv"]


rule fit_kaplan_meier:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
    output:
        estimates=f"{PARTS}/kaplan_meier.csv",
        curves=f"{PARTS}/kaplan_meier_curves.csv",
        risk_table=f"{PARTS}/kaplan_meier_risk_table.csv",
    log:
        "logs/fit_kaplan_meier/fit_kaplan_meier.log",
    conda:
        "../../envs/survival.yaml"
    params:
        analyses=RUN.analyses_by("kaplan_meier", "reverse_kaplan_meier"),
        code=code("fit_kaplan_meier", "survival"),
    message:
        "Estimating survival curves"
    script:
        "../scripts/fit_kaplan_meier.py"


rule fit_cox:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
    output:
        estimates=f"{PARTS}/cox.csv",
    log:
        "logs/fit_cox/fit_cox.log",
    conda:
        "../../envs/survival.yaml"
    params:
        analyses=RUN.analyses_by("cox"),
        code=code("fit_cox", "survival"),
    message:
        "Fitting Cox models"
    script:
        "../scripts/fit_cox.py"


rule count_events:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
    output:
        estimates=f"{PARTS}/events.csv",
        curves=f"{PARTS}/events_curves.csv",
        risk_table=f"{PARTS}/events_risk_table.csv",
    log:
        "logs/count_events/count_events.log",
    conda:
        "../../envs/survival.yaml"
    params:
        analyses=RUN.analyses_by("event_counts", "cumulative_incidence"),
        code=code("count_events", "survival"),
    message:
        "Counting events and estimating cumulative incidences"
    script:
        "../scripts/count_events.py"


rule compare_strategies:
    input:
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
    output:
        estimates=f"{PARTS}/strategies.csv",
        curves=f"{PARTS}/strategies_curves.csv",
        risk_table=f"{PARTS}/strategies_risk_table.csv",
    log:
        "logs/compare_strategies/compare_strategies.log",
    conda:
        "../../envs/survival.yaml"
    params:
        analyses=RUN.analyses_by("clone_censor_weight"),
        code=code("compare_strategies", "survival"),
    message:
        "Comparing treatment strategies"
    script:
        "../scripts/compare_strategies.py"


rule collect_estimates:
    input:
        ESTIMATES_PARTS,
    output:
        report(
            f"{RELEASE}/estimates.csv",
            caption="../report/estimates.rst",
            category="Numbers",
            labels={"table": "Every estimate, one row a number"},
        ),
    log:
        "logs/collect_estimates/collect_estimates.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        order=[entry["id"] for entry in STUDY["analyses"]],
        code=code("collect_estimates", "cohort"),
    message:
        "Collecting the estimates"
    script:
        "../scripts/collect_estimates.py"
