"""Stage manuscript: figures, tables and quotable numbers, drawn from tidy rows only.

Required inputs: results/release/estimates.csv, the curves, data_status.json. Outputs: results/release/figures, tables,
numbers.json.
"""

FIGURES_OF_STUDY = {figure["id"]: figure for figure in STUDY["figures"]}
TABLES_OF_STUDY = {table["id"]: table for table in STUDY["tables"]}
FIGURES = [f"{RELEASE}/{file}" for file in figure_files(STUDY["figures"])]
TABLES = [f"{RELEASE}/{file}" for file in table_files(STUDY["tables"])]
NUMBERS = [f"{RELEASE}/numbers.json"]
CURVES_BEHIND = {
    "kaplan_meier": ["kaplan_meier_curves", "kaplan_meier_risk_table"],
    "cumulative_incidence": ["events_curves", "events_risk_table"],
    "response_kinetics": ["response_kinetics"],
}


rule draw_figure:
    input:
        estimates=f"{RELEASE}/estimates.csv",
        status=f"{RELEASE}/data_status.json",
        behind=lambda wildcards: [
            f"{PARTS}/{name}.csv"
            for name in CURVES_BEHIND[FIGURES_OF_STUDY[wildcards.figure]["kind"]]
        ],
    output:
        multiext(f"{RELEASE}/figures/{{figure}}", ".pdf", ".svg"),
        report(
            f"{RELEASE}/figures/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=lambda wildcards: {
                "figure": FIGURES_OF_STUDY[wildcards.figure]["caption"]
            },
        ),
        source=f"{RELEASE}/figures/{{figure}}.csv",
        numbers=f"{RELEASE}/figures/{{figure}}_numbers.csv",
    log:
        "logs/draw_figure/{figure}.log",
    wildcard_constraints:
        figure="|".join(FIGURES_OF_STUDY),
    conda:
        "../../envs/manuscript.yaml"
    params:
        figure=lambda wildcards: FIGURES_OF_STUDY[wildcards.figure],
        labels=RUN.visit_labels,
        code=code("draw_figure", "manuscript"),
    message:
        "Drawing {wildcards.figure}"
    script:
        "../scripts/draw_figure.py"


rule write_tables:
    input:
        estimates=f"{RELEASE}/estimates.csv",
        status=f"{RELEASE}/data_status.json",
        published=ancient(RUN.files["published"]),
    output:
        csv=expand(f"{RELEASE}/tables/{{table}}.csv", table=TABLES_OF_STUDY),
        html=[
            report(
                f"{RELEASE}/tables/{table}.html",
                caption="../report/table.rst",
                category="Tables",
                labels={"table": spec["title"]},
            )
            for table, spec in TABLES_OF_STUDY.items()
        ],
    log:
        "logs/write_tables/write_tables.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        tables=list(TABLES_OF_STUDY.values()),
        labels=RUN.labels,
        published=DIGESTS.file(RUN.files["published"]),
        code=code("write_tables", "cohort"),
    message:
        "Writing the tables"
    script:
        "../scripts/write_tables.py"


rule collect_numbers:
    input:
        estimates=f"{RELEASE}/estimates.csv",
        flow=f"{RELEASE}/flow.csv",
        status=f"{RELEASE}/data_status.json",
    output:
        NUMBERS,
    log:
        "logs/collect_numbers/collect_numbers.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        labels=RUN.labels,
        code=code("collect_numbers", "cohort"),
    message:
        "Collecting the numbers that a text may quote"
    script:
        "../scripts/collect_numbers.py"
