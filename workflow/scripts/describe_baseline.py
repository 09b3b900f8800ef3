"""Baseline characteristics by group, as rows of estimates."""

import pandas as pd

from multicenter.describe.baseline import describe_baseline
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl = pd.read_parquet(snakemake.input.adsl)
    parts = [describe_baseline(adsl, entry) for entry in snakemake.params.analyses]
    pd.concat(parts).to_csv(snakemake.output.estimates, index=False)
