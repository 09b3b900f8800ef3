"""Three hospitals that make it hard: bare codes under package names, a code book inside long headers, long visits.

Each carries its traps: counted ages, a date of death that living patients have too, codes 1, 2 and 9 for everything,
lines below the table, a hidden note, other laboratories' columns, dates written by several hands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from dialects import Column, Extract, Sheet, Truth, coded, day, number, typed, useless

YES = {1: 1, 0: 2}
SIGN = {1: 1, 0: 2}
STAGE = {"I": 1, "II": 2, "III": 3}


def _blanks(cells: list[Any], word: Any) -> list[Any]:
    return [word if cell is None else cell for cell in cells]


def build_package(folder: Path) -> Extract:
    """A csv as a statistical package exports it: eight letters a name, 01MAR2019, and 9 for unknown."""
    t = Truth("SSMH", 70, "1")
    sas = lambda v: pd.Timestamp(v).strftime("%d%b%Y").upper()  # noqa: E731
    dx, born = t.get("patient.dx_date"), t.get("patient.birth_date")
    counted = [None if not d or not b else d.year - b.year + 1 for d, b in zip(dx, born, strict=True)]
    until = [d or c for d, c in zip(t.get("patient.death_date"), t.get("patient.last_fu_date"), strict=True)]

    def code(header: str, address: str, names: dict[Any, Any]) -> Column:
        found = t.column(header, address, coded(names))
        return Column(header, _blanks(found.cells, 9), found.means)

    columns = [
        useless("SITEN", [3], len(t.own)),
        code("SEXN", "patient.sex", {"M": 1, "F": 2}),
        t.column("BRTHDT", "patient.birth_date", sas),
        Column("AGE_DX", counted, ["patient.birth_year"]),
        t.column("DXDT", "patient.dx_date", sas),
        t.column("ECOGPS", "patient.ecog", int),
        code("ISSSTG", "patient.iss", STAGE),
        code("RISS_STAGE", "patient.riss", STAGE),
        t.column("HGB_GDL", "patient.hb", number(1)),
        t.column("PLAT_K", "patient.plt", number(0)),
        t.column("CREAT_MGDL", "patient.cr", number(2)),
        t.column("ALB_GDL", "patient.alb", number(1)),
        t.column("CA_MGDL", "patient.ca", number(1)),
        t.column("B2MG", "patient.b2m", number(2)),
        t.column("LDH_IU", "patient.ldh", number(0)),
        t.column("MSPIKE_S", "patient.mprot_serum", number(2)),
        t.column("BMPC_PCT", "patient.bmpc", number(0)),
        code("DEL17P", "patient.del17p", SIGN),
        code("T_4_14", "patient.t_4_14", SIGN),
        code("GAIN1Q", "patient.gain1q", SIGN),
        code("HRCYTO", "patient.cyto_high", YES),
        t.column("INDSTDT", "patient.ind_start", sas),
        t.column("INDENDT", "patient.ind_end", sas),
        code("INDREG", "patient.ind_regimen", {"VTD": 1, "VMP": 2, "TD": 3, "VCD": 4, "VRD": 5, "OTHER": 8}),
        t.column("ASCT1DT", "transplant[1].asct_date", sas),
        t.column("MEL_DOSE", "transplant[1].mel_dose", number(0)),
        t.column("ASCT2DT", "transplant[2].asct_date", sas),
        t.column("RESP_D100", "response[post_asct].response", str),
        t.column("RESPDT_D100", "response[post_asct].response_date", sas),
        t.column("BESTRESP", "response[best].response", str),
        code("MNT_YN", "patient.maint_yn", YES),
        t.column("MNT_STDT", "maintenance[1].maint_start", sas),
        t.column("MNT_ENDT", "maintenance[1].maint_end", sas),
        code("MNT_DRUG", "maintenance[1].drug", {"THAL": 1, "LEN": 2, "BOR": 3, "IXA": 4, "OTHER": 5}),
        code("PD_YN", "patient.pd_yn", YES),
        t.column("PDDT", "patient.pd_date", sas),
        code("DEATH_YN", "patient.death_yn", YES),
        Column("DEATHDT", [d and sas(d) for d in until], ["patient.death_date"]),
        t.column("LFUDT", "patient.last_fu_date", sas),
        code("SPM_YN", "patient.spm_yn", YES),
        useless("HGB_PD_GDL", [9.1, 10.4, 11.2, 8.8], len(t.own)),
        useless("ENTRYDT", ["03JAN2022", "17FEB2022", "30MAR2022"], len(t.own)),
        useless("COMORB", [1, 2, 9], len(t.own)),
    ]  # fmt: skip
    path = folder / "mmreg_v3.csv"
    pd.DataFrame({"SUBJID": t.own, **{c.header: c.cells for c in columns}}, dtype=object).to_csv(path, index=False)
    return Extract("PK", [Sheet(path.name, "", "SUBJID", columns)], t.ids(), [path])


def build_long_headers(folder: Path) -> Extract:
    """A workbook with two header rows, units and code books in the headers, a total and a legend, a hidden note."""
    t = Truth("SNUH", 50, "BM-")

    def code(header: str, address: str, names: dict[Any, Any]) -> Column:
        return t.column(header, address, coded(names))

    n = len(t.own)
    yes, sign = {1: 1, 0: 0}, {1: 1, 0: 0}
    groups = {
        "Ⅰ. 환자 기본정보": [
            code("성별 (1:남, 2:여)", "patient.sex", {"M": 1, "F": 2}),
            t.column("생년월일", "patient.birth_date", typed),
            useless("보험유형 (1:건강보험, 2:의료급여)", [1, 1, 2], n),
        ],
        "Ⅱ. 진단": [
            t.column("최초 진단일자", "patient.dx_date", typed),
            t.column("진단시 연령(만, 세)", "patient.age_dx", number(0)),
            t.column("ECOG 수행능력", "patient.ecog", int),
            code("ISS 병기 (1=I, 2=II, 3=III)", "patient.iss", STAGE),
            code("R-ISS 병기 (1=I, 2=II, 3=III)", "patient.riss", STAGE),
            code(
                "중쇄 종류 (1.IgG 2.IgA 3.IgD 4.IgM 5.light chain only 6.nonsecretory)",
                "patient.mprotein_heavy",
                {"IgG": 1, "IgA": 2, "IgD": 3, "IgM": 4, "LCD": 5, "NS": 6},
            ),
            code("경쇄 종류 (1:kappa, 2:lambda, 3:biclonal)", "patient.mprotein_light",
                 {"kappa": 1, "lambda": 2, "biclonal": 3}),
        ],
        "Ⅲ. 진단시 검사": [
            t.column("혈색소 Hemoglobin (g/dL)", "patient.hb", number(1)),
            t.column("혈소판수 (×10³/μL)", "patient.plt", number(0)),
            t.column("혈청 크레아티닌 (mg/dL)", "patient.cr", number(2)),
            t.column("칼슘 (mg/dL)", "patient.ca", number(1)),
            t.column("알부민 (g/dL)", "patient.alb", number(1)),
            t.column("베타2 마이크로글로불린 (mg/L)", "patient.b2m", number(2)),
            t.column("LDH (IU/L)", "patient.ldh", number(0)),
            t.column("골수 형질세포 비율 (%)", "patient.bmpc", number(0)),
            useless("백혈구수 (×10³/μL)", [4.1, 5.2, 3.3, 7.8, 6.1], n),
            code("17p 결손 (0:음성, 1:양성)", "patient.del17p", sign),
            code("t(4;14) (0:음성, 1:양성)", "patient.t_4_14", sign),
            code("1q 증폭 (0:음성, 1:양성)", "patient.gain1q", sign),
        ],
        "Ⅳ. 치료": [
            t.column("유도요법 시작일", "patient.ind_start", typed),
            t.column("유도요법 종료일", "patient.ind_end", typed),
            t.column("1차 자가이식 시행일", "transplant[1].asct_date", typed),
            t.column("2차 자가이식 시행일", "transplant[2].asct_date", typed),
            code("이식 후 반응 (1:CR, 2:VGPR, 3:PR, 4:MR, 5:SD, 6:PD, 7:NE)", "response[post_asct].response",
                 {"CR": 1, "VGPR": 2, "PR": 3, "MR": 4, "SD": 5, "PD": 6, "NE": 7}),
            code("유지요법 시행여부 (0:아니오, 1:예)", "patient.maint_yn", yes),
            t.column("유지요법 시작일자", "maintenance[1].maint_start", typed),
            t.column("유지요법 종료일자", "maintenance[1].maint_end", typed),
            code("유지요법 약제 (1:탈리도마이드, 2:레날리도마이드, 3:보르테조밉, 4:익사조밉, 5:기타)",
                 "maintenance[1].drug", {"THAL": 1, "LEN": 2, "BOR": 3, "IXA": 4, "OTHER": 5}),
        ],
        "Ⅴ. 경과": [
            code("질병진행 여부 (0:무, 1:유)", "patient.pd_yn", yes),
            t.column("질병진행일", "patient.pd_date", typed),
            code("생존상태 (0:생존, 1:사망)", "patient.death_yn", yes),
            t.column("사망일자", "patient.death_date", typed),
            t.column("최종 추적관찰일", "patient.last_fu_date", typed),
            useless("재발시 혈색소 (g/dL)", [9.4, 10.1, 8.7, 11.0], n),
            code("이차암 발생여부 (0:없음, 1:있음)", "patient.spm_yn", yes),
        ],
    }  # fmt: skip
    book = openpyxl.Workbook()
    page = book.active
    page.title = "자료"
    page.append(["다발골수종 등록자료 (추출용)"])
    page.append(["식별"] + [name for name, columns in groups.items() for _ in columns])
    page.append(["연구번호"] + [c.header for columns in groups.values() for c in columns])
    at = 2
    for columns in groups.values():
        page.merge_cells(start_row=2, end_row=2, start_column=at, end_column=at + len(columns) - 1)
        at += len(columns)
    for i, own in enumerate(t.own):
        page.append([own] + [c.cells[i] for columns in groups.values() for c in columns])
    page.append([f"이상 {n}명"])
    page.append(["※ 빈칸은 미상임"])
    note = book.create_sheet("메모")
    note["A1"] = "담당 부서 확인 완료"
    note.sheet_state = "hidden"
    path = folder / "등록자료.xlsx"
    book.save(path)
    columns = []
    for group, some in groups.items():
        for c in some:
            c.header = f"{' '.join(group.split())} / {c.header}"
            columns.append(c)
    return Extract("LH", [Sheet(path.name, "자료", "연구번호", columns)], t.ids(), [path])


def _hand(i: int, v: Any) -> str:
    """One date as one of several people writes it."""
    date = pd.Timestamp(v)
    return [date.strftime("%Y-%m-%d"), date.strftime("%Y.%m.%d"), date.strftime("%d-%b-%Y"), date.strftime("%Y/%m/%d")][
        i % 4
    ]


def _long(t: Truth, table: str, item: str) -> pd.DataFrame:
    """The rows of a table of these patients under the hospital's own ids."""
    own = {known: ours for ours, (_, known) in t.ids().items()}
    rows = t.tables[table][(t.tables[table]["center"] == t.center) & t.tables[table]["patient_id"].isin(own)]
    return rows.assign(own=rows["patient_id"].map(own)).sort_values(["own", item]).reset_index(drop=True)


