"""What a careful reader must find in what was sent: soft ranges and the rules across fields, told from the cells alone.

Written apart from the harmonizer, so that the two can be compared: nothing here is used to clean anything.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

DICTIONARY = Path(__file__).resolve().parents[4] / "config" / "variables.yaml"
NOTES = {
    "date_month_only",
    "date_text",
    "unusual",
    "below_limit",
    "above_limit",
    "range_midpoint",
    "duplicate_exact",
    "maintenance_after_progression",
    "maintenance_too_short",
    "maintenance_beyond_progression",
    "spm_before_transplant",
}
FOUND = ["patient_id", "table", "item", "variable", "kind"]


def outcome(kind: str) -> str:
    """Return how a kind of finding ends: query or note."""
    return "note" if kind in NOTES else "query"


def ranges(which: str, dictionary: Path = DICTIONARY) -> dict[tuple[str, str], tuple[object, object]]:
    """Return {(table, variable): (low, high)} of the dictionary's `range` or `usual`; dates as timestamps."""
    out = {}
    for table, spec in yaml.safe_load(dictionary.read_text(encoding="utf-8"))["tables"].items():
        for name, variable in spec["variables"].items():
            if which in variable:
                low, high = variable[which]
                out[table, name] = (
                    (pd.Timestamp(low), pd.Timestamp(high)) if variable["type"] == "date" else (low, high)
                )
    return out


def suspects(dictionary: Path = DICTIONARY) -> dict[tuple[str, str], tuple[float, float, str]]:
    """Return {(table, variable): (above, up to, kind)}: the zone in which a value fits another unit better."""
    out = {}
    for table, spec in yaml.safe_load(dictionary.read_text(encoding="utf-8"))["tables"].items():
        for name, variable in spec["variables"].items():
            zone = variable.get("suspect")
            if zone:
                out[table, name] = (zone["above"], zone["up_to"], zone.get("kind", "unit_suspect"))
    return out


def impossible(cells: pd.DataFrame) -> pd.Series:
    """Return, by index, the kind of finding of cells that cannot be true: suspect zones, hard ranges."""
    kinds = {}
    for (table, variable), (above, up_to, kind) in suspects().items():
        rows = cells[(cells["table"] == table) & (cells["variable"] == variable) & cells["sent"].notna()]
        sent = rows["sent"].astype(float)
        kinds |= dict.fromkeys(rows.index[(sent > above) & (sent <= up_to)], kind)
    for index in cells.index[outside(cells, "range")]:
        kinds.setdefault(index, "out_of_range")
    return pd.Series(kinds, dtype=object).sort_index()


def outside(cells: pd.DataFrame, which: str) -> pd.Series:
    """Return, for every cell of `received`, whether what a reader gets lies outside the dictionary's range."""
    out = pd.Series(False, index=cells.index)
    for (table, variable), (low, high) in ranges(which).items():
        rows = cells[(cells["table"] == table) & (cells["variable"] == variable) & cells["sent"].notna()]
        if len(rows):
            sent = rows["sent"].astype("datetime64[ns]" if isinstance(low, pd.Timestamp) else float)
            out[rows.index] = (sent < low) | (sent > high)
    return out


def found(cells: pd.DataFrame, cut: pd.Timestamp) -> pd.DataFrame:
    """Return every finding of the soft ranges and the cross-field rules (columns FOUND), one row a finding."""
    unusual = cells.loc[outside(cells, "usual"), ["patient_id", "table", "item", "variable"]].assign(kind="unusual")
    patient = _wide(cells, "patient")
    transplant, maintenance = _wide(cells, "transplant"), _wide(cells, "maintenance")
    spm = _wide(cells, "malignancy")
    first = transplant[transplant["item"] == "1"].set_index("patient_id")
    patient["asct"] = _dates(first, "asct_date").reindex(patient["patient_id"]).to_numpy()
    hits = [unusual, *_patient_rules(patient, maintenance, cut), *_stage_rules(patient)]
    hits += _maintenance_rules(maintenance, patient) + _malignancy_rules(spm, patient)
    return pd.concat(hits, ignore_index=True)[FOUND]


