"""One figure of the manuscript, drawn from tidy rows."""

from pathlib import Path

from multicenter.doorway import doorway
from multicenter.manuscript.estimates import read_rows
from multicenter.manuscript.figures import write_figure
from multicenter.manuscript.notice import notice_from_status

with doorway(snakemake.log[0]):
    behind = {Path(path).stem.rpartition("_")[2]: read_rows(path) for path in snakemake.input.behind}
    write_figure(
        spec=snakemake.params.figure,
        curves=behind.get("curves"),
        risk_tables=behind.get("table"),
        estimates=read_rows(snakemake.input.estimates),
        kinetics=behind.get("kinetics"),
        labels=snakemake.params.labels,
        simulated=notice_from_status(snakemake.input.status),
        directory=Path(snakemake.output.source).parent,
    )
