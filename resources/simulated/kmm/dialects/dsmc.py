"""DSMC: one old binary xls; dates as whole numbers yyyymmdd; platelets per µL; the course is one narrative."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import words
from .fields import Cells, coded, day_int, number, objects
from .formats import write_xls
from .layout import aside, describe, fish_text, ig_type, lay, site
from .sheets import Column, Delivery, Form, Records, read_note

BLANK = 9
DAY = day_int()
YES = coded({1: "Y", 0: "N"})
DRUG = {"THAL": "thal", "LEN": "len", "BOR": "bortezomib", "IXA": "ixazomib", "OTHER": "other"}
STOP = {
    "PD": "재발로 중단",
    "AE": "부작용으로 중단",
    "planned": "계획대로 종료",
    "patient": "환자거부로 중단",
    "cost": "비용문제로 중단",
    "death": "사망으로 종료",
    "ongoing": "유지중",
    "unknown": "중단사유 미상",
}
KIND = {"single": "ASCT", "planned_tandem": "tandem ASCT", "salvage": "salvage ASCT", "allo": "alloSCT"}
CONDITIONING = {"MEL200": "MEL200", "MEL140": "MEL140", "BUMEL": "BUMEL", "OTHER": "other"}
TIMES = {
    "pre_asct": "pre-ASCT",
    "post_asct": "post-ASCT",
    "m3": "3M",
    "m6": "6M",
    "m12": "12M",
    "m18": "18M",
    "m24": "24M",
    "best": "best",
}
FORM = "%Y.%m.%d"


def build(records: Records) -> Delivery:
    """Return the delivery of DSMC."""
    file = f"{records.center}_MM.xls"
    f = Form(records, file, "MM", letters=True)
    _baseline(f)
    _course(f)
    _outcome(f)
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_xls(out / file, d.sheets), note)


def _baseline(f: Form) -> None:
    f.extra("No", [int(x) for x in f.sheet.ids], means="연구번호")
    stage = coded({"I": "stage I", "II": "stage II", "III": "stage III"}, BLANK)
    lay(
        f,
        [
            ("Sex", "sex", coded({"M": "M", "F": "F"}, BLANK), "M, F"),
            ("Age", "age_asct", number(1), "이식 당시 만 나이"),
            (
                "Dx",
                "diagnosis",
                coded({"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "etc"}, BLANK),
                "MM, AL (아밀로이드증), PCL, etc",
            ),
            ("Dx_date", "dx_date", DAY, "진단일"),
            ("ECOG", "ecog", coded({k: f"ECOG {k}" for k in range(5)}, BLANK), "ECOG 0-4"),
        ],
    )
    names = {"LCD": "BJP", "NS": "non-secretory"}
    ig_type(f, "M_protein", " ", names, words.LIGHT, BLANK, "`IgG kappa`; `BJP lambda` = 경쇄형; non-secretory")
    lay(
        f,
        [
            ("Hb", "hb", number(1), "g/dL"),
            ("PLT", "plt", number(0, 1000.0), "**/uL**"),
            ("Ca", "ca", number(1), "mg/dL"),
            ("Cr", "cr", number(2, cuts=(2.0,)), "mg/dL"),
            ("Alb", "alb", number(1, cuts=(3.5,)), "g/dL"),
            ("B2M", "b2m", number(1, cuts=(3.5, 5.5)), "mg/L"),
            ("LDH", "ldh", number(0), "U/L"),
            ("LDH_ULN", "ldh_uln", number(0), "U/L"),
            ("SPEP", "mprot_serum", number(1), "g/dL"),
            ("BM", "bmpc", number(0), "%"),
            ("ISS", "iss", stage, "stage I, II, III"),
            ("RISS", "riss", stage, "stage I, II, III"),
        ],
    )
    means = "글자; 적혀 있지 않은 탐색자(일곱 가지)는 음성; neg = 모두 음성; not done = 시행 안 함; " + words.FISH_HINT
    fish_text(f, "FISH", words.FISH_TEXT, ", ", ["FISH: all negative", "neg"], ["not done"], means)
    emd = {"none": "none", "paraskeletal": "paraskeletal", "extramedullary": "EMD"}
    regimen = {
        "VTD": ["VTD", "VTD#4"],
        "VTD_CHANGED": "VTD→VCD",
        "VMP": "VMP",
        "TD": "TD",
        "VCD": "VCD",
        "VRD": "VRD",
        "OTHER": "etc",
    }
    lay(
        f,
        [
            ("Plasmacytoma", "emd_dx", coded(emd, BLANK), "none, paraskeletal, EMD"),
            ("Induction", "ind_regimen", coded(regimen, BLANK), "VTD#4 = VTD; `VTD→VCD` 변경; etc"),
            ("Ind_start", "ind_start", DAY, ""),
            ("Cycles", "vtd_cycles", coded({k: f"#{k}" for k in range(1, 100)}), "#4"),
        ],
    )
    aside(f, "CD34", words.cd34(len(f)), "10^6/kg")


def _outcome(f: Form) -> None:
    lay(
        f,
        [
            ("Death", "death_yn", coded({1: "사망", 0: "생존"}, BLANK), "사망, 생존"),
            ("Death_date", "death_date", DAY, ""),
            (
                "Cause",
                "death_cause",
                coded(words.CAUSE_KO),
                "골수종 진행, 이차암, 감염(폐렴, 패혈증), 이식관련사망, 기타, 미상",
            ),
            ("Last_eval", "last_assess_date", DAY, "마지막 질병 평가일"),
            ("Last_FU", "last_fu_date", DAY, "마지막 추적일"),
            ("SPM", "spm_yn", coded({1: "Y", 0: "N"}, BLANK), "이차암"),
            ("SPM_date", "malignancy.1.spm_date", DAY, ""),
        ],
    )
    site(f, "SPM_site", words.SITE_KO, None, "부위 (위암, 대장암, 간암, 폐암 …)")


def _text(f: Form, key: str) -> list[str]:
    """Return one variable as text, a value a row; "" where missing."""
    values = f.get(key)
    if pd.api.types.is_datetime64_any_dtype(values):
        return list(values.dt.strftime(FORM).fillna(""))
    return ["" if x is None else (f"{x:g}" if isinstance(x, float) else str(x)) for x in objects(values)]


def _course(f: Form) -> None:
    """Add the narrative: transplantations, responses, maintenance, progression, next treatment."""
    phrases: list[list[str]] = [[] for _ in range(len(f))]
    carried: dict[str, np.ndarray | bool] = {}
    _responses(f, phrases, carried, ["pre_asct"])
    for k, lead in ((1, ""), (2, "2nd: ")):
        _transplant(f, phrases, carried, f"transplant.{k}.", lead)
    _responses(f, phrases, carried, ["post_asct"])
    for k, lead in ((1, ""), (2, "then ")):
        _maintenance(f, phrases, carried, f"maintenance.{k}.", lead)
    _responses(f, phrases, carried, ["m3", "m6", "m12", "m18", "m24", "best"])
    _progression(f, phrases, carried)
    column: Column = f.extra("Course", [" / ".join(p) for p in phrases], means="서술, 위 참조")
    for key, mask in carried.items():
        values = f.get(key)
        f.carry(column, key, values, Cells(column.raw, objects(values)), mask)


def _transplant(f: Form, phrases: list[list[str]], carried: dict, key: str, lead: str) -> None:
    date, kind, how = (_text(f, key + name) for name in ("asct_date", "asct_type", "conditioning"))
    for i, phrase in enumerate(phrases):
        if kind[i]:
            phrase.append(f"{lead}{date[i] or '날짜미상'} {KIND[kind[i]]} ({CONDITIONING[how[i]]})")
    carried.update({key + name: True for name in ("asct_date", "asct_type", "conditioning")})


def _responses(f: Form, phrases: list[list[str]], carried: dict, times: list[str]) -> None:
    for time in times:
        key = f"response.{time}."
        result, stringent, date = (_text(f, key + name) for name in ("response", "scr", "response_date"))
        for i, phrase in enumerate(phrases):
            if result[i]:
                word = "sCR" if stringent[i] == "1" else result[i]
                when = f" ({date[i]})" if date[i] and time != "best" else ""
                phrase.append(f"{TIMES[time]}: {word}{when}")
        known = np.array([bool(word) for word in result])
        names = ("response", "scr") if time == "best" else ("response", "scr", "response_date")
        carried.update({key + name: known for name in names})


def _maintenance(f: Form, phrases: list[list[str]], carried: dict, key: str, lead: str) -> None:
    names = ("drug", "dose", "combination", "maint_start", "maint_end", "ongoing", "stop_reason", "pn_grade")
    drug, dose, both, start, end, on, stop, nerve = (_text(f, key + name) for name in names)
    for i, phrase in enumerate(phrases):
        if not drug[i]:
            continue
        partner = "+pred" if both[i] == "1" else ""
        what = f"{lead}{DRUG[drug[i]]}{partner} {dose[i]}mg {start[i]}~{'' if on[i] == '1' else end[i]}"
        if stop[i] == "AE" and nerve[i] in ("2", "3", "4"):
            phrase.append(f"{what}, PN G{nerve[i]} 로 중단")
        else:
            phrase.append(f"{what}, PN G{nerve[i]}, {STOP[stop[i]]}")
    carried.update({key + name: True for name in names})


def _progression(f: Form, phrases: list[list[str]], carried: dict) -> None:
    yes, date, kind = (_text(f, name) for name in ("pd_yn", "pd_date", "pd_type"))
    start, what = _text(f, "next_tx_date"), _text(f, "next_tx")
    for i, phrase in enumerate(phrases):
        if yes[i] == "1":
            phrase.append(f"{date[i]} PD ({kind[i]})")
        elif yes[i] == "0":
            phrase.append("no PD")
        if what[i]:
            phrase.append(f"{start[i]} next Tx {what[i]}")
    carried.update(dict.fromkeys(("pd_yn", "pd_date", "pd_type", "next_tx_date", "next_tx"), True))
