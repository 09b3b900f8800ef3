"""The manuscript's tables, from tidy rows."""

from pathlib import Path

from multicenter.doorway import doorway
from multicenter.manuscript.estimates import read_rows
from multicenter.manuscript.notice import notice_from_status
from multicenter.manuscript.tables import write_table

with doorway(snakemake.log[0]):
    estimates, published = read_rows(snakemake.input.estimates), read_rows(snakemake.input.published)
    simulated = notice_from_status(snakemake.input.status)
    folder = Path(snakemake.output.csv[0]).parent
    for table in snakemake.params.tables:
        write_table(table, estimates, snakemake.params.labels, simulated, folder, facts=published)
