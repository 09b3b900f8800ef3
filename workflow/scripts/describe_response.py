"""Responses over time, as rows of estimates and the table behind the figure."""

import pandas as pd

from multicenter.describe.response_kinetics import describe_all
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl, adtte, adrs = (pd.read_parquet(snakemake.input[name]) for name in ("adsl", "adtte", "adrs"))
    kinetics, estimates = describe_all(adsl, adtte, adrs, snakemake.params.analyses)
    kinetics.to_csv(snakemake.output.kinetics, index=False)
    estimates.to_csv(snakemake.output.estimates, index=False)
