"""KUASH: one xlsx with date cells and formulas (their values are kept in the file; some are errors), missing `ND`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import words
from .fields import Cells, day_cell, number, objects
from .formats import Formula, write_xlsx
from .layout import describe
from .sheets import Delivery, Form, Records, letter, read_note
from .wide import Style, fill

BLANK = "ND"
TIMES = {
    "pre_asct": "PreASCT",
    "post_asct": "PostASCT",
    "m3": "Mt3",
    "m6": "Mt6",
    "m12": "Mt12",
    "m18": "Mt18",
    "m24": "Mt24",
}
HEADERS = {
    "id": "ID",
    "sex": "Sex",
    "dx_date": "Dx_date",
    "age": "Age",
    "diagnosis": "Dx",
    "ecog": "ECOG",
    "mprotein_heavy": "HC",
    "mprotein_light": "LC",
    "mprot_serum": "SPEP_gdL",
    "mprot_urine": "UPEP_mgd",
    "flc_kappa": "K_mgL",
    "flc_lambda": "L_mgL",
    "bmpc": "PC_pct",
    "hb": "Hb_gdL",
    "plt": "Plt_K",
    "ca": "Ca_mgdL",
    "cr": "Cr_mgdL",
    "alb": "Alb_gdL",
    "b2m": "B2M_mgL",
    "ldh": "LDH",
    "ldh_uln": "LDH_ULN",
    "ldh_high": "LDH_HN",
    "iss": "ISS",
    "riss": "RISS",
    "fish_done": "FISH",
    "del17p": "p17",
    "t_4_14": "t414",
    "t_14_16": "t1416",
    "t_14_20": "t1420",
    "gain1q": "g1q",
    "t_11_14": "t1114",
    "del13q": "d13q",
    "plasmacytoma": "Plasmacytoma",
    "ind_regimen": "Ind",
    "ind_start": "Ind_start",
    "ind_end": "Ind_end",
    "vtd_cycles": "Cyc",
    "transplant.1.asct_date": "ASCT1",
    "transplant.1.asct_type": "ASCT1_type",
    "transplant.1.conditioning": "ASCT1_cond",
    "transplant.1.mel_dose": "ASCT1_mel",
    "transplant.2.asct_date": "ASCT2",
    "transplant.2.asct_type": "ASCT2_type",
    "transplant.2.conditioning": "ASCT2_cond",
    "transplant.2.mel_dose": "ASCT2_mel",
    "consolidation": "Consol",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", w), (f"response.{t}.response_date", f"{w}_date"))
    },
    "response.best": "Best",
    "maint_yn": "Mt",
    "maintenance.1.drug": "Mt_drug",
    "maintenance.1.dose": "Mt_dose",
    "maintenance.1.combination": "Mt_combi",
    "maintenance.1.maint_start": "Mt_start",
    "maintenance.1.ended": "Mt_end",
    "maintenance.1.stop_reason": "Mt_stop",
    "maintenance.1.pn_grade": "Mt_PN",
    "maintenance.2.drug": "Mt2_drug",
    "maintenance.2.dose": "Mt2_dose",
    "maintenance.2.combination": "Mt2_combi",
    "maintenance.2.maint_start": "Mt2_start",
    "maintenance.2.ended": "Mt2_end",
    "maintenance.2.stop_reason": "Mt2_stop",
    "maintenance.2.pn_grade": "Mt2_PN",
    "pd_yn": "PD",
    "pd_date": "PD_date",
    "pd_type": "PD_type",
    "~pfs": "PFS_mo",
    "next_tx_date": "Next_date",
    "next_tx": "Next",
    "death_yn": "Death",
    "death_date": "Death_date",
    "death_cause": "Cause",
    "last_assess_date": "Last_assess",
    "last_fu_date": "Last_FU",
    "spm_yn": "SPM",
    "malignancy.1.spm_date": "SPM_date",
    "malignancy.1.site": "SPM_site",
}


def build(records: Records) -> Delivery:
    """Return the delivery of KUASH."""
    file = f"{records.center}_KMM.xlsx"
    f = Form(records, file, "Sheet1", letters=True)
    fill(f, _style())
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_xlsx(out / file, d.sheets), note)


def _at(key: str, row: int) -> str:
    """Return the cell of a column in a row counted from 0."""
    return f"{letter(list(HEADERS).index(key))}{row + 2}"


def _age(f: Form, header: str) -> None:
    values = f.get("age_dx")
    cells = number(1, blank=BLANK)(values)
    birth = pd.to_datetime(f.get("birth_date")).dt.strftime("%Y,%-m,%-d")
    raw = [
        Formula(f"=ROUND(({_at('dx_date', i)}-DATE({birth[i]}))/365.25,1)", v) if v != BLANK else v
        for i, v in enumerate(cells.raw)
    ]
    f.carry(f.extra(header, raw, means="age at diagnosis, years (formula)"), "age_dx", values, cells)


def _high(f: Form, header: str) -> None:
    values = objects(f.get("ldh_high"))
    raw = np.full(len(f), BLANK, dtype=object)
    for i, high in enumerate(values):
        if high is not None:
            test = f'=IF({_at("ldh", i)}>{_at("ldh_uln", i)},"H","N")'
            raw[i] = Formula(test, "H" if high == 1 else "N")
    f.carry(f.extra(header, raw, means="H, N (formula)"), "ldh_high", f.get("ldh_high"), Cells(raw, values))


def _pfs(f: Form, header: str) -> None:
    """Months from induction to progression, a formula that carries nothing; errors where there is no progression."""
    months = (f.get("pd_date") - f.get("ind_start")).dt.days / 30.4375
    raw = [
        Formula(f"=({_at('pd_date', i)}-{_at('ind_start', i)})/30.4375", round(m, 1) if m == m else "#VALUE!")
        for i, m in enumerate(months)
    ]
    f.extra(header, raw, means="months from start of induction (formula), not needed")


def _style() -> Style:
    stage = {"I": 1, "II": 2, "III": 3}
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=day_cell(BLANK),
        text=False,
        yes={1: "Y", 0: "N"},
        words={
            "sex": {"M": "M", "F": "F"},
            "diagnosis": {"NDMM": "NDMM", "AL": "AL", "PCL": "PCL", "OTHER": "other"},
            "mprotein_heavy": {
                "IgG": "IgG",
                "IgA": "IgA",
                "IgD": "IgD",
                "IgM": "IgM",
                "IgE": "IgE",
                "LCD": "LCD",
                "NS": "NS",
            },
            "mprotein_light": {"kappa": "k", "lambda": "l", "biclonal": "kl"},
            "iss": stage,
            "riss": stage,
            **{probe: {1: "P", 0: "N"} for probe in words.FISH_KEYS[1:]},
            "ind_regimen": {
                "VTD": "VTD",
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "other",
            },
            "asct_type": {"single": "single", "planned_tandem": "tandem", "salvage": "salvage", "allo": "allo"},
            "conditioning": {"MEL200": "M200", "MEL140": "M140", "BUMEL": "BuMel", "OTHER": "other"},
            "consolidation": {"none": "N", "VTD": "VTD", "other": "other"},
            "response": {"CR": "CR", "VGPR": "VGPR", "PR": "PR", "MR": "MR", "SD": "SD", "PD": "PD", "NE": "NE"},
            "drug": {"THAL": ["Thal", "T"], "LEN": ["Len", "R"], "BOR": ["Bor", "V"], "IXA": "Ixa", "OTHER": "other"},
            "stop_reason": words.STOP_EN | {"unknown": "?"},
            "pd_type": {"biochemical": "bio", "clinical": "clin"},
            "death_cause": words.CAUSE_EN | {"unknown": "?"},
        },
        special={"age": _age, "ldh_high": _high, "~pfs": _pfs},
        means={
            "dose": "mg, bortezomib mg/m2",
            "combination": "Y = doublet or trial drug",
            "plasmacytoma": "Y, N: paraskeletal or extramedullary",
        },
    )
