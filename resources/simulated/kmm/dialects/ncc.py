"""NCC: one SAS transport file whose format catalog is missing: numbers without formats, dates as days since 1960."""

from __future__ import annotations

from . import words
from .fields import SAS, as_text, coded, day_count, integer, number
from .layout import aside, describe, lay, site, told
from .sheets import Delivery, Form, Records, read_note
from .statfiles import write_xpt

DAY = day_count(SAS)
YES = coded({1: 1, 0: 0})
FISH = {
    "del17p": "DEL17P",
    "t_4_14": "T0414",
    "t_14_16": "T1416",
    "t_14_20": "T1420",
    "gain1q": "GAIN1Q",
    "t_11_14": "T1114",
    "del13q": "DEL13Q",
}
TIMES = {
    "pre_asct": "RPRE",
    "post_asct": "RPOST",
    "m3": "R3M",
    "m6": "R6M",
    "m12": "R12M",
    "m18": "R18M",
    "m24": "R24M",
    "best": "RBEST",
}
STOP = {"PD": 1, "AE": 2, "planned": 3, "patient": 4, "cost": 5, "death": 6, "ongoing": 7, "unknown": 8}


def build(records: Records) -> Delivery:
    """Return the delivery of NCC."""
    file = f"{records.center}_maint.xpt"
    f = Form(records, file, first_row=1)
    _baseline(f)
    _treatment(f)
    _outcome(f)
    note = read_note(records.center).format(file=file, cut=records.cut.date(), columns=describe(f.sheet))
    return Delivery(records.center, [f.sheet], lambda out, d: write_xpt(out / file, d.sheets[0], "MAINT"), note)


def _baseline(f: Form) -> None:
    f.extra("SUBJID", [int(x) for x in f.sheet.ids], means="number of the subject")
    stage = coded({"I": 1, "II": 2, "III": 3})
    heavy = {"IgG": 1, "IgA": 2, "IgD": 3, "IgM": 4, "IgE": 5, "LCD": 6, "NS": 7}
    lay(
        f,
        [
            ("SEX", "sex", coded({"M": 1, "F": 2}), "1 = male, 2 = female"),
            ("AGETX", "age_asct", number(1), "age at transplantation, years"),
            (
                "DX",
                "diagnosis",
                coded({"NDMM": 1, "AL": 2, "PCL": 3, "OTHER": 4}),
                "1 myeloma, 2 AL amyloidosis only, 3 plasma cell leukemia, 4 other",
            ),
            ("DXDT", "dx_date", DAY, "date of diagnosis"),
            ("ECOG", "ecog", integer(), "0-4"),
            (
                "HEAVY",
                "mprotein_heavy",
                coded(heavy),
                "1 IgG, 2 IgA, 3 IgD, 4 IgM, 5 IgE, 6 light chain only, 7 non-secretory",
            ),
            (
                "LIGHT",
                "mprotein_light",
                coded({"kappa": 1, "lambda": 2, "biclonal": 3}),
                "1 kappa, 2 lambda, 3 biclonal",
            ),
            ("MSER", "mprot_serum", number(2), "g/dL"),
            ("MUR", "mprot_urine", number(0), "mg/24h"),
            ("FLCK", "flc_kappa", number(1), "mg/L"),
            ("FLCL", "flc_lambda", number(1), "mg/L"),
            ("BMPC", "bmpc", number(0), "%"),
            ("HB", "hb", number(1), "g/dL"),
            ("PLT", "plt", number(0), "10^9/L"),
            ("CA", "ca", number(1), "mg/dL"),
            ("CR", "cr", number(2, cuts=(2.0,)), "mg/dL"),
            ("ALB", "alb", number(1, cuts=(3.5,)), "g/dL"),
            ("B2M", "b2m", number(1, cuts=(3.5, 5.5)), "mg/L"),
            ("LDH", "ldh", number(0), "U/L"),
            ("LDHULN", "ldh_uln", number(0), "U/L"),
            ("ISS", "iss", stage, "1, 2, 3"),
            ("RISS", "riss", stage, "1, 2, 3"),
            ("FISH", "fish_done", YES, "1 done, 0 not done"),
        ],
    )
    lay(
        f,
        [
            (header, name, coded({1: 1, 0: 0}, ".A"), "0 negative, 1 positive, .A not tested")
            for name, header in FISH.items()
        ],
    )
    lay(
        f,
        [
            (
                "HIGHRISK",
                "cyto_high",
                coded({1: 1, 0: 0}, ".A"),
                "del(17p), t(4;14) or t(14;16): 1 yes, 0 no, .A not tested",
            ),
            (
                "EMD",
                "emd_dx",
                coded({"none": 0, "paraskeletal": 1, "extramedullary": 2}),
                "0 none, 1 paraskeletal, 2 extramedullary",
            ),
        ],
    )
    aside(f, "DSS", [1 + i % 6 for i in range(len(f))], "Durie-Salmon 1-6")