def _wide(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return what was sent of a table, one row a record, a column a variable."""
    rows = cells[(cells["table"] == table) & cells["sent"].notna()]
    wide = rows.pivot_table(index=["patient_id", "item"], columns="variable", values="sent", aggfunc="first")
    return wide.reset_index().rename_axis(columns=None)


def _col(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def _dates(frame: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_datetime(_col(frame, name))


def _hit(rows: pd.DataFrame, table: str, variable: str, kind: str) -> pd.DataFrame:
    out = rows[["patient_id", "item"]].copy()
    return out.assign(table=table, variable=variable, kind=kind)


def _patient_rules(p: pd.DataFrame, maintenance: pd.DataFrame, cut: pd.Timestamp) -> list[pd.DataFrame]:
    """Order of a patient's dates; maintenance as stated against its episodes."""
    dx, start, asct = _dates(p, "dx_date"), _dates(p, "ind_start"), pd.to_datetime(p["asct"])
    progression, death, contact = _dates(p, "pd_date"), _dates(p, "death_date"), _dates(p, "last_fu_date")
    stated = pd.to_numeric(_col(p, "maint_yn"))
    drug = maintenance[_col(maintenance, "drug").notna()]["patient_id"]
    begun = maintenance[_dates(maintenance, "maint_start").notna()]["patient_id"]
    rules = [
        ("dx_after_induction", "ind_start", dx > start),
        ("induction_after_transplant", "ind_start", start > asct),
        ("progression_before_transplant", "pd_date", progression < asct),
        ("death_before_progression", "death_date", death < progression),
        ("contact_after_cut", "last_fu_date", contact > cut),
        ("contact_after_death", "last_fu_date", contact > death),
        ("maintenance_stated_without_drug", "maint_yn", (stated == 1) & ~p["patient_id"].isin(drug)),
        ("maintenance_stated_against_dates", "maint_yn", (stated == 0) & p["patient_id"].isin(begun)),
    ]
    return [_hit(p[rows], "patient", variable, kind) for kind, variable, rows in rules]


def _stage_rules(p: pd.DataFrame) -> list[pd.DataFrame]:
    """ISS, R-ISS and high risk as given, against what they are made of (Greipp 2005, Palumbo 2015)."""
    b2m, alb = pd.to_numeric(_col(p, "b2m")), pd.to_numeric(_col(p, "alb"))
    computed = pd.Series("II", index=p.index)
    computed[(b2m < 3.5) & (alb >= 3.5)] = "I"
    computed[b2m >= 5.5] = "III"
    iss = _col(p, "iss")
    lesions = pd.concat([pd.to_numeric(_col(p, name)) for name in ("del17p", "t_4_14", "t_14_16")], axis=1)
    tested = lesions.notna().all(axis=1)
    high = pd.to_numeric(_col(p, "cyto_high"))
    fish = (pd.to_numeric(_col(p, "fish_done")) != 0) & lesions.notna().any(axis=1)
    ldh = pd.to_numeric(_col(p, "ldh_high")).notna()
    ldh |= pd.to_numeric(_col(p, "ldh")).notna() & pd.to_numeric(_col(p, "ldh_uln")).notna()
    rules = [
        ("iss_mismatch", "iss", iss.notna() & b2m.notna() & alb.notna() & (iss != computed)),
        ("high_risk_mismatch", "cyto_high", high.notna() & tested & (high != lesions.max(axis=1))),
        ("riss_without_fish", "riss", _col(p, "riss").notna() & ~(fish & ldh)),
    ]
    return [_hit(p[rows], "patient", variable, kind) for kind, variable, rows in rules]


def _maintenance_rules(m: pd.DataFrame, p: pd.DataFrame) -> list[pd.DataFrame]:
    """Every episode against transplantation and progression."""
    if m.empty:
        return []
    of = m["patient_id"]
    begin, end = _dates(m, "maint_start"), _dates(m, "maint_end")
    asct = of.map(pd.to_datetime(p.set_index("patient_id")["asct"]))
    progression = of.map(_dates(p.set_index("patient_id"), "pd_date"))
    days = (end - begin).dt.days
    rules = [
        ("maintenance_before_transplant", "maint_start", begin < asct),
        ("maintenance_end_before_start", "maint_end", end < begin),
        ("maintenance_after_progression", "maint_start", begin > progression),
        ("maintenance_too_short", "maint_end", (days >= 0) & (days < 28)),
        (
            "maintenance_beyond_progression",
            "maint_end",
            (begin <= progression) & (end > progression + pd.Timedelta(days=60)),
        ),
    ]
    return [_hit(m[rows], "maintenance", variable, kind) for kind, variable, rows in rules]


def _malignancy_rules(s: pd.DataFrame, p: pd.DataFrame) -> list[pd.DataFrame]:
    """Second malignancies that are older than the transplantation, or none."""
    if s.empty:
        return []
    asct = s["patient_id"].map(pd.to_datetime(p.set_index("patient_id")["asct"]))
    before = s[_dates(s, "spm_date") < asct]
    none = s[_col(s, "spm_type") == "not_spm"]
    return [
        _hit(before, "malignancy", "spm_date", "spm_before_transplant"),
        _hit(none, "malignancy", "icd10", "spm_not_malignancy"),
    ]
