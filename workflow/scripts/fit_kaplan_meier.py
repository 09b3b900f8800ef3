"""Survival curves, medians, milestones, log-rank tests and follow-up, as rows of estimates and curves."""

import pandas as pd

from multicenter.analyses import kaplan_meier, reverse_kaplan_meier
from multicenter.analyses.run import run_analyses
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl, adtte = (pd.read_parquet(snakemake.input[name]) for name in ("adsl", "adtte"))
    methods = {"kaplan_meier": kaplan_meier.run, "reverse_kaplan_meier": reverse_kaplan_meier.run}
    result = run_analyses(snakemake.params.analyses, methods, adsl, adtte)
    result.estimates.to_csv(snakemake.output.estimates, index=False)
    result.curves.to_csv(snakemake.output.curves, index=False)
    result.risk_table.to_csv(snakemake.output.risk_table, index=False)
