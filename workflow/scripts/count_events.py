"""Counts, rates and cumulative incidences of an event with a competing one, as rows of estimates and curves."""

import pandas as pd

from multicenter.analyses import cumulative_incidence, event_counts
from multicenter.analyses.run import run_analyses
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl, adtte = (pd.read_parquet(snakemake.input[name]) for name in ("adsl", "adtte"))
    methods = {"event_counts": event_counts.run, "cumulative_incidence": cumulative_incidence.run}
    result = run_analyses(snakemake.params.analyses, methods, adsl, adtte)
    result.estimates.to_csv(snakemake.output.estimates, index=False)
    result.curves.to_csv(snakemake.output.curves, index=False)
    result.risk_table.to_csv(snakemake.output.risk_table, index=False)
