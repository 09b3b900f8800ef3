"""KUAH: one xlsx with serial numbers for dates (a few rows came from a 1904 workbook), FISH in columns and text."""

from __future__ import annotations

from . import words
from .fields import EXCEL_1900, coded, day_count
from .formats import write_xlsx
from .layout import SecondRows, describe, fish_text
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

BLANK = "unknown"
HEADERS = {
    "id": "Study No",
    "sex": "Sex",
    "birth_date": "Birth",
    "diagnosis": "Diagnosis",
    "dx_date": "Dx date",
    "ecog": "ECOG",
    "isotype": "Ig type",
    "mprot_serum": "M-spike (g/dL)",
    "mprot_urine": "24h urine M (mg)",
    "flc_kappa": "sFLC kappa (mg/L)",
    "flc_lambda": "sFLC lambda (mg/L)",
    "bmpc": "BM plasma cell (%)",
    "hb": "Hb (g/dL)",
    "plt": "Plt (10^3/uL)",
    "ca": "Ca (mg/dL)",
    "cr": "Cr (mg/dL)",
    "alb": "Albumin (g/dL)",
    "b2m": "B2MG (mg/L)",
    "ldh": "LDH (U/L)",
    "ldh_uln": "LDH ULN (U/L)",
    "iss": "ISS",
    "riss": "R-ISS",
    "~dss": "Durie-Salmon",
    "fish_done": "FISH done",
    "del17p": "del17p",
    "t_4_14": "t(4;14)",
    "t_14_16": "t(14;16)",
    "fish": "other FISH",
    "emd_dx": "EMD",
    "ind_regimen": "Induction",
    "ind_start": "Induction start",
    "ind_end": "Induction end",
    "vtd_cycles": "Cycles",
    "~mobil": "Mobilization",
    "asct_no": "SCT no",
    "transplant.*.asct_date": "SCT date",
    "transplant.*.asct_type": "SCT type",
    "transplant.*.conditioning": "Conditioning",
    "transplant.*.mel_dose": "Mel dose (mg/m2)",
    "consolidation": "Consolidation",
    "response.pre_asct": "RES_PRE",
    "response.pre_asct.response_date": "RES_PRE date",
    "response.post_asct": "RES_POST",
    "response.post_asct.response_date": "RES_POST date",
    "response.m3": "RES_3M",
    "response.m3.response_date": "RES_3M date",
    "response.m6": "RES_6M",
    "response.m6.response_date": "RES_6M date",
    "response.m12": "RES_12M",
    "response.m12.response_date": "RES_12M date",
    "response.m18": "RES_18M",
    "response.m18.response_date": "RES_18M date",
    "response.m24": "RES_24M",
    "response.m24.response_date": "RES_24M date",
    "response.best": "RES_BEST",
    "maint_yn": "Maintenance",
    "maintenance.1.text": "Maint drug",
    "maintenance.1.maint_start": "Maint start",
    "maintenance.1.ended": "Maint end",
    "maintenance.1.stop_reason": "Maint stop",
    "maintenance.1.pn_grade": "PN",
    "maintenance.2.text": "Maint drug 2",
    "maintenance.2.maint_start": "Maint start 2",
    "maintenance.2.ended": "Maint end 2",
    "maintenance.2.stop_reason": "Maint stop 2",
    "maintenance.2.pn_grade": "PN 2",
    "pd_yn": "PD",
    "pd_date": "PD date",
    "pd_type": "PD type",
    "next_tx_date": "2nd line date",
    "next_tx": "2nd line",
    "death_yn": "Death",
    "death_date": "Death date",
    "death_cause": "Cause of death",
    "last_assess_date": "Last evaluation",
    "last_fu_date": "Last F/U",
    "spm_yn": "2nd cancer",
    "malignancy.1.spm_date": "2nd cancer date",
    "malignancy.1.icd10": "2nd cancer ICD-10",
}
OTHER_FISH = ("t_14_20", "gain1q", "t_11_14", "del13q")
SIGN = coded({1: "Pos", 0: "Neg"}, BLANK)


def build(records: Records) -> Delivery:
    """Return the delivery of KUAH."""
    file = f"{records.center}_data.xlsx"
    f = SecondRows(records, file, BLANK, "Data", letters=True)
    fill(f, _style())
    icd10 = next(column for column in f.sheet.columns if column.header == HEADERS["malignancy.1.icd10"])
    f.also(icd10, ["malignancy.1.spm_type"])
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_xlsx(out / file, d.sheets), note)


def _sign(key: str):
    return lambda f, header: f.put(header, key, SIGN, means="Pos, Neg, unknown = not tested")


def _other(f: Form, header: str) -> None:
    texts = {name: words.FISH_TEXT[name] for name in OTHER_FISH}
    fish_text(f, header, texts, ", ", ["negative"], ["not tested"], "see above", OTHER_FISH, done=False)


def _style() -> Style:
    stage = {"I": "I", "II": "II", "III": "III"}
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=day_count(EXCEL_1900, blank=BLANK),
        text=False,
        words={
            "sex": {"M": "M", "F": "F"},
            "diagnosis": {"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "other"},
            "iss": stage,
            "riss": stage,
            "emd_dx": {"none": "None", "paraskeletal": "Paraskeletal", "extramedullary": "Extramedullary"},
            "ind_regimen": {
                "VTD": ["VTD", "VTD#4", "Vel-Thal-Dexa"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "other",
            },
            "asct_type": {"single": "auto", "planned_tandem": "tandem", "salvage": "salvage", "allo": "allo"},
            "conditioning": {
                "MEL200": ["MEL200", "HDM 200"],
                "MEL140": ["MEL140", "Mel 140"],
                "BUMEL": ["BUMEL", "Bu/Mel"],
                "OTHER": "other",
            },
            "consolidation": {"none": "No", "VTD": "VTD", "other": "other"},
            "response": {
                "CR": "CR",
                "VGPR": ["VGPR", "nCR"],
                "PR": "PR",
                "MR": "MR",
                "SD": "SD",
                "PD": "PD",
                "NE": "NE",
            },
            "stop_reason": words.STOP_EN | {"unknown": "not recorded"},
            "pd_type": {"biochemical": "biochemical", "clinical": "clinical"},
            "death_cause": words.CAUSE_EN | {"unknown": "not known"},
        },
        drugs={
            "THAL": ["Thal", "thalidomide", "Thali"],
            "LEN": ["LEN", "Revlimid"],
            "BOR": ["BTZ", "Velcade"],
            "IXA": ["ixa", "Ninlaro"],
            "OTHER": "other",
        },
        means={
            "text": "drug and dose in mg (bortezomib mg/m2): Thal, thalidomide, Thali; LEN, Revlimid; "
            "BTZ, Velcade; ixa, Ninlaro; "
            "`+pred` = doublet or trial",
            "asct_type": "auto, tandem (planned), salvage, allo",
            "birth_date": "date of birth",
        },
        asides={"~dss": lambda n: words.in_turn(words.DSS, n), "~mobil": lambda n: words.in_turn(words.MOBILIZED, n)},
        special={
            "del17p": _sign("del17p"),
            "t_4_14": _sign("t_4_14"),
            "t_14_16": _sign("t_14_16"),
            "fish": _other,
            "asct_no": lambda f, header: f.extra(header, [int(x) for x in f.number], means="1, 2", everywhere=True),
        },
    )
