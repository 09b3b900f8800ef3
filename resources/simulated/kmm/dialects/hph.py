"""HPH: one csv in code page 949, dates such as 2019-3-5, LDH as H/N only, remarks with unquoted commas."""

from __future__ import annotations

from . import words
from .fields import day
from .formats import write_csv
from .layout import describe
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

BLANK = "?"
TIMES = {"pre_asct": "Pre", "post_asct": "Post", "m3": "M3", "m6": "M6", "m12": "M12", "m18": "M18", "m24": "M24"}
HEADERS = {
    "id": "No",
    "sex": "성별",
    "age_asct": "이식시나이",
    "diagnosis": "진단",
    "dx_date": "진단일",
    "ecog": "PS",
    "isotype": "Type",
    "mprot_serum": "Mspike(g/dL)",
    "bmpc": "BMPC(%)",
    "hb": "Hb(g/dL)",
    "plt": "Plt(K/uL)",
    "cr": "Cr(mg/dL)",
    "alb": "Alb(g/dL)",
    "b2m": "B2m(mg/L)",
    "ldh_high": "LDH",
    "iss": "ISS",
    "fish": "FISH",
    "plasmacytoma": "plasmacytoma",
    "ind_regimen": "유도",
    "ind_start": "유도시작",
    "vtd_cycles": "횟수",
    "~remarks": "비고",
    "transplant.1.asct_date": "이식일",
    "transplant.1.asct_type": "이식종류",
    "transplant.1.conditioning": "전처치",
    "transplant.2.asct_date": "2차이식일",
    "transplant.2.asct_type": "2차이식종류",
    "transplant.2.conditioning": "2차전처치",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", f"반응{w}"), (f"response.{t}.response_date", f"반응일{w}"))
    },
    "response.best": "최고반응",
    "maint_yn": "유지",
    "maintenance.1.text": "유지약",
    "maintenance.1.maint_start": "유지시작",
    "maintenance.1.ended": "유지종료",
    "maintenance.1.stop_reason": "중단사유",
    "maintenance.1.pn_grade": "PN",
    "maintenance.2.text": "유지약2",
    "maintenance.2.maint_start": "유지시작2",
    "maintenance.2.ended": "유지종료2",
    "maintenance.2.stop_reason": "중단사유2",
    "maintenance.2.pn_grade": "PN2",
    "pd_yn": "PD",
    "pd_date": "PD일",
    "next_tx_date": "다음치료일",
    "next_tx": "다음치료",
    "death_yn": "사망",
    "death_date": "사망일",
    "death_cause": "사인",
    "last_assess_date": "최종평가일",
    "last_fu_date": "최종추적일",
    "spm_yn": "이차암",
    "malignancy.1.spm_date": "이차암일",
    "malignancy.1.site": "이차암부위",
}
REMARKS = ["폐렴, 입원", "", "DM, HTN", "외래 추적", "대상포진, 호전됨, 재발 없음"]


def build(records: Records) -> Delivery:
    """Return the delivery of HPH."""
    file = f"{records.center}_mm.csv"
    f = Form(records, file)
    fill(f, _style())
    remarks = next(column for column in f.sheet.columns if column.header == "비고")
    remarks.look["unquoted"] = True
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "cp949"), note)


def _style() -> Style:
    return Style(
        headers=HEADERS,
        blank=BLANK,
        day=day("%Y-%-m-%-d", BLANK),
        yes={1: "Y", 0: "N"},
        isotype=("-", {"LCD": "LCD", "NS": "NS"}, words.LETTER),
        words={
            "sex": {"F": "F", "M": "M"},
            "diagnosis": {"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "기타"},
            "ldh_high": {1: "H", 0: "N"},
            "iss": {"I": "I", "II": "II", "III": "III"},
            "ind_regimen": {
                "VTD": ["VTD", "VTd"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
            "asct_type": {"single": "자가", "planned_tandem": "tandem", "salvage": "구제", "allo": "동종"},
            "conditioning": {"MEL200": "MEL200", "MEL140": "MEL140", "BUMEL": "BUMEL", "OTHER": "기타"},
            "response": {
                "CR": "CR",
                "VGPR": "VGPR",
                "PR": "PR",
                "MR": "MR",
                "SD": "SD",
                "PD": ["PD", "재발"],
                "NE": "NE",
            },
            "stop_reason": words.STOP_KO,
            "death_cause": words.CAUSE_KO,
        },
        drugs={
            "THAL": ["Thal", "탈리도마이드"],
            "LEN": "레블리미드",
            "BOR": "벨케이드",
            "IXA": "닌라로",
            "OTHER": "기타",
        },
        sites=words.SITE_KO,
        ongoing="진행중",
        fish={"texts": words.FISH_TEXT, "join": ", ", "negative": ["FISH: all negative"], "untested": ["검사안함"]},
        asides={"~remarks": lambda n: words.in_turn(REMARKS, n)},
        means={
            "fish": "FISH: all negative, 검사안함; " + words.FISH_HINT,
            "text": "약제와 용량 mg (벨케이드 mg/m2): Thal = 탈리도마이드, 레블리미드, 벨케이드, 닌라로; "
            "+pred = 병합 또는 임상시험",
        },
    )
