"""Cox models of a protocol entry: each covariate alone, and all together, with what a reader needs to judge the fit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.design import Covariate, Term, complete, covariate, variable
from multicenter.analyses.result import Result, Rows
from multicenter.analyses.subjects import patients_in, require_columns, select, strata_codes
from multicenter.errors import NotEstimable
from multicenter.survival.cox import CoxFit, fit_cox
from multicenter.survival.intervals import Z95
from multicenter.survival.proportional_hazards import GLOBAL, proportional_hazards

UNIVARIABLE = "cox univariable"
MULTIVARIABLE = "cox multivariable"


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Fit the models of one entry of `analyses:` in the protocol; complete cases of each model's own covariates.

    Method "cox multivariable": the exposure and all covariates (left out when there is one covariate and `univariable`
    is set); "cox univariable", if `univariable`: each of them alone.
    With `time_dependent` the rows are spells: patients are counted, at each level those who were ever there.
    A categorical covariate's reference is its first level that has patients.
    """
    entries = [spec["exposure"], *(spec.get("covariates") or [])]
    strata = list(spec.get("strata") or [])
    require_columns(spec, adsl, [*map(variable, entries), *strata])
    patients = select(spec, adsl, adtte)
    models = [(UNIVARIABLE, [entry]) for entry in entries] if spec.get("univariable") else []
    if len(entries) > 1 or not models:
        models.append((MULTIVARIABLE, entries))
    rows = Rows(spec, MULTIVARIABLE)
    for method, chosen in models:
        frame = complete(patients, chosen, strata)
        found = [covariate(spec, entry, frame) for entry in chosen]
        _Model(spec, rows, method, found, frame, patients_in(patients) - patients_in(frame)).report()
    return Result(rows.frame())


