"""An SPSS file: short names with labels, value labels for most codes, one code list that was forgotten."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
from dialects import Column, Extract, Sheet, Truth, coded, number, told, useless

MONTHS = {
    "pre_asct": "before transplantation",
    "post_asct": "after transplantation",
    "m3": "3 months",
    "m6": "6 months",
    "m12": "12 months",
    "m24": "24 months",
}


def _columns(t: Truth) -> tuple[list[Column], dict[str, str], dict[str, dict[int, str]]]:
    labels: dict[str, str] = {}
    values: dict[str, dict[int, str]] = {}
    columns: list[Column] = []

    def put(name: str, label: str, column: Column) -> None:
        labels[name] = label
        columns.append(column)

    def level(name: str, label: str, address: str, names: dict[Any, tuple[int, str]]) -> None:
        codes = {level: code for level, (code, _) in names.items()}
        values[name] = dict(names.values())
        put(name, label, t.column(name, address, coded(codes), told(address, codes_of(codes))))

    def codes_of(codes: dict[Any, int]) -> dict[Any, Any]:
        return codes

    def date_(name: str, label: str, address: str) -> None:
        put(name, label, t.column(name, address, lambda v: pd.Timestamp(v).date()))

    def lab(name: str, label: str, variable: str, digits: int, unit: str, factor: float = 1.0) -> None:
        put(name, label, t.column(name, f"patient.{variable}", number(digits, factor), {"to": variable, "unit": unit}))

    no_yes = {0: (0, "No"), 1: (1, "Yes")}
    probe = {0: (1, "negative"), 1: (2, "positive")}
    level("SEX", "Sex", "patient.sex", {"M": (0, "Male"), "F": (1, "Female")})
    put("AGE", "Age at diagnosis (years)", t.column("AGE", "patient.age_dx", number(1)))
    date_("DIAGDAT", "Date of diagnosis", "patient.dx_date")
    level("PS", "ECOG performance status", "patient.ecog", {i: (i, str(i)) for i in range(5)})
    level("DSTAGE", "ISS", "patient.iss", {"I": (1, "I"), "II": (2, "II"), "III": (3, "III")})
    level("RSTAGE", "Revised ISS", "patient.riss", {"I": (1, "I"), "II": (2, "II"), "III": (3, "III")})
    heavy = {
        "IgG": (1, "IgG"),
        "IgA": (2, "IgA"),
        "IgD": (3, "IgD"),
        "IgM": (4, "IgM"),
        "LCD": (5, "light chain only"),
        "NS": (6, "non-secretory"),
    }
    level("HCH", "Heavy chain", "patient.mprotein_heavy", heavy)
    level(
        "LCH",
        "Light chain",
        "patient.mprotein_light",
        {"kappa": (1, "kappa"), "lambda": (2, "lambda"), "biclonal": (3, "biclonal")},
    )
    lab("LAB1", "Hemoglobin (g/dL)", "hb", 1, "g/dL")
    lab("LAB2", "Platelets (x10^9/L)", "plt", 0, "10^9/L")
    lab("LAB3", "Serum calcium (mg/dL)", "ca", 1, "mg/dL")
    lab("LAB4", "Serum creatinine (mg/dL)", "cr", 2, "mg/dL")
    lab("LAB5", "Albumin (g/L)", "alb", 0, "g/L", 10)
    lab("LAB6", "Beta-2 microglobulin (mg/L)", "b2m", 1, "mg/L")
    lab("LAB7", "LDH (U/L)", "ldh", 0, "U/L")
    lab("LAB8", "Plasma cells in bone marrow (%)", "bmpc", 0, "%")
    put("LAB9", "Ferritin (ng/mL)", useless("LAB9", [120.0, 340.0, 88.0, 501.0], len(t.own)))
    level("F17P", "FISH: del(17p)", "patient.del17p", probe)
    level("F0414", "FISH: t(4;14)", "patient.t_4_14", probe)
    level("F1416", "FISH: t(14;16)", "patient.t_14_16", probe)
    level("PLASMACY", "Plasmacytoma", "patient.plasmacytoma", no_yes)
    date_("INDBEG", "Start of induction", "patient.ind_start")
    date_("INDFIN", "End of induction", "patient.ind_end")
    put("NCYC", "Number of induction cycles", t.column("NCYC", "patient.vtd_cycles", int))
    level(
        "INDREG",
        "Induction regimen",
        "patient.ind_regimen",
        {
            "VTD": (1, "VTD"),
            "VTD_CHANGED": (2, "VTD changed"),
            "VMP": (3, "VMP"),
            "TD": (4, "TD"),
            "VCD": (5, "VCD"),
            "VRD": (6, "VRD"),
            "OTHER": (9, "other"),
        },
    )
    for k in (1, 2):
        at = f"transplant[{k}]"
        which = ("first", "second")[k - 1]
        date_(f"TX{k}DAT", f"Date of {which} transplantation", f"{at}.asct_date")
        codes = {"MEL200": 1, "MEL140": 2, "BUMEL": 3, "OTHER": 4}  # nobody labeled these
        put(
            f"TX{k}CON",
            f"Conditioning of {which} transplantation",
            t.column(f"TX{k}CON", f"{at}.conditioning", coded(codes), told(f"{at}.conditioning", codes)),
        )
    six = {
        "CR": (2, "CR"),
        "VGPR": (3, "VGPR"),
        "PR": (4, "PR"),
        "MR": (5, "MR"),
        "SD": (6, "SD"),
        "PD": (7, "PD"),
        "NE": (8, "NE"),
    }
    for n, (item, when) in enumerate(MONTHS.items(), start=1):
        address = f"response[{item}].response"
        flag = t.get(f"response[{item}].scr")
        cells = [None if v is None else 1 if f == 1 else six[v][0] for v, f in zip(t.get(address), flag, strict=True)]
        answer = [
            {"to": address, "codes": {"1": "CR", **{str(c): level for level, (c, _) in six.items()}}},
            {"to": f"response[{item}].scr", "codes": {"1": 1, "8": None}, "otherwise": 0},
        ]
        values[f"RSP{n}"] = {1: "sCR", **dict(six.values())}
        put(f"RSP{n}", f"Response {when}", Column(f"RSP{n}", cells, [address], answer, [f"response[{item}].scr"]))
        date_(f"RSP{n}DAT", f"Date of response {when}", f"response[{item}].response_date")
    at = "maintenance[1]"
    level("MNT", "Maintenance therapy given", "patient.maint_yn", no_yes)
    level(
        "MNTDRUG",
        "Maintenance drug",
        f"{at}.drug",
        {
            "THAL": (1, "thalidomide"),
            "LEN": (2, "lenalidomide"),
            "BOR": (3, "bortezomib"),
            "IXA": (4, "ixazomib"),
            "OTHER": (5, "other"),
        },
    )
    date_("MNTBEG", "Start of maintenance", f"{at}.maint_start")
    date_("MNTFIN", "End of maintenance", f"{at}.maint_end")
    level(
        "MNTWHY",
        "Reason for stopping maintenance",
        f"{at}.stop_reason",
        {
            "PD": (1, "progression"),
            "AE": (2, "adverse event"),
            "planned": (3, "as planned"),
            "patient": (4, "patient's choice"),
            "cost": (5, "cost"),
            "death": (6, "death"),
            "ongoing": (7, "ongoing"),
            "unknown": (99, "unknown"),
        },
    )
    level("PROG", "Progression", "patient.pd_yn", no_yes)
    date_("PROGDAT", "Date of progression", "patient.pd_date")
    level("STAT", "Vital status at last contact", "patient.death_yn", {0: (1, "alive"), 1: (2, "dead")})
    date_("DEADDAT", "Date of death", "patient.death_date")
    date_("LASTDAT", "Date of last contact", "patient.last_fu_date")
    level("CANC2", "Second malignancy", "patient.spm_yn", no_yes)
    date_("CANC2DAT", "Date of second malignancy", "malignancy[1].spm_date")
    put("PFSM", "Progression-free survival (months)", useless("PFSM", [12.4, 33.1, 48.0, 7.5, 25.2], len(t.own)))
    return columns, labels, values


def build(folder: Path) -> Extract:
    """A row a patient; dates are SPSS dates."""
    t = Truth("SSMH", 70, "")
    columns, labels, values = _columns(t)
    frame = pd.DataFrame({"CASENO": [int(v) for v in t.own], **{c.header: c.cells for c in columns}})
    for c in columns:
        if not any(isinstance(v, (date, str)) for v in c.cells):
            frame[c.header] = pd.to_numeric(frame[c.header]).astype(np.float64)
    path = folder / "sm_asct.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"CASENO": "Case number", **labels},
        variable_value_labels=values,
    )
    return Extract("SM", [Sheet(path.name, "", "CASENO", columns, {"format": "sav"})], t.ids(), [path])
