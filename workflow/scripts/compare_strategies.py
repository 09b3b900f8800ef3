"""Treatment strategies compared by cloning, censoring and weighting, as rows of estimates and curves."""

import pandas as pd

from multicenter.analyses import clone_censor_weight
from multicenter.analyses.run import run_analyses
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl, adtte = (pd.read_parquet(snakemake.input[name]) for name in ("adsl", "adtte"))
    result = run_analyses(snakemake.params.analyses, {"clone_censor_weight": clone_censor_weight.run}, adsl, adtte)
    result.estimates.to_csv(snakemake.output.estimates, index=False)
    result.curves.to_csv(snakemake.output.curves, index=False)
    result.risk_table.to_csv(snakemake.output.risk_table, index=False)