def build_long(folder: Path) -> Extract:
    """Three csv files: patients, visits in rows, and treatment lines under brand names; dates by several hands."""
    t = Truth("CNUHH", 70, "V")
    n = len(t.own)
    status = {1: "Deceased", 0: "Alive"}
    people = [
        t.column("Sex", "patient.sex", coded({"M": "male", "F": "female"})),
        t.column("Birth", "patient.birth_date", day("%Y-%m-%d")),
        t.column("Diagnosed on", "patient.dx_date", day("%Y-%m-%d")),
        t.column("Performance", "patient.ecog", int),
        t.column("ISS", "patient.iss", str),
        t.column("Haemoglobin, g/L", "patient.hb", number(0, 10)),
        t.column("Thrombocytes (10^9/L)", "patient.plt", number(0)),
        t.column("Serum creatinine umol/L", "patient.cr", number(0, 88.42)),
        t.column("Serum albumin g/L", "patient.alb", number(0, 10)),
        t.column("Beta-2-microglobulin", "patient.b2m", number(1)),
        t.column("LDH", "patient.ldh", number(0)),
        t.column("Date of autograft", "transplant[1].asct_date", day("%Y-%m-%d")),
        t.column("Induction protocol", "patient.ind_regimen", str),
        t.column("Induction begun", "patient.ind_start", day("%Y-%m-%d")),
        t.column("Progressed", "patient.pd_yn", coded({1: "yes", 0: "no"})),
        t.column("Progressed on", "patient.pd_date", day("%Y-%m-%d")),
        t.column("Status at last contact", "patient.death_yn", coded(status)),
        t.column("Died on", "patient.death_date", day("%Y-%m-%d")),
        t.column("Last seen", "patient.last_fu_date", day("%Y-%m-%d")),
        useless("Physician group", ["A", "B", "C"], n),
        useless("Weight at relapse", [61.2, 72.5, 55.0, 80.3], n),
    ]
    rows = _long(t, "response", "timepoint")
    when = {"pre_asct": "before transplant", "post_asct": "day 100", "m3": "3 months", "m6": "6 months",
            "m12": "12 months", "m18": "18 months", "m24": "24 months", "best": "best", "last": "last"}  # fmt: skip
    visits = [
        Column("Time point", [when[w] for w in rows["timepoint"]], ["response.timepoint"]),
        Column("Assessed on", [None if pd.isna(v) else _hand(i, v) for i, v in enumerate(rows["response_date"])],
               ["response.response_date"]),
        Column("Response", [None if pd.isna(v) else v for v in rows["response"]], ["response.response"],
               also=["response.scr"]),
        Column("Nurse", [["N1", "N2", "N3"][i % 3] for i in range(len(rows))]),
    ]  # fmt: skip
    lines = _long(t, "maintenance", "episode_no")
    brands = {"THAL": "Thalda", "LEN": "Revlimid", "BOR": "Velcade", "IXA": "Ninlaro", "OTHER": "other"}
    rx = [
        Column("Line", list(lines["episode_no"]), ["maintenance.episode_no"]),
        Column("Product", [None if pd.isna(v) else brands[v] for v in lines["drug"]], ["maintenance.drug"]),
        Column("Started", [None if pd.isna(v) else _hand(i, v) for i, v in enumerate(lines["maint_start"])],
               ["maintenance.maint_start"]),
        Column("Stopped", [None if pd.isna(v) else _hand(i, v) for i, v in enumerate(lines["maint_end"])],
               ["maintenance.maint_end"]),
        Column("Reason for stopping", [None if pd.isna(v) else v for v in lines["stop_reason"]],
               ["maintenance.stop_reason"]),
        Column("Batch", [f"B{i % 7}" for i in range(len(lines))]),
    ]  # fmt: skip
    sheets = []
    for name, key, ids, columns, row_is in (
        ("patients", "Patient no.", t.own, people, "patient"),
        ("visits", "Patient no.", list(rows["own"]), visits, "response"),
        ("treatment", "Patient no.", list(lines["own"]), rx, "maintenance"),
    ):
        path = folder / f"{name}.csv"
        pd.DataFrame({key: ids, **{c.header: c.cells for c in columns}}, dtype=object).to_csv(path, index=False)
        sheets.append(Sheet(path.name, "", key, columns, row_is=row_is))
    return Extract("LG", sheets, t.ids(), [folder / sheet.file for sheet in sheets])
