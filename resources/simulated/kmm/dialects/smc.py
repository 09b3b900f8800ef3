"""SMC: one xlsx of three sheets (merged two-row header, a hidden column), date cells, a long response sheet."""

from __future__ import annotations

from . import words
from .fields import as_text, coded, day_cell, integer, number
from .formats import write_xlsx
from .sheets import Delivery, Form, Log, Records, read_note

SEX = {"M": "M", "F": "F"}
STAGE = {"I": 1, "II": 2, "III": 3}
YES = {1: "Y", 0: "N"}
FISH = {
    "del17p": "17p del",
    "t_4_14": "t(4;14)",
    "t_14_16": "t(14;16)",
    "t_14_20": "t(14;20)",
    "gain1q": "1q gain",
    "t_11_14": "t(11;14)",
    "del13q": "13q del",
}
DRUG = {
    "THAL": ["Thal", "thalidomide", "Thalidomide", "thal"],
    "LEN": ["Revlimid", "lenalidomide", "Len"],
    "BOR": ["Velcade", "bortezomib"],
    "IXA": ["Ninlaro", "ixazomib"],
    "OTHER": ["other"],
}
REGIMEN = {
    "VTD": ["VTD", "VTd"],
    "VTD_CHANGED": "VTD→VCD",
    "VMP": "VMP",
    "TD": "TD",
    "VCD": "VCD",
    "VRD": "VRD",
    "OTHER": "other",
}
CONDITIONING = {
    "MEL200": ["MEL200", "HDM 200"],
    "MEL140": ["MEL140", "Mel 140"],
    "BUMEL": ["BUMEL", "Bu/Mel"],
    "OTHER": "other",
}
KIND = {"single": "single", "planned_tandem": "tandem", "salvage": "salvage", "allo": "allo"}
TIME = {
    "pre_asct": "pre-ASCT",
    "post_asct": "post-ASCT",
    "m3": "M3",
    "m6": "M6",
    "m12": "M12",
    "m18": "M18",
    "m24": "M24",
    "best": "best",
    "last": "last",
}


def build(records: Records) -> Delivery:
    """Return the delivery of SMC."""
    file = f"{records.center}_KMM_VTD.xlsx"
    main = Form(records, file, "Baseline", first_row=3, letters=True)
    _patient(main)
    _laboratory(main)
    _treatment(main)
    _outcome(main)
    second = second_transplants(records, file)
    response = _responses(records, file)
    sheets = [main.sheet, second.sheet, response.sheet]
    note = read_note(records.center).format(file=file, cut=records.cut.date())
    return Delivery(records.center, sheets, lambda out, d: write_xlsx(out / file, d.sheets), note)


