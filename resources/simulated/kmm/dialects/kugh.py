"""KUGH: one csv in plain UTF-8, dates such as 05-Mar-19, Male/Female, blanks for missing."""

from __future__ import annotations

from . import words
from .fields import day
from .formats import write_csv
from .layout import describe
from .sheets import Delivery, Form, Records, read_note
from .wide import Style, fill

TIMES = {
    "pre_asct": "Pre",
    "post_asct": "Post",
    "m3": "Resp3",
    "m6": "Resp6",
    "m12": "Resp12",
    "m18": "Resp18",
    "m24": "Resp24",
}
HEADERS = {
    "id": "Patient",
    "sex": "Gender",
    "age_dx": "Age at Dx",
    "diagnosis": "Diagnosis",
    "dx_date": "Date of Dx",
    "ecog": "PS",
    "mprotein_heavy": "Heavy chain",
    "mprotein_light": "Light chain",
    "mprot_serum": "M protein g/dL",
    "flc_kappa": "kappa mg/L",
    "flc_lambda": "lambda mg/L",
    "bmpc": "PC fraction",
    "hb": "Hb g/dL",
    "plt": "PLT x10^9/L",
    "ca": "Ca mg/dL",
    "cr": "Cr mg/dL",
    "alb": "Alb g/dL",
    "b2m": "B2M mg/L",
    "ldh": "LDH U/L",
    "ldh_uln": "ULN U/L",
    "iss": "ISS",
    "~dss": "DSS",
    "fish_done": "FISH",
    "del17p": "del(17p)",
    "t_4_14": "t(4;14)",
    "t_14_16": "t(14;16)",
    "t_14_20": "t(14;20)",
    "gain1q": "+1q",
    "t_11_14": "t(11;14)",
    "del13q": "del(13q)",
    "plasmacytoma": "Plasmacytoma",
    "ind_regimen": "Regimen",
    "ind_start": "Induction from",
    "ind_end": "Induction to",
    "vtd_cycles": "No. of cycles",
    "transplant.1.asct_date": "ASCT1_date",
    "transplant.1.asct_type": "ASCT1_type",
    "transplant.1.conditioning": "ASCT1_cond",
    "transplant.1.mel_dose": "ASCT1_mel",
    "transplant.2.asct_date": "ASCT2_date",
    "transplant.2.asct_type": "ASCT2_type",
    "transplant.2.conditioning": "ASCT2_cond",
    "transplant.2.mel_dose": "ASCT2_mel",
    "consolidation": "Consolidation",
    **{
        key: name
        for t, w in TIMES.items()
        for key, name in ((f"response.{t}", w), (f"response.{t}.response_date", f"{w} date"))
    },
    "response.best": "Best",
    "maint_yn": "Maintenance",
    "maintenance.1.drug": "Drug",
    "maintenance.1.dose": "Dose",
    "maintenance.1.combination": "Combination",
    "maintenance.1.maint_start": "From",
    "maintenance.1.ended": "To",
    "maintenance.1.stop_reason": "Reason off",
    "maintenance.1.pn_grade": "PN grade",
    "maintenance.2.drug": "Drug 2",
    "maintenance.2.dose": "Dose 2",
    "maintenance.2.combination": "Combination 2",
    "maintenance.2.maint_start": "From 2",
    "maintenance.2.ended": "To 2",
    "maintenance.2.stop_reason": "Reason off 2",
    "maintenance.2.pn_grade": "PN grade 2",
    "pd_yn": "Progression",
    "pd_date": "Date of progression",
    "pd_type": "Kind",
    "next_tx_date": "Date of next Tx",
    "next_tx": "Next Tx",
    "death_yn": "Vital status",
    "death_date": "Date of death",
    "death_cause": "Cause of death",
    "last_assess_date": "Last assessment",
    "last_fu_date": "Last follow-up",
    "spm_yn": "Second cancer",
    "malignancy.1.spm_date": "Date of second cancer",
    "malignancy.1.site": "Site of second cancer",
}


def build(records: Records) -> Delivery:
    """Return the delivery of KUGH."""
    file = f"{records.center}_maintenance.csv"
    f = Form(records, file)
    fill(f, _style())
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(
        records.center, [f.sheet], lambda out, d: write_csv(out / file, d.sheets[0], "utf-8", newline="\n"), note
    )


def _style() -> Style:
    return Style(
        headers=HEADERS,
        blank=None,
        day=day("%d-%b-%y"),
        yes={1: "yes", 0: "no"},
        digits={"bmpc": 2},
        factors={"bmpc": 0.01},
        words={
            "sex": {"M": "Male", "F": "Female"},
            "diagnosis": {"NDMM": "MM", "AL": "AL", "PCL": "PCL", "OTHER": "other"},
            "mprotein_heavy": {
                "IgG": "G",
                "IgA": "A",
                "IgD": "D",
                "IgM": "M",
                "IgE": "E",
                "LCD": "light chain",
                "NS": "non-secretory",
            },
            "mprotein_light": {"kappa": "kappa", "lambda": "lambda", "biclonal": "biclonal"},
            "iss": {"I": "I", "II": "II", "III": "III"},
            **{probe: {1: "+", 0: "-"} for probe in words.FISH_KEYS[1:]},
            "ind_regimen": {
                "VTD": ["VTD", "VTd"],
                "VTD_CHANGED": "VTD→VCD",
                "VMP": "VMP",
                "TD": "TD",
                "VCD": "VCD",
                "VRD": "VRD",
                "OTHER": "other",
            },
            "asct_type": {"single": "single", "planned_tandem": "tandem", "salvage": "salvage", "allo": "allogeneic"},
            "conditioning": {"MEL200": ["HDM 200", "MEL200"], "MEL140": "MEL140", "BUMEL": "BuMel", "OTHER": "other"},
            "consolidation": {"none": "none", "VTD": "VTD", "other": "other"},
            "response": {
                "CR": "CR",
                "VGPR": ["VGPR", "nCR"],
                "PR": "PR",
                "MR": "MR",
                "SD": ["SD", "NC"],
                "PD": ["PD", "progression"],
                "NE": "NE",
            },
            "drug": {
                "THAL": ["Thalidomide", "thali"],
                "LEN": ["Lenalidomide", "Revlimid"],
                "BOR": "Velcade",
                "IXA": "Ninlaro",
                "OTHER": "other",
            },
            "stop_reason": words.STOP_EN | {"AE": ["toxicity", "PN"], "cost": "insurance"},
            "pd_type": {"biochemical": "biochemical", "clinical": "clinical"},
            "death_yn": {1: "dead", 0: "alive"},
            "death_cause": words.CAUSE_EN | {"MM": "myeloma"},
        },
        asides={"~dss": lambda n: words.in_turn(words.DSS, n)},
        means={
            "plasmacytoma": "yes, no: paraskeletal or extramedullary, not told apart",
            "bmpc": "fraction of 1",
            "dose": "mg, bortezomib mg/m2",
            "age_dx": "years at diagnosis",
            "combination": "yes = doublet or trial drug",
        },
    )
