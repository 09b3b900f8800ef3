"""The findings of all centers to query workbooks, one a center, with the ledger of what was asked and answered."""

import json
from functools import partial
from pathlib import Path

import pandas as pd

from multicenter.doorway import doorway
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.mask import mask_lines
from multicenter.queries.firewall import Inbox
from multicenter.queries.run import Accepted, find_queries, write_queries
from multicenter.queries.state import write_state
from multicenter.yamlfile import read_yaml

detector = Detector(read_yaml(Path(snakemake.input.identifiers)))
with doorway(snakemake.log[0], partial(mask_lines, detector=detector)):
    ledger = Path(snakemake.output.ledger)
    accepted = Accepted(
        folders={Path(path).parent.name: Path(path).parent for path in snakemake.input.tables},
        receipts={Path(path).parent.name: Path(path) for path in snakemake.input.receipts},
        pooled=pd.read_parquet(snakemake.input.findings),
        adsl=pd.read_parquet(snakemake.input.adsl),
        adtte=pd.read_parquet(snakemake.input.adtte),
        checks=pd.read_csv(snakemake.input.checks, dtype=str, keep_default_na=False),
        dictionary=read_yaml(Path(snakemake.input.variables)),
        protocol=snakemake.params.protocol,
        as_of=snakemake.params.as_of,
    )
    inbox = Inbox(
        files=[Path(path) for path in snakemake.input.answers],
        unread=snakemake.params.unread,
        decided=snakemake.params.decided,
        detector=detector,
    )
    queries = find_queries(accepted, inbox, ledger)
    write_queries(
        queries,
        study=snakemake.params.protocol["study"],
        status=json.loads(Path(snakemake.input.status).read_text(encoding="utf-8")),
        folder=ledger.parent,
        ledger=ledger,
    )
    write_state(ledger, Path(snakemake.output.state), snakemake.params.ledger)
