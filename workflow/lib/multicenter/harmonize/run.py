"""One center, from its delivery to canonical tables, findings and account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multicenter.deliveries import SHORT, delivery_sha
from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.harmonize.accepted import USUAL, Decisions, Limits, earlier_changes, find_accepted
from multicenter.harmonize.account import account_totals, build_account, build_column_map
from multicenter.harmonize.assemble import assemble
from multicenter.harmonize.cells import Distinct
from multicenter.harmonize.columns import check_whole_columns
from multicenter.harmonize.convert import convert
from multicenter.harmonize.delivery import Delivery, Sheet, check_columns, report_unmapped
from multicenter.harmonize.derive import check_date_system, derive_birth_years
from multicenter.harmonize.drift import compare_with_accepted
from multicenter.harmonize.drift_columns import find_renamed, find_type_changes, refuse_exchanged
from multicenter.harmonize.duplicates import fold_duplicates
from multicenter.harmonize.hidden import settle_hidden_rows
from multicenter.harmonize.ids import read_ids
from multicenter.harmonize.imputed import imputed_dates
from multicenter.harmonize.labels import check_labels, with_declared_missing
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.rules import check_rules
from multicenter.harmonize.source_rows import POSITION, build_source_rows, position_columns
from multicenter.harmonize.spec import Column, Source, Target, build_sources
from multicenter.harmonize.texts import read_texts
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.quarantine import quarantine
from multicenter.intake.profile import profile
from multicenter.intake.read import read_sources
from multicenter.intake.table import RawTable
from multicenter.opencsv import write_csv
from multicenter.paths import mapping_of


@dataclass(frozen=True)
class Arrival:
    """What is known of a delivery beside its files.

    received: the day on which it arrived (ISO, or ""). accepted: the folder of the center's last accepted delivery, if
    there is one. limits: how much of it a new one may change, and how far its columns may contradict each other.
    mapping: the path of the center file, if it is not the usual one; messages name it.
    """

    received: str = ""
    accepted: Path | None = None
    limits: Limits = USUAL
    mapping: str = ""


FIRST = Arrival()


@dataclass
class Harmonized:
    """What one delivery becomes.

    tables: the canonical tables by name. findings: FINDING_COLUMNS of `delivery`. account: see `build_account`.
    imputed: dates of which a part was filled in. receipt, profile: what came in.
    column_map, source_rows: with a record's key they give the cell of each value.
    changes: the cells of known patients that are others than in the delivery accepted before.
    """

    tables: dict[str, pd.DataFrame]
    findings: pd.DataFrame
    account: pd.DataFrame
    imputed: pd.DataFrame
    receipt: dict[str, Any]
    profile: pd.DataFrame
    column_map: pd.DataFrame
    source_rows: pd.DataFrame
    changes: pd.DataFrame


def harmonize_center(
    center: str,
    files: Iterable[str | Path],
    config: Mapping[str, Any],
    dictionary: Dictionary | Mapping[str, Any],
    codes: Mapping[str, Any],
    checks: pd.DataFrame,
    data_cut: str | date,
    arrival: Arrival = FIRST,
    detector: Detector | None = None,
) -> Harmonized:
    """Read, map, check and account for one center's delivery.

    files: the delivery. config: its center file (checked by check_center). checks: config/checks.csv as text columns.
    data_cut: the center's cut (ISO). detector: finds what identifies persons; None looks for nothing, for deliveries
    that are known to be free of it. Raises DataError or DeliveryError (all problems together) if the center must stop.
    """
    files, mapping = [Path(f) for f in files], arrival.mapping or mapping_of(center)
    if detector:
        quarantine(center, files, config, detector, mapping)
    if not isinstance(dictionary, Dictionary):
        dictionary = build_dictionary(dictionary)
    raws, receipt = read_sources(files, config["sources"])
    sources = build_sources(config, dictionary, codes)
    kinds = {row["id"]: row for row in checks.to_dict("records")}
    decisions = Decisions(mapping, delivery_sha(receipt), config.get("accepted_changes", ()))
    before = find_accepted(arrival.accepted, receipt, dictionary)
    delivery = Delivery(center, kinds, before, decisions, arrival.limits)
    units, columns = Units(dictionary), profile(raws)
    delivery.note_changes(find_type_changes(delivery, sources, raws, columns))
    _fill(delivery, sources, raws, units)
    check_labels(delivery, dictionary, codes)
    for sheet in delivery.sheets.values():
        settle_hidden_rows(delivery, sheet)
        fold_duplicates(delivery, sheet)
    _stop_if_problems(delivery, units)
    for sheet in delivery.sheets.values():
        _report_cells(delivery, sheet)
    tables = _tables(delivery, dictionary)
    _stop_if_problems(delivery, units)
    check_rules(delivery, tables, dictionary, checks, data_cut)
    changes, replaces = _changes(delivery, tables, units, arrival.accepted, receipt)
    known = {"center": center, "received": arrival.received, "data_cut": str(data_cut), "replaces": replaces}
    known["changed_values"] = int((changes["old"] != "").sum())
    return _accounted(delivery, tables, dictionary, known | receipt, columns, changes)


def _accounted(
    delivery: Delivery,
    tables: dict[str, pd.DataFrame],
    dictionary: Dictionary,
    receipt: dict[str, Any],
    columns: pd.DataFrame,
    changes: pd.DataFrame,
) -> Harmonized:
    """What a delivery without problems becomes: the finished tables, and where each of its cells went."""
    account = build_account(delivery)
    finished = {name: _finished(delivery, table, name, dictionary) for name, table in tables.items()}
    _validate(finished, dictionary)
    sizes = {name: len(table) for name, table in finished.items()}
    return Harmonized(
        tables=finished,
        findings=delivery.findings(),
        account=account,
        imputed=imputed_dates(delivery, tables, dictionary),
        receipt=receipt | {"tables": sizes, "account_totals": account_totals(account)},
        profile=columns,
        column_map=build_column_map(delivery),
        source_rows=build_source_rows(delivery, tables, dictionary),
        changes=changes,
    )


def write_harmonized(harmonized: Harmonized, folder: str | Path) -> None:
    """Write tables and findings as parquet; findings (for people), account, column map and changes as csv."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in harmonized.tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    harmonized.findings.to_parquet(folder / "findings.parquet", index=False)
    write_csv(harmonized.findings, folder / "findings.csv")
    harmonized.imputed.to_parquet(folder / "imputed.parquet", index=False)
    harmonized.source_rows.to_parquet(folder / "source_rows.parquet", index=False)
    write_csv(harmonized.account, folder / "account.csv")
    harmonized.column_map.to_csv(folder / "column_map.csv", index=False, lineterminator="\n")
    write_csv(harmonized.changes, folder / "changes.csv")


