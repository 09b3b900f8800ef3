"""Every number that a text may quote, by name."""

from multicenter.doorway import doorway
from multicenter.manuscript.estimates import read_rows
from multicenter.manuscript.notice import notice_from_status
from multicenter.manuscript.numbers import write_numbers

with doorway(snakemake.log[0]):
    estimates, flow = (read_rows(snakemake.input[name]) for name in ("estimates", "flow"))
    simulated = notice_from_status(snakemake.input.status)
    write_numbers(estimates, snakemake.params.labels, flow, snakemake.output[0], simulated)
