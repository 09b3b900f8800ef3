"""CNUH: one tab-separated file in EUC-KR, dates such as 2019/3/5, age counted the Korean way, missing `N/A`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import words
from .fields import Cells, day, objects
from .formats import write_csv
from .layout import describe
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

BLANK = "N/A"
TIMES = {
    "pre_asct": "이식전",
    "post_asct": "이식후",
    "m3": "3개월",
    "m6": "6개월",
    "m12": "12개월",
    "m18": "18개월",
    "m24": "24개월",
}
HEADERS = {
    "id": "ID",
    "sex": "성별",
    "age": "나이(세는나이)",
    "diagnosis": "진단",
    "dx_date": "진단일자",
    "ecog": "ECOG",
    "mprotein_heavy": "중쇄",
    "mprotein_light": "경쇄",
    "mprot_serum": "혈청M(g/dL)",
    "mprot_urine": "소변M(mg/일)",
    "flc_kappa": "kappa(mg/L)",
    "flc_lambda": "lambda(mg/L)",
    "bmpc": "골수형질세포%",
    "hb": "Hb",
    "plt": "PLT",
    "ca": "Ca",
    "cr": "Cr",
    "alb": "Alb",
    "b2m": "B2M",
    "ldh": "LDH",
    "ldh_uln": "LDH_ULN",
    "iss": "ISS",
    "riss": "R-ISS",
    "fish_done": "FISH시행",
    "del17p": "del17p",
    "t_4_14": "t4;14",
    "t_14_16": "t14;16",
    "t_14_20": "t14;20",
    "gain1q": "1q증폭",
    "t_11_14": "t11;14",
    "del13q": "del13q",
    "emd_dx": "형질세포종",
    "ind_regimen": "유도",
    "ind_start": "유도시작",
    "ind_end": "유도끝",
    "vtd_cycles": "주기",
    "~cd34": "CD34",
    "transplant.1.asct_date": "1차이식",
    "transplant.1.asct_type": "1차종류",
    "transplant.1.conditioning": "1차전처치",
    "transplant.1.mel_dose": "1차Mel(mg/m2)",
    "transplant.2.asct_date": "2차이식",
    "transplant.2.asct_type": "2차종류",
    "transplant.2.conditioning": "2차전처치",
    "transplant.2.mel_dose": "2차Mel(mg/m2)",
    "consolidation": "공고",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", f"반응_{w}"), (f"response.{t}.response_date", f"반응일_{w}"))
    },
    "response.best": "최고반응",
    "maint_yn": "유지",
    "maintenance.1.drug": "유지약",
    "maintenance.1.dose": "용량",
    "maintenance.1.combination": "병합",
    "maintenance.1.maint_start": "유지시작",
    "maintenance.1.ended": "유지끝",
    "maintenance.1.stop_reason": "중단사유",
    "maintenance.1.pn_grade": "PN",
    "maintenance.2.drug": "유지약2",
    "maintenance.2.dose": "용량2",
    "maintenance.2.combination": "병합2",
    "maintenance.2.maint_start": "유지시작2",
    "maintenance.2.ended": "유지끝2",
    "maintenance.2.stop_reason": "중단사유2",
    "maintenance.2.pn_grade": "PN2",
    "pd_yn": "진행",
    "pd_date": "진행일",
    "pd_type": "진행종류",
    "next_tx_date": "차기치료일",
    "next_tx": "차기치료",
    "death_yn": "사망",
    "death_date": "사망일",
    "death_cause": "사인",
    "last_assess_date": "최종평가",
    "last_fu_date": "최종추적",
    "spm_yn": "이차암",
    "malignancy.1.spm_date": "이차암일",
    "malignancy.1.icd10": "이차암코드",
}


def build(records: Records) -> Delivery:
    """Return the delivery of CNUH."""
    file = f"{records.center}_MM.txt"
    f = Form(records, file)
    fill(f, _style())
    icd10 = next(column for column in f.sheet.columns if column.header == HEADERS["malignancy.1.icd10"])
    f.also(icd10, ["malignancy.1.spm_type"])
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(
        records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "euc-kr", sep="\t"), note
    )


def _korean_age(f: Form, header: str) -> None:
    """Age at diagnosis, counted the Korean way: it tells the year of birth exactly."""
    year = f.get("birth_year")
    age = pd.to_datetime(f.get("dx_date")).dt.year - year.astype(float) + 1
    raw = np.array([BLANK if a != a else str(int(a)) for a in age], dtype=object)
    column = f.extra(header, raw, means="진단 시 세는나이")
    f.carry(column, "birth_year", year, Cells(raw, objects(year)))


def _style() -> Style:
    stage = {"I": "I", "II": "II", "III": "III"}
    sign = {1: "양성", 0: "음성"}
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=day("%Y/%-m/%-d", BLANK),
        yes={1: "O", 0: "X"},
        words={
            "sex": {"M": "M", "F": "F"},
            "diagnosis": {"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "기타"},
            "mprotein_heavy": {
                "IgG": "IgG",
                "IgA": "IgA",
                "IgD": "IgD",
                "IgM": "IgM",
                "IgE": "IgE",
                "LCD": "경쇄형",
                "NS": "비분비",
            },
            "mprotein_light": {"kappa": "k", "lambda": "l", "biclonal": "k+l"},
            "iss": stage,
            "riss": stage,
            "fish_done": {1: "시행", 0: "미시행"},
            **dict.fromkeys(words.FISH_KEYS[1:], sign),
            "emd_dx": words.EMD_KO,
            "ind_regimen": {
                "VTD": ["VTD", "VTd"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
            "asct_type": {"single": "자가", "planned_tandem": "탠덤", "salvage": "구제", "allo": "동종"},
            "conditioning": {"MEL200": "MEL200", "MEL140": "MEL140", "BUMEL": "BuMel", "OTHER": "기타"},
            "consolidation": {"none": "안함", "VTD": "VTD", "other": "기타"},
            "response": {
                "CR": "CR",
                "VGPR": "VGPR",
                "PR": "PR",
                "MR": "MR",
                "SD": ["SD", "NR"],
                "PD": "PD",
                "NE": "미평가",
            },
            "drug": {
                "THAL": ["탈리도마이드", "Thal", "T"],
                "LEN": ["레블리미드", "R"],
                "BOR": ["벨케이드", "V"],
                "IXA": "닌라로",
                "OTHER": "기타",
            },
            "stop_reason": words.STOP_KO
            | {"AE": ["신경병증", "독성"], "PD": ["재발", "진행"], "cost": ["비용", "보험문제"]},
            "pd_type": {"biochemical": "생화학적", "clinical": "임상적"},
            "death_yn": {1: "사망", 0: "생존"},
            "death_cause": words.CAUSE_KO,
        },
        templates={"pn_grade": "Gr.{}"},
        ongoing="진행중",
        asides={"~cd34": lambda n: words.cd34(n, BLANK, text=True)},
        special={"age": _korean_age},
    )
