"""From findings to queries: each with its natural key, its question and what it can change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from multicenter.decisions import DECIDED
from multicenter.harmonize.delivery import FINDING_COLUMNS
from multicenter.queries.ids import KEY
from multicenter.queries.wording import question

QUERY_COLUMNS = [
    *KEY, "value", "evidence", "severity", "action", "file", "sheet", "row", "column", "question_en", "question_ko",
]  # fmt: skip
LONGEST = 32_000  # characters of a value that are shown and remembered: a cell of Excel holds 32,767


@dataclass(frozen=True)
class Delivered:
    """What is known of a center's accepted delivery.

    findings: all kinds. column_map: table, variable, item, file, sheet, column, source. source_rows: table, patient_id,
    item, source, row. records: by table with an item: patient_id, src_file, src_sheet, src_row and the item.
    patients: the ids that were sent. sha256: of its files, joined by ";".
    """

    findings: pd.DataFrame
    column_map: pd.DataFrame
    source_rows: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    patients: frozenset[str]
    sha256: str = ""


def read_delivered(folder: Path, sha256: str, items: Mapping[str, str]) -> Delivered:
    """Read a center's harmonized folder as far as queries need it. `items`: table → its item variable ("" for none)."""
    findings = pd.read_parquet(folder / "findings.parquet")
    # a center on hold may have been harmonized before there were all these columns
    asked = findings[findings["outcome"] == "query"].reindex(columns=FINDING_COLUMNS)
    return Delivered(
        findings=asked,
        column_map=pd.read_csv(folder / "column_map.csv", dtype=str, keep_default_na=False),
        source_rows=pd.read_parquet(folder / "source_rows.parquet"),
        records={
            table: pd.read_parquet(
                folder / f"{table}.parquet", columns=["patient_id", "src_file", "src_sheet", "src_row", item]
            )
            for table, item in items.items()
            if item and (asked["table"] == table).any()
        },
        patients=frozenset(pd.read_parquet(folder / "patient.parquet", columns=["patient_id"])["patient_id"]),
        sha256=sha256,
    )


def collect_queries(
    delivered: Mapping[str, Delivered],
    pooled: pd.DataFrame,
    checks: Mapping[str, Mapping[str, str]],
    items: Mapping[str, str],
) -> pd.DataFrame:
    """Return one row a query of all centers (QUERY_COLUMNS, text; row Int64), ordered by KEY.

    pooled: findings that only the pooled cohort shows; of what is decided nothing is asked. checks: rules by id; what
    was found by a rule that is no more is not asked.
    items: as of `read_delivered`. The item of a query is that of its column ("[m6]"), else of the record that its row
    fed; where neither is known, and for whole rows, the value stands in for it (`which`). Of several alike the second
    and later are numbered.
    """
    asked = pooled[(pooled["outcome"] == "query") & (pooled["action"] != DECIDED)].assign(item="")
    parts = [part for part in (_of_center(known, items) for known in delivered.values()) if len(part)]
    queries = pd.concat([*parts, asked] if len(asked) else parts or [asked], ignore_index=True)
    queries = queries[queries["kind"].isin(checks.keys())]
    texts = [name for name in queries.columns if name != "row"]
    queries[texts] = queries[texts].astype("string").fillna("").astype(object)
    queries["row"] = queries["row"].astype("Int64")
    queries["value"] = [shortened(value) for value in queries["value"]]
    told = queries[["message", "remark", "values", "kind"]].itertuples(index=False, name=None)
    asked = [question(*of_finding, checks[kind]) for *of_finding, kind in told]
    for name, attribute in (("question_en", "english"), ("question_ko", "local"), ("evidence", "evidence")):
        queries[name] = [shortened(getattr(one, attribute)) for one in asked]
    queries["severity"] = [checks[kind]["severity"] for kind in queries["kind"]]
    has_item = queries["table"].map(lambda table: bool(items.get(table)))
    queries["which"] = queries["value"].where(has_item & (queries["item"] == ""), "")
    queries = queries.sort_values([*KEY, "file", "sheet", "row", "column"], kind="stable", ignore_index=True)
    number = queries.groupby(KEY, sort=False).cumcount()
    queries["which"] = [
        f"{which} #{n + 1}".strip() if n else which for which, n in zip(queries["which"], number, strict=True)
    ]
    return queries[QUERY_COLUMNS]


def shortened(text: object) -> str:
    """Return a text as it is kept, shown and compared: one blank for any white space, only characters that a workbook
    can hold, at most LONGEST of them."""
    plain = ILLEGAL_CHARACTERS_RE.sub("\ufffd", " ".join(str(text).split()))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def _of_center(known: Delivered, items: Mapping[str, str]) -> pd.DataFrame:
    """A center's findings with the item of each ("" where unknown)."""
    findings = known.findings.copy()
    for name in ("file", "sheet", "column", "table", "variable", "patient_id"):
        findings[name] = findings[name].astype("string").fillna("").astype(object)
    place = ["file", "sheet", "column", "table", "variable"]
    by_column = known.column_map.groupby(place)["item"].agg(lambda values: values.iloc[0] if len(values) == 1 else "")
    keys = pd.MultiIndex.from_frame(findings[place])
    findings["item"] = by_column.reindex(keys).fillna("").to_numpy(dtype=object)
    for table, record in known.records.items():
        rows = _record_rows(known, table, record, items[table])
        open_ = (findings["table"] == table) & (findings["item"] == "")
        keys = pd.MultiIndex.from_frame(findings.loc[open_, ["patient_id", "file", "sheet", "row"]])
        findings.loc[open_, "item"] = rows.reindex(keys).fillna("").to_numpy(dtype=object)
    return findings


def _record_rows(known: Delivered, table: str, record: pd.DataFrame, item: str) -> pd.Series:
    """The item of each record by patient, file, sheet and row; rows that fed several records are left out."""
    own = record.rename(columns={"src_file": "file", "src_sheet": "sheet", "src_row": "row"})
    own = own.assign(item=_as_text(record[item]))[["patient_id", "file", "sheet", "row", "item"]]
    more = known.source_rows[known.source_rows["table"] == table]
    if len(more):
        sources = known.column_map[["source", "file", "sheet"]].drop_duplicates("source")
        own = pd.concat([own, more.merge(sources, on="source", how="left")[own.columns]], ignore_index=True)
    rows, place = own.drop_duplicates(), ["patient_id", "file", "sheet", "row"]
    rows = rows.assign(**{name: rows[name].astype("string").fillna("").astype(object) for name in place[:3]})
    return rows[~rows.duplicated(place, keep=False)].set_index(place)["item"]


def _as_text(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d")
    return values.astype("string")
