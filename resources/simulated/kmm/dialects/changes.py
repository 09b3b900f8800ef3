"""Faults that are wrong values: changed in the records before a center writes them, so that each dialect spells them.

Each plan names where it goes by preference; a center that has no fitting patient passes it on. `who` keeps the
eligible patients, their groups and their endpoints out of it:

* any: the variable is in no analysis, or the analysis reads another one (ISS from its parts, use from the dates);
* first: excluded by the first criterion (induction), so that nothing after it can change the flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from .sheets import ITEM, Records

Row = pd.Series
Edit = tuple[str, str, str, object]


@dataclass(frozen=True)
class Change:
    """A planned change: where, for whom, and the edits (table, item, variable, value) made from a patient's row."""

    kind: str
    centers: tuple[str, ...]
    fits: Callable[[pd.DataFrame], pd.Series]
    edits: Callable[[Row], list[Edit]]
    who: str = "any"


def days(n: int) -> pd.Timedelta:
    return pd.Timedelta(days=n)


def _cell(variable: str, value: Callable[[Row], object]) -> Callable[[Row], list[Edit]]:
    """Return an edit of one variable of the patient, of the first transplantation or of the first episode."""
    table, item, name = ("patient", "", variable) if "." not in variable else variable.split(".")
    return lambda row: [(table, item, name, value(row))]


def _new_spm(date: Callable[[Row], pd.Timestamp], icd10: str, kind: str) -> Callable[[Row], list[Edit]]:
    return lambda row: [
        ("malignancy", "1", "spm_date", date(row)),
        ("malignancy", "1", "icd10", icd10),
        ("malignancy", "1", "spm_type", kind),
        ("patient", "", "spm_yn", 1),
    ]


def _late_drug(row: Row) -> list[Edit]:
    """A drug given after progression, listed as maintenance."""
    begin = row["pd_date"] + days(21)
    values = {
        "drug": "LEN",
        "combination": 0,
        "maint_start": begin,
        "maint_end": begin + days(35),
        "ongoing": 0,
        "dose": 10.0,
        "stop_reason": "unknown",
        "pn_grade": 0,
    }
    return [("maintenance", "1", name, value) for name, value in values.items()] + [("patient", "", "maint_yn", 1)]


def _early(row: Row) -> list[Edit]:
    """Progression three weeks before the transplantation."""
    values = {"pd_date": row["asct"] - days(24), "pd_yn": 1, "pd_type": "clinical"}
    return [("patient", "", name, value) for name, value in values.items()]


def _free(o: pd.DataFrame) -> pd.Series:
    return o["m_drug"].isna()


def _treated(o: pd.DataFrame) -> pd.Series:
    return o["m_start"].notna() & o["m_end"].notna()


def _no_spm(o: pd.DataFrame) -> pd.Series:
    return (o["spm_yn"] == 0) & o["asct"].notna()


def _alive(o: pd.DataFrame) -> pd.Series:
    return (o["death_yn"] == 0) & o["last_fu_date"].notna()


def _wrong_stage(row: Row) -> str:
    return {"I": "II", "II": "III", "III": "II"}[row["iss"]]


def _staged(o: pd.DataFrame) -> pd.Series:
    return o["iss"].notna() & o["b2m"].notna() & o["alb"].notna()


