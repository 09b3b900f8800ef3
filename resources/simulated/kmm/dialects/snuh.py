"""SNUH: three csv files in UTF-8 with a byte order mark: transplantations (a second one is a second row), responses
(long) and visits; FISH as ISCN text; Roman numerals as single characters."""

from __future__ import annotations

from pathlib import Path

from . import words
from .fields import as_text, coded, day, integer, number
from .formats import write_csv
from .layout import SecondRows, aside, describe, fish_text, ig_type, lay, told
from .sheets import Delivery, Log, Records, read_note

NA = "NA"
DAY = day("%Y-%m-%d", NA)
YES = coded({1: "Y", 0: "N"}, NA)
DRUG = {
    "THAL": ["Thalidomide", "thal"],
    "LEN": ["Lenalidomide", "Revlimid"],
    "BOR": ["Bortezomib", "BTZ"],
    "IXA": ["Ixazomib", "Ninlaro"],
    "OTHER": "other",
}
ISCN = {
    "del17p": ["nuc ish(TP53x1)[70/200]", "nuc ish(TP53x1)[124/200]"],
    "t_4_14": ["nuc ish(FGFR3,IGH)x3(FGFR3 con IGHx2)[88/200]"],
    "t_14_16": ["nuc ish(IGH,MAF)x3(IGH con MAFx2)[65/200]"],
    "t_14_20": ["nuc ish(IGH,MAFB)x3(IGH con MAFBx2)[51/200]"],
    "gain1q": ["nuc ish(CKS1Bx3)[90/200]", "nuc ish(CKS1Bx4)[112/200]"],
    "t_11_14": ["nuc ish(CCND1,IGH)x3(CCND1 con IGHx2)[140/200]"],
    "del13q": ["nuc ish(RB1x1)[101/200]", "nuc ish(RB1x1)[160/200]"],
}
RESPONSE = {
    "CR": ["CR", "CR(IFE-)"],
    "VGPR": ["VGPR", "nCR"],
    "PR": "PR",
    "MR": "MR",
    "SD": ["SD", "NC"],
    "PD": ["PD", "Relapse"],
    "NE": "NE",
}
TIME = {
    "pre_asct": "preASCT",
    "post_asct": "postASCT",
    "m3": "maint_3m",
    "m6": "maint_6m",
    "m12": "maint_12m",
    "m18": "maint_18m",
    "m24": "maint_24m",
    "best": "best",
    "last": "last",
}
KIND = {"single": "auto", "planned_tandem": "auto, planned tandem", "salvage": "auto, salvage", "allo": "allo"}
CONDITIONING = {"MEL200": ["MEL200", "HDM200"], "MEL140": "MEL140", "BUMEL": ["BUMEL", "Bu-Mel"], "OTHER": "other"}


def build(records: Records) -> Delivery:
    """Return the delivery of SNUH."""
    files = [f"{records.center}_{name}.csv" for name in ("patients", "response", "visits")]
    f = SecondRows(records, files[0], NA)
    _baseline(f)
    _course(f)
    replies = _responses(records, files[1])
    visits = Log(records, "assessment", records.tables["assessment"], files[2])
    visits.extra("subject", visits.sheet.ids, means="pseudonym")
    visits.put("visit_date", "assess_date", DAY, means="date of the assessment")
    visits.extra("dept", words.in_turn(["HMO", "HMO", "HMO-OPD"], len(visits)), means="clinic")
    sheets = [f.sheet, replies.sheet, visits.sheet]
    note = read_note(records.center).format(
        cut=records.cut.date(),
        files=files,
        patients=describe(f.sheet),
        responses=describe(replies.sheet),
        visits=describe(visits.sheet),
    )
    return Delivery(records.center, sheets, _write, note)


def _write(out: Path, delivery: Delivery) -> None:
    for sheet in delivery.sheets:
        write_csv(out / sheet.file, sheet, "utf-8-sig", newline="\n")


