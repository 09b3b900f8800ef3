"""SSMH: one SPSS file in code page 949: value labels, user-missing codes, SPSS dates, albumin in g/L, wide."""

from __future__ import annotations

from . import words
from .fields import SPSS, Encoder, as_text, coded, day_count, integer, number
from .sheets import Column, Delivery, Form, Records, read_note
from .statfiles import write_sav

YES = {1: "예", 0: "아니오"}
STAGES = {1: "I", 2: "II", 3: "III"}
FISH = {
    "del17p": "del17p",
    "t_4_14": "t4_14",
    "t_14_16": "t14_16",
    "t_14_20": "t14_20",
    "gain1q": "gain1q",
    "t_11_14": "t11_14",
    "del13q": "del13q",
}
RESPONSES = {1: "sCR", 2: "CR", 3: "VGPR", 4: "PR", 5: "MR", 6: "SD", 7: "PD", 8: "NE"}
RESPONSE = {"CR": 2, "VGPR": 3, "PR": 4, "MR": 5, "SD": 6, "PD": 7, "NE": 8}
TIMES = {
    "pre_asct": "R_PRE",
    "post_asct": "R_POST",
    "m3": "R_M3",
    "m6": "R_M6",
    "m12": "R_M12",
    "m18": "R_M18",
    "m24": "R_M24",
    "best": "R_BEST",
}
CODES = {
    "diagnosis": {"NDMM": 1, "AL": 2, "PCL": 3, "OTHER": 4},
    "ind_regimen": {"VTD": 1, "VTD_CHANGED": 2, "VMP": 3, "TD": 4, "VCD": 5, "VRD": 6, "OTHER": 7},
    "asct_type": {"single": 1, "planned_tandem": 2, "salvage": 3, "allo": 4},
    "conditioning": {"MEL200": 1, "MEL140": 2, "BUMEL": 3, "OTHER": 4},
    "stop_reason": {"PD": 1, "AE": 2, "planned": 3, "patient": 4, "cost": 5, "death": 6, "ongoing": 7, "unknown": 99},
    "death_cause": {"MM": 1, "SPM": 2, "infection": 3, "TRM": 4, "other": 5, "unknown": 99},
    "mprotein_heavy": {"IgG": 1, "IgA": 2, "IgD": 3, "IgM": 4, "IgE": 5, "LCD": 6, "NS": 7},
    "mprotein_light": {"kappa": 1, "lambda": 2, "biclonal": 3},
    "emd_dx": {"none": 0, "paraskeletal": 1, "extramedullary": 2},
    "consolidation": {"none": 0, "VTD": 1, "other": 2},
    "pd_type": {"biochemical": 1, "clinical": 2},
}
LABELS = {
    "diagnosis": {1: "다발골수종", 2: "AL 아밀로이드증", 3: "형질세포백혈병", 4: "기타"},
    "ind_regimen": {1: "VTD", 2: "VTD 후 변경", 3: "VMP", 4: "TD", 5: "VCD", 6: "VRD", 7: "기타"},
    "asct_type": {1: "자가", 2: "자가 (계획된 tandem)", 3: "자가 (구제)", 4: "동종"},
    "conditioning": {1: "MEL200", 2: "MEL140", 3: "BUMEL", 4: "기타"},
    "stop_reason": {
        1: "재발",
        2: "부작용",
        3: "계획종료",
        4: "환자거부",
        5: "비용",
        6: "사망",
        7: "진행중",
        99: "미상",
    },
    "death_cause": {1: "골수종", 2: "이차암", 3: "감염", 4: "이식관련", 5: "기타", 99: "미상"},
    "mprotein_heavy": {1: "IgG", 2: "IgA", 3: "IgD", 4: "IgM", 5: "IgE", 6: "경쇄형", 7: "비분비형"},
    "mprotein_light": {1: "kappa", 2: "lambda", 3: "biclonal"},
    "emd_dx": {0: "없음", 1: "골주위 형질세포종", 2: "골수외 병변"},
    "consolidation": {0: "없음", 1: "VTD", 2: "기타"},
    "pd_type": {1: "생화학적", 2: "임상적"},
}
DRUG = {
    "THAL": ["탈리도마이드", "탈리도마이드 ", "Thal", "세엘진탈리도마이드"],
    "LEN": ["레블리미드", "Revlimid"],
    "BOR": ["벨케이드", "BTZ"],
    "IXA": ["닌라로", "ninlaro"],
    "OTHER": "기타",
}