def _treatment(f: Form) -> None:
    regimen = {"VTD": 1, "VTD_CHANGED": 2, "VMP": 3, "TD": 4, "VCD": 5, "VRD": 6, "OTHER": 7}
    lay(
        f,
        [
            ("IND", "ind_regimen", coded(regimen), "1 VTD, 2 VTD then changed, 3 VMP, 4 TD, 5 VCD, 6 VRD, 7 other"),
            ("INDSTDT", "ind_start", DAY, "start of induction"),
            ("INDENDT", "ind_end", DAY, "end of induction"),
            ("NCYC", "vtd_cycles", integer(), "cycles"),
        ],
    )
    aside(f, "CD34", words.cd34(len(f)), "10^6/kg")
    for k in (1, 2):
        key = f"transplant.{k}."
        lay(
            f,
            [
                (f"TX{k}DT", key + "asct_date", DAY, f"date of transplantation {k}"),
                (
                    f"TX{k}TYPE",
                    key + "asct_type",
                    coded({"single": 1, "planned_tandem": 2, "salvage": 3, "allo": 4}),
                    "1 autologous, 2 autologous (planned tandem), 3 autologous (salvage), 4 allogeneic",
                ),
                (
                    f"TX{k}COND",
                    key + "conditioning",
                    coded({"MEL200": 1, "MEL140": 2, "BUMEL": 3, "OTHER": 9}),
                    "1 MEL200, 2 MEL140 to <200, 3 BUMEL, 9 other",
                ),
                (f"TX{k}MEL", key + "mel_dose", number(0), "melphalan mg/m2"),
            ],
        )
    lay(f, [("CONSOL", "consolidation", coded({"none": 0, "VTD": 1, "other": 2}), "0 none, 1 VTD, 2 other")])
    response = {"CR": 2, "VGPR": 3, "PR": 4, "MR": 5, "SD": 6, "PD": 7, "NE": 9}
    for time, header in TIMES.items():
        key = f"response.{time}."
        raw = words.response(f.get(key + "response"), f.get(key + "scr"), response, None, stringent=1)
        means = f"response {time}: 1 sCR, 2 CR, 3 VGPR, 4 PR, 5 MR, 6 SD, 7 PD, 9 not evaluated"
        told(f, header, raw, words.response_keys(key), means)
        if time != "best":
            f.put(header + "DT", key + "response_date", DAY, means="date of it")
    f.put("MAINT", "maint_yn", YES, means="maintenance 1 yes, 0 no")
    for k in (1, 2):
        key = f"maintenance.{k}."
        lay(
            f,
            [
                (
                    f"M{k}DRUG",
                    key + "drug",
                    coded({"THAL": 1, "LEN": 2, "BOR": 3, "IXA": 4, "OTHER": 5}),
                    "1 thalidomide, 2 lenalidomide, 3 bortezomib, 4 ixazomib, 5 other",
                ),
                (f"M{k}STDT", key + "maint_start", DAY, "start"),
                (f"M{k}ENDT", key + "maint_end", DAY, "end"),
                (f"M{k}ONG", key + "ongoing", YES, "ongoing 1, 0"),
                (f"M{k}DOSE", key + "dose", number(1), "mg (bortezomib mg/m2)"),
                (f"M{k}COMB", key + "combination", YES, "with another drug or in a trial 1, 0"),
                (
                    f"M{k}STOP",
                    key + "stop_reason",
                    coded(STOP),
                    "1 PD, 2 adverse event, 3 as planned, 4 patient, 5 cost, 6 death, 7 ongoing, 8 unknown",
                ),
                (f"M{k}PN", key + "pn_grade", integer(), "neuropathy grade 0-4"),
            ],
        )


def _outcome(f: Form) -> None:
    cause = {"MM": 1, "SPM": 2, "infection": 3, "TRM": 4, "other": 5, "unknown": 9}
    lay(
        f,
        [
            ("PD", "pd_yn", YES, "1, 0"),
            ("PDDT", "pd_date", DAY, "date of progression"),
            ("PDTYPE", "pd_type", coded({"biochemical": 1, "clinical": 2}), "1 biochemical, 2 clinical"),
            ("NEXTDT", "next_tx_date", DAY, "start of next treatment"),
        ],
    )
    f.put("NEXTTX", "next_tx", as_text(), kind="text", means="next treatment")
    lay(
        f,
        [
            ("ALIVE", "death_yn", coded({1: 0, 0: 1}), "**1 = alive, 0 = dead**"),
            ("DEATHDT", "death_date", DAY, ""),
            (
                "CAUSE",
                "death_cause",
                coded(cause),
                "1 myeloma, 2 second malignancy, 3 infection, 4 transplant-related, 5 other, 9 unknown",
            ),
            ("LASTASDT", "last_assess_date", DAY, "last disease assessment"),
            ("LASTDT", "last_fu_date", DAY, "last contact"),
            ("SPM", "spm_yn", YES, "second malignancy 1, 0"),
            ("SPMDT", "malignancy.1.spm_date", DAY, ""),
        ],
    )
    site(f, "SPMSITE", words.SITE_KO, None, "site, Korean text (위암, 대장암, 간암, 폐암 …)")
    f.sheet.columns[-1].look["kind"] = "text"
