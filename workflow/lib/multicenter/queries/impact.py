"""How far the primary hazard ratio would move with one patient's answer: for the coordinating center's eyes alone.

Definition. The primary analysis is fitted once. For a patient in it, the log hazard ratio of the primary term is asked
again by one Newton step (`survival.one_step`) after one change: the event indicator flipped at the same time, the
exposure switched, or the patient left out. Which of these a query can cause follows from what its variable touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from multicenter.analyses.design import complete, covariate
from multicenter.analyses.subjects import select, strata_codes
from multicenter.errors import NotEstimable
from multicenter.queries.reach import COMPETING, COVARIATE, ELIGIBILITY, EVENT, EXPOSURE, Effect
from multicenter.survival.cox import fit_cox
from multicenter.survival.one_step import OneStep

FLIPPED, SWITCHED, LEFT_OUT = "hr_event_flipped", "hr_exposure_switched", "hr_left_out"
SCENARIOS = (FLIPPED, SWITCHED, LEFT_OUT)
IMPACT_COLUMNS = ["hazard_ratio", *SCENARIOS, "impact"]


class Impact:
    """The primary analysis, fitted, ready to be asked of single patients.

    `primary`: its entry of the protocol with `term` (None: no primary analysis, nothing is known). `reason` says why
    nothing can be asked ("" if it can).
    """

    def __init__(self, primary: Mapping[str, Any] | None, adsl: pd.DataFrame, adtte: pd.DataFrame):
        self.reason, self._row_of = "", {}
        self.endpoint = (primary or {}).get("endpoint", "")
        if not primary:
            self.reason = "study.yaml names no primary analysis"
            return
        try:
            self._fit(primary, adsl, adtte)
        except NotEstimable as error:
            self.reason = f"{primary['id']} is not estimable: {error}"

    def of(self, usubjid: str, effects: Iterable[Effect]) -> dict[str, float]:
        """Return IMPACT_COLUMNS of a query: the hazard ratio now and in each change that its effects allow.

        `impact` is the greatest change of the log hazard ratio among these. Empty where the patient is not in the
        primary analysis or none of its parts is touched.
        """
        i = self._row_of.get(usubjid)
        changes = self._changes(effects) if i is not None else []
        if not changes:
            return {}
        moved = {change: self._moved(i, change) for change in changes}
        ratios = {change: float(np.exp(self._coef + step)) for change, step in moved.items()}
        return {"hazard_ratio": float(np.exp(self._coef)), **ratios, "impact": max(map(abs, moved.values()))}

    def _changes(self, effects: Iterable[Effect]) -> list[str]:
        effects = list(effects)
        touched = {effect.what for effect in effects}
        roles = {effect.role for effect in effects if effect.what == self.endpoint}
        flips = bool(roles & {EVENT, COMPETING})
        other = (bool(roles) and not flips) or bool(touched & {ELIGIBILITY, COVARIATE})
        wanted = {FLIPPED: flips, SWITCHED: EXPOSURE in touched, LEFT_OUT: other}
        return [change for change in SCENARIOS if wanted[change]]

    def _moved(self, i: int, change: str) -> float:
        """The change of the primary coefficient."""
        if change == FLIPPED:
            return float(self._step.flip_event(i)[self._term])
        if change == SWITCHED:
            exposed = self._step.column(i, self._step.names[self._term]) == 1
            other = {name: 0.0 for name in self._exposure} | {self._step.names[self._term]: 0.0 if exposed else 1.0}
            return float(self._step.switch(i, other)[self._term])
        return float(self._step.leave_out(i)[self._term])

    def _fit(self, primary: Mapping[str, Any], adsl: pd.DataFrame, adtte: pd.DataFrame) -> None:
        entries = [primary["exposure"], *(primary.get("covariates") or [])]
        frame = complete(select(primary, adsl, adtte), entries, primary.get("strata") or [])
        found = [covariate(primary, entry, frame) for entry in entries]
        design = pd.concat([one.design for one in found], axis=1)
        fit = fit_cox(design, frame["time"], frame["event"], strata=strata_codes(primary, frame))
        self._step = OneStep(fit, primary["id"])
        if primary["term"] not in self._step.names:
            raise NotEstimable(f"no estimate of {primary['term']}")
        self._term = self._step.names.index(primary["term"])
        self._coef = float(fit.coef[list(fit.names).index(primary["term"])])
        self._exposure = [term.text for term in found[0].terms if term.text in self._step.names]
        self._row_of = {usubjid: i for i, usubjid in enumerate(frame["USUBJID"])}
