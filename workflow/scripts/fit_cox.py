"""Cox models, univariable and multivariable, with their tests of proportional hazards, as rows of estimates."""

import pandas as pd

from multicenter.analyses import cox
from multicenter.analyses.run import run_analyses
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    adsl, adtte = (pd.read_parquet(snakemake.input[name]) for name in ("adsl", "adtte"))
    result = run_analyses(snakemake.params.analyses, {"cox": cox.run}, adsl, adtte)
    result.estimates.to_csv(snakemake.output.estimates, index=False)
