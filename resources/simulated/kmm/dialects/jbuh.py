"""JBUH: one csv with semicolons in code page 949, dates yy/mm/dd, hemoglobin in g/L, 99 for missing codes."""

from __future__ import annotations

from . import words
from .fields import day
from .formats import write_csv
from .layout import describe
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

BLANK = "99"
TIMES = {
    "pre_asct": "이식전",
    "post_asct": "이식후",
    "m3": "유지3M",
    "m6": "유지6M",
    "m12": "유지12M",
    "m18": "유지18M",
    "m24": "유지24M",
}
HEADERS = {
    "id": "번호",
    "sex": "성별",
    "birth_year": "출생연도",
    "diagnosis": "진단명",
    "dx_date": "진단일",
    "ecog": "ECOG",
    "isotype": "M단백형",
    "mprot_serum": "SPEP(g/dL)",
    "mprot_urine": "UPEP(mg/d)",
    "flc_kappa": "FLC-k(mg/L)",
    "flc_lambda": "FLC-l(mg/L)",
    "bmpc": "BM형질세포(%)",
    "hb": "Hb(g/L)",
    "plt": "혈소판(K/uL)",
    "ca": "칼슘(mg/dL)",
    "cr": "크레아티닌(mg/dL)",
    "alb": "알부민(g/dL)",
    "b2m": "베타2(mg/L)",
    "ldh": "LDH(U/L)",
    "ldh_uln": "LDH상한(U/L)",
    "iss": "ISS병기",
    "riss": "RISS병기",
    "~dss": "DS병기",
    "fish": "FISH결과",
    "plasmacytoma": "형질세포종",
    "ind_regimen": "유도요법",
    "ind_start": "유도시작일",
    "ind_end": "유도종료일",
    "vtd_cycles": "유도횟수",
    "transplant.1.asct_date": "이식1일자",
    "transplant.1.asct_type": "이식1종류",
    "transplant.1.conditioning": "이식1전처치",
    "transplant.1.mel_dose": "이식1멜팔란(mg/m2)",
    "transplant.2.asct_date": "이식2일자",
    "transplant.2.asct_type": "이식2종류",
    "transplant.2.conditioning": "이식2전처치",
    "transplant.2.mel_dose": "이식2멜팔란(mg/m2)",
    "consolidation": "공고요법",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", f"{w}반응"), (f"response.{t}.response_date", f"{w}반응일"))
    },
    "response.best": "최고반응",
    "maint_yn": "유지요법",
    "maintenance.1.text": "유지약",
    "maintenance.1.maint_start": "유지시작일",
    "maintenance.1.ended": "유지종료일",
    "maintenance.1.stop_reason": "유지중단이유",
    "maintenance.1.pn_grade": "말초신경병증",
    "maintenance.2.text": "유지약2",
    "maintenance.2.maint_start": "유지시작일2",
    "maintenance.2.ended": "유지종료일2",
    "maintenance.2.stop_reason": "유지중단이유2",
    "maintenance.2.pn_grade": "말초신경병증2",
    "pd_yn": "진행여부",
    "pd_date": "진행일",
    "pd_type": "진행유형",
    "next_tx_date": "다음치료일",
    "next_tx": "다음치료",
    "death_yn": "생사",
    "death_date": "사망일",
    "death_cause": "사망원인",
    "last_assess_date": "최종평가일",
    "last_fu_date": "최종추적일",
    "spm_yn": "이차암여부",
    "malignancy.1.spm_date": "이차암진단일",
    "malignancy.1.site": "이차암부위",
}


def build(records: Records) -> Delivery:
    """Return the delivery of JBUH."""
    file = f"{records.center}_data.csv"
    f = Form(records, file)
    fill(f, _style())
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(
        records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "cp949", sep=";"), note
    )


def _style() -> Style:
    stage = {"I": "1", "II": "2", "III": "3"}
    return Style(
        headers=HEADERS,
        blank=BLANK,
        numbers_blank=None,
        day=day("%y/%m/%d", BLANK),
        yes={1: "유", 0: "무"},
        digits={"hb": 0},
        factors={"hb": 10.0},
        isotype=(
            "/",
            {"LCD": "경쇄형", "NS": "비분비성", "IgG": "G", "IgA": "A", "IgD": "D", "IgM": "M"},
            {"kappa": "K", "lambda": "L", "biclonal": "KL"},
        ),
        words={
            "sex": {"M": "남자", "F": "여자"},
            "diagnosis": {"NDMM": "다발골수종", "AL": "아밀로이드증", "PCL": "형질세포백혈병", "OTHER": "기타"},
            "iss": stage,
            "riss": stage,
            "ind_regimen": {
                "VTD": ["VTD", "벨탈덱"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
            "asct_type": {"single": "자가", "planned_tandem": "자가-tandem", "salvage": "자가-구제", "allo": "동종"},
            "conditioning": {"MEL200": ["MEL200", "멜팔란200"], "MEL140": "MEL140", "BUMEL": "Bu/Mel", "OTHER": "기타"},
            "consolidation": {"none": "무", "VTD": "VTD", "other": "기타"},
            "response": words.RESPONSE_KO | {"NE": "ND"},
            "stop_reason": words.STOP_KO,
            "pd_type": {"biochemical": "생화학", "clinical": "임상"},
            "death_yn": {1: "사망", 0: "생존"},
            "death_cause": words.CAUSE_KO,
        },
        drugs={
            "THAL": ["탈리도마이드", "탈로다"],
            "LEN": ["레블리미드", "렌"],
            "BOR": ["벨케이드", "벨킨"],
            "IXA": "닌라로",
            "OTHER": "기타",
        },
        sites=words.SITE_KO,
        ongoing="진행중",
        fish={
            "texts": words.FISH_TEXT,
            "join": " / ",
            "negative": ["FISH: all negative", "정상"],
            "untested": ["미검"],
        },
        asides={"~dss": lambda n: words.in_turn(words.DSS, n)},
        means={
            "text": "약제와 용량 mg (벨케이드 mg/m2); 탈로다 = 탈리도마이드, 렌 = 레블리미드, 벨킨 = 벨케이드; "
            "+pred = 병합 또는 임상시험",
            "fish": "정상 또는 FISH: all negative = 모두 음성, 미검 = 검사하지 않음; " + words.FISH_HINT,
            "isotype": "`G/K` = IgG kappa, `A/L` = IgA lambda, D, M; `경쇄형/L`; 비분비성; KL = biclonal",
        },
    )
