"""Stage queries: what every center is asked, what it has answered, and what is still open.

Required inputs: results/restricted/harmonized and results/restricted/cohort, cross-field rules, the dictionary, what
identifies persons; returned query workbooks, if there are any. Outputs: results/restricted/queries: a workbook a center, queries.csv (all centers,
ranked), ledger.csv, which is brought up to date and never made anew, and answers_log.csv.
"""

from multicenter.queries.state import answer_files, ledger_state

QUERY_FOLDER = f"{RESTRICTED}/queries"
# Of a file whose name identifies a person, the name is passed on masked, and nothing else of it.
ANSWER_FILES, UNREAD_ANSWERS = answer_files(RUN.answers, RUN.identifiers)
QUERIES = [
    *expand(f"{QUERY_FOLDER}/{{center}}.xlsx", center=CENTERS),
    f"{QUERY_FOLDER}/queries.csv",
    f"{QUERY_FOLDER}/ledger.csv",
]


rule write_queries:
    input:
        tables=ACCEPTED,
        receipts=expand(
            f"{ACCEPTED_DELIVERIES}/{{center}}/receipt.json", center=CENTERS
        ),
        findings=f"{RESTRICTED}/cohort/findings.parquet",
        adsl=f"{RESTRICTED}/cohort/adsl.parquet",
        adtte=f"{RESTRICTED}/cohort/adtte.parquet",
        status=f"{RELEASE}/data_status.json",
        checks=ancient(RUN.files["checks"]),
        variables=ancient(RUN.files["variables"]),
        identifiers=ancient(RUN.files["identifiers"]),
        answers=ancient(lambda wildcards: ANSWER_FILES),
    output:
        workbooks=expand(f"{QUERY_FOLDER}/{{center}}.xlsx", center=CENTERS),
        overview=f"{QUERY_FOLDER}/queries.csv",
        log=f"{QUERY_FOLDER}/answers_log.csv",
        ledger=update(f"{QUERY_FOLDER}/ledger.csv"),
        state=f"{QUERY_FOLDER}/ledger_state.json",
    log:
        "logs/write_queries/write_queries.log",
    conda:
        "../../envs/queries.yaml"
    params:
        protocol=RUN.query_protocol,
        as_of=RUN.as_of,
        checks=DIGESTS.file(RUN.files["checks"]),
        variables=DIGESTS.file(RUN.files["variables"]),
        identifiers=DIGESTS.file(RUN.files["identifiers"]),
        decided={
            center: RUN.centers[center].mapping.get("not_identifiers", [])
            for center in CENTERS
        },
        answers={path.name: DIGESTS.file(path) for path in ANSWER_FILES},
        unread=UNREAD_ANSWERS,
        ledger=ledger_state(
            Path(QUERY_FOLDER) / "ledger.csv",
            Path(QUERY_FOLDER) / "ledger_state.json",
            DIGESTS.file,
        ),
        code=code("write_queries", "queries"),
    message:
        "Writing the queries"
    script:
        "../scripts/write_queries.py"
