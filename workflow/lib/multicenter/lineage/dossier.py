"""What a run has left behind about one patient: only that patient's rows, and only that center's folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.centers import Center
from multicenter.cohort.derive import derive_variables, patient_frame
from multicenter.cohort.sources import KEY
from multicenter.config import Run
from multicenter.deliveries import read_receipt
from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.errors import StudyError, did_you_mean
from multicenter.harmonize.spec import Source, build_sources
from multicenter.paths import ACCEPTED_DELIVERIES, RESTRICTED


@dataclass(eq=False)
class Dossier:
    """One patient's rows of everything that leads to the study's data sets.

    tables: the patient's rows of each canonical table, with USUBJID. findings: those that name the patient.
    column_map: the center's, line by line. fed: the patient's lines of source_rows. imputed: the patient's dates of
    which a part was filled in. folder: the workspace.
    """

    run: Run
    folder: Path
    usubjid: str
    center: Center
    patient_id: str
    tables: dict[str, pd.DataFrame]
    findings: list[dict[str, Any]]
    column_map: list[dict[str, str]]
    fed: list[dict[str, Any]]
    imputed: pd.DataFrame

    @cached_property
    def dictionary(self) -> Dictionary:
        return build_dictionary(self.run.dictionary)

    @cached_property
    def rules(self) -> dict[str, Mapping[str, str]]:
        """The cross-field rules by id."""
        return {rule["id"]: rule for rule in self.run.checks if rule["expression"]}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The center file as objects: what each column becomes."""
        return build_sources(self.center.mapping, self.dictionary, self.run.codes)

    @cached_property
    def cut(self) -> pd.Timestamp:
        """The data cut of the accepted delivery."""
        return pd.Timestamp(self.receipt.get("data_cut", self.center.data_cut))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row: the patient's canonical variables, data_cut, and every variable of the protocol."""
        patient = patient_frame(self.tables, {self.center.code: self.cut})
        return derive_variables(patient, self.tables, self.run.study["variables"])

    def stored(self, data_set: str, columns: list[str] | None = None) -> pd.DataFrame:
        """The patient's rows of adsl, adtte or adrs as the last run wrote them; none if it has not."""
        path = self.folder / RESTRICTED / "cohort" / f"{data_set}.parquet"
        if not path.is_file():
            return pd.DataFrame(columns=columns)
        return _rows(path, [(KEY, "==", self.usubjid)], columns)

    @property
    def map_name(self) -> str:
        return str(self.center.map_path)

    @cached_property
    def receipt(self) -> Mapping[str, Any]:
        """What the accepted delivery was made of (empty if nothing says so)."""
        return read_receipt(self.folder / ACCEPTED_DELIVERIES / self.center.code) or {}


def open_dossier(run: Run, folder: Path, usubjid: str) -> Dossier:
    """Read what concerns one patient (`<CENTER>-<id>`) from the results in the workspace `folder`.

    Raises StudyError for a center or patient that does not exist (with the nearest one), or if nothing has been run.
    """
    center, patient_id = _split(run, usubjid)
    harmonized = folder / ACCEPTED_DELIVERIES / center.code
    if not (harmonized / "patient.parquet").is_file():
        raise StudyError(
            f"{usubjid}: {harmonized} holds no accepted delivery of {center.code}. Run the workflow first "
            f"(snakemake --cores 2); if the center stops, mend that."
        )
    own = [("patient_id", "==", patient_id)]
    tables = {}
    for name in run.dictionary["tables"]:
        rows = _rows(harmonized / f"{name}.parquet", own)
        tables[name] = rows.assign(**{KEY: pd.Series(usubjid, index=rows.index, dtype="string")})
    if tables["patient"].empty:
        raise _unknown_patient(harmonized, center.code, usubjid)
    pooled = folder / RESTRICTED / "cohort"
    imputed = _rows(harmonized / "imputed.parquet", own)
    with open(harmonized / "column_map.csv", encoding="utf-8", newline="") as handle:
        column_map = list(csv.DictReader(handle))
    findings = [_rows(harmonized / "findings.parquet", own)]
    if (pooled / "findings.parquet").is_file():
        by_center = [*own, ("center", "==", center.code)]
        findings.append(_rows(pooled / "findings.parquet", by_center))
    return Dossier(
        run=run,
        folder=folder,
        usubjid=usubjid,
        center=center,
        patient_id=patient_id,
        tables=tables,
        findings=[line for part in findings for line in part.to_dict("records")],
        column_map=column_map,
        fed=_rows(harmonized / "source_rows.parquet", own).to_dict("records"),
        imputed=imputed.assign(**{KEY: pd.Series(usubjid, index=imputed.index, dtype="string")}),
    )


def _split(run: Run, usubjid: str) -> tuple[Center, str]:
    code, dash, patient_id = usubjid.partition("-")
    if code in run.centers and dash and patient_id:
        return run.centers[code], patient_id
    if not dash or not patient_id:
        example = f"{code if code in run.centers else next(iter(run.centers))}-<id>"
        raise StudyError(f"{usubjid!r} is no patient: write the center's code, a dash and the center's id ({example}).")
    listed = ", ".join(sorted(run.centers))
    raise StudyError(f"{usubjid}: there is no center {code!r}.{did_you_mean(code, run.centers)} Centers: {listed}.")


def _unknown_patient(harmonized: Path, code: str, usubjid: str) -> StudyError:
    ids = pd.read_parquet(harmonized / "patient.parquet", columns=["patient_id"])["patient_id"]
    near = did_you_mean(usubjid, code + "-" + ids)
    return StudyError(f"{usubjid}: the accepted delivery of {code} has no such patient ({len(ids)} others).{near}")


def _rows(path: Path, own: list[tuple[str, str, str]], columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of a file that fit; in one thread, since a few rows are not worth the start of more."""
    return pd.read_parquet(path, columns=columns, filters=own, use_threads=False, pre_buffer=False)
