"""The harmonized tables of all centers to ADSL, ADTTE, ADRS and the flow of eligibility."""

import json
from pathlib import Path

import pandas as pd

from multicenter.cohort.build import build_cohort
from multicenter.cohort.imputation import pool_imputed
from multicenter.cohort.pool import (
    data_status,
    id_columns,
    list_deliveries,
    pool_findings,
    pool_tables,
    simulated_centers,
)
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    folders = {Path(path).parent.name: Path(path).parent for path in snakemake.input.deliveries}
    tables = pool_tables(folders, snakemake.params.tables)
    deliveries = list_deliveries(folders, snakemake.params.centers, Path(snakemake.input.simulated), tables["patient"])
    imputed = pool_imputed(folders)
    cohort = build_cohort(
        tables=tables,
        findings=pool_findings(folders),
        column_maps=id_columns(folders),
        decisions=pd.read_csv(snakemake.input.decisions, dtype=str, keep_default_na=False),
        checks=pd.read_csv(snakemake.input.checks, dtype=str, keep_default_na=False),
        data_cuts=dict(zip(deliveries["center"], deliveries["data_cut"], strict=True)),
        simulated=simulated_centers(deliveries),
        protocol=snakemake.params.protocol,
        result_levels=snakemake.params.result_levels,
        imputed=imputed,
    )
    cohort.adsl.to_parquet(snakemake.output.adsl)
    cohort.adtte.to_parquet(snakemake.output.adtte)
    cohort.adrs.to_parquet(snakemake.output.adrs)
    imputed.to_parquet(snakemake.output.intervals)
    cohort.findings.to_parquet(snakemake.output.findings)
    cohort.linkage.pairs.to_csv(snakemake.output.linkage, index=False)
    cohort.linkage.evidence.to_csv(snakemake.output.linkage_evidence, index=False)
    cohort.linkage.keys.to_csv(snakemake.output.linkage_keys, index=False)
    cohort.excluded.to_csv(snakemake.output.excluded, index=False)
    cohort.flow.to_csv(snakemake.output.flow, index=False)
    deliveries.to_csv(snakemake.output.deliveries, index=False)
    status = data_status(cohort.adsl, deliveries)
    Path(snakemake.output.status).write_text(json.dumps(status, indent=1, ensure_ascii=False), encoding="utf-8")