def _num(digits: int, factor: float = 1.0, cuts: tuple[float, ...] = ()):
    return number(digits, factor, NA, text=True, cuts=cuts)


def _baseline(f: SecondRows) -> None:
    f.extra("subject", f.sheet.ids, means="pseudonym", everywhere=True)
    stage = coded({"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ"}, NA)
    lay(
        f,
        [
            ("sex", "sex", coded({"M": "M", "F": "F"}, NA), "M, F"),
            ("birth", "birth_date", DAY, "date of birth"),
            (
                "diagnosis",
                "diagnosis",
                coded({"NDMM": "NDMM", "AL": "AL", "PCL": "PCL", "OTHER": "other"}, NA),
                "NDMM = newly diagnosed myeloma, AL = amyloidosis only, PCL = plasma cell leukemia",
            ),
            ("dx_date", "dx_date", DAY, "date of diagnosis"),
            ("ecog", "ecog", integer("PS{}", NA), "PS0-PS4"),
        ],
    )
    names = {"LCD": "LC only", "NS": "non-secretory"}
    ig_type(f, "isotype", " ", names, words.LIGHT, NA, "heavy and light chain; `LC only kappa`; non-secretory")
    lay(
        f,
        [
            ("m_serum", "mprot_serum", _num(2), "g/dL"),
            ("m_urine", "mprot_urine", _num(0), "mg/24h"),
            ("flc_k", "flc_kappa", _num(1), "mg/L"),
            ("flc_l", "flc_lambda", _num(1), "mg/L"),
            ("bm_plasma", "bmpc", _num(0), "%"),
            ("hb", "hb", _num(1), "g/dL"),
            ("plt", "plt", _num(0), "K/uL"),
            ("ca", "ca", _num(1), "mg/dL"),
            ("cr", "cr", _num(2, cuts=(2.0,)), "mg/dL"),
            ("alb", "alb", _num(1, cuts=(3.5,)), "g/dL"),
            ("b2mg", "b2m", _num(1, cuts=(3.5, 5.5)), "mg/L (= ug/mL)"),
            ("ldh", "ldh", _num(0), "U/L"),
            ("ldh_uln", "ldh_uln", _num(0), "U/L, upper limit"),
            ("iss", "iss", stage, "Ⅰ, Ⅱ, Ⅲ"),
            ("r_iss", "riss", stage, "Ⅰ, Ⅱ, Ⅲ"),
        ],
    )
    fish_text(f, "fish", ISCN, "; ", ["no abnormality"], ["not done"], "ISCN text, see above")
    aside(f, "karyotype", words.in_turn(words.KARYOTYPES, len(f), 4, NA), "conventional karyotype")
    emd = {"none": "no", "paraskeletal": "paraskeletal", "extramedullary": "EMD"}
    lay(
        f,
        [
            ("plasmacytoma", "emd_dx", coded(emd, NA), "no, paraskeletal, EMD = extramedullary"),
            (
                "induction",
                "ind_regimen",
                coded(
                    {
                        "VTD": ["VTD", "VTd"],
                        "VTD_CHANGED": "VTD→VCD",
                        "VMP": "VMP",
                        "TD": "TD",
                        "VCD": "VCD",
                        "VRD": "VRD",
                        "OTHER": "other",
                    },
                    NA,
                ),
                "`VTD→VCD` = changed",
            ),
            ("ind_start", "ind_start", DAY, "start of induction"),
            ("ind_end", "ind_end", DAY, "end of induction"),
            ("n_cycles", "vtd_cycles", integer(blank=NA), "cycles of induction"),
        ],
    )
    aside(f, "cd34", words.cd34(len(f), NA, text=True), "10^6/kg")


