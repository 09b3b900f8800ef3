"""All queries of a study: found, joined with the ledger and the answers, ranked, and written for each center."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.opencsv import write_csv
from multicenter.places import cell_address
from multicenter.queries.answers import read_answers
from multicenter.queries.collect import Delivered, collect_queries, read_delivered
from multicenter.queries.firewall import Inbox
from multicenter.queries.ids import key_of
from multicenter.queries.impact import IMPACT_COLUMNS, SCENARIOS, Impact
from multicenter.queries.ledger import ASKED, Standing, age_days, ask, read_ledger, recover, settle
from multicenter.queries.match import match_answers
from multicenter.queries.rank import Effects, described, rank_key
from multicenter.queries.workbook import Heading, write_workbook

# columns of queries.csv, for the coordinating center alone
OVERVIEW_COLUMNS = [
    "rank", "query", "center", "status", "severity", "age_days", "first_asked", "status_since", "patient_id", "table",
    "item", "variable", "field", "kind", "category", "action", "value", "cell", "question_en", "question_ko",
    "can_change", "endpoints", *IMPACT_COLUMNS, "remark", "answer", "comment", "answered_by", "answered_on",
]  # fmt: skip

WHOLE_ROW = "The whole row"


@dataclass(frozen=True)
class Queries:
    """What a run knows of queries: the ledger, the overview (OVERVIEW_COLUMNS) and the log of the answers."""

    ledger: pd.DataFrame
    overview: pd.DataFrame
    log: pd.DataFrame
    as_of: str


@dataclass(frozen=True)
class Accepted:
    """What queries are made of: the accepted deliveries of a study, and what the study is.

    folders: center → its harmonized folder. receipts: center → receipt.json of the delivery in it; a query is asked
    from the day on which that delivery arrived (else from its data cut). pooled: findings of the pooled cohort. checks:
    checks.csv as text. protocol: `Run.query_protocol`. as_of: the declared day up to which is counted ("": the latest
    day of a delivery).
    """

    folders: Mapping[str, Path]
    receipts: Mapping[str, Path]
    pooled: pd.DataFrame
    adsl: pd.DataFrame
    adtte: pd.DataFrame
    checks: pd.DataFrame
    dictionary: Dictionary | Mapping[str, Any]
    protocol: Mapping[str, Any]
    as_of: str = ""


def find_queries(accepted: Accepted, inbox: Inbox, ledger: Path) -> Queries:
    """Bring the ledger up to date and rank what is open.

    inbox: the returned workbooks. ledger: the ledger before; it may be missing. Raises StudyError if it is damaged.
    """
    dictionary, protocol = accepted.dictionary, accepted.protocol
    if not isinstance(dictionary, Dictionary):
        dictionary = build_dictionary(dictionary)
    rules = {check["id"]: check for check in accepted.checks.to_dict("records")}
    items = {name: table.item for name, table in dictionary.tables.items()}
    known = {center: json.loads(path.read_text(encoding="utf-8")) for center, path in accepted.receipts.items()}
    asked_on = {center: receipt["received"] or receipt["data_cut"] for center, receipt in known.items()}
    delivered = {center: read_delivered(accepted.folders[center], _sha256(known[center]), items) for center in known}
    found = collect_queries(delivered, accepted.pooled, rules, items)
    returned = read_answers(inbox, asked_on, protocol["study"]["id"])
    asked = ask(recover(read_ledger(ledger), returned.recorded), found, _standing(delivered, asked_on))
    after = settle(asked, match_answers(returned, asked, accepted.as_of))
    day = accepted.as_of or max(asked_on.values())
    impact = Impact(protocol["primary"], accepted.adsl, accepted.adtte)
    return Queries(after, _overview(after, found, rules, dictionary, protocol, impact, day), returned.table(), day)


def write_queries(
    queries: Queries, study: Mapping[str, str], status: Mapping[str, Any], folder: Path, ledger: Path
) -> None:
    """Write a workbook a center, queries.csv and answers_log.csv into `folder`, and the ledger.

    study: id and title. status: data_status.json; its centers get a workbook each, also without any query.
    """
    for center in status["centers"]:
        rows = queries.overview[queries.overview["center"] == center["center"]]
        keys = queries.ledger.set_index("query")[["which", "evidence", "round", "asked_on"]]
        rows = rows.join(keys, on="query").to_dict("records")
        heading = Heading(
            study["id"], study["title"], center["center"], center["name"], queries.as_of, center["simulated"]
        )
        asked = [row for row in rows if row["status"] in ASKED]
        for rank, row in enumerate(asked, start=1):
            row["rank"], row["age_days"] = rank, int(row["age_days"])
        closed = [row for row in rows if row["status"] not in ASKED]
        write_workbook(folder / f"{center['center']}.xlsx", heading, asked, closed)
    write_csv(queries.overview, folder / "queries.csv")
    write_csv(queries.log, folder / "answers_log.csv")
    write_csv(queries.ledger, ledger)


def _sha256(receipt: Mapping[str, Any]) -> str:
    return ";".join(file["sha256"] for file in receipt["files"])


def _standing(delivered: Mapping[str, Delivered], asked_on: Mapping[str, str]) -> dict[str, Standing]:
    return {center: Standing(asked_on[center], known.sha256, known.patients) for center, known in delivered.items()}


def _overview(
    ledger: pd.DataFrame,
    found: pd.DataFrame,
    rules: Mapping[str, Mapping[str, str]],
    dictionary: Dictionary,
    protocol: Mapping[str, Any],
    impact: Impact,
    as_of: str,
) -> pd.DataFrame:
    """OVERVIEW_COLUMNS of every query of the ledger: the open ones by rank, then the closed ones."""
    now = {key_of(row): row for row in found.to_dict("records")}
    effects_of = Effects(protocol, dictionary)
    asked, closed = [], []
    for row in ledger.to_dict("records"):
        seen = now.get(key_of(row), {})
        rule = rules.get(row["kind"], {})
        line = {name: row.get(name, "") for name in OVERVIEW_COLUMNS} | dict.fromkeys(("rank", *IMPACT_COLUMNS))
        line |= {"field": field_name(dictionary, row["table"], row["item"], row["variable"]), "cell": source_cell(seen)}
        line |= {name: seen.get(name, "") for name in ("question_en", "question_ko")}
        line |= {name: rule.get(name, "") for name in ("severity", "category", "action")}
        line["age_days"] = age_days(row["status"], row["status_since"], as_of)
        if row["status"] not in ASKED:
            closed.append(line)
            continue
        effects = effects_of.of(rule, row["table"], row["item"], row["variable"]) if rule else []
        line["can_change"] = described(effects, protocol["endpoints"], protocol["exposure"])
        line["endpoints"] = " ".join(dict.fromkeys(e.what for e in effects if e.what in protocol["endpoints"]))
        line |= impact.of(f"{row['center']}-{row['patient_id']}", effects)
        key = rank_key(line["severity"] or "minor", effects, line["impact"], impact.endpoint)
        asked.append(((*key, *key_of(row)), line))
    asked.sort(key=lambda pair: pair[0])
    lines = [line | {"rank": rank} for rank, (_, line) in enumerate(asked, start=1)] + closed
    frame = pd.DataFrame(lines, columns=OVERVIEW_COLUMNS)
    numbers = ["hazard_ratio", *SCENARIOS, "impact"]
    frame[numbers] = frame[numbers].astype("float64").round(5)
    return frame.astype({"rank": "Int64", "age_days": "Int64"})


def source_cell(seen: Mapping[str, Any]) -> str:
    """Return where a finding stands; "" for what is not found."""
    row = seen.get("row")
    return cell_address(seen["file"], seen["sheet"], None if pd.isna(row) else row, seen["column"]) if seen else ""


def field_name(dictionary: Dictionary, table: str, item: str, variable: str) -> str:
    """Return what a center is told that a query is about: the label, and its address."""
    spec = dictionary.tables.get(table)
    if spec is None or variable not in spec.variables:
        return f"{WHOLE_ROW}\n{table}"
    levels = spec.variables[spec.item].levels if spec.item else {}
    which = f", {levels.get(item, item)}" if item else ""
    address = f"{table}[{item}].{variable}" if item else f"{table}.{variable}"
    return f"{spec.variables[variable].label}{which}\n{address}"
