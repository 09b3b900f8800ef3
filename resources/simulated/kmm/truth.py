"""The truth of one simulated study: the six canonical tables of every simulated patient, as `config/variables.yaml`
defines them (SIMULATED DATA; no real patient is behind any row).

`draw_truth(seed)` returns a dict of data frames: patient, transplant, maintenance, response, malignancy, assessment.
Text and categories are pandas "string", integers and flags "Int64", numbers float64, dates datetime64[ns].
Missing values here are truly missing in the hospital's records (FISH not done, LDH not measured …); what a hospital's
extract loses on top is decided by its dialect writer.

Besides the dictionary's variables, `patient` has latent columns, which no extract sends:
    x_eligible            1 = one of the patients who qualify
    x_exclusion           "" or the one reason: NON_VTD, PD_BEFORE_ASCT, COMBINATION, NO_ASCT_DATE, NO_FOLLOW_UP,
                          ALLO_FIRST, AL, PCL (the protocol counts NO_ASCT_DATE + NO_FOLLOW_UP as one step, the last
                          three as another)
    x_data_cut            the center's data cut
    x_asct_date           date of the first transplantation (also where the record lacks it)
    x_group               NONE, THAL, LEN, PI: first maintenance drug, before progression
    x_start_days          ASCT to start of maintenance, days (missing without maintenance)
    x_duration_days       published-style duration (first episode: start to end, progression, death or last contact)
    x_pfs_days, x_pfs_event    PFS under the primary rule (progression or death, else last disease assessment)
    x_os_days, x_os_event, x_spm_days (missing if none)
    x_iss, x_high_risk, x_ldh_high, x_cr_high, x_post_response    covariates as the mechanism knows them, never missing
    x_event_days, x_death_days     latent times of first event and death, also after the end of follow-up

Consistent by construction: dx <= ind_start < ind_end < ASCT < maintenance start <= end; post_asct assessed before any
drug and before a second transplant; ASCT < progression < death (or death alone); last assessment <= last contact <=
data cut, last contact = death date of the dead; ISS and R-ISS as given equal those computed; high risk equals the FISH
columns; laboratory values inside the usual ranges; no maintenance episode under 28 days, none more than 60 days beyond
progression (for the shipped seed). The nine PD_BEFORE_ASCT patients do break `progression_before_transplant`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from multicenter.simulate.streams import stream

from . import values as v
from .clinical import blank, draw_cytogenetics, draw_dates, draw_disease, draw_stage
from .core import Arrays
from .course import (
    LEVELS,
    draw_assessments,
    draw_endings,
    maintenance_table,
    malignancy_table,
    response_table,
    transplant_table,
    visit_table,
)
from .excluded import draw_all

TABLES = ("patient", "transplant", "maintenance", "response", "malignancy", "assessment")
TEXT = {"text", "category"}


def draw_truth(
    seed: int = v.SHIPPED_SEED,
    patients: int = v.SHIPPED_PATIENTS,
    centers: int = v.SHIPPED_CENTERS,
    mechanism: v.Mechanism = v.PLANTED,
    even: bool = False,
) -> dict[str, pd.DataFrame]:
    """Draw the canonical tables of one study with `patients` eligible patients in `centers` (even: equal) centers."""
    scale = v.scale(patients, centers, even)
    a = draw_all(seed, scale, mechanism)
    a["codes"] = np.array(scale.codes, dtype=object)
    pid, order = _identify(seed, a)
    days = draw_assessments(seed, a)
    response = response_table(seed, a, days, pid)
    transplant, salvage = transplant_table(seed, a, scale.salvage)
    tables = {
        "patient": _patient(seed, a, days, draw_endings(seed, a, salvage)),
        "transplant": transplant,
        "maintenance": maintenance_table(seed, a),
        "response": response,
        "malignancy": malignancy_table(seed, a),
        "assessment": visit_table(seed, a, days, response),
    }
    position = np.empty(len(order), dtype=int)
    position[order] = np.arange(len(order))
    return {name: _finish(tables.pop(name), a, pid, position, name) for name in TABLES}


def _identify(seed: int, a: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Pseudonyms as each center writes them, in an order that says nothing; returns ids and the row order."""
    rng = stream(seed, "identifiers")
    order = np.lexsort((rng.random(len(a["center"])), a["center"]))
    pid = np.empty(len(order), dtype=object)
    starts = np.searchsorted(a["center"][order], np.arange(len(a["codes"])))
    ends = np.append(starts[1:], len(order))
    for k, code in enumerate(a["codes"]):
        pattern = v.center(code).patient_id
        for number, i in enumerate(order[starts[k] : ends[k]], start=1):
            pid[i] = pattern.format(n=number, m=1000 + number)
    return pid, order


def _date(a: Arrays, day: np.ndarray, known: np.ndarray) -> np.ndarray:
    date = (a["asct"] + np.where(known, day, 0)).astype("datetime64[ns]")
    return np.where(known, date, np.datetime64("NaT", "ns"))


