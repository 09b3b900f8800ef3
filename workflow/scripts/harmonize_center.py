"""A center's extract to canonical tables, findings, account and receipt."""

from pathlib import Path

import pandas as pd

from multicenter.doorway import doorway
from multicenter.harmonize.run import harmonize_center, write_harmonized, write_intake
from multicenter.yamlfile import read_yaml

with doorway(snakemake.log[0]):
    harmonized = harmonize_center(
        center=snakemake.wildcards.center,
        files=[Path(extract) for extract in snakemake.input.extracts],
        config=read_yaml(Path(snakemake.input.mapping)),
        dictionary=read_yaml(Path(snakemake.input.variables)),
        codes=read_yaml(Path(snakemake.input.codes)),
        checks=pd.read_csv(snakemake.input.checks, dtype=str, keep_default_na=False),
        data_cut=snakemake.params.data_cut,
    )
    folder = Path(snakemake.output.receipt).parent
    write_intake(harmonized, folder)
    write_harmonized(harmonized, folder)
