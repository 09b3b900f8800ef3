"""A Korean workbook: a title, two header rows with merged groups, response as a sheet of its own, a code book."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
from dialects import Column, Extract, Sheet, Truth, coded, number, told, typed, useless

FILE = "충정병원_골수종_자료.xlsx"


def _columns(t: Truth) -> list[Column]:
    n = len(t.own)

    def level(header: str, address: str, names: dict) -> Column:
        return t.column(header, address, coded(names), told(address, names))

    def lab(header: str, name: str, digits: int, unit: str, factor: float = 1.0) -> Column:
        return t.column(
            f"진단시 검사 / {header}", f"patient.{name}", number(digits, factor), {"to": name, "unit": unit}
        )

    yes = {1: "예", 0: "아니오"}
    probe = {1: "양성", 0: "음성"}
    heavy = {"IgG": "IgG", "IgA": "IgA", "IgD": "IgD", "IgM": "IgM", "LCD": "경쇄형", "NS": "비분비형"}
    stage = {"I": "1기", "II": "2기", "III": "3기"}
    kind = {"single": "자가", "planned_tandem": "탠덤", "salvage": "구제", "allo": "동종"}
    prepared = {"MEL200": "멜팔란 200", "MEL140": "멜팔란 140", "BUMEL": "부설판+멜팔란", "OTHER": "기타"}
    agents = {"THAL": "탈리도마이드", "LEN": "레날리도마이드", "BOR": "보르테조밉", "IXA": "익사조밉", "OTHER": "기타"}
    reasons = {
        "PD": "질병진행",
        "AE": "부작용",
        "planned": "계획종료",
        "patient": "환자거부",
        "cost": "비용",
        "death": "사망",
        "ongoing": "투약중",
        "unknown": "미상",
    }
    causes = {
        "MM": "골수종",
        "SPM": "이차암",
        "infection": "감염",
        "TRM": "이식관련",
        "other": "기타",
        "unknown": "미상",
    }
    first = "transplant[1]"
    drug = "maintenance[1]"
    found = [
        level("기본정보 / 성별", "patient.sex", {"M": "남성", "F": "여성"}),
        t.column("기본정보 / 생년월일", "patient.birth_date", typed),
        useless("기본정보 / 거주지역", ["서울", "경기", "인천", "강원"], n),
        t.column("진단 / 진단일자", "patient.dx_date", typed),
        level(
            "진단 / 진단명",
            "patient.diagnosis",
            {"NDMM": "다발골수종", "AL": "AL 아밀로이드증", "PCL": "형질세포백혈병", "OTHER": "기타"},
        ),
        t.column("진단 / 전신수행상태(ECOG)", "patient.ecog", int),
        level("진단 / 중쇄", "patient.mprotein_heavy", heavy),
        level("진단 / 경쇄", "patient.mprotein_light", {"kappa": "카파", "lambda": "람다", "biclonal": "카파/람다"}),
        level("진단 / ISS 병기", "patient.iss", stage),
        level("진단 / R-ISS 병기", "patient.riss", stage),
        lab("혈색소(g/dL)", "hb", 1, "g/dL"),
        Column("진단시 검사 / 백혈구(10^3/uL)", [round(3.1 + (7 * i % 50) / 10, 1) for i in range(n)]),
        lab("혈소판(10^3/uL)", "plt", 0, "10^3/uL"),
        lab("보정칼슘", "ca", 1, "mg/dL"),
        lab("크레아티닌(mg/dL)", "cr", 2, "mg/dL"),
        lab("알부민(g/dL)", "alb", 1, "g/dL"),
        lab("베타2마이크로글로불린(mg/L)", "b2m", 1, "mg/L"),
        lab("LDH(U/L)", "ldh", 0, "U/L"),
        lab("LDH 정상상한치(U/L)", "ldh_uln", 0, "U/L"),
        lab("혈청 M단백(g/dL)", "mprot_serum", 1, "g/dL"),
        lab("24시간 소변 M단백(mg/day)", "mprot_urine", 0, "mg/d"),
        lab("혈청유리경쇄 카파", "flc_kappa", 1, "mg/L"),
        lab("혈청유리경쇄 람다", "flc_lambda", 1, "mg/L"),
        lab("골수형질세포(%)", "bmpc", 0, "%"),
        level("FISH / 검사여부", "patient.fish_done", yes),
        level("FISH / 17p 결손", "patient.del17p", probe),
        level("FISH / t(4;14)", "patient.t_4_14", probe),
        level("FISH / t(14;16)", "patient.t_14_16", probe),
        level("FISH / 1q 증폭", "patient.gain1q", probe),
        level("FISH / 고위험군", "patient.cyto_high", yes),
        level(
            "유도치료 / 요법",
            "patient.ind_regimen",
            {
                "VTD": "VTD",
                "VTD_CHANGED": "VTD 후 변경",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "기타",
            },
        ),
        t.column("유도치료 / 시작일", "patient.ind_start", typed),
        t.column("유도치료 / 종료일", "patient.ind_end", typed),
        t.column("유도치료 / 시행 주기수", "patient.vtd_cycles", int),
        t.column("1차 자가이식 / 이식일", f"{first}.asct_date", typed),
        level("1차 자가이식 / 이식 구분", f"{first}.asct_type", kind),
        level("1차 자가이식 / 전처치요법", f"{first}.conditioning", prepared),
        t.column(
            "1차 자가이식 / 멜팔란 용량(mg/m2)",
            f"{first}.mel_dose",
            number(0),
            {"to": f"{first}.mel_dose", "unit": "mg/m^2"},
        ),
        t.column("2차 자가이식 / 이식일", "transplant[2].asct_date", typed),
        level("2차 자가이식 / 이식 구분", "transplant[2].asct_type", kind),
        level("2차 자가이식 / 전처치요법", "transplant[2].conditioning", prepared),
        level("공고요법", "patient.consolidation", {"none": "없음", "VTD": "VTD", "other": "기타"}),
        level("유지치료 / 시행여부", "patient.maint_yn", yes),
        level("유지치료 / 약제명", f"{drug}.drug", agents),
        t.column("유지치료 / 시작일", f"{drug}.maint_start", typed),
        t.column("유지치료 / 종료일", f"{drug}.maint_end", typed),
        t.column("유지치료 / 1일 용량(mg)", f"{drug}.dose", float),
        level("유지치료 / 중단사유", f"{drug}.stop_reason", reasons),
        t.column("유지치료 / 말초신경병증 등급", f"{drug}.pn_grade", int),
        level("추적관찰 / 질병진행 여부", "patient.pd_yn", yes),
        t.column("추적관찰 / 질병진행일", "patient.pd_date", typed),
        t.column("추적관찰 / 다음 치료 시작일", "patient.next_tx_date", typed),
        t.column("추적관찰 / 다음 치료명", "patient.next_tx", str),
        level("추적관찰 / 생존상태", "patient.death_yn", {1: "사망", 0: "생존"}),
        t.column("추적관찰 / 사망일자", "patient.death_date", typed),
        level("추적관찰 / 사망원인", "patient.death_cause", causes),
        t.column("추적관찰 / 최종 평가일", "patient.last_assess_date", typed),
        t.column("추적관찰 / 최종 내원일", "patient.last_fu_date", typed),
        level("추적관찰 / 이차암 발생", "patient.spm_yn", yes),
        t.column("추적관찰 / 이차암 진단일", "malignancy[1].spm_date", typed),
        useless("추적관찰 / 특이사항", ["보호자 상담함", "외래 추적", "타병원 전원"], n, 2),
    ]
    return found


def _responses(t: Truth, own: dict[str, str]) -> tuple[list[str], list[Column]]:
    names = {
        "CR": "완전관해",
        "VGPR": "VGPR",
        "PR": "부분관해",
        "MR": "최소반응",
        "SD": "안정",
        "PD": "진행",
        "NE": "평가불가",
    }
    times = {
        "pre_asct": "이식 전",
        "post_asct": "이식 후 100일",
        "m3": "유지 3개월",
        "m6": "유지 6개월",
        "m12": "유지 12개월",
        "m18": "유지 18개월",
        "m24": "유지 24개월",
        "best": "최고반응",
    }
    table = t.tables["response"]
    rows = table[(table["center"] == t.center) & table["patient_id"].isin(own) & table["timepoint"].isin(times)]
    words = ["sCR" if s == 1 else names[r] for r, s in zip(rows["response"], rows["scr"].fillna(0), strict=True)]
    codes = {word: level for level, word in names.items()} | {"sCR": "CR"}
    flags = {word: (None if level == "NE" else 0) for level, word in names.items()} | {"sCR": 1}
    columns = [
        Column(
            "평가시점",
            [times[v] for v in rows["timepoint"]],
            ["response.timepoint"],
            {"to": "timepoint", "codes": {word: level for level, word in times.items()}},
        ),
        Column(
            "평가일자",
            [v.to_pydatetime() if v == v else None for v in rows["response_date"]],
            ["response.response_date"],
            "response_date",
        ),
        Column(
            "반응평가",
            words,
            ["response.response"],
            [{"to": "response", "codes": codes}, {"to": "scr", "codes": flags}],
            ["response.scr"],
        ),
        useless("평가자", ["전임의", "교수", "연구간호사"], len(rows)),
    ]
    return [own[v] for v in rows["patient_id"]], columns


def build(folder: Path) -> Extract:
    """The sheets 환자정보 (title in row 1, header in rows 3 and 4), 반응평가 and 코드설명."""
    t = Truth("CNUHH", 60, "CJ")
    columns = _columns(t)
    book = openpyxl.Workbook()
    page = book.active
    page.title = "환자정보"
    page.cell(1, 1, "다발골수종 자가이식 환자 임상자료 (2022년 추출)")
    heads = [["환자고유번호", ""], *([*c.header.split(" / "), ""][:2] for c in columns)]
    for i, (upper, lower) in enumerate(heads, start=1):
        if i == 1 or heads[i - 2][0] != upper:
            page.cell(3, i, upper)
            width = next((k for k in range(i, len(heads)) if heads[k][0] != upper), len(heads)) - i + 1
            if width > 1:
                page.merge_cells(start_row=3, end_row=3, start_column=i, end_column=i + width - 1)
        if lower:
            page.cell(4, i, lower)
        else:
            page.merge_cells(start_row=3, end_row=4, start_column=i, end_column=i)
    for r, ident in enumerate(t.own):
        page.cell(5 + r, 1, ident)
        for i, c in enumerate(columns, start=2):
            cell = page.cell(5 + r, i, c.cells[r])
            if isinstance(c.cells[r], datetime):
                cell.number_format = "yyyy-mm-dd"
    ids, rows = _responses(t, dict(zip(t.known, t.own, strict=True)))
    page = book.create_sheet("반응평가")
    page.append(["환자고유번호", *(c.header for c in rows)])
    for r, ident in enumerate(ids):
        page.append([ident, *(c.cells[r] for c in rows)])
    page = book.create_sheet("코드설명")
    for line in (["항목", "설명"], ["진단일자", "골수검사 확인일"], ["전처치요법", "부설판+멜팔란 포함"]):
        page.append(line)
    path = folder / FILE
    book.save(path)
    sheets = [
        Sheet(FILE, "환자정보", "환자고유번호", columns, {"format": "xlsx", "first_row": 3, "header_rows": 2}),
        Sheet(FILE, "반응평가", "환자고유번호", rows, {"format": "xlsx"}, "response"),
    ]
    return Extract("CJ", sheets, t.ids(), [path])
