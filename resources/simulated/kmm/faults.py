"""The planted faults, and the list of every finding that the extracts must give rise to.

Three passes: what is wrong in the records (transfers, duplicate rows, wrong values: `changes`), what is wrong in single
cells (unreadable, coarse, censored: `planted`), and what a careful reader finds in the result by rule (`rules`), be it
planted or natural. Nothing here changes who is eligible, the groups, or the endpoints.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from multicenter.simulate.streams import stream

from .dialects import account, rules
from .dialects.changes import CHANGES, allowed, edit, overview
from .dialects.planted import PLANTS, Plant
from .dialects.sheets import Delivery, Records

# (kept in, sent again by)
TRANSFERS = (
    ("KUAH", "KUASH"), ("CNUH", "CNUHH"), ("SMC", "SNUBH"), ("SSMH", "NCC"), ("SNUH", "KUGH"), ("JBUH", "WKUH"),
)  # fmt: skip
# center: (exact duplicates, duplicates with an older last contact)
REPEATS = {"DSMC": (3, 3), "JBUH": (2, 1), "CNUHH": (1, 1), "KUGH": (1, 0), "WKUH": (0, 1), "SSMH": (1, 0)}
FIRST = 400
COLUMNS = ["center", "file", "sheet", "row", "column", "patient_id", "table", "variable", "kind", "outcome", "value"]


def first_patients(records: Records) -> set[str]:
    """Return the ids of a center's first patients: in a large study faults are planted among them alone."""
    return set(records.tables["patient"]["patient_id"].iloc[:FIRST])


def _plain(records: Records) -> pd.Series:
    """Return the eligible patients, by id, in whose truth no rule finds anything: their pd.Index as a Series of ids."""
    few = first_patients(records)
    tables = {name: frame[frame["patient_id"].isin(few)] for name, frame in records.tables.items()}
    cells = account.template(Records(records.center, tables, records.cut))
    values = []
    for (table, variable), rows in cells.groupby(["table", "variable"], sort=False):
        source = tables[table]
        values.append(pd.Series(source[variable].astype(object).to_numpy(), index=rows.index))
    sent = pd.concat(values).sort_index()
    cells["sent"] = sent.where(sent.notna(), None)
    known = cells[~cells["variable"].isin(["center", "patient_id"])]
    hit = set(rules.found(known, records.cut)["patient_id"])
    patient = tables["patient"]
    good = (patient["x_eligible"] == 1) & ~patient["patient_id"].isin(hit | records.locked)
    return patient.loc[good, "patient_id"]


