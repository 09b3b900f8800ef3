"""The accepted deliveries, the cohort and the open queries to pages for people: one for the study, one a center."""

from pathlib import Path

from multicenter.doorway import doorway
from multicenter.overview.build import build_overview
from multicenter.overview.pages import write_pages
from multicenter.yamlfile import read_yaml

with doorway(snakemake.log[0]):
    overview = build_overview(
        folders={Path(path).parent.name: Path(path).parent for path in snakemake.input.deliveries},
        cohort={
            "adsl": Path(snakemake.input.adsl),
            "adtte": Path(snakemake.input.adtte),
            "deliveries": Path(snakemake.input.stands),
            "queries": Path(snakemake.input.queries),
            "status": Path(snakemake.input.status),
        },
        dictionary=read_yaml(Path(snakemake.input.variables)),
        protocol=snakemake.params.protocol,
    )
    write_pages(overview, Path(snakemake.params.templates), Path(snakemake.params.folder))