def _course(f: SecondRows) -> None:
    f.extra("asct_no", f.number, means="1, 2", everywhere=True)
    lay(
        f,
        [
            ("asct_date", "transplant.*.asct_date", DAY, "date of infusion"),
            ("asct_type", "transplant.*.asct_type", coded(KIND, NA), "auto; auto, planned tandem; auto, salvage; allo"),
            (
                "conditioning",
                "transplant.*.conditioning",
                coded(CONDITIONING, NA),
                "MEL200 = HDM200; MEL140 (140 to <200); BUMEL = Bu-Mel; other",
            ),
            ("mel_dose", "transplant.*.mel_dose", _num(0), "mg/m2"),
            (
                "consolidation",
                "consolidation",
                coded({"none": "no", "VTD": "VTD", "other": "other"}, NA),
                "no, VTD, other",
            ),
            ("maintenance", "maint_yn", YES, "Y, N"),
        ],
        everywhere=False,
    )
    for k in (1, 2):
        key, mark = f"maintenance.{k}.", f"_{k}"
        stop = words.STOP_EN | {"patient": "patient's choice", "cost": "insurance"}
        lay(
            f,
            [
                (
                    "maint_drug" + mark,
                    key + "drug",
                    coded(DRUG, NA),
                    "Thalidomide (thal), Lenalidomide (Revlimid), Bortezomib (BTZ), Ixazomib (Ninlaro), other",
                ),
                ("maint_dose" + mark, key + "dose", _num(1), "mg/d, bortezomib mg/m2"),
                ("maint_combi" + mark, key + "combination", YES, "Y = doublet or trial drug"),
                ("maint_start" + mark, key + "maint_start", DAY, ""),
                ("maint_end" + mark, key + "maint_end", DAY, ""),
                ("maint_ongoing" + mark, key + "ongoing", YES, "Y = still on it at last contact"),
                (
                    "maint_stop" + mark,
                    key + "stop_reason",
                    coded(stop, NA),
                    "PD, AE, planned, patient's choice, insurance, death, ongoing, unknown",
                ),
                ("maint_pn" + mark, key + "pn_grade", integer(blank=NA), "neuropathy grade 0-4"),
            ],
        )
    lay(
        f,
        [
            ("pd", "pd_yn", YES, "progression Y, N"),
            ("pd_date", "pd_date", DAY, ""),
            ("pd_type", "pd_type", coded({"biochemical": "biochemical", "clinical": "clinical"}, NA), ""),
            ("next_tx_date", "next_tx_date", DAY, "start of next treatment"),
            ("next_tx", "next_tx", as_text(NA), ""),
            ("death", "death_yn", YES, "Y, N"),
            ("death_date", "death_date", DAY, ""),
            ("death_cause", "death_cause", coded(words.CAUSE_EN, NA), "MM, SPM, infection, TRM, other, unknown"),
            ("last_contact", "last_fu_date", DAY, "last contact"),
            ("spm", "spm_yn", YES, "second malignancy Y, N"),
            ("spm_date", "malignancy.1.spm_date", DAY, ""),
        ],
    )
    told(
        f,
        "spm_icd10",
        f.get("malignancy.1.icd10").fillna(NA).to_numpy(dtype=object),
        ["malignancy.1.icd10", "malignancy.1.spm_type"],
        "ICD-10",
    )
    months = (f.get("pd_date") - f.get("ind_start")).dt.days / 30.4375
    aside(f, "PFS_mo", [NA if m != m else f"{m:.1f}" for m in months], "months from start of induction, in house")


def _responses(records: Records, file: str) -> Log:
    log = Log(records, "response", records.tables["response"], file)
    log.extra("subject", log.sheet.ids, means="pseudonym")
    log.put("timepoint", "timepoint", coded(TIME), means="; ".join(TIME.values()))
    log.put("date", "response_date", DAY, means="date of assessment")
    raw = words.response(log.get("response"), log.get("scr"), RESPONSE, NA)
    log.extra("response", raw, means="sCR, CR = CR(IFE-), VGPR (nCR), PR, MR, SD = NC, PD = Relapse, NE")
    log.also(log.sheet.columns[-1], ["response", "scr"])
    return log
