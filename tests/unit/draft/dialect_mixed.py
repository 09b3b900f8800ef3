"""A csv with semicolons in code page 949: Korean beside English, day first, brand names, codes without a book."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from dialects import Column, Extract, Sheet, Truth, coded, day, number, told, useless

BRANDS = {"THAL": "세엘진탈리도마이드", "LEN": "레블리미드", "BOR": "벨케이드", "IXA": "닌라로", "OTHER": "기타"}


def _drug(t: Truth, header: str, at: str) -> Column:
    """`레블리미드 10mg`: drug and dose in one text, the partner behind a plus."""
    parts = zip(t.get(f"{at}.drug"), t.get(f"{at}.dose"), t.get(f"{at}.combination"), strict=True)
    cells = [
        None if drug is None else BRANDS[drug] + (f" {dose:g}mg" if dose else "") + (" +dexa" if both == 1 else "")
        for drug, dose, both in parts
    ]
    names = [f"{at}.drug", f"{at}.dose", f"{at}.combination"]
    return Column(header, cells, names[:1], {"read": "drug_and_dose", "to": at}, names[1:])


def _fish(t: Truth, header: str) -> Column:
    """`17p del (-), t(4;14) (+), t(14;16) (-)`, or that it was not done."""
    names = {"del17p": "17p del", "t_4_14": "t(4;14)", "t_14_16": "t(14;16)"}
    flags = {name: t.get(f"patient.{name}") for name in names}
    cells: list[Any] = []
    for i, done in enumerate(t.get("patient.fish_done")):
        signs = [
            f"{text} ({'+' if flags[name][i] == 1 else '-'})"
            for name, text in names.items()
            if flags[name][i] is not None
        ]
        cells.append(None if done is None else "미시행" if done == 0 else ", ".join(signs) or None)
    also = [f"patient.{name}" for name in (*names, "t_14_20", "gain1q", "t_11_14", "del13q")]
    return Column(header, cells, ["patient.fish_done"], {"read": ["fish_words", "fish_main"]}, also)


def _columns(t: Truth) -> list[Column]:
    n = len(t.own)
    yes = {1: "유", 0: "무"}

    def level(header: str, address: str, names: dict) -> Column:
        return t.column(header, address, coded(names), told(address, names))

    def date_(header: str, address: str) -> Column:
        answer = {"to": address.removeprefix("patient."), "dates": {"formats": ["DD/MM/YY"], "two_digit_years": 1930}}
        return t.column(header, address, day("%d/%m/%y"), answer)

    def lab(header: str, name: str, digits: int, unit: str, factor: float = 1.0) -> Column:
        return t.column(header, f"patient.{name}", number(digits, factor), {"to": name, "unit": unit})

    drug, after = "maintenance[1]", "maintenance[2]"
    columns = [
        useless("진료과", ["HO", "IM", "HO"], n),
        level("성별(코드)", "patient.sex", {"M": 1, "F": 2}),
        t.column("출생년도", "patient.birth_year", int),
        date_("Dx일", "patient.dx_date"),
        t.column("PS(ECOG)", "patient.ecog", int),
        Column(
            "Ig type",
            [
                None if h is None else f"{h}" + (f"-{x}" if x else "")
                for h, x in zip(t.get("patient.mprotein_heavy"), t.get("patient.mprotein_light"), strict=True)
            ],
            ["patient.mprotein_heavy"],
            {"read": "m_protein"},
            ["patient.mprotein_light"],
        ),
        lab("Hgb", "hb", 1, "g/dL"),
        lab("Plt(천/uL)", "plt", 0, "10^3/uL"),
        lab("Calcium", "ca", 1, "mg/dL"),
        lab("Cr (mg/dl)", "cr", 2, "mg/dL"),
        lab("Albumin(g/dl)", "alb", 1, "g/dL"),
        lab("β2-MG (mg/L)", "b2m", 1, "mg/L"),
        lab("LDH (IU/L)", "ldh", 0, "U/L"),
        lab("SPEP M-peak(g/dL)", "mprot_serum", 1, "g/dL"),
        lab("골수 plasma cell(%)", "bmpc", 0, "%"),
        level("ISS stage", "patient.iss", {"I": 1, "II": 2, "III": 3}),
        level("R-ISS stage", "patient.riss", {"I": 1, "II": 2, "III": 3}),
        _fish(t, "FISH 결과"),
        level("형질세포종 유무", "patient.plasmacytoma", yes),
        level(
            "Induction 요법",
            "patient.ind_regimen",
            {
                "VTD": "VTD",
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
        ),
        date_("Induction 시작일", "patient.ind_start"),
        date_("Induction 종료일", "patient.ind_end"),
        t.column("cycle수", "patient.vtd_cycles", int),
        date_("1차 PBSCT일", "transplant[1].asct_date"),
        level(
            "1차 PBSCT 전처치",
            "transplant[1].conditioning",
            {"MEL200": "HDM200", "MEL140": "HDM140", "BUMEL": "BuMel", "OTHER": "기타"},
        ),
        date_("2차 PBSCT일", "transplant[2].asct_date"),
        level(
            "2차 PBSCT 전처치",
            "transplant[2].conditioning",
            {"MEL200": "HDM200", "MEL140": "HDM140", "BUMEL": "BuMel", "OTHER": "기타"},
        ),
        useless("재원일수", [17, 21, 19, 25, 30], n),
    ]
    names = {"CR": "CR", "VGPR": "VGPR", "PR": "PR", "MR": "MR", "SD": "SD", "PD": "PD", "NE": "NE"}
    times = {
        "pre_asct": "이식 전",
        "post_asct": "이식 후",
        "m3": "3개월",
        "m6": "6개월",
        "m12": "12개월",
        "m18": "18개월",
        "m24": "24개월",
    }
    for item, when in times.items():
        address = f"response[{item}].response"
        columns += [
            level(f"{when} 반응", address, names),
            date_(f"{when} 반응평가일", f"response[{item}].response_date"),
        ]
    columns += [
        level("최고 반응", "response[best].response", names),
        level("유지요법 시행", "patient.maint_yn", yes),
        _drug(t, "유지약제(용량)", drug),
        date_("유지약제 시작", f"{drug}.maint_start"),
        date_("유지약제 종료", f"{drug}.maint_end"),
        level(
            "중단 이유",
            f"{drug}.stop_reason",
            {
                "PD": "PD",
                "AE": "독성",
                "planned": "계획종료",
                "patient": "환자거부",
                "cost": "보험문제",
                "death": "사망",
                "ongoing": "진행중",
                "unknown": "미상",
            },
        ),
        _drug(t, "유지약제2(용량)", after),
        date_("유지약제2 시작", f"{after}.maint_start"),
        date_("유지약제2 종료", f"{after}.maint_end"),
        level("PD 유무", "patient.pd_yn", yes),
        date_("PD일", "patient.pd_date"),
        level("생존여부", "patient.death_yn", {1: 1, 0: 0}),
        date_("사망일", "patient.death_date"),
        date_("마지막 F/U일", "patient.last_fu_date"),
        level("2차암 유무", "patient.spm_yn", yes),
        date_("2차암 진단일", "malignancy[1].spm_date"),
        t.column("Remark", "patient.next_tx", lambda v: f"재발 후 {v} 시작, 외래 추적"),
    ]
    remark = columns[-1]
    remark.means, remark.answer = [], None
    return columns


def build(folder: Path) -> Extract:
    """CP949, semicolons, ND for what is missing."""
    t = Truth("SMC", 64, "")
    columns = _columns(t)
    rows = [["연번호", *(c.header for c in columns)]]
    for i, ident in enumerate(t.own):
        rows.append([ident, *("ND" if c.cells[i] is None else str(c.cells[i]) for c in columns)])
    path = folder / "자료_final.csv"
    with open(path, "w", encoding="cp949", newline="") as handle:
        csv.writer(handle, delimiter=";").writerows(rows)
    facts = {"format": "csv", "encoding": "cp949", "separator": ";", "missing": ["ND"]}
    return Extract("MX", [Sheet(path.name, "", "연번호", columns, facts)], t.ids(), [path])
