"""What the results were made of, the versions, the configuration as used, and the run's summary."""

import json
from pathlib import Path

import pandas as pd

from multicenter.doorway import doorway
from multicenter.provenance.manifest import build_manifest, code_files, software_versions, summarize

with doorway(snakemake.log[0]):
    clone = Path(snakemake.params.clone)
    build_manifest(
        receipts=snakemake.input.receipts,
        config=snakemake.params.config_files,
        code=code_files(clone),
        results=snakemake.input.results,
    ).to_csv(snakemake.output.manifest, index=False)
    Path(snakemake.output.versions).write_text(
        json.dumps(software_versions(Path(snakemake.params.clone)), indent=1), encoding="utf-8"
    )
    Path(snakemake.output.config).write_text(snakemake.params.config, encoding="utf-8")
    findings = pd.concat([pd.read_parquet(path) for path in snakemake.input.findings])
    ledger = pd.read_csv(snakemake.input.ledger, dtype=str, keep_default_na=False)
    status = json.loads(Path(snakemake.input.status).read_text(encoding="utf-8"))
    deliveries = pd.read_csv(snakemake.input.stands, keep_default_na=False)
    folder = Path(snakemake.input.status).parent
    summary = summarize(status, findings, ledger, deliveries, str(folder))
    Path(snakemake.output.summary).write_text(summary, encoding="utf-8")