def write_intake(harmonized: Harmonized, folder: str | Path) -> None:
    """Write the receipt (json) and the profile of the columns (csv)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(harmonized.receipt, ensure_ascii=False, indent=1, default=str)
    (folder / "receipt.json").write_text(text + "\n", encoding="utf-8")
    harmonized.profile.to_csv(folder / "profile.csv", index=False, lineterminator="\n")


def _fill(delivery: Delivery, sources: dict[str, Source], raws: dict[str, RawTable], units: Units) -> None:
    """Make the delivery's sheets: ids, distinct values and what each becomes; all mapping gaps are noted together."""
    for name, source in sources.items():
        raw = raws[name]
        check_columns(delivery, source, raw, find_renamed(delivery, source, raw, units))
        if source.id_column not in raw.cells:
            continue
        sheet = Sheet(source, raw, read_ids(delivery, source, raw), np.ones(len(raw.rows), dtype=bool))
        sheet.item_name = units.dictionary.tables[source.row_is].item
        for header in (name for name in source.columns if name in raw.cells):
            column = source.columns[header]
            sheet.distinct[header] = Distinct(raw.cells[header].to_numpy())
            column = with_declared_missing(column, sheet.distinct[header], raw)
            sheet.outcomes[header] = _outcomes(sheet.distinct[header], column, units)
        delivery.sheets[name] = sheet
    report_unmapped(delivery, {name: refuse_exchanged(delivery, s, units) for name, s in delivery.sheets.items()})
    check_whole_columns(delivery, units)
    if len(delivery.sheets) < len(sources) or not _has_keys(delivery):
        delivery.stop_if_problems()


def _has_keys(delivery: Delivery) -> bool:
    """Whether every column is there that tells a patient's rows apart, or which of them stays."""
    for sheet in delivery.sheets.values():
        latest = (sheet.source.duplicates.get("differing") or {}).get("keep_latest", "")
        keys = {sheet.item_name, *sheet.source.number.values(), latest.rpartition(".")[2]} - {""}
        columns = sheet.source.columns.items()
        if any(target.slot[2] in keys for h, column in columns if h not in sheet.distinct for target in column.targets):
            return False
    return True