def build(records: Records) -> Delivery:
    """Return the delivery of SSMH."""
    file = f"{records.center}_myeloma.sav"
    f = Form(records, file, first_row=1)
    _patient(f)
    _laboratory(f)
    _treatment(f)
    _maintenance(f)
    _outcome(f)
    note = read_note(records.center).format(file=file, cut=records.cut.date())
    return Delivery(records.center, [f.sheet], lambda out, d: write_sav(out / file, d.sheets[0], "KMM VTD ASCT"), note)


def _date(f: Form, header: str, key: str, label: str = "") -> None:
    f.put(header, key, day_count(SPSS, seconds=True), kind="date", label=label)


def _code(f: Form, header: str, key: str, label: str, missing: int = 9) -> Column:
    variable = key.split(".")[-1]
    values = LABELS[variable] | {missing: "미상"}
    return f.put(header, key, coded(CODES[variable], blank=missing), label=label, values=values, missing=[missing])


def _yes(f: Form, header: str, key: str, label: str) -> None:
    f.put(header, key, coded({1: 1, 0: 0}), label=label, values=YES)


def _lab(f: Form, header: str, key: str, encode: Encoder, label: str, digits: int = 1, missing: bool = True) -> None:
    f.put(header, key, encode, label=label, digits=digits, missing=[999] if missing else [])


def _patient(f: Form) -> None:
    f.extra("PID", [int(x) if str(x).isdigit() else x for x in f.sheet.ids], label="연구번호", kind="number")
    f.put("SEX", "sex", coded({"F": 1, "M": 2}, blank=9), label="성별", values={1: "여자", 2: "남자"}, missing=[9])
    f.put("AGE_DX", "age_dx", number(1, blank=99), label="진단시 만나이", digits=1, missing=[99])
    _code(f, "DX", "diagnosis", "진단명")
    _date(f, "DXDATE", "dx_date", "진단일")
    f.put("ECOG", "ecog", integer(blank=9), label="ECOG", missing=[9])
    _code(f, "HEAVY", "mprotein_heavy", "M단백 중쇄")
    _code(f, "LIGHT", "mprotein_light", "M단백 경쇄")
    for header, key in (("ISS", "iss"), ("RISS", "riss")):
        f.put(header, key, coded({"I": 1, "II": 2, "III": 3}, blank=9), label=header, values=STAGES, missing=[9])


def _laboratory(f: Form) -> None:
    _lab(f, "HB", "hb", number(1, blank=999), "Hb g/dL")
    _lab(f, "PLT", "plt", number(0), "혈소판 10^9/L", 0, missing=False)
    _lab(f, "CA", "ca", number(1, blank=999), "Ca mg/dL")
    _lab(f, "CR", "cr", number(2, blank=999, cuts=[2.0]), "Cr mg/dL", 2)
    _lab(f, "ALB", "alb", number(0, factor=10, blank=999, cuts=[3.5]), "알부민 g/L", 0)
    _lab(f, "B2M", "b2m", number(2, blank=999, cuts=[3.5, 5.5]), "B2M mg/L", 2)
    _lab(f, "LDH", "ldh", number(0), "LDH U/L", 0, missing=False)
    _lab(f, "LDH_ULN", "ldh_uln", number(0), "LDH 정상상한 U/L", 0, missing=False)
    _lab(f, "M_SER", "mprot_serum", number(2, blank=999), "혈청 M단백 g/dL", 2)
    _lab(f, "M_UR", "mprot_urine", number(0), "소변 M단백 mg/24h", 0, missing=False)
    _lab(f, "FLC_K", "flc_kappa", number(1), "유리 kappa mg/L", missing=False)
    _lab(f, "FLC_L", "flc_lambda", number(1), "유리 lambda mg/L", missing=False)
    _lab(f, "BMPC", "bmpc", number(0, blank=999), "골수 형질세포 %", 0)
    _yes(f, "FISH", "fish_done", "FISH 시행")
    result = {0: "음성", 1: "양성", 9: "미시행"}
    for variable, header in FISH.items():
        f.put(header.upper(), variable, coded({0: 0, 1: 1}, blank=9), label=header, values=result, missing=[9])
    f.put("HIGHRISK", "cyto_high", coded({0: 0, 1: 1}, blank=9), label="고위험 세포유전", values=YES, missing=[9])
    _code(f, "EMD", "emd_dx", "형질세포종")


