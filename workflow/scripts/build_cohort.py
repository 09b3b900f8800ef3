"""The harmonized tables of all centers to ADSL, ADTTE, ADRS and the flow of eligibility."""

import json
from pathlib import Path

import pandas as pd

from multicenter.cohort.build import build_cohort
from multicenter.cohort.pool import data_status, id_columns, pool_findings, pool_tables, simulated_centers
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    folders = {Path(path).parent.name: Path(path).parent for path in snakemake.input.tables}
    receipts = {Path(path).parent.name: Path(path) for path in snakemake.input.receipts}
    centers = snakemake.params.centers
    simulated = simulated_centers(receipts, Path(snakemake.input.simulated))
    cohort = build_cohort(
        tables=pool_tables(folders, snakemake.params.tables),
        findings=pool_findings(folders),
        column_maps=id_columns(folders),
        decisions=pd.read_csv(snakemake.input.decisions, dtype=str, keep_default_na=False),
        checks=pd.read_csv(snakemake.input.checks, dtype=str, keep_default_na=False),
        data_cuts={center: known["data_cut"] for center, known in centers.items()},
        simulated=simulated,
        protocol=snakemake.params.protocol,
        result_levels=snakemake.params.result_levels,
    )
    cohort.adsl.to_parquet(snakemake.output.adsl)
    cohort.adtte.to_parquet(snakemake.output.adtte)
    cohort.adrs.to_parquet(snakemake.output.adrs)
    cohort.findings.to_parquet(snakemake.output.findings)
    cohort.excluded.to_csv(snakemake.output.excluded, index=False)
    cohort.flow.to_csv(snakemake.output.flow, index=False)
    status = data_status(cohort.adsl, centers, simulated)
    Path(snakemake.output.status).write_text(json.dumps(status, indent=1, ensure_ascii=False), encoding="utf-8")
