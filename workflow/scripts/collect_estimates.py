"""The parts of the analysis-results table as one, in the protocol's order."""

from multicenter.analyses.collect import collect_estimates
from multicenter.doorway import doorway

with doorway(snakemake.log[0]):
    collect_estimates(snakemake.input, snakemake.params.order).to_csv(snakemake.output[0], index=False)
