"""Baseline characteristics by group, as rows of estimates."""

import pandas as pd

from multicenter.describe.baseline import describe_all
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl = pd.read_parquet(snakemake.input.adsl)
    describe_all(adsl, snakemake.params.analyses).to_csv(snakemake.output.estimates, index=False)
