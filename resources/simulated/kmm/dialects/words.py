"""Words in which hospitals write levels; several words of one level are used in turn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .fields import coded

LIGHT = {"kappa": "kappa", "lambda": "lambda", "biclonal": "biclonal"}
GREEK = {"kappa": "κ", "lambda": "λ", "biclonal": "κ+λ"}
LETTER = {"kappa": "k", "lambda": "l", "biclonal": "k/l"}

STOP_EN = {
    "PD": "PD",
    "AE": "AE",
    "planned": "planned",
    "patient": "patient refusal",
    "cost": "cost",
    "death": "death",
    "ongoing": "ongoing",
    "unknown": "unknown",
}
STOP_KO = {
    "PD": "재발",
    "AE": ["신경병증", "부작용", "피부발진"],
    "planned": "계획종료",
    "patient": "환자거부",
    "cost": "비용",
    "death": "사망",
    "ongoing": "진행중",
    "unknown": "미상",
}
CAUSE_EN = {
    "MM": "MM",
    "SPM": "SPM",
    "infection": "infection",
    "TRM": "TRM",
    "other": "other",
    "unknown": "unknown",
}
CAUSE_KO = {
    "MM": "골수종 진행",
    "SPM": "이차암",
    "infection": ["감염", "폐렴", "패혈증"],
    "TRM": "이식관련사망",
    "other": "기타",
    "unknown": "미상",
}
RESPONSE_KO = {
    "CR": "완전관해",
    "VGPR": "VGPR",
    "PR": "부분관해",
    "MR": "MR",
    "SD": "안정",
    "PD": "재발",
    "NE": "미평가",
}
EMD_KO = {"none": "없음", "paraskeletal": "골주위", "extramedullary": "골수외"}
DSS = ["IIIA", "IIA", "IIIA", "IIIB", "IA", "IIIA"]
WARDS = ["81W", "82W", "101W", "BMT"]
KARYOTYPES = [
    "46,XY[20]",
    "46,XX[20]",
    "fail",
    "46,XY[20]",
    "44,X,-Y,-13[4]/46,XY[16]",
    "46,XX[20]",
    "53,XX,+3,+5,+9,+11[6]",
]
MOBILIZED = ["G-CSF", "Cy+G-CSF", "G-CSF+plerixafor", "G-CSF"]


def in_turn(words: list[str], n: int, blank_every: int = 0, blank: object = None) -> np.ndarray:
    """Return n words used in turn, with a blank at every `blank_every`-th row: a column that carries nothing."""
    out = np.array([words[(7 * i + i // 3) % len(words)] for i in range(n)], dtype=object)
    if blank_every:
        out[blank_every - 1 :: blank_every] = blank
    return out


def cd34(n: int, blank: object = None, text: bool = False) -> np.ndarray:
    """Return n cell doses (10^6/kg): a column that carries nothing."""
    values = [round(2.1 + (37 * i % 71) / 10, 1) for i in range(n)]
    out = np.array([str(value) for value in values] if text else values, dtype=object)
    out[10::23] = blank
    return out


def ig_type(
    heavy: pd.Series, light: pd.Series, join: str, names: Mapping[str, str], lights: Mapping[str, str], blank: object
) -> np.ndarray:
    """Return heavy and light chain in one text: `IgG-k`, `LCD lambda`, `non-secretory`; heavy or light alone too."""
    out = np.full(len(heavy), blank, dtype=object)
    for i, (h, l) in enumerate(zip(heavy, light, strict=True)):  # noqa: E741
        known_h, known_l = isinstance(h, str), isinstance(l, str)
        if known_h:
            out[i] = names.get(h, h) + (join + lights[l] if known_l else "")
        elif known_l:
            out[i] = "?" + join + lights[l]
    return out


RESPONSE_EN = {
    "CR": "CR",
    "VGPR": ["VGPR", "VGPR", "nCR"],
    "PR": "PR",
    "MR": "MR",
    "SD": "SD",
    "PD": "PD",
    "NE": "NE",
}


def response(
    values: pd.Series, scr: pd.Series, names: Mapping[str, object], blank: object = None, stringent: object = "sCR"
) -> np.ndarray:
    """Return responses in the words of `names`, stringent complete responses as `stringent`."""
    raw = coded(names, blank)(values).raw
    raw[((values == "CR") & (scr == 1)).fillna(False).to_numpy(dtype=bool)] = stringent
    return raw


def response_keys(prefix: str) -> list[str]:
    """Return the two variables that one response text carries."""
    return [prefix + "response", prefix + "scr"]


SITE_KO = {
    "C16": "위암",
    "C18": "대장암",
    "C20": "직장암",
    "C22": "간암",
    "C25": "췌장암",
    "C34": "폐암",
    "C43": "흑색종",
    "C44": "피부암(비흑색종)",
    "C50": "유방암",
    "C53": "자궁경부암",
    "C61": "전립선암",
    "C64": "신장암",
    "C67": "방광암",
    "C73": "갑상선암",
    "C83": "림프종",
    "C85": "림프종",
    "C91": "급성림프모구백혈병",
    "C92": "급성골수성백혈병",
    "D46": "골수이형성증후군",
    "C90": "형질세포종 재발",
    "E85": "아밀로이드증",
}
SITE_EN = {
    "C16": "stomach ca",
    "C18": "colon ca",
    "C20": "rectal ca",
    "C22": "HCC",
    "C25": "pancreas ca",
    "C34": "lung ca",
    "C43": "melanoma",
    "C44": "skin ca (non-melanoma)",
    "C50": "breast ca",
    "C53": "cervix ca",
    "C61": "prostate ca",
    "C64": "RCC",
    "C67": "bladder ca",
    "C73": "thyroid ca",
    "C83": "lymphoma",
    "C85": "lymphoma",
    "C91": "ALL",
    "C92": "AML",
    "D46": "MDS",
    "C90": "plasmacytoma relapse",
    "E85": "amyloidosis",
}


def site(icd10: pd.Series, names: Mapping[str, str], blank: object = None) -> np.ndarray:
    """Return the site of a second malignancy in words, from the first three characters of its ICD-10 code."""
    return coded(names, blank)(icd10.str[:3]).raw


def drug_text(
    drug: pd.Series,
    dose: pd.Series,
    combination: pd.Series,
    names: Mapping[str, object],
    blank: object = None,
    partner: str = "+pred",
    gap: str = " ",
    unit: str = "mg",
) -> np.ndarray:
    """Return drug, dose and partner in one text: `레블리미드 10mg`, `Thal 50mg+pred`."""
    raw = coded(names, blank)(drug).raw
    both = (combination == 1).fillna(False).to_numpy(dtype=bool)
    for i in np.flatnonzero(drug.notna().to_numpy()):
        amount = dose.iloc[i]
        raw[i] = raw[i].rstrip() + (f"{gap}{amount:g}{unit}" if amount == amount else "") + (partner if both[i] else "")
    return raw


FISH_TEXT = {
    "del17p": ["del(17p) 35%", "P53 del 22%", "del(17p) 61%"],
    "t_4_14": ["t(4;14)(p16;q32)+", "IGH::FGFR3 (+)"],
    "t_14_16": ["t(14;16)(q32;q23)+", "IGH::MAF (+)"],
    "t_14_20": ["t(14;20)(q32;q12)+"],
    "gain1q": ["1q gain 3 copies", "1q gain 4 copies", "amp(1q21)"],
    "t_11_14": ["t(11;14)(q13;q32)+", "IGH::CCND1 (+)"],
    "del13q": ["del(13q) 45%", "RB1 del 70%"],
}


def fish(
    done: pd.Series,
    flags: Mapping[str, pd.Series],
    texts: Mapping[str, list[str]],
    join: str,
    negative: list[str],
    untested: list[str],
) -> np.ndarray:
    """Return FISH results in one text: the positive probes, or that all are negative, or that none was tested."""
    raw = np.array(in_turn(untested, len(done)), dtype=object)
    tested = (done == 1).fillna(False).to_numpy(dtype=bool)
    raw[tested] = in_turn(negative, len(done))[tested]
    parts: list[list[str]] = [[] for _ in range(len(done))]
    for name, flag in flags.items():
        for k, i in enumerate(np.flatnonzero((flag == 1).fillna(False).to_numpy(dtype=bool))):
            parts[i].append(texts[name][k % len(texts[name])])
    for i, found in enumerate(parts):
        if found:
            raw[i] = join.join(found)
    return raw


FISH_HINT = "P53 = 17p, RB1 = 13q, IGH::FGFR3 = t(4;14), IGH::MAF = t(14;16), IGH::CCND1 = t(11;14), amp(1q21) = 1q"
FISH_KEYS = ["fish_done", "del17p", "t_4_14", "t_14_16", "t_14_20", "gain1q", "t_11_14", "del13q"]
