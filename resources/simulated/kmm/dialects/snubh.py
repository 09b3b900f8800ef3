"""SNUBH: one Stata file (release 118), value labels, %td dates, extended missing values; creatinine in µmol/L."""

from __future__ import annotations

from . import words
from .fields import as_text, coded, day_cell, integer, number
from .layout import aside, describe, lay, told
from .sheets import Delivery, Form, Records, read_note
from .statfiles import write_dta

DAY = day_cell()
UMOL_PER_MG = 10000 / 113.12
YES = {1: "yes", 0: "no"}
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
TIMES = {
    "pre_asct": "resp_pre",
    "post_asct": "resp_post",
    "m3": "resp_m3",
    "m6": "resp_m6",
    "m12": "resp_m12",
    "m18": "resp_m18",
    "m24": "resp_m24",
    "best": "resp_best",
}
LISTS = {
    "diagnosis": ["NDMM", "AL", "PCL", "OTHER"],
    "mprotein_heavy": ["IgG", "IgA", "IgD", "IgM", "IgE", "LCD", "NS"],
    "mprotein_light": ["kappa", "lambda", "biclonal"],
    "emd_dx": ["none", "paraskeletal", "extramedullary"],
    "ind_regimen": ["VTD", "VTD_CHANGED", "VMP", "TD", "VCD", "VRD", "OTHER"],
    "asct_type": ["single", "planned_tandem", "salvage", "allo"],
    "conditioning": ["MEL200", "MEL140", "BUMEL", "OTHER"],
    "consolidation": ["none", "VTD", "other"],
    "drug": ["THAL", "LEN", "BOR", "IXA", "OTHER"],
    "stop_reason": ["PD", "AE", "planned", "patient", "cost", "death", "ongoing", "unknown"],
    "pd_type": ["biochemical", "clinical"],
    "death_cause": ["MM", "SPM", "infection", "TRM", "other", "unknown"],
}
LABELS = {
    "diagnosis": ["myeloma", "AL amyloidosis only", "plasma cell leukemia", "other"],
    "mprotein_heavy": ["IgG", "IgA", "IgD", "IgM", "IgE", "light chain only", "non-secretory"],
    "ind_regimen": ["VTD", "VTD then changed", "VMP", "TD", "VCD", "VRD", "other"],
    "asct_type": ["autologous", "autologous, planned tandem", "autologous, salvage", "allogeneic"],
    "conditioning": ["MEL200", "MEL140 (140 to <200)", "BUMEL", "other"],
    "drug": ["thalidomide", "lenalidomide", "bortezomib", "ixazomib", "other"],
    "stop_reason": ["progression", "adverse event", "as planned", "patient", "cost", "death", "ongoing", "unknown"],
}


def build(records: Records) -> Delivery:
    """Return the delivery of SNUBH."""
    file = f"{records.center}_cohort.dta"
    f = Form(records, file, first_row=1)
    _baseline(f)
    _treatment(f)
    _outcome(f)
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_dta(out / file, d.sheets[0]), note)


def _listed(f: Form, header: str, key: str) -> None:
    name = key.split(".")[-1]
    levels = LISTS[name]
    shown = LABELS.get(name, levels)
    labels = dict(enumerate(shown, 1))
    means = ", ".join(f"{code} {word}" for code, word in labels.items())
    f.put(header, key, coded({level: code for code, level in enumerate(levels, 1)}), values=labels, means=means)


def _yes(f: Form, header: str, key: str, means: str = "", blank: object = None) -> None:
    f.put(header, key, coded({1: 1, 0: 0}, blank), values=YES, means=means + " 1 yes, 0 no")


def _date(f: Form, header: str, key: str, means: str = "") -> None:
    f.put(header, key, DAY, kind="date", means=means)