def _patient(seed: int, a: Arrays, days: Arrays, endings: Arrays) -> pd.DataFrame:
    n = len(a["center"])
    reason = a["reason"]
    disease = np.full(n, "NDMM", dtype=object)
    disease[reason == "AL"], disease[reason == "PCL"] = "AL", "PCL"
    before, seen = reason == "PD_BEFORE_ASCT", a["pd"] >= 0
    pd_day = np.where(before, a["pd_before"], a["pd"])
    no_contact = reason == "NO_FOLLOW_UP"
    last_known = ~no_contact & ~(days["post_unseen"] & (days["last_day"] <= 0))
    out = {
        "i": np.arange(n),
        "sex": np.where(a["male"], "M", "F").astype(object),
        **draw_dates(seed, a),
        "diagnosis": disease,
        **draw_disease(seed, a),
        **draw_stage(seed, a),
        **draw_cytogenetics(seed, a),
        "ind_regimen": a["regimen"],
        "vtd_cycles": a["cycles"],
        "maint_yn": a["maintained"].astype(float),
        "pd_yn": blank((seen | before).astype(float), no_contact),
        "pd_date": _date(a, pd_day, seen | before),
        "pd_type": np.where(before, "biochemical", endings["pd_type"]),
        "next_tx_date": _date(a, endings["next_day"], endings["next_day"] >= 0),
        "next_tx": endings["next_tx"],
        "death_yn": blank((a["death"] >= 0).astype(float), a["contact_unknown"]),
        "death_date": _date(a, a["death"], a["death"] >= 0),
        "death_cause": endings["death_cause"],
        "last_assess_date": _date(a, days["last_day"], last_known),
        "last_fu_date": _date(a, a["last_fu"], ~a["contact_unknown"]),
        "spm_yn": blank((a["spm"] >= 0).astype(float), no_contact),
        **_latent(a),
    }
    return pd.DataFrame(out)


def _latent(a: Arrays) -> Arrays:
    group = np.array(v.GROUPS, dtype=object)[a["drug"]]
    return {
        "x_eligible": (a["reason"] == "").astype(float),
        "x_exclusion": a["reason"],
        "x_data_cut": (a["asct"] + a["cut_day"]).astype("datetime64[ns]"),
        "x_asct_date": a["asct"].astype("datetime64[ns]"),
        "x_group": group,
        "x_start_days": blank(a["start0"], ~a["maintained"]),
        "x_duration_days": blank(a["duration"], ~a["maintained"]),
        "x_pfs_days": a["pfs"],
        "x_pfs_event": a["pfs_event"].astype(float),
        "x_os_days": a["os"],
        "x_os_event": a["os_event"].astype(float),
        "x_spm_days": blank(a["spm"], a["spm"] < 0),
        "x_iss": a["iss"],
        "x_high_risk": a["high_risk"].astype(float),
        "x_ldh_high": a["ldh_high"].astype(float),
        "x_cr_high": a["cr_high"].astype(float),
        "x_post_response": LEVELS[a["post"]],
        "x_event_days": a["event_latent"],
        "x_death_days": a["death_latent"],
    }


def _dictionary() -> dict:
    import yaml

    path = Path(__file__).resolve().parents[3] / "config" / "variables.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]


def _finish(table: pd.DataFrame, a: Arrays, pid: np.ndarray, position: np.ndarray, name: str) -> pd.DataFrame:
    """Order by center and pseudonym, add the keys, and give every column the dictionary's type (`table` is used up)."""
    i = table.pop("i").to_numpy()
    order = np.argsort(position[i], kind="stable")
    i = i[order]
    types = {key: spec["type"] for key, spec in _dictionary()[name]["variables"].items()}
    types |= {"center": "category", "patient_id": "text"}
    extra = [c for c in table.columns if c.startswith("x_")]
    keys = {"center": lambda: a["codes"][a["center"][i]], "patient_id": lambda: pid[i]}
    columns = dict.fromkeys([*keys, *types, *extra])
    for column in columns:
        values = keys[column]() if column in keys else table.pop(column).to_numpy()[order]
        columns[column] = _typed(pd.Series(values), types.get(column))
    return pd.DataFrame(columns, copy=False)


def _typed(column: pd.Series, kind: str | None) -> pd.Series:
    if kind in TEXT or (kind is None and column.dtype == object):
        return column.astype("string")
    if kind == "date" or column.dtype.kind == "M":
        return column.astype("datetime64[ns]")
    if kind in ("integer", "flag") or (kind is None and column.dtype.kind in "if"):
        return column.astype("Int64")
    return column.astype(float)


def write_truth(tables: dict[str, pd.DataFrame], out: Path) -> None:
    """Write one parquet a table into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(out / f"{name}.parquet", index=False)