def _treatment(f: Form) -> None:
    _code(f, "IND", "ind_regimen", "유도요법")
    _date(f, "INDSTART", "ind_start", "유도 시작일")
    _date(f, "INDEND", "ind_end", "유도 종료일")
    f.put("CYCLES", "vtd_cycles", integer(blank=99), label="주기 수", missing=[99])
    f.extra("MOBIL", words.in_turn(words.MOBILIZED, len(f)), kind="text", label="가동화")
    f.extra("CD34", words.cd34(len(f), blank=999), digits=1, missing=[999], label="CD34 10^6/kg")
    for k in (1, 2):
        key = f"transplant.{k}."
        _date(f, f"ASCT{k}", key + "asct_date", f"{k}차 이식일")
        _code(f, f"ASCT{k}TYPE", key + "asct_type", f"{k}차 이식 종류")
        _code(f, f"COND{k}", key + "conditioning", f"{k}차 전처치")
        f.put(f"MEL{k}", key + "mel_dose", number(0, blank=999), label="멜팔란 mg/m2", missing=[999])
    _code(f, "CONSOL", "consolidation", "공고요법")
    labels = RESPONSES | {9: "미상"}
    for time, header in TIMES.items():
        key = f"response.{time}."
        raw = words.response(f.get(key + "response"), f.get(key + "scr"), RESPONSE, blank=9, stringent=1)
        f.also(f.extra(header, raw, values=labels, missing=[9], label=f"반응 {time}"), words.response_keys(key))
        if time != "best":
            _date(f, header.replace("R_", "D_"), key + "response_date", f"평가일 {time}")


def _maintenance(f: Form) -> None:
    _yes(f, "MAINT", "maint_yn", "유지요법")
    for k in (1, 2):
        key = f"maintenance.{k}."
        f.put(f"M{k}DRUG", key + "drug", coded(DRUG), kind="text", label=f"유지약제 {k}")
        _date(f, f"M{k}START", key + "maint_start", "시작일")
        _date(f, f"M{k}END", key + "maint_end", "종료일")
        f.put(f"M{k}DOSE", key + "dose", number(1), digits=1, label="용량 mg")
        _yes(f, f"M{k}ONG", key + "ongoing", "진행중")
        values = LABELS["stop_reason"]
        f.put(f"M{k}STOP", key + "stop_reason", coded(CODES["stop_reason"]), values=values, label="중단사유")
        f.put(f"M{k}PN", key + "pn_grade", integer(blank=9), missing=[9], label="신경병증 등급")
        _yes(f, f"M{k}COMB", key + "combination", "병합 또는 임상시험")


def _outcome(f: Form) -> None:
    _yes(f, "PD", "pd_yn", "진행")
    _date(f, "PDDATE", "pd_date", "진행일")
    _code(f, "PDTYPE", "pd_type", "진행 형태")
    _date(f, "NEXTDATE", "next_tx_date", "다음 치료 시작일")
    f.put("NEXTTX", "next_tx", as_text(), kind="text", label="다음 치료")
    f.put("DEATH", "death_yn", coded({0: 0, 1: 1}), values={0: "생존", 1: "사망"}, label="사망")
    _date(f, "DEATHDATE", "death_date", "사망일")
    f.put("CAUSE", "death_cause", coded(CODES["death_cause"]), values=LABELS["death_cause"], label="사인")
    _date(f, "LASTEVAL", "last_assess_date", "마지막 질병 평가일")
    _date(f, "LASTFU", "last_fu_date", "마지막 추적일")
    _yes(f, "SPM", "spm_yn", "이차암")
    _date(f, "SPMDATE", "malignancy.1.spm_date", "이차암 진단일")
    column = f.put("SPMICD", "malignancy.1.icd10", as_text(), kind="text", label="이차암 ICD-10")
    f.also(column, ["malignancy.1.spm_type"])
    months = (f.get("pd_date") - f.get("dx_date")).dt.days / 30.4375
    f.extra("PFS_MO", [None if m != m else round(m, 1) for m in months], digits=1, label="PFS (개월)")
