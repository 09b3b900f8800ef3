"""A center's extract to canonical tables, findings, account and receipt."""

from functools import partial
from pathlib import Path

import pandas as pd

from multicenter.doorway import doorway
from multicenter.harmonize.accepted import Limits
from multicenter.harmonize.run import Arrival, harmonize_center, write_harmonized, write_intake
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.mask import mask_lines
from multicenter.yamlfile import read_yaml

detector = Detector(read_yaml(Path(snakemake.input.identifiers)))
with doorway(snakemake.log[0], partial(mask_lines, detector=detector)):
    harmonized = harmonize_center(
        center=snakemake.wildcards.center,
        files=[Path(extract) for extract in snakemake.input.extracts],
        config=read_yaml(Path(snakemake.input.mapping)),
        dictionary=read_yaml(Path(snakemake.input.variables)),
        codes=read_yaml(Path(snakemake.input.codes)),
        checks=pd.read_csv(snakemake.input.checks, dtype=str, keep_default_na=False),
        data_cut=snakemake.params.data_cut,
        arrival=Arrival(
            received=snakemake.params.received,
            accepted=Path(snakemake.params.accepted),
            limits=Limits(**snakemake.params.limits),
            mapping=snakemake.input.mapping,
        ),
        detector=detector,
    )
    folder = Path(snakemake.output[0]).parent
    write_intake(harmonized, folder)
    write_harmonized(harmonized, folder)