def _tables(delivery: Delivery, dictionary: Dictionary) -> dict[str, pd.DataFrame]:
    """The canonical tables of a delivery, typed."""
    tables = assemble(delivery, dictionary)
    derive_birth_years(delivery, tables, dictionary)
    check_date_system(delivery, tables, dictionary)
    return {name: _typed(table, name, dictionary) for name, table in tables.items()}


def _stop_if_problems(delivery: Delivery, units: Units) -> None:
    """Stop with all problems; what else differs from the accepted delivery is told with them, not after them."""
    if delivery.problems and delivery.before:
        told = Delivery(delivery.center, delivery.kinds, delivery.before, delivery.decisions, delivery.limits)
        told.sheets = delivery.sheets
        tables = _tables(told, units.dictionary)
        told.problems.clear()  # of records that are not told apart yet
        compare_with_accepted(told, tables, units, delivery.blamed)
        delivery.problems += told.problems
    delivery.stop_if_problems()


def _outcomes(distinct: Distinct, column: Column, units: Units) -> dict:
    if column.reader is not None:
        return read_texts(distinct, column.reader, units)
    return {target.slot: convert(distinct, _as_age(target), units) for target in column.targets}


def _as_age(target: Target) -> Target:
    """A counted age is read as a number of years; it becomes a year of birth when the reference date is known."""
    if not target.age_at:
        return target
    return replace(target, variable=replace(target.variable, range=None, usual=None))


def _report_cells(delivery: Delivery, sheet: Sheet) -> None:
    """Turn the notes of distinct values into findings, one a cell of the rows that are kept."""
    for header, slots in sheet.outcomes.items():
        codes = sheet.distinct[header].codes
        for (table, _, name), outcome in slots.items():
            if not outcome.notes:
                continue
            noted = np.isin(codes, list(outcome.notes)) & sheet.kept
            for position in np.flatnonzero(noted):
                delivery.find(sheet, header, int(position), table, name, outcome.notes[int(codes[position])])


def _typed(table: pd.DataFrame, name: str, dictionary: Dictionary) -> pd.DataFrame:
    """All variables of the dictionary in their dtypes, in order; hidden position columns stay behind them."""
    typed = {}
    for variable in dictionary.tables[name].variables.values():
        values = table[variable.name] if variable.name in table else pd.Series(pd.NA, index=table.index)
        if variable.dtype == "Int64":
            values = pd.to_numeric(values, errors="coerce").astype("Int64")
        elif variable.dtype == "float64":
            values = pd.to_numeric(values, errors="coerce").astype("float64")
        elif variable.dtype == "string":
            values = values.astype("string")
        else:
            values = pd.to_datetime(values).astype("datetime64[ns]")
        typed[variable.name] = values
    hidden = {c: table[c] for c in position_columns(table)}
    return pd.DataFrame({**typed, "patient_id": table["patient_id"].astype("string"), **hidden})


def _finished(delivery: Delivery, table: pd.DataFrame, name: str, dictionary: Dictionary) -> pd.DataFrame:
    """The table as it is written: center, source columns, no hidden columns, in a fixed order of rows."""
    out = pd.DataFrame(index=table.index)
    file = pd.Series(pd.NA, index=table.index, dtype="string")
    sheet_name, row = file.copy(), pd.Series(pd.NA, index=table.index, dtype="Int64")
    for column in position_columns(table):
        raw = delivery.sheets[column.removeprefix(POSITION)].raw
        new = file.isna() & table[column].notna()
        file[new], sheet_name[new] = raw.file, raw.sheet
        row[new] = raw.rows[table[column][new].astype("int64")]
    for column, dtype in dictionary.dtypes(name).items():
        if column == "center":
            out[column] = pd.Series(delivery.center, index=table.index, dtype="string")
        elif column in table:
            out[column] = table[column].astype(dtype)
    out["src_file"], out["src_sheet"], out["src_row"] = file, sheet_name, row
    return out.reset_index(drop=True)


def _changes(
    delivery: Delivery, tables: dict[str, pd.DataFrame], units: Units, accepted: Path | None, receipt: Mapping[str, Any]
) -> tuple[pd.DataFrame, str]:
    """What the delivery changed, and which one it replaces; a delivery that was accepted keeps what was said then."""
    if not delivery.before:
        delivery.stop_if_problems()
        return earlier_changes(accepted, receipt)
    changes = compare_with_accepted(delivery, tables, units)
    delivery.stop_if_problems()
    return changes, delivery_sha(delivery.before.receipt)[:SHORT]


def _validate(tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> None:
    from multicenter.harmonize.validate import validate_tables

    validate_tables(tables, dictionary)
