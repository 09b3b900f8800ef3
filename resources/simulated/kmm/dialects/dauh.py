"""DAUH: one xlsx of two sheets with Korean text dates; free light chains in mg/dL; a long response sheet."""

from __future__ import annotations

from . import words
from .fields import coded, day
from .formats import write_xlsx
from .layout import describe
from .sheets import Delivery, Form, Log, Records, read_note
from .wide import Style, fill

BLANK = "."
DAY = day("%Y년 %-m월 %-d일", BLANK)
HEADERS = {
    "id": "환자번호",
    "sex": "성별",
    "birth_date": "생년월일",
    "diagnosis": "진단명",
    "dx_date": "진단일",
    "ecog": "ECOG",
    "isotype": "아형",
    "mprot_serum": "혈청M단백(g/dL)",
    "mprot_urine": "요M단백(mg/24h)",
    "flc_kappa": "FLC kappa(mg/dL)",
    "flc_lambda": "FLC lambda(mg/dL)",
    "bmpc": "형질세포(%)",
    "hb": "Hb(g/dL)",
    "plt": "혈소판(10^3/uL)",
    "ca": "Ca(mg/dL)",
    "cr": "Cr(mg/dL)",
    "alb": "Alb(g/dL)",
    "b2m": "B2M(mg/L)",
    "ldh": "LDH(IU/L)",
    "ldh_uln": "LDH 정상상한(IU/L)",
    "iss": "ISS",
    "riss": "R-ISS",
    "fish": "FISH",
    "~karyo": "염색체",
    "emd_dx": "형질세포종",
    "ind_regimen": "1차치료",
    "ind_start": "1차치료 시작",
    "ind_end": "1차치료 종료",
    "vtd_cycles": "1차치료 주기",
    "transplant.1.asct_date": "이식일",
    "transplant.1.asct_type": "이식구분",
    "transplant.1.conditioning": "전처치",
    "transplant.1.mel_dose": "멜팔란(mg/m2)",
    "transplant.2.asct_date": "2차 이식일",
    "transplant.2.asct_type": "2차 이식구분",
    "transplant.2.conditioning": "2차 전처치",
    "transplant.2.mel_dose": "2차 멜팔란(mg/m2)",
    "consolidation": "공고요법",
    "maint_yn": "유지요법",
    "maintenance.1.text": "유지약제",
    "maintenance.1.maint_start": "유지시작",
    "maintenance.1.ended": "유지종료",
    "maintenance.1.stop_reason": "중단사유",
    "maintenance.1.pn_grade": "신경병증",
    "maintenance.2.text": "유지약제2",
    "maintenance.2.maint_start": "유지시작2",
    "maintenance.2.ended": "유지종료2",
    "maintenance.2.stop_reason": "중단사유2",
    "maintenance.2.pn_grade": "신경병증2",
    "pd_yn": "재발",
    "pd_date": "재발일",
    "pd_type": "재발형태",
    "next_tx_date": "2차치료일",
    "next_tx": "2차치료",
    "death_yn": "사망",
    "death_date": "사망일",
    "death_cause": "사인",
    "last_fu_date": "최종내원일",
    "spm_yn": "이차암",
    "malignancy.1.spm_date": "이차암 진단일",
    "malignancy.1.site": "이차암 부위",
}
TIME = {
    "pre_asct": "이식전",
    "post_asct": "이식후",
    "m3": "유지 3개월",
    "m6": "유지 6개월",
    "m12": "유지 12개월",
    "m18": "유지 18개월",
    "m24": "유지 24개월",
    "best": "최고",
    "last": "최종",
}
RESPONSE = {
    "CR": ["CR", "완전관해"],
    "VGPR": "VGPR",
    "PR": ["PR", "부분관해"],
    "MR": "MR",
    "SD": "SD",
    "PD": "PD",
    "NE": "평가불가",
}


def build(records: Records) -> Delivery:
    """Return the delivery of DAUH."""
    file = f"{records.center}_MM.xlsx"
    f = Form(records, file, "환자", letters=True)
    fill(f, _style())
    log = Log(records, "response", records.tables["response"], file, "반응", letters=True)
    log.extra("환자번호", log.sheet.ids, means="연구번호")
    log.put("시점", "timepoint", coded(TIME), means=", ".join(TIME.values()))
    log.put("평가일", "response_date", DAY, means="")
    raw = words.response(log.get("response"), log.get("scr"), RESPONSE, BLANK)
    log.extra("반응", raw, means="sCR, CR = 완전관해, VGPR, PR = 부분관해, MR, SD, PD, 평가불가")
    log.also(log.sheet.columns[-1], ["response", "scr"])
    note = read_note(records.center).format(
        file=file, cut=records.cut.date(), patients=describe(f.sheet), responses=describe(log.sheet)
    )
    return Delivery(records.center, [f.sheet, log.sheet], lambda out, d: write_xlsx(out / file, d.sheets), note)


def _style() -> Style:
    stage = {"I": "1", "II": "2", "III": "3"}
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=DAY,
        text=False,
        yes={1: "예", 0: "아니오"},
        digits={"flc_kappa": 2, "flc_lambda": 2},
        factors={"flc_kappa": 0.1, "flc_lambda": 0.1},
        isotype=(", ", {"LCD": "경쇄", "NS": "비분비"}, words.GREEK),
        words={
            "sex": {"M": "남", "F": "여"},
            "diagnosis": {"NDMM": "다발골수종", "AL": "아밀로이드증", "PCL": "형질세포백혈병", "OTHER": "기타"},
            "iss": stage,
            "riss": stage,
            "emd_dx": words.EMD_KO,
            "ind_regimen": {
                "VTD": ["VTD", "벨탈덱"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
            "asct_type": {
                "single": "자가",
                "planned_tandem": "자가 (계획된 2회)",
                "salvage": "자가 (구제)",
                "allo": "동종",
            },
            "conditioning": {"MEL200": "MEL200", "MEL140": "MEL140", "BUMEL": "BuMel", "OTHER": "기타"},
            "consolidation": {"none": "없음", "VTD": "VTD", "other": "기타"},
            "stop_reason": words.STOP_KO,
            "pd_type": {"biochemical": "생화학적", "clinical": "임상적"},
            "death_cause": words.CAUSE_KO,
        },
        drugs={
            "THAL": ["탈리도마이드", "탈로다"],
            "LEN": ["레블리미드", "레날리도마이드"],
            "BOR": ["벨케이드", "BTZ"],
            "IXA": "닌라로",
            "OTHER": "기타",
        },
        sites=words.SITE_KO,
        ongoing="진행중",
        templates={"pn_grade": "G{}"},
        fish={"texts": words.FISH_TEXT, "join": ", ", "negative": ["모두 음성"], "untested": ["시행안함"]},
        asides={"~karyo": lambda n: words.in_turn(words.KARYOTYPES, n, 6, BLANK)},
        means={
            "fish": "모두 음성, 시행안함; " + words.FISH_HINT,
            "text": "약제와 용량 mg (벨케이드 mg/m2): 탈리도마이드 = 탈로다, 레블리미드 = 레날리도마이드, "
            "벨케이드 = BTZ, 닌라로; +pred = 병합 또는 임상시험",
        },
    )
