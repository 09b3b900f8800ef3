"""A csv of a research database: English snake case, the units in the names, words as codes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from dialects import SAME, Column, Extract, Sheet, Truth, coded, day, number, responses, told, useless


def _columns(t: Truth) -> list[Column]:
    """Every column but the id, in the order of the file."""
    yes = {1: "yes", 0: "no"}
    sign = {1: "pos", 0: "neg"}
    iso = day("%Y-%m-%d")

    def flag(header: str, address: str, names: dict = yes) -> Column:
        return t.column(header, address, coded(names), told(address, names))

    def level(header: str, address: str, names: dict) -> Column:
        return t.column(header, address, coded(names), told(address, names))

    def lab(header: str, name: str, digits: int, unit: str, factor: float = 1.0) -> Column:
        return t.column(header, f"patient.{name}", number(digits, factor), {"to": name, "unit": unit})

    n = len(t.own)
    diseases = {"NDMM": "multiple myeloma", "AL": "AL amyloidosis", "PCL": "plasma cell leukemia", "OTHER": "other"}
    stages = {"I": "stage I", "II": "stage II", "III": "stage III"}
    columns = [
        useless("insurance_type", ["NHIS", "medical aid", "NHIS"], n),
        t.column("dob", "patient.birth_date", iso),
        level("gender", "patient.sex", {"M": "male", "F": "female"}),
        t.column("height_cm", "patient.age_dx", lambda v: round(120 + float(v) * 0.8, 1)),
        level("disease", "patient.diagnosis", diseases),
        t.column("date_of_diagnosis", "patient.dx_date", iso),
        t.column("age_at_hct", "patient.age_asct", number(0)),
        t.column("ecog_ps", "patient.ecog", int),
        level("iss_stage", "patient.iss", stages),
        level("revised_iss", "patient.riss", stages),
        level(
            "heavy_chain_isotype",
            "patient.mprotein_heavy",
            {"IgG": "IgG", "IgA": "IgA", "IgD": "IgD", "IgM": "IgM", "LCD": "light chain only", "NS": "nonsecretory"},
        ),
        level(
            "light_chain_isotype",
            "patient.mprotein_light",
            {"kappa": "kappa", "lambda": "lambda", "biclonal": "biclonal"},
        ),
        lab("hgb_g_dl", "hb", 1, "g/dL"),
        t.column("wbc_k_ul", "patient.cr", lambda v: round(3 + float(v) * 2.1, 1)),
        lab("platelets_k_ul", "plt", 0, "K/uL"),
        lab("calcium_mmol_l", "ca", 2, "mmol/L", 10 / 40.078),
        lab("creatinine_umol_l", "cr", 0, "umol/L", 88.42),
        lab("albumin_g_l", "alb", 0, "g/L", 10),
        lab("beta2_microglobulin_mg_l", "b2m", 1, "mg/L"),
        lab("ldh_u_l", "ldh", 0, "U/L"),
        lab("ldh_upper_limit", "ldh_uln", 0, "U/L"),
        lab("serum_mprotein_g_dl", "mprot_serum", 1, "g/dL"),
        lab("urine_mprotein_g_24h", "mprot_urine", 3, "g/24h", 0.001),
        lab("free_kappa_mg_l", "flc_kappa", 1, "mg/L"),
        lab("free_lambda_mg_l", "flc_lambda", 1, "mg/L"),
        lab("marrow_plasma_cells_pct", "bmpc", 0, "%"),
        flag("fish_performed", "patient.fish_done"),
        flag("fish_del_17p", "patient.del17p", sign),
        flag("fish_t_4_14", "patient.t_4_14", sign),
        flag("fish_t_14_16", "patient.t_14_16", sign),
        flag("fish_gain_1q", "patient.gain1q", sign),
        flag("high_risk_cytogenetics", "patient.cyto_high"),
        level(
            "extramedullary_disease",
            "patient.emd_dx",
            {"none": "none", "paraskeletal": "bone-related", "extramedullary": "soft tissue"},
        ),
        level(
            "induction_regimen",
            "patient.ind_regimen",
            {
                "VTD": "VTD",
                "VTD_CHANGED": "VTD switched",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "other",
            },
        ),
        t.column("induction_start_dt", "patient.ind_start", iso),
        t.column("induction_stop_dt", "patient.ind_end", iso),
        t.column("induction_n_cycles", "patient.vtd_cycles", int),
        useless("stem_cell_dose", [3.4, 5.1, 2.8, 7.7, 4.9], n, 9),
    ]
    types = {"single": "autologous", "planned_tandem": "planned tandem", "salvage": "salvage", "allo": "allogeneic"}
    for k in (1, 2):
        at = f"transplant[{k}]"
        columns += [
            t.column(f"hct{k}_date", f"{at}.asct_date", iso),
            level(f"hct{k}_type", f"{at}.asct_type", types),
            level(
                f"hct{k}_conditioning",
                f"{at}.conditioning",
                {"MEL200": "Mel 200", "MEL140": "Mel 140", "BUMEL": "Bu/Mel", "OTHER": "other"},
            ),
            t.column(
                f"hct{k}_melphalan_mg_m2", f"{at}.mel_dose", number(0), {"to": f"{at}.mel_dose", "unit": "mg/m^2"}
            ),
        ]
    columns.append(level("consolidation_tx", "patient.consolidation", {"none": "none", "VTD": "VTD", "other": "other"}))
    for item, name in (
        ("pre_asct", "pre_hct"),
        ("post_asct", "day100"),
        ("m3", "3mo"),
        ("m6", "6mo"),
        ("m12", "12mo"),
        ("best", "best"),
    ):
        columns.append(responses(t, item, f"resp_{name}", SAME, "sCR"))
        if item != "best":
            columns.append(t.column(f"resp_{name}_date", f"response[{item}].response_date", iso))
    reasons = {
        "PD": "progression",
        "AE": "toxicity",
        "planned": "completed",
        "patient": "patient refusal",
        "cost": "insurance",
        "death": "death",
        "ongoing": "ongoing",
        "unknown": "unknown",
    }
    agents = {"THAL": "thalidomide", "LEN": "lenalidomide", "BOR": "bortezomib", "IXA": "ixazomib", "OTHER": "other"}
    at = "maintenance[1]"
    causes = {
        "MM": "myeloma",
        "SPM": "second malignancy",
        "infection": "infection",
        "TRM": "transplant-related",
        "other": "other",
        "unknown": "unknown",
    }
    columns += [
        flag("maintenance_given", "patient.maint_yn"),
        level("maint_agent", f"{at}.drug", agents),
        t.column("maint_begin", f"{at}.maint_start", iso),
        t.column("maint_finish", f"{at}.maint_end", iso),
        flag("maint_ongoing", f"{at}.ongoing"),
        t.column("maint_dose_mg", f"{at}.dose", float),
        level("maint_reason_off", f"{at}.stop_reason", reasons),
        t.column("neuropathy_grade", f"{at}.pn_grade", int),
        flag("progressed", "patient.pd_yn"),
        t.column("progression_date", "patient.pd_date", iso),
        level("progression_kind", "patient.pd_type", {"biochemical": "biochemical", "clinical": "clinical"}),
        t.column("hgb_at_progression_g_dl", "patient.hb", lambda v: round(float(v) * 0.97 + 0.4, 1)),
        t.column("second_line_start", "patient.next_tx_date", iso),
        t.column("second_line_regimen", "patient.next_tx", str),
        level("vital_status", "patient.death_yn", {1: "dead", 0: "alive"}),
        t.column("date_of_death", "patient.death_date", iso),
        level("cause_of_death", "patient.death_cause", causes),
        t.column("last_disease_evaluation", "patient.last_assess_date", iso),
        t.column("last_contact_date", "patient.last_fu_date", iso),
        t.column("most_recent_ldh_u_l", "patient.ldh", lambda v: round(float(v) * 1.05)),
        flag("second_cancer", "patient.spm_yn"),
        t.column("second_cancer_date", "malignancy[1].spm_date", iso),
        t.column("second_cancer_icd10", "malignancy[1].icd10", str, also=["malignancy[1].spm_type"]),
    ]
    for header in ("height_cm", "wbc_k_ul", "hgb_at_progression_g_dl", "most_recent_ldh_u_l"):
        nothing = next(c for c in columns if c.header == header)
        nothing.means, nothing.answer = [], None
    return columns


def build(folder: Path) -> Extract:
    """UTF-8, a row a patient, N/A where nothing is known."""
    t = Truth("SNUH", 50, "SG-")
    columns = _columns(t)
    frame = pd.DataFrame(
        {"study_id": t.own, **{c.header: ["N/A" if v is None else v for v in c.cells] for c in columns}}
    )
    path = folder / "sg_mm_registry.csv"
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    facts = {"format": "csv", "encoding": "utf-8", "missing": ["N/A"]}
    return Extract("SG", [Sheet(path.name, "", "study_id", columns, facts)], t.ids(), [path])