def _baseline(f: Form) -> None:
    f.extra("id", [int(x) for x in f.sheet.ids], means="number")
    f.put("sex", "sex", coded({"M": 0, "F": 1}), values={0: "male", 1: "female"}, means="0 male, 1 female")
    _date(f, "birth", "birth_date", "date of birth")
    _listed(f, "dx", "diagnosis")
    _date(f, "dxdate", "dx_date", "date of diagnosis")
    f.put("ecog", "ecog", integer(), means="0-4")
    _listed(f, "heavy", "mprotein_heavy")
    _listed(f, "light", "mprotein_light")
    lay(
        f,
        [
            ("mserum", "mprot_serum", number(2), "g/dL"),
            ("murine", "mprot_urine", number(0), "mg/24h"),
            ("flck", "flc_kappa", number(1), "mg/L"),
            ("flcl", "flc_lambda", number(1), "mg/L"),
            ("bmpc", "bmpc", number(0), "%"),
            ("hb", "hb", number(1), "g/dL"),
            ("plt", "plt", number(0), "10^9/L"),
            ("ca", "ca", number(1), "mg/dL"),
            ("creat", "cr", number(0, UMOL_PER_MG, cuts=(2.0,)), "**umol/L**"),
            ("alb", "alb", number(1, cuts=(3.5,)), "g/dL"),
            ("b2m", "b2m", number(1, cuts=(3.5, 5.5)), "mg/L"),
            ("ldh", "ldh", number(0), "U/L"),
            ("ldhuln", "ldh_uln", number(0), "U/L"),
        ],
    )
    stage = coded({"I": 1, "II": 2, "III": 3})
    f.put("iss", "iss", stage, values=STAGES, means="1 I, 2 II, 3 III")
    f.put("riss", "riss", stage, values=STAGES, means="1 I, 2 II, 3 III")
    _yes(f, "fish", "fish_done", "FISH done")
    for name, header in FISH.items():
        _yes(f, header, name, "positive", ".a")
    _yes(f, "highrisk", "cyto_high", "del(17p), t(4;14) or t(14;16)", ".a")
    _listed(f, "emd", "emd_dx")


def _treatment(f: Form) -> None:
    _listed(f, "induction", "ind_regimen")
    _date(f, "indstart", "ind_start", "start of induction")
    _date(f, "indend", "ind_end", "end of induction")
    f.put("cycles", "vtd_cycles", integer(), means="cycles of induction")
    aside(f, "cd34", words.cd34(len(f)), "10^6/kg")
    for k in (1, 2):
        key = f"transplant.{k}."
        _date(f, f"asct{k}", key + "asct_date", f"transplantation {k}")
        _listed(f, f"asct{k}type", key + "asct_type")
        _listed(f, f"asct{k}cond", key + "conditioning")
        f.put(f"asct{k}mel", key + "mel_dose", number(0), means="melphalan mg/m2")
    _listed(f, "consol", "consolidation")
    response = {"CR": 2, "VGPR": 3, "PR": 4, "MR": 5, "SD": 6, "PD": 7, "NE": 8}
    labels = dict(enumerate(["sCR", "CR", "VGPR", "PR", "MR", "SD", "PD", "NE"], 1))
    for time, header in TIMES.items():
        key = f"response.{time}."
        raw = words.response(f.get(key + "response"), f.get(key + "scr"), response, None, stringent=1)
        told(
            f, header, raw, words.response_keys(key), "1 sCR, 2 CR, 3 VGPR, 4 PR, 5 MR, 6 SD, 7 PD, 8 NE", values=labels
        )
        if time != "best":
            _date(f, header.replace("resp", "rdate"), key + "response_date", "date of it")
    _yes(f, "maint", "maint_yn", "maintenance")
    for k in (1, 2):
        key = f"maintenance.{k}."
        _listed(f, f"m{k}drug", key + "drug")
        _date(f, f"m{k}start", key + "maint_start", "start")
        _date(f, f"m{k}end", key + "maint_end", "end")
        _yes(f, f"m{k}ongoing", key + "ongoing", "ongoing")
        f.put(f"m{k}dose", key + "dose", number(1), means="mg (bortezomib mg/m2)")
        _yes(f, f"m{k}combi", key + "combination", "with another drug or in a trial")
        _listed(f, f"m{k}stop", key + "stop_reason")
        f.put(f"m{k}pn", key + "pn_grade", integer(), means="neuropathy grade 0-4")


def _outcome(f: Form) -> None:
    _yes(f, "pd", "pd_yn", "progression")
    _date(f, "pddate", "pd_date")
    _listed(f, "pdtype", "pd_type")
    _date(f, "nextdate", "next_tx_date", "start of next treatment")
    f.put("nexttx", "next_tx", as_text(), kind="text", means="next treatment")
    _yes(f, "dead", "death_yn")
    _date(f, "deathdate", "death_date")
    _listed(f, "cause", "death_cause")
    _date(f, "lastassess", "last_assess_date", "last disease assessment")
    _date(f, "lastfu", "last_fu_date", "last contact")
    _yes(f, "spm", "spm_yn", "second malignancy")
    _date(f, "spmdate", "malignancy.1.spm_date")
    column = f.put("spmicd", "malignancy.1.icd10", as_text(), kind="text", means="ICD-10")
    f.also(column, ["malignancy.1.spm_type"])
