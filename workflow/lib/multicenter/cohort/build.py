"""The pooled cohort: harmonized tables of all centers in, ADSL, ADTTE, ADRS, the flow and pooled findings out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from multicenter.cohort.derive import derive_variables, patient_frame
from multicenter.cohort.eligibility import Flow, apply_criteria, apply_transfers, fold_records
from multicenter.cohort.endpoints import build_adtte
from multicenter.cohort.imputation import add_date_flags
from multicenter.cohort.same_patient import same_patient_findings
from multicenter.cohort.sources import KEY
from multicenter.linkage.link import Linkage, link_records

TRANSFERS = "transfers"


@dataclass(frozen=True)
class Cohort:
    """The study's data sets; `excluded` has one row a patient who left: USUBJID, SITEID, step; `linkage` holds the
    pairs of records that may be of one patient."""

    adsl: pd.DataFrame
    adtte: pd.DataFrame
    adrs: pd.DataFrame
    flow: pd.DataFrame
    excluded: pd.DataFrame
    findings: pd.DataFrame
    linkage: Linkage


def build_cohort(
    tables: Mapping[str, pd.DataFrame],
    findings: pd.DataFrame,
    column_maps: Mapping[str, Mapping[str, str]],
    decisions: pd.DataFrame,
    checks: pd.DataFrame,
    data_cuts: Mapping[str, str],
    simulated: set[str],
    protocol: Mapping[str, Any],
    result_levels: Mapping[str, list[str]],
    imputed: pd.DataFrame,
) -> Cohort:
    """Build the cohort from the pooled harmonized tables.

    tables: canonical tables of all centers, with USUBJID.
    findings: all centers' findings (center, action).
    column_maps: center → file, sheet and column of the patient's id.
    decisions: recorded decisions on pairs of records (see `apply_transfers`).
    checks: the table of rules; its row same_patient says how such a patient is reported.
    data_cuts: center → ISO date.
    simulated: the centers whose delivery is a shipped simulated one.
    protocol: study (id), records, linkage, criteria, variables, endpoints and response of study.yaml.
    result_levels: the levels, in order, of the response table's visit and result variables.
    imputed: the imputed dates of all centers (see `pool_imputed`).
    Raises StudyError when an expression or a decision cannot be applied.
    """
    cuts = {center: pd.Timestamp(date) for center, date in data_cuts.items()}
    patients = derive_variables(patient_frame(tables, cuts), tables, protocol["variables"])
    flow = Flow(sorted(data_cuts))
    fold_records(flow, tables, findings, protocol["records"]["table"], protocol["records"]["labels"])
    reason = _excluded(flow, patients, decisions, protocol)
    linkage = link_records(patients, decisions, protocol["linkage"])
    eligible = patients[reason.isna()]
    adtte = build_adtte(eligible, tables, protocol["endpoints"])
    return Cohort(
        adsl=_adsl(eligible, simulated, protocol),
        adtte=_with_study(add_date_flags(adtte, imputed, protocol["endpoints"], protocol["variables"]), protocol),
        adrs=_with_study(_adrs(eligible, tables, protocol["response"], result_levels), protocol),
        flow=flow.table(),
        excluded=pd.DataFrame({KEY: patients.index, "SITEID": patients["center"], "step": reason})
        .dropna(subset="step")
        .reset_index(drop=True),
        findings=same_patient_findings(patients, linkage.pairs, column_maps, checks),
        linkage=linkage,
    )


def _excluded(flow: Flow, patients: pd.DataFrame, decisions: pd.DataFrame, protocol: Mapping[str, Any]) -> pd.Series:
    """The step at which each patient left (missing for the eligible): transfers first, then the criteria."""
    gone, label = apply_transfers(patients, decisions), protocol["records"]["labels"][TRANSFERS]
    flow.add(TRANSFERS, label, patients["center"], patients.loc[gone, "center"])
    reason = apply_criteria(flow, patients.drop(index=gone), protocol["criteria"]).reindex(patients.index)
    reason[gone] = TRANSFERS
    return reason


def _with_study(frame: pd.DataFrame, protocol: Mapping[str, Any]) -> pd.DataFrame:
    frame.insert(0, "STUDYID", protocol["study"]["id"])
    return frame


def _adsl(eligible: pd.DataFrame, simulated: set[str], protocol: Mapping[str, Any]) -> pd.DataFrame:
    columns = [name for name in protocol["variables"] if name.isupper()]
    adsl = eligible[columns].reset_index()
    adsl.insert(1, "SITEID", eligible["center"].to_numpy())
    adsl.insert(2, "SIMFL", ["Y" if center in simulated else "N" for center in eligible["center"]])
    numbers = adsl.select_dtypes("Float64").columns
    return _with_study(adsl.astype(dict.fromkeys(numbers, "float64")), protocol)


def _adrs(
    eligible: pd.DataFrame, tables: Mapping[str, pd.DataFrame], spec: Mapping[str, str], levels: Mapping[str, list[str]]
) -> pd.DataFrame:
    """ADRS: STUDYID, USUBJID, SITEID, AVISIT (visit code), AVISITN (its order), ADT, AVALC (result), AVAL (its
    order), SRCSEQ."""
    rows = tables[spec["table"]]
    rows = rows[rows[KEY].isin(eligible.index)]
    orders = {name: {level: i for i, level in enumerate(levels[spec[name]], start=1)} for name in ("visit", "result")}
    adrs = pd.DataFrame(
        {
            KEY: rows[KEY],
            "SITEID": rows["center"],
            "AVISIT": rows[spec["visit"]],
            "AVISITN": rows[spec["visit"]].map(orders["visit"]).astype("Int64"),
            "ADT": rows[spec["date"]],
            "AVALC": rows[spec["result"]],
            "AVAL": rows[spec["result"]].map(orders["result"]).astype("Int64"),
            "SRCSEQ": rows["src_row"],
        }
    )
    return adrs.sort_values([KEY, "AVISITN"], kind="stable", ignore_index=True)