def _has(*names: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda o: o[list(names)].notna().all(axis=1)


LABS = ("SMC", "SSMH", "CNUHH", "SNUH", "NCC")
CHANGES = [
    *[
        Change("dx_after_induction", (c,), _has("ind_start"), _cell("ind_start", lambda r: r["dx_date"] - days(6)))
        for c in ("KUGH", "SNUBH", "NCC")
    ],
    *[
        Change(
            "induction_after_transplant",
            (c,),
            _has("ind_start", "asct"),
            _cell("ind_start", lambda r: r["asct"] + days(9)),
        )
        for c in ("SSMH", "JBUH")
    ],
    *[
        Change(
            "maintenance_before_transplant",
            (c, *LABS),
            _treated,
            _cell("maintenance.1.maint_start", lambda r: r["asct"] - days(21)),
            "first",
        )
        for c in ("SMC", "SSMH")
    ],
    *[
        Change(
            "maintenance_end_before_start",
            (c, *LABS),
            _treated,
            _cell("maintenance.1.maint_end", lambda r: r["m_start"] - days(30)),
            "first",
        )
        for c in ("CNUHH", "SMC")
    ],
    Change(
        "progression_before_transplant",
        ("DAUH", "SNUBH", *LABS),
        lambda o: _free(o) & o["asct"].notna(),
        _early,
        "first",
    ),
    Change(
        "death_before_progression",
        ("SNUH", *LABS),
        _has("pd_date", "death_date"),
        _cell("pd_date", lambda r: r["death_date"] + days(12)),
        "first",
    ),
    *[
        Change(
            "contact_after_cut", (c, "SNUH", "SMC"), _alive, _cell("last_fu_date", lambda r: r["cut"] + days(38)), "cut"
        )
        for c in ("KUGH", "KUGH", "CNUHH", "SSMH")
    ],
    *[
        Change(
            "contact_after_death",
            (c,),
            lambda o: o["death_date"] + days(40) < o["cut"],
            _cell("last_fu_date", lambda r: r["death_date"] + days(33)),
        )
        for c in ("KUGH", "NCC", "SMC", "SNUH")
    ],
    *[
        Change(
            "maintenance_after_progression",
            (c, *LABS),
            lambda o: _free(o) & (o["pd_date"] + days(100) < o["last_fu_date"]),
            _late_drug,
            "first",
        )
        for c in ("SSMH", "SNUBH")
    ],
    *[
        Change("maintenance_stated_without_drug", (c,), _free, _cell("maint_yn", lambda r: 1))
        for c in ("SMC", "CNUHH", "CNUH", "KUASH")
    ],
    *[
        Change("maintenance_stated_against_dates", (c,), _treated, _cell("maint_yn", lambda r: 0))
        for c in ("SSMH", "CNUHH", "NCC")
    ],
    *[
        Change(
            "maintenance_too_short",
            (c, *LABS),
            _treated,
            _cell("maintenance.1.maint_end", lambda r: r["m_start"] + days(14)),
            "first",
        )
        for c in ("SNUH", "SSMH")
    ],
    *[
        Change(
            "maintenance_beyond_progression",
            (c, *LABS),
            lambda o: (
                (o["m_end"] >= o["pd_date"]) & (o["pd_date"] + days(90) < o["last_fu_date"]) & (o["episodes"] == 1)
            ),
            _cell("maintenance.1.maint_end", lambda r: r["pd_date"] + days(75)),
        )
        for c in ("CNUHH", "NCC", "SMC")
    ],
    *[
        Change("iss_mismatch", (c,), _staged, _cell("iss", _wrong_stage))
        for c in ("SMC", "CNUHH", "SNUH", "KUAH", "HPH")
    ],
    *[
        Change(
            "high_risk_mismatch",
            (c,),
            _has("cyto_high", "del17p"),
            _cell("cyto_high", lambda r: 1 - int(r["cyto_high"])),
        )
        for c in ("SMC", "SSMH", "NCC", "SNUBH")
    ],
    *[
        Change(
            "riss_without_fish", (c,), lambda o: (o["fish_done"] == 0) & o["riss"].isna(), _cell("riss", lambda r: "II")
        )
        for c in ("SMC", "CNUHH", "SSMH", "SNUH")
    ],
    *[
        Change("mel_dose_total", (c,), lambda o: o["mel_dose"] == 200, _cell("transplant.1.mel_dose", lambda r: 340.0))
        for c in ("CNUHH", "SNUH", "KUAH")
    ],
    *[
        Change("spm_before_transplant", (c,), _no_spm, _new_spm(lambda r, n=n: r["asct"] - days(n), icd, "solid"))
        for c, n, icd in (("SMC", 2900, "C73"), ("SNUH", 1460, "C16"), ("SSMH", 3333, "C50"), ("CNUHH", 2222, "C18"))
    ],
    *[
        Change(
            "spm_not_malignancy",
            (c,),
            lambda o: _no_spm(o) & (o["pd_date"] + days(5) < o["last_fu_date"]),
            _new_spm(lambda r: r["pd_date"], icd, "not_spm"),
        )
        for c, icd in (("CNUHH", "C90"), ("SNUH", "E85"), ("NCC", "C90"))
    ],
    *[
        Change("unit_suspect", (c,), _has("hb"), _cell("hb", lambda r: round(r["hb"] * 10)))
        for c in ("KUGH", "SMC", "KUASH")
    ],
    *[
        Change("unit_suspect", (c,), _staged, _cell("alb", lambda r: round(r["alb"] * 10)))
        for c in ("CNUHH", "HPH", "SNUH")
    ],
    *[
        Change("unit_suspect", (c, "SSMH", *LABS), _has("cr"), _cell("cr", lambda r: 150.0), "first")
        for c in ("SMC", "CNUHH")
    ],
    *[Change("out_of_range", (c,), _has("ecog"), _cell("ecog", lambda r: 7)) for c in ("NCC", "JBUH")],
    *[Change("out_of_range", (c,), _has("bmpc"), _cell("bmpc", lambda r: 450.0)) for c in ("SNUBH", "CNUH")],
    *[Change("out_of_range", (c,), _has("vtd_cycles"), _cell("vtd_cycles", lambda r: 40), "first") for c in ("CNUHH",)],
    *[
        Change("out_of_range", (c,), _has("pn_grade"), _cell("maintenance.1.pn_grade", lambda r: 8))
        for c in ("SSMH", "SMC")
    ],
    *[Change("unusual", (c,), _has("plt"), _cell("plt", lambda r: 14.0)) for c in ("SMC", "SNUBH")],
    *[Change("unusual", (c,), _has("ca"), _cell("ca", lambda r: 6.3)) for c in ("CNUHH", "NCC", "KUAH")],
]


def overview(records: Records) -> pd.DataFrame:
    """Return one row a patient: the patient table with the first transplantation and the first episode beside it."""
    patient = records.tables["patient"]
    out = patient.set_index("patient_id", drop=False)
    first = records.tables["transplant"].query("asct_no == 1").set_index("patient_id")
    episode = records.tables["maintenance"].query("episode_no == 1").set_index("patient_id")
    out = out.assign(
        asct=first["asct_date"],
        mel_dose=first["mel_dose"],
        m_drug=episode["drug"],
        m_start=episode["maint_start"],
        m_end=episode["maint_end"],
        pn_grade=episode["pn_grade"],
        cut=records.cut,
        episodes=records.tables["maintenance"].groupby("patient_id").size(),
    )
    return out


def allowed(o: pd.DataFrame, who: str) -> pd.Series:
    """Return which patients a change may touch."""
    if who == "first":
        return o["x_exclusion"] == "NON_VTD"
    if who == "cut":
        return ((o["x_eligible"] == 0) & ~o["x_exclusion"].isin(["NO_FOLLOW_UP"])) | (o["last_fu_date"] == o["cut"])
    return pd.Series(True, index=o.index)


def edit(records: Records, patient_id: str, kind: str, edits: list[Edit]) -> None:
    """Make the edits in the records (a row that is not there is added), mark the cells, lock the patient."""
    for table, item, variable, value in edits:
        frame = records.tables[table]
        rows = frame["patient_id"] == patient_id
        if item:
            rows &= frame[ITEM[table]].astype(str) == item
        if not rows.any():
            new = {"center": records.center, "patient_id": patient_id, ITEM[table]: int(item)}
            added = pd.DataFrame([new]).reindex(columns=frame.columns).astype(frame.dtypes)
            frame = pd.concat([frame, added], ignore_index=True)
            records.tables[table] = frame
            rows = (frame["patient_id"] == patient_id) & (frame[ITEM[table]].astype(str) == item)
        frame.loc[rows, variable] = value
        records.marks[patient_id, table, item, variable] = kind
    records.locked.add(patient_id)