def add_transfers(studies: dict[str, Records]) -> pd.DataFrame:
    """Send six eligible patients' records a second time, by another center under another id, and lock them.

    Returns kept_center, kept_id, dropped_center, dropped_id: the recorded decision (the first center's record stays).
    """
    rows = []
    for kept, second in TRANSFERS:
        if kept not in studies or second not in studies:
            continue
        here, there = studies[kept], studies[second]
        o = overview(here).loc[list(_plain(here))]
        limit = min(here.cut, there.cut) - pd.Timedelta(days=10)
        fits = o[(o["last_fu_date"] <= limit) & (o["death_yn"] == 0) & (o["spm_yn"] == 0)]
        if fits.empty:
            continue
        old = str(fits.index[len(fits) // 2])
        new = _next_id(there)
        for name, frame in here.tables.items():
            copy = frame[frame["patient_id"] == old].assign(center=second, patient_id=new)
            there.tables[name] = pd.concat([there.tables[name], copy.astype(frame.dtypes)], ignore_index=True)
        here.locked.add(old)
        there.locked.add(new)
        rows.append([kept, old, second, new])
    return pd.DataFrame(rows, columns=["kept_center", "kept_id", "dropped_center", "dropped_id"])


def _next_id(records: Records) -> str:
    """Return the id that follows the last one, in the center's own way of writing."""
    last = max(records.tables["patient"]["patient_id"], key=lambda x: int(re.search(r"\d+$", x)[0]))
    head, digits = re.fullmatch(r"(.*?)(\d+)", last).groups()
    return head + str(int(digits) + 1).zfill(len(digits))


def add_repeats(studies: dict[str, Records], transfers: pd.DataFrame) -> None:
    """Choose whose rows are sent twice: eligible, alive, without a finding."""
    for center, (exact, older) in REPEATS.items():
        if center not in studies:
            continue
        records = studies[center]
        o = overview(records).loc[list(_plain(records))]
        fits = o[(o["death_yn"] == 0) & (o["last_fu_date"] - pd.Timedelta(days=200) > o["asct"])]
        chosen = list(fits.index[:: max(1, len(fits) // (exact + older))][: exact + older])
        kinds = ["duplicate_exact"] * exact + ["duplicate_differs"] * older
        records.repeats = dict(zip(chosen, kinds, strict=False))
        records.locked.update(chosen)


def distort(studies: dict[str, Records], transfers: pd.DataFrame, seed: int) -> None:
    """Make the planned changes of `changes.CHANGES`, each in one patient of the first center that has a fitting one."""
    views = {center: overview(records) for center, records in studies.items()}
    for number, change in enumerate(CHANGES):
        for center in change.centers:
            if center not in studies:
                continue
            records, o = studies[center], views[center]
            fits = change.fits(o).fillna(False).astype(bool) & allowed(o, change.who) & ~o.index.isin(records.locked)
            pool = o[fits]
            if pool.empty:
                continue
            outside = pool[pool["x_eligible"] == 0]
            pool = outside if len(outside) and change.who != "any" else pool
            row = pool.iloc[int(stream(seed, "change", str(number)).integers(len(pool)))]
            edit(records, row["patient_id"], change.kind, change.edits(row))
            break


def plant(delivery: Delivery, records: Records, cells: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Plant the single-cell faults of the center into the raw cells and into `cells`; return their list."""
    used: dict[str, int] = {}
    taken: set[tuple[int, int, int]] = set()
    listed = []
    outsiders = set(records.tables["patient"].query("x_exclusion == 'NON_VTD'")["patient_id"])
    for number, one in enumerate(PLANTS.get(delivery.center, [])):
        rows = _candidates(cells, one, records, outsiders, taken)
        order = stream(seed, "plant", delivery.center, str(number)).permutation(len(rows))
        rows = rows.iloc[order]
        rank = [(used.get(pid, 0), pid not in outsiders) for pid in rows["patient_id"]]
        for index in [rows.index[i] for i in sorted(range(len(rank)), key=rank.__getitem__)][: one.n]:
            cell = cells.loc[index]
            column = delivery.sheets[cell["s"]].columns[cell["c"]]
            column.raw[cell["r"]] = one.raw(cell["sent"], column.raw[cell["r"]])
            after = one.after(cell["sent"]) if one.after else None
            lost = _companions(cells, index, one.alone)
            cells.loc[lost, ["sent", "value"]] = None
            cells.loc[index, "sent"] = after
            cells.loc[index, "value"] = after
            cells.loc[[*lost, index], "status"] = "fault"
            cells.loc[[*lost, index], "tolerance"] = 0.0
            taken.add((cell["s"], cell["r"], cell["c"]))
            used[cell["patient_id"]] = used.get(cell["patient_id"], 0) + 1
            listed.append((index, one.kind))
    return _places(delivery, cells, [i for i, _ in listed], [kind for _, kind in listed])


def _companions(cells: pd.DataFrame, index: int, alone: bool) -> list[int]:
    """Return the other variables that are lost with a cell: all that it carries; of free text, what the word said."""
    cell = cells.loc[index]
    here = (cells["s"] == cell["s"]) & (cells["r"] == cell["r"]) & (cells["c"] == cell["c"]) & (cells.index != index)
    if alone:
        here &= (cells["variable"] == "scr") & (cells["item"] == cell["item"]) & (cell["variable"] == "response")
    return list(cells.index[here])


def _candidates(
    cells: pd.DataFrame, one: Plant, records: Records, outsiders: set[str], taken: set[tuple[int, int, int]]
) -> pd.DataFrame:
    """Return the cells into which a fault may go."""
    table, item, variable = one.key.split(".") if "." in one.key else ("patient", "", one.key)
    rows = cells[(cells["table"] == table) & (cells["variable"] == variable) & (cells["status"] == "sent")]
    if item != "*":
        rows = rows[rows["item"] == item]
    rows = rows[rows["sent"].notna() & ~rows["patient_id"].isin(records.locked)]
    if one.who == "first":
        rows = rows[rows["patient_id"].isin(outsiders)]
    if one.fits is not None:
        diagnosed = rows["patient_id"].map(records.column("dx_date"))
        rows = rows[[bool(one.fits(value, dx)) for value, dx in zip(rows["sent"], diagnosed, strict=True)]]
    free = [(s, r, c) not in taken for s, r, c in zip(rows["s"], rows["r"], rows["c"], strict=True)]
    return rows[np.array(free, dtype=bool)]


def natural(delivery: Delivery, records: Records, cells: pd.DataFrame) -> pd.DataFrame:
    """List what the rules find in what was sent; take out of `cells` what a reader must set missing."""
    where = cells.set_index(account.KEYS).index
    for key in records.marks:
        hit = np.flatnonzero(where == key)
        cells.loc[cells.index[hit], "status"] = np.where(
            cells.loc[cells.index[hit], "status"] == "not_sent", "not_sent", "fault"
        )
    gone = rules.impossible(cells)
    lists = [_places(delivery, cells, list(gone.index), list(gone))]
    cells.loc[gone.index, ["sent", "value"]] = None
    cells.loc[gone.index, "status"] = "fault"
    found = rules.found(cells, records.cut)
    index = pd.Series(cells.index, index=pd.MultiIndex.from_frame(cells[account.KEYS]))
    places = []
    for row in found.itertuples(index=False):
        key = (row.patient_id, row.table, row.item, row.variable)
        if key not in index.index and row.variable == "icd10":
            key = (*key[:3], "spm_type")
        places.append(index.loc[key])
    lists.append(_places(delivery, cells, places, list(found["kind"])))
    repeated = set(records.repeats) & set(pd.concat(lists)["patient_id"])
    if repeated:
        raise ValueError(f"{delivery.center}: findings in rows that are sent twice: {sorted(repeated)}")
    return pd.concat(lists, ignore_index=True)


def _places(delivery: Delivery, cells: pd.DataFrame, index: list[int], kinds: list[str]) -> pd.DataFrame:
    """Return the rows of faults.csv for cells of `cells`."""
    rows = []
    for i, kind in zip(index, kinds, strict=True):
        cell = cells.loc[i]
        sheet = delivery.sheets[cell["s"]]
        raw = account.written(sheet.columns[cell["c"]].raw[cell["r"]])
        place = [delivery.center, sheet.file, sheet.name, sheet.first_row + cell["r"], sheet.column_name(cell["c"])]
        rows.append([*place, cell["patient_id"], cell["table"], cell["variable"], kind, rules.outcome(kind), raw])
    return pd.DataFrame(rows, columns=COLUMNS)


def repeated(delivery: Delivery) -> pd.DataFrame:
    """List the rows that are sent twice: the row that a reader drops, without a column."""
    rows = []
    for sheet in delivery.sheets:
        for r in np.flatnonzero(sheet.repeat != ""):
            kind = sheet.repeat[r]
            place = [delivery.center, sheet.file, sheet.name, sheet.first_row + r, "", sheet.ids[r]]
            rows.append([*place, "patient", "", kind, rules.outcome(kind), ""])
    return pd.DataFrame(rows, columns=COLUMNS)


def identity(delivery: Delivery, records: Records, cells: pd.DataFrame) -> pd.DataFrame:
    """Return who each patient is by sex, date of diagnosis and first transplantation, with the place of the id."""
    sheet = delivery.sheets[0]
    rows = np.flatnonzero(sheet.repeat == "")
    out = pd.DataFrame({"patient_id": sheet.ids[rows], "row": sheet.first_row + rows})
    out = out.drop_duplicates("patient_id")
    for variable, item in (("sex", ""), ("dx_date", ""), ("asct_date", "1")):
        mine = cells[(cells["variable"] == variable) & (cells["item"] == item)].set_index("patient_id")["sent"]
        out[variable] = out["patient_id"].map(mine).map(account.text)
    return out.assign(center=delivery.center, file=sheet.file, sheet=sheet.name, column=sheet.column_name(0))


def same_patients(everyone: pd.DataFrame) -> pd.DataFrame:
    """List the patients whom two centers sent: the id cell of both records."""
    known = everyone[(everyone[["sex", "dx_date", "asct_date"]] != "").all(axis=1)]
    groups = known.groupby(["sex", "dx_date", "asct_date"])["center"].transform("nunique")
    out = known[groups > 1].assign(table="patient", variable="patient_id", kind="same_patient", outcome="query")
    return out.assign(value=out["patient_id"])[COLUMNS]
