"""CNUHH: one csv in code page 949: Korean headers and words, FISH as free text, beta-2 microglobulin in nmol/L."""

from __future__ import annotations

import numpy as np

from . import words
from .fields import as_text, coded, day, integer, number
from .formats import write_csv
from .layout import ended
from .sheets import Delivery, Form, Records, read_note

BLANK = "-"
DAY = "%Y.%m.%d"
NMOL_PER_MG = 1000 / 11.8
YES = {1: "유", 0: "무"}
DRUG = {
    "THAL": ["탈리도마이드", "세엘진탈리도마이드", "탈로다", "Thali"],
    "LEN": ["레블리미드", "레날리도마이드", "Revlimid"],
    "BOR": ["벨케이드", "테조벨", "프로테조밉"],
    "IXA": ["닌라로", "익사조밉"],
    "OTHER": "기타",
}
REGIMEN = {
    "VTD": ["VTD", "벨탈덱", "Vel-Thal-Dexa", "VTD "],
    "VTD_CHANGED": "VTD→VCD",
    "VMP": "VMP",
    "TD": "TD",
    "VCD": "VCD",
    "VRD": "VRD",
    "OTHER": "기타",
}
CONDITIONING = {
    "MEL200": ["MEL200", "HDM 200 ", "MEL200 "],
    "MEL140": ["MEL140", "Mel 140"],
    "BUMEL": ["BUMEL", "Bu/Mel "],
    "OTHER": "기타",
}
KIND = {"single": "자가", "planned_tandem": "자가(tandem)", "salvage": "자가(구제)", "allo": "동종"}
STAGE = {"I": ["I", "I "], "II": ["II", "II "], "III": "III"}
RESPONSE = {
    "CR": ["CR", "완전관해"],
    "VGPR": ["VGPR", "nCR", "VGPR "],
    "PR": ["PR", "부분관해"],
    "MR": ["MR", "MinR"],
    "SD": ["SD", "안정"],
    "PD": ["PD", "재발"],
    "NE": "미평가",
}
TIMES = {
    "pre_asct": "이식전반응",
    "post_asct": "이식후반응",
    "m3": "3M반응",
    "m6": "6M반응",
    "m12": "12M반응",
    "m18": "18M반응",
    "m24": "24M반응",
    "best": "최고반응",
}


def build(records: Records) -> Delivery:
    """Return the delivery of CNUHH."""
    file = f"{records.center}_myeloma.csv"
    f = Form(records, file)
    _patient(f)
    _laboratory(f)
    _treatment(f)
    _maintenance(f)
    _outcome(f)
    note = read_note(records.center).format(file=file, cut=records.cut.date())
    return Delivery(records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "cp949"), note)


def _patient(f: Form) -> None:
    f.extra("등록번호", f.sheet.ids)
    f.extra("병동", words.in_turn(words.WARDS, len(f), 9, BLANK))
    f.put("성별", "sex", coded({"M": "남", "F": "여"}, BLANK))
    f.put("출생연도", "birth_year", integer(blank=BLANK))
    f.put(
        "진단",
        "diagnosis",
        coded({"NDMM": "다발골수종", "AL": "아밀로이드증", "PCL": "형질세포백혈병", "OTHER": "기타"}, BLANK),
    )
    f.put("진단일", "dx_date", day(DAY, BLANK))
    f.put("ECOG", "ecog", integer(blank=BLANK))
    heavy, light = f.get("mprotein_heavy"), f.get("mprotein_light")
    names = {"LCD": "경쇄형", "NS": "비분비형"}
    f.also(
        f.extra("M단백", words.ig_type(heavy, light, ",", names, words.GREEK, BLANK)),
        ["mprotein_heavy", "mprotein_light"],
    )


def _laboratory(f: Form) -> None:
    def lab(header: str, key: str, digits: int, factor: float = 1.0, cuts: tuple[float, ...] = ()) -> None:
        f.put(header, key, number(digits, factor, BLANK, text=True, cuts=cuts))

    lab("혈청M단백(g/dL)", "mprot_serum", 1)
    lab("소변M단백(mg/24h)", "mprot_urine", 0)
    lab("FLC κ(mg/L)", "flc_kappa", 1)
    lab("FLC λ(mg/L)", "flc_lambda", 1)
    lab("BMPC(%)", "bmpc", 0)
    lab("Hb(g/dL)", "hb", 1)
    lab("PLT(10^9/L)", "plt", 0)
    lab("Ca(mg/dL)", "ca", 1)
    lab("Cr(mg/dL)", "cr", 2, cuts=(2.0,))
    lab("Alb(g/dL)", "alb", 1, cuts=(3.5,))
    lab("B2M(nmol/L)", "b2m", 0, NMOL_PER_MG, cuts=(3.5, 5.5))
    lab("LDH(U/L)", "ldh", 0)
    lab("LDH정상상한", "ldh_uln", 0)
    f.put("ISS", "iss", coded(STAGE, BLANK))
    f.put("R-ISS", "riss", coded(STAGE, BLANK))
    flags = {name: f.get(name) for name in words.FISH_KEYS[1:]}
    negative, untested = ["FISH: all negative", "모두 음성"], ["미시행", "not done"]
    f.also(
        f.extra("FISH", words.fish(f.get("fish_done"), flags, words.FISH_TEXT, ", ", negative, untested)),
        words.FISH_KEYS,
    )
    f.put("형질세포종", "emd_dx", coded(words.EMD_KO, BLANK))