def _patient(f: Form) -> None:
    n = len(f)
    f.extra("ID", f.sheet.ids, group="Patient")
    f.put("Sex", "sex", coded(SEX), group="Patient")
    f.put("Birth", "birth_date", day_cell(), group="Patient")
    f.extra("Chart_key", [f"x{(48271 * (i + 3)) % 99991:05d}" for i in range(n)], group="Patient", hidden=True)
    f.put("ECOG", "ecog", integer(), group="Patient")
    group = {"group": "Diagnosis"}
    f.put("Dx", "diagnosis", coded({"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "other"}), **group)
    f.put("Dx date", "dx_date", day_cell(), **group)
    heavy, light = f.get("mprotein_heavy"), f.get("mprotein_light")
    both = f.extra("M-protein", words.ig_type(heavy, light, "-", {}, words.LETTER, None), **group)
    f.also(both, ["mprotein_heavy", "mprotein_light"])
    f.put("ISS", "iss", coded(STAGE), **group)
    f.put("R-ISS", "riss", coded(STAGE), **group)
    f.extra("DSS", words.in_turn(words.DSS, n), **group)
    f.put("EMD", "emd_dx", coded({"none": 0, "paraskeletal": 1, "extramedullary": 2}), **group)


def _laboratory(f: Form) -> None:
    group = {"group": "Laboratory at diagnosis"}
    f.put("Hb", "hb", number(1), **group)
    f.put("PLT", "plt", number(0), **group)
    f.put("Ca", "ca", number(1), **group)
    f.put("Cr", "cr", number(2, cuts=[2.0]), **group)
    f.put("Alb", "alb", number(1, cuts=[3.5]), **group)
    f.put("B2MG", "b2m", number(2, cuts=[3.5, 5.5]), **group)
    f.put("LDH", "ldh", number(0), **group)
    f.put("LDH ULN", "ldh_uln", number(0), **group)
    f.put("Serum M", "mprot_serum", number(2), **group)
    f.put("Urine M", "mprot_urine", number(0), **group)
    f.put("FLC kappa", "flc_kappa", number(1), **group)
    f.put("FLC lambda", "flc_lambda", number(1), **group)
    f.put("BMPC", "bmpc", number(0), **group)
    group = {"group": "FISH"}
    f.put("FISH", "fish_done", integer(), **group)
    for variable, header in FISH.items():
        f.put(header, variable, coded({0: 0, 1: 1}, blank=9), **group)
    f.put("High risk", "cyto_high", coded(YES), **group)
    f.extra("Karyotype", words.in_turn(words.KARYOTYPES, len(f), 5), width=18, **group)


def _treatment(f: Form) -> None:
    group = {"group": "Induction"}
    f.put("Regimen", "ind_regimen", coded(REGIMEN), **group)
    f.put("Ind start", "ind_start", day_cell(), **group)
    f.put("Ind end", "ind_end", day_cell(), **group)
    f.put("Cycles", "vtd_cycles", integer(), **group)
    group = {"group": "1st ASCT"}
    f.extra("Mobilization", words.in_turn(words.MOBILIZED, len(f), 11), **group)
    f.extra("CD34", words.cd34(len(f)), **group)
    f.put("ASCT date", "transplant.1.asct_date", day_cell(), **group)
    f.put("Type", "transplant.1.asct_type", coded(KIND), **group)
    f.put("Conditioning", "transplant.1.conditioning", coded(CONDITIONING), **group)
    f.put("MEL mg/m2", "transplant.1.mel_dose", number(0), **group)
    group = {"group": "Post-ASCT treatment"}
    f.put("Consolidation", "consolidation", coded({"none": "none", "VTD": "VTD", "other": "other"}), **group)
    f.put("Maint", "maint_yn", coded(YES), **group)
    for number_, mark in ((1, ""), (2, " 2")):
        key = f"maintenance.{number_}."
        f.put("Drug" + mark, key + "drug", coded(DRUG), **group)
        f.put("Maint start" + mark, key + "maint_start", day_cell(), **group)
        f.put("Maint end" + mark, key + "maint_end", day_cell(), **group)
        f.put("Dose" + mark, key + "dose", number(1), **group)
        f.put("Ongoing" + mark, key + "ongoing", coded(YES), **group)
        f.put("Stop reason" + mark, key + "stop_reason", coded(words.STOP_EN), **group)
        f.put("PN" + mark, key + "pn_grade", integer(), **group)
        f.put("Combination" + mark, key + "combination", coded(YES), **group)


def _outcome(f: Form) -> None:
    group = {"group": "Outcome"}
    f.put("PD", "pd_yn", coded(YES), **group)
    f.put("PD date", "pd_date", day_cell(), **group)
    f.put("PD type", "pd_type", coded({"biochemical": "biochemical", "clinical": "clinical"}), **group)
    f.put("Next Tx date", "next_tx_date", day_cell(), **group)
    f.put("Next Tx", "next_tx", as_text(), **group)
    f.put("Death", "death_yn", coded(YES), **group)
    f.put("Death date", "death_date", day_cell(), **group)
    f.put("Cause", "death_cause", coded(words.CAUSE_EN), **group)
    f.put("Last F/U", "last_fu_date", day_cell(), **group)
    f.put("SPM", "spm_yn", coded(YES), **group)
    f.put("SPM date", "malignancy.1.spm_date", day_cell(), **group)
    column = f.put("SPM ICD-10", "malignancy.1.icd10", as_text(), **group)
    f.also(column, ["malignancy.1.spm_type"])


def second_transplants(records: Records, file: str) -> Log:
    """Return the sheet of second transplantations."""
    rows = records.tables["transplant"]
    log = Log(records, "transplant", rows[rows["asct_no"] > 1], file, "2nd ASCT", first_row=2, letters=True)
    log.extra("ID", log.sheet.ids)
    log.put("ASCT2 date", "asct_date", day_cell())
    log.put("Type", "asct_type", coded(KIND))
    log.put("Conditioning", "conditioning", coded(CONDITIONING))
    log.put("MEL mg/m2", "mel_dose", number(0))
    return log


def _responses(records: Records, file: str) -> Log:
    log = Log(records, "response", records.tables["response"], file, "Response", first_row=2, letters=True)
    log.extra("ID", log.sheet.ids)
    log.put("Time point", "timepoint", coded(TIME))
    log.put("Date", "response_date", day_cell())
    log.extra("Response", words.response(log.get("response"), log.get("scr"), words.RESPONSE_EN))
    log.also(log.sheet.columns[-1], ["response", "scr"])
    return log
