"""WKUH: a table pasted from a document and saved as csv in code page 949: dates in several forms, full-width digits."""

from __future__ import annotations

import numpy as np

from . import words
from .fields import Encoder, day, integer, objects
from .formats import write_csv
from .layout import describe
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

BLANK, UNKNOWN = "없음", "미상"
WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
TIMES = {
    "pre_asct": "이식 전 반응",
    "post_asct": "이식 후 반응",
    "m3": "3개월 반응",
    "m6": "6개월 반응",
    "m12": "12개월 반응",
    "m18": "18개월 반응",
    "m24": "24개월 반응",
}
HEADERS = {
    "id": "연구번호",
    "sex": "성별",
    "birth_year": "출생년",
    "diagnosis": "진단명",
    "dx_date": "진단일",
    "ecog": "ECOG",
    "isotype": "M단백",
    "mprot_serum": "M단백량(g/dL)",
    "bmpc": "골수(%)",
    "hb": "혈색소(g/dL)",
    "plt": "혈소판(천/uL)",
    "ca": "칼슘(mg/dL)",
    "cr": "Cr(mg/dL)",
    "alb": "알부민(g/dL)",
    "b2m": "B2MG(mg/L)",
    "ldh": "LDH(U/L)",
    "ldh_uln": "LDH 상한",
    "iss": "ISS",
    "emd_dx": "형질세포종",
    "ind_regimen": "유도요법",
    "ind_start": "유도 시작",
    "ind_end": "유도 종료",
    "vtd_cycles": "주기",
    "transplant.1.asct_date": "이식일",
    "transplant.1.asct_type": "이식 종류",
    "transplant.1.conditioning": "전처치",
    "transplant.2.asct_date": "두번째 이식일",
    "transplant.2.asct_type": "두번째 이식 종류",
    "transplant.2.conditioning": "두번째 전처치",
    "consolidation": "공고요법",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", w), (f"response.{t}.response_date", f"{w} 날짜"))
    },
    "response.best": "최고 반응",
    "maint_yn": "유지요법",
    "maintenance.1.text": "유지 약제",
    "maintenance.1.maint_start": "유지 시작",
    "maintenance.1.ended": "유지 종료",
    "maintenance.1.stop_reason": "중단 이유",
    "maintenance.1.pn_grade": "신경병증 등급",
    "maintenance.2.text": "유지 약제 2",
    "maintenance.2.maint_start": "유지 시작 2",
    "maintenance.2.ended": "유지 종료 2",
    "maintenance.2.stop_reason": "중단 이유 2",
    "maintenance.2.pn_grade": "신경병증 등급 2",
    "pd_yn": "진행",
    "pd_date": "진행일",
    "next_tx_date": "다음 치료일",
    "next_tx": "다음 치료",
    "death_yn": "생존 여부",
    "death_date": "사망일",
    "death_cause": "사인",
    "last_assess_date": "마지막 평가일",
    "last_fu_date": "마지막 추적일",
    "spm_yn": "이차암",
    "malignancy.1.spm_date": "이차암 진단일",
    "malignancy.1.site": "이차암 종류",
    "~memo": "메모",
}


def build(records: Records) -> Delivery:
    """Return the delivery of WKUH."""
    file = f"{records.center}_list.csv"
    f = Form(records, file)
    fill(f, _style())
    for column in f.sheet.columns:
        column.raw = _mixed(column.raw)
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "cp949"), note)


def _mixed(raw: np.ndarray) -> np.ndarray:
    """Write every seventh missing code as the other one."""
    out = raw.copy()
    out[[i for i in np.flatnonzero(raw == BLANK) if i % 7 == 3]] = UNKNOWN
    return out


def _full_width(encode: Encoder) -> Encoder:
    """Write every third number with full-width digits."""

    def wide(values):
        cells = encode(values)
        cells.raw[::3] = [x.translate(WIDE) if isinstance(x, str) else x for x in cells.raw[::3]]
        return cells

    return wide


def _stage(f: Form, header: str) -> None:
    """ISS, left blank in every second patient whose beta-2 microglobulin and albumin are known."""
    values = f.get("iss")
    named = {"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ"}
    given = (f.get("b2m").isna() | f.get("alb").isna()).to_numpy() | (np.arange(len(f)) % 2 == 1)
    raw = [named[x] if g and x else ("" if x else BLANK) for x, g in zip(objects(values), given, strict=True)]
    f.also(f.extra(header, raw, means="Ⅰ, Ⅱ, Ⅲ; 빈칸"), {"iss": given | values.isna().to_numpy()})


def _style() -> Style:
    count = _full_width(integer("{}", BLANK))
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=day(["%Y-%m-%d", "%Y.%-m.%-d", "%Y/%m/%d", "%Y%m%d", "%Y년 %-m월 %-d일"], BLANK),
        yes={1: "있음", 0: "아니오"},
        isotype=(" ", {"LCD": "경쇄형", "NS": "비분비형"}, words.GREEK),
        words={
            "sex": {"M": "1", "F": "2"},
            "diagnosis": {"NDMM": "다발골수종", "AL": "아밀로이드증", "PCL": "형질세포백혈병", "OTHER": "기타"},
            "emd_dx": {"none": "무", "paraskeletal": "골주위", "extramedullary": "골수외"},
            "ind_regimen": {
                "VTD": ["VTD", "벨탈덱"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
            "asct_type": {"single": "자가", "planned_tandem": "자가 계획 2회", "salvage": "자가 구제", "allo": "동종"},
            "conditioning": {
                "MEL200": ["MEL200", "멜팔란 200"],
                "MEL140": "MEL140",
                "BUMEL": "BU/MEL",
                "OTHER": "기타",
            },
            "consolidation": {"none": "안함", "VTD": "VTD", "other": "기타"},
            "response": words.RESPONSE_KO,
            "stop_reason": words.STOP_KO | {"unknown": "모름"},
            "death_yn": {1: "사망", 0: "생존"},
            "death_cause": words.CAUSE_KO | {"unknown": "모름"},
        },
        drugs={
            "THAL": ["탈리도마이드", "탈로다"],
            "LEN": "레블리미드",
            "BOR": "벨케이드",
            "IXA": "닌라로",
            "OTHER": "기타",
        },
        sites=words.SITE_KO,
        ongoing="진행중",
        asides={"~memo": lambda n: words.in_turn(["", "보호자 연락", "지방 거주"], n)},
        special={
            "ecog": lambda f, header: f.put(header, "ecog", count),
            "vtd_cycles": lambda f, header: f.put(header, "vtd_cycles", count, means="주기 수"),
            "birth_year": lambda f, header: f.put(header, "birth_year", count, means="출생연도"),
            "iss": _stage,
        },
        means={
            "text": "약제와 용량 mg: 탈리도마이드 = 탈로다, 레블리미드, 벨케이드 (mg/m2), 닌라로; "
            "+pred = 병합 또는 임상시험"
        },
    )
