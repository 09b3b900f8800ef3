"""The dialect writers: from canonical truth tables to the raw extracts of fifteen hospitals, with their faults."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

import pandas as pd

from .. import faults, values
from . import account
from .sheets import Records, base

# Above this many patients the accounts of single cells (expected values, natural findings) are not written.
ACCOUNT_LIMIT = 20_000
CENTERS = {
    "SMC": ("Samsung Medical Center", "SMC 2021-09-073"),
    "SSMH": ("Seoul St. Mary's Hospital", "KC22RIDI0327"),
    "CNUHH": ("Chonnam National University Hwasun Hospital", "CNUHH-2023-016"),
    "SNUH": ("Seoul National University Hospital", "H-2112-020-1280"),
    "NCC": ("National Cancer Center", "NCC2022-0087"),
    "SNUBH": ("Seoul National University Bundang Hospital", "B-2302-812-103"),
    "KUAH": ("Korea University Anam Hospital", "2021AN0410"),
    "JBUH": ("Jeonbuk National University Hospital", "CUH 2021-09-064"),
    "DSMC": ("Keimyung University Dongsan Medical Center", "DSMC 2021-09-052"),
    "CNUH": ("Chungnam National University Hospital", "CNUH 2021-09-058"),
    "DAUH": ("Dong-A University Hospital", "DAUHIRB-21-243"),
    "KUGH": ("Korea University Guro Hospital", "2025GR0016"),
    "WKUH": ("Wonkwang University Hospital", "WKUH 2022-01-010"),
    "KUASH": ("Korea University Ansan Hospital", "2024AS0320"),
    "HPH": ("Inje University Haeundae Paik Hospital", "2024-12-019"),
}
TABLES = ("patient", "transplant", "maintenance", "response", "malignancy", "assessment")
FAULTS = ["center", "file", "sheet", "row", "column", "patient_id", "table", "variable", "kind", "outcome", "value"]


def write_extracts(tables: dict[str, pd.DataFrame], out: Path, rng_seed: int, patients: int) -> None:
    """Write out/extracts, codebooks, centers.tsv, deliveries.csv, faults.csv, transfers.csv and truth/expected.parquet.

    `tables` are the six canonical truth tables (keys center and patient_id; columns `x_…` are latent and never sent).
    The same tables and seed give the same files. Every fault stands in the fifteen shipped centers, in the same numbers
    at any size. Above ACCOUNT_LIMIT patients there are no expected values, and faults.csv lists only the planted single
    cells and the repeated rows (not what rules find).
    """
    out = Path(out)
    for folder in ("extracts", "codebooks", "truth"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    full = patients <= ACCOUNT_LIMIT
    studies = split(tables)
    transfers = faults.add_transfers(studies)
    faults.add_repeats(studies, transfers)
    faults.distort(studies, transfers, rng_seed)
    listed, expected, firsts = [], [], []
    for records in studies.values():
        delivery = import_module(f".{base(records.center).lower()}", __name__).build(records)
        if full:
            cells = account.received(delivery)
            listed.append(faults.plant(delivery, records, cells, rng_seed))
            listed.append(faults.natural(delivery, records, cells))
            expected.append(account.expected(records, cells))
            firsts.append(faults.identity(delivery, records, cells))
        elif records.center in CENTERS:
            listed.append(
                faults.plant(delivery, records, account.received(delivery, faults.first_patients(records)), rng_seed)
            )
        listed.append(faults.repeated(delivery))
        delivery.write(out / "extracts", delivery)
        (out / "codebooks" / f"{records.center}.md").write_text(delivery.codebook, encoding="utf-8")
        records.files = delivery.files
    if full:
        listed.append(faults.same_patients(pd.concat(firsts, ignore_index=True)))
        pd.concat(expected, ignore_index=True).to_parquet(out / "truth" / "expected.parquet", index=False)
    order = list(studies)
    table = pd.concat(listed, ignore_index=True)[FAULTS]
    table = table.iloc[pd.Index(table["center"].map(order.index)).argsort(kind="stable")]
    table.to_csv(out / "faults.csv", index=False)
    transfers.to_csv(out / "transfers.csv", index=False)
    _write_lists(studies, out)


def split(tables: dict[str, pd.DataFrame]) -> dict[str, Records]:
    """Return one `Records` a center, in the order in which the centers first appear."""
    parts = {name: dict(list(tables[name].groupby("center", sort=False))) for name in TABLES}
    studies = {}
    for code in parts["patient"]:
        mine = {name: parts[name].get(code, tables[name].iloc[:0]).reset_index(drop=True).copy() for name in TABLES}
        studies[str(code)] = Records(str(code), mine, pd.Timestamp(values.center(str(code)).cut))
    return studies


def _write_lists(studies: dict[str, Records], out: Path) -> None:
    """Write who delivers what (centers.tsv) and the sha256 of each delivered file (deliveries.csv)."""
    rows, sums = [], []
    for number, (code, records) in enumerate(studies.items()):
        name, irb = CENTERS[base(code)]
        extra = code[len(base(code)) :]
        received = records.cut + pd.Timedelta(days=20 + 17 * number % 41)  # invented
        days = [f"{day:%Y-%m-%d}" for day in (records.cut, received)]
        rows.append([code, name + (f" ({extra})" if extra else ""), ";".join(records.files), *days, "", irb])
        for file in records.files:
            sums.append([code, file, hashlib.sha256((out / "extracts" / file).read_bytes()).hexdigest()])
    pd.DataFrame(rows, columns=["center", "name", "extract", "data_cut", "received", "hold", "irb"]).to_csv(
        out / "centers.tsv", sep="\t", index=False
    )
    pd.DataFrame(sums, columns=["center", "file", "sha256"]).to_csv(out / "deliveries.csv", index=False)