def _treatment(f: Form) -> None:
    f.put("유도요법", "ind_regimen", coded(REGIMEN, BLANK))
    f.put("유도시작", "ind_start", day(DAY, BLANK))
    f.put("유도종료", "ind_end", day(DAY, BLANK))
    f.put("주기", "vtd_cycles", integer("#{}", BLANK))
    f.extra("가동화", words.in_turn(words.MOBILIZED, len(f), 13, BLANK))
    f.extra("CD34", words.cd34(len(f), BLANK, text=True))
    for k, mark in ((1, ""), (2, "2차")):
        key = f"transplant.{k}."
        f.put(mark + "이식일", key + "asct_date", day(DAY, BLANK))
        f.put(mark + "이식종류", key + "asct_type", coded(KIND, BLANK))
        f.put(mark + "전처치", key + "conditioning", coded(CONDITIONING, BLANK))
        f.put(mark + "멜팔란(mg/m2)", key + "mel_dose", number(0, blank=BLANK, text=True))
    f.put("공고요법", "consolidation", coded({"none": "무", "VTD": "VTD", "other": "기타"}, BLANK))
    for time, header in TIMES.items():
        key = f"response.{time}."
        raw = words.response(f.get(key + "response"), f.get(key + "scr"), RESPONSE, BLANK)
        f.also(f.extra(header, raw), words.response_keys(key))
        if time != "best":
            f.put(header.replace("반응", "평가일"), key + "response_date", day(DAY, BLANK))


def _maintenance(f: Form) -> None:
    f.put("유지요법", "maint_yn", coded(YES, BLANK))
    for k, mark in ((1, ""), (2, "2")):
        key = f"maintenance.{k}."
        raw = words.drug_text(f.get(key + "drug"), f.get(key + "dose"), f.get(key + "combination"), DRUG, BLANK)
        f.also(f.extra("유지약제" + mark, raw), [key + "drug", key + "dose", key + "combination"])
        f.put("유지시작" + mark, key + "maint_start", day(DAY, BLANK))
        ended(f, "유지종료" + mark, key, day(DAY, BLANK), "진행중")
        f.put("중단사유" + mark, key + "stop_reason", coded(words.STOP_KO, BLANK))
        f.put("신경병증" + mark, key + "pn_grade", integer("G{}", BLANK))


def _outcome(f: Form) -> None:
    f.put("진행", "pd_yn", coded(YES, BLANK))
    f.put("진행일", "pd_date", day(DAY, BLANK))
    f.put("진행형태", "pd_type", coded({"biochemical": "생화학적", "clinical": "임상적"}, BLANK))
    f.put("다음치료일", "next_tx_date", day(DAY, BLANK))
    f.put("다음치료", "next_tx", as_text(BLANK))
    f.put("생존상태", "death_yn", coded({1: "사망", 0: "생존"}, BLANK))
    f.put("사망일", "death_date", day(DAY, BLANK))
    f.put("사인", "death_cause", coded(words.CAUSE_KO, BLANK))
    f.put("마지막평가일", "last_assess_date", day(DAY, BLANK))
    f.put("마지막추적일", "last_fu_date", day(DAY, BLANK))
    f.put("이차암", "spm_yn", coded(YES, BLANK))
    f.put("이차암진단일", "malignancy.1.spm_date", day(DAY, BLANK))
    column = f.extra("이차암종류", words.site(f.get("malignancy.1.icd10"), words.SITE_KO, BLANK))
    f.also(column, ["malignancy.1.spm_type"])
    remarks = ["외래 추적중", "타병원 전원 예정", "", "임상시험 설명함", "보호자 면담"]
    f.extra("비고", np.where(np.arange(len(f)) % 4 == 0, words.in_turn(remarks, len(f)), BLANK))