class _Model:
    """One fit and its rows."""

    def __init__(
        self, spec: Mapping, rows: Rows, method: str, covariates: list[Covariate], frame: pd.DataFrame, dropped: int
    ):
        self.spec, self.rows, self.method, self.covariates, self.dropped = spec, rows, method, covariates, dropped
        self.design = pd.concat([c.design for c in covariates], axis=1)
        self.strata = strata_codes(spec, frame)
        self.frame = frame
        self.counts = {"n": patients_in(frame), "n_events": int(frame["event"].sum()), "method": method}
        # a row of a univariable model says which covariate it is of; the multivariable model's concern all
        self.scope = covariates[0].name if method == UNIVARIABLE else ""

    def report(self) -> None:
        self.rows.add("dropped_missing", self.dropped, term=self.scope, **self.counts)
        self._levels()
        try:
            if self.design.empty:
                raise NotEstimable(self._nothing_varies())
            fit = fit_cox(self.design, self.frame["time"], self.frame["event"], self.frame.get("entry"), self.strata)
        except NotEstimable as error:
            self._refuse_all(str(error))
            return
        self._ratios(fit)
        self._whole(fit)
        self._hazards(fit)

    def _levels(self) -> None:
        for one in self.covariates:
            for level, size, events in one.level_counts:
                term = f"{one.name}: {level}"
                self.rows.add("level_patients", size, term=term, **self.counts)
                self.rows.add("level_events", events, term=term, **self.counts)

    def _nothing_varies(self) -> str:
        return "; ".join(
            f"{one.name}: all {len(self.frame)} patients are {one.reference}"
            if len(self.frame)
            else f"{one.name}: 0 patients"
            for one in self.covariates
        )

    def _refuse_all(self, reason: str) -> None:
        for one in self.covariates:
            terms = [*one.terms, *one.empty] or [Term(one.name, one.name)]
            for term in terms:
                self.rows.refuse("hazard_ratio", reason, term=term.text, **self.counts)
        for statistic in ("likelihood_ratio_chisq", "concordance"):
            self.rows.refuse(statistic, reason, term=self.scope, **self.counts)
        self.rows.refuse("ph_chisq", reason, term=self.scope or GLOBAL, **self.counts)

    def _ratios(self, fit: CoxFit) -> None:
        ratio, (low, high) = np.exp(fit.coef), np.exp(fit.interval())
        at = {name: i for i, name in enumerate(fit.names)}
        for one in self.covariates:
            for term in one.terms:
                i = at[term.text]
                if np.isfinite(ratio[i]):
                    cells = {"ci_low": low[i], "ci_high": high[i], "p_value": fit.p_value[i], **self.counts}
                    self.rows.add("hazard_ratio", ratio[i], term=term.text, **cells)
                else:
                    self.rows.refuse("hazard_ratio", self._why(fit, one, term), term=term.text, **self.counts)
            for term in one.empty:
                self.rows.refuse("hazard_ratio", f"{one.name} {term.level}: 0 patients", term=term.text, **self.counts)
            if not one.terms and not one.empty:
                self.rows.refuse("hazard_ratio", self._nothing_varies(), term=one.name, **self.counts)

    def _why(self, fit: CoxFit, one: Covariate, term: Term) -> str:
        if term.text in fit.aliased:
            return f"{term.text}: aliased, determined by the covariates before it"
        for level, size, events in one.level_counts:
            if level in (term.level, one.reference) and events in (0, size):
                what = "reference level " if level == one.reference else ""
                return f"{what}{one.name} {level}: {events} events among {size} patients"
        return f"{term.text}: separation, the likelihood has no maximum ({fit.n_events} events)"

    def _whole(self, fit: CoxFit) -> None:
        chisq, df, p = fit.likelihood_ratio()
        term = f"{self.scope}: df={df}" if self.scope else f"df={df}"
        self.rows.add("likelihood_ratio_chisq", chisq, term=term, p_value=p, **self.counts)
        self.rows.add("parameters", df, term=self.scope, **self.counts)
        self.rows.add("events_per_parameter", fit.n_events / df, term=self.scope, **self.counts)
        for one in self.covariates:
            if len(one.terms) > 1:
                self._joint(fit, one)
        try:
            found = fit.concordance()
            half = Z95 * found.std_error
            limits = {"ci_low": found.value - half, "ci_high": found.value + half}
            self.rows.add("concordance", found.value, term=self.scope, **limits, **self.counts)
        except NotEstimable as error:
            self.rows.refuse("concordance", str(error), term=self.scope, **self.counts)

    def _joint(self, fit: CoxFit, one: Covariate) -> None:
        try:
            chisq, df, p = fit.wald([term.text for term in one.terms])
            tested = self._tested(fit, one)
            self.rows.add("wald_chisq", chisq, term=one.name, p_value=p, reason=tested, **self.counts)
            self.rows.add("wald_df", df, term=one.name, **self.counts)
        except NotEstimable as error:
            self.rows.refuse("wald_chisq", f"{one.name}: {error}", term=one.name, **self.counts)

    def _tested(self, fit: CoxFit, one: Covariate) -> str:
        """Name the coefficients that a joint test is of where it is not of all levels."""
        estimated = {name for name, value in zip(fit.names, fit.coef, strict=True) if np.isfinite(value)}
        tested = [term.text for term in one.terms if term.text in estimated]
        return "" if len(tested) == len(one.terms) + len(one.empty) else f"tests only {', '.join(tested)}"

    def _hazards(self, fit: CoxFit) -> None:
        terms = {one.name: [term.text for term in one.terms] for one in self.covariates}
        try:
            tests = proportional_hazards(fit, terms=terms)
        except NotEstimable as error:
            self.rows.refuse("ph_chisq", str(error), term=self.scope or GLOBAL, **self.counts)
            return
        for test in tests:
            if self.scope and test.term == GLOBAL:
                continue
            self.rows.add("ph_chisq", test.chisq, term=test.term, p_value=test.p_value, **self.counts)
            self.rows.add("ph_df", test.df, term=test.term, **self.counts)
