"""What needs more than one cell: counted ages, and spreadsheet serials of the other date system."""

from __future__ import annotations

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary
from multicenter.harmonize.cells import MISSING, QUERY, Note
from multicenter.harmonize.delivery import Delivery, Sheet
from multicenter.harmonize.source_rows import POSITION
from multicenter.harmonize.spec import parse_address

SHIFT = np.timedelta64(1462, "D")


def derive_birth_years(delivery: Delivery, tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> None:
    """Replace counted ages (one at birth, one more at each New Year) by years of birth, in place.

    Year of birth = year of the reference date − age + 1; without a reference date it is missing.
    """
    for name, sheet in delivery.sheets.items():
        for header, column in sheet.source.columns.items():
            for target in column.targets:
                if target.age_at and header in sheet.outcomes:
                    _birth_year(delivery, sheet, name, header, target, tables, dictionary)


def _birth_year(delivery, sheet: Sheet, source: str, header: str, target, tables, dictionary: Dictionary) -> None:
    table = tables[target.table]
    reference = value_at(tables, dictionary, target.age_at, table["patient_id"])
    ages = table[target.variable.name].astype("float64")
    years = reference.dt.year.to_numpy() - ages + 1
    positions = table[POSITION + source]
    for i in np.flatnonzero(ages.notna() & reference.isna().to_numpy()):
        sheet.override(header, int(positions.iloc[i]), MISSING, f"no {target.age_at} to count the age from")
    bounds = target.variable.range
    beyond = (years < bounds[0]) | (years > bounds[1])
    for i in np.flatnonzero(beyond):
        position = int(positions.iloc[i])
        sheet.override(header, position, QUERY, "out_of_range")
        note = Note("out_of_range", detail=f"born {int(years.iloc[i])}")
        delivery.find(sheet, header, position, target.table, target.variable.name, note)
    table[target.variable.name] = years.mask(beyond)


def value_at(tables: dict[str, pd.DataFrame], dictionary: Dictionary, address: str, patients: pd.Series) -> pd.Series:
    """The value of `table[item].variable` for each of the given patients (missing if there is none)."""
    name, item, variable = parse_address(address, "patient")
    table = tables[name]
    if variable not in table:
        return pd.Series(pd.NaT, index=patients.index)
    if item:
        table = table[table[dictionary.tables[name].item].astype(str) == item]
    return patients.map(table.drop_duplicates("patient_id").set_index("patient_id")[variable])


def check_date_system(delivery: Delivery, tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> None:
    """Report spreadsheet serials that fit the patient's other dates only after adding 1462 days; set them missing.

    A date of the dictionary's `chain` is one if it is out of order with, or more than the longest gap from, its
    neighbor and the shift mends that. A date of `after` is one if it lies before all dates of the chain and the shift
    puts it after all of them.
    """
    serial = {name: _serial_slots(sheet) for name, sheet in delivery.sheets.items()}
    if not any(serial.values()):
        return
    patients = tables["patient"]["patient_id"]
    chain = pd.DataFrame({a: value_at(tables, dictionary, a, patients) for a in dictionary.date_order.chain})
    chain = chain.apply(pd.to_datetime)
    for address in chain.columns:
        wrong = _misfits(chain, address, dictionary.date_order.max_gap)
        hits = set(patients[wrong])
        if hits and _report(delivery, tables, dictionary, serial, address, hits):
            chain.loc[wrong, address] += pd.Timedelta(SHIFT)
    chain.index = pd.Index(patients)
    for address in dictionary.date_order.after:
        _check_after(delivery, tables, dictionary, serial, address, chain)


def _serial_slots(sheet: Sheet) -> dict[tuple[str, str, str], str]:
    """Slots of date columns whose bare numbers are spreadsheet serials: slot → header."""
    found = {}
    for header, column in sheet.source.columns.items():
        for target in column.targets if header in sheet.outcomes else ():
            if target.variable.type == "date" and target.dates.system.startswith("excel"):
                found[target.slot] = header
    return found


def _misfits(chain: pd.DataFrame, address: str, gap: int) -> np.ndarray:
    at = list(chain.columns).index(address)
    before = chain.iloc[:, :at].ffill(axis=1).iloc[:, -1] if at else pd.Series(pd.NaT, index=chain.index)
    rest = chain.iloc[:, at + 1 :]
    after = rest.bfill(axis=1).iloc[:, 0] if rest.shape[1] else pd.Series(pd.NaT, index=chain.index)

    def bad(value: pd.Series) -> pd.Series:
        limit = pd.Timedelta(gap, "D")
        early = (value < before) | (value - before > limit)
        late = (value > after) | (after - value > limit)
        return early | late

    value = chain[address]
    return (bad(value) & ~bad(value + pd.Timedelta(SHIFT)) & value.notna()).to_numpy()


def _check_after(delivery: Delivery, tables, dictionary: Dictionary, serial, address: str, chain: pd.DataFrame) -> None:
    name, _, variable = parse_address(address, "patient")
    table = tables[name]
    if variable not in table or table.empty:
        return
    own = chain.reindex(table["patient_id"])
    first, last = own.min(axis=1).to_numpy(), own.max(axis=1).to_numpy()
    value = table[variable].to_numpy(dtype="datetime64[ns]")
    wrong = (value < first) & (value + SHIFT >= last)
    for i in np.flatnonzero(wrong):
        _report_row(delivery, dictionary, table, i, serial, name, variable)


def _report(delivery: Delivery, tables, dictionary: Dictionary, serial, address: str, patients: set[str]) -> bool:
    name, item, variable = parse_address(address, "patient")
    table = tables[name]
    rows = table["patient_id"].isin(patients)
    if item:
        rows &= table[dictionary.tables[name].item].astype(str) == item
    done = [_report_row(delivery, dictionary, table, i, serial, name, variable) for i in np.flatnonzero(rows)]
    return any(done)


def _report_row(
    delivery: Delivery, dictionary: Dictionary, table: pd.DataFrame, i: int, serial, name: str, variable: str
) -> bool:
    for source, slots in serial.items():
        for slot, header in slots.items():
            sheet = delivery.sheets[source]
            place = table.get(POSITION + source)
            if slot[0] != name or slot[2] != variable or place is None or pd.isna(place.iloc[i]):
                continue
            position = sheet.row_that_says(slot, header, int(place.iloc[i]))
            if slot[1] and str(table[dictionary.tables[name].item].iloc[i]) != slot[1]:
                continue
            if not isinstance(sheet.raw.cells[header].iloc[position], (int, float)):
                continue
            table.loc[table.index[i], variable] = pd.NaT
            sheet.override(header, position, QUERY, "date_system_1904")
            delivery.find(sheet, header, position, name, variable, Note("date_system_1904"))
            return True
    return False
