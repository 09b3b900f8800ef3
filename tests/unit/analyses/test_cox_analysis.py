import numpy as np
import pandas as pd
import pytest

from multicenter.analyses import cox
from multicenter.errors import StudyError
from multicenter.survival.cox import fit_cox

SPEC = {
    "id": "cox_pfs",
    "method": "cox",
    "endpoint": "PFS",
    "exposure": "USE",
    "covariates": [{"variable": "AGE", "per": 10, "unit": "years"}, "STAGE", "FLAG"],
    "univariable": True,
}


@pytest.fixture
def multivariable(adsl, adtte):
    estimates = cox.run(SPEC, adsl, adtte).estimates
    return estimates[estimates["method"] == "cox multivariable"]


def direct(adsl, adtte, columns, strata=None):
    rows = adtte[adtte["PARAMCD"] == "PFS"]
    frame = adsl.merge(rows[["USUBJID", "AVAL", "CNSR"]], on="USUBJID").dropna(subset=["STAGE"])
    design = pd.DataFrame({name: make(frame).astype(float) for name, make in columns.items()})
    codes = None if strata is None else frame[strata]
    return fit_cox(design, frame["AVAL"], (frame["CNSR"] == 0).astype(int), strata=codes), frame


COLUMNS = {
    "use": lambda f: f["USE"] == "yes",
    "age": lambda f: f["AGE"] / 10,
    "ii": lambda f: f["STAGE"] == "II",
    "iii": lambda f: f["STAGE"] == "III",
    "flag": lambda f: f["FLAG"],
}
TERMS = ["USE: yes vs no", "AGE: per 10 years", "STAGE: II vs I", "STAGE: III vs I", "FLAG: per 1"]


@pytest.mark.parametrize("strata", [None, "SITEID"])
def test_ratios_are_those_of_the_fit(adsl, adtte, strata):
    spec = {**SPEC, "strata": [strata] if strata else []}
    rows = cox.run(spec, adsl, adtte).estimates.query("method == 'cox multivariable' and statistic == 'hazard_ratio'")
    fit, frame = direct(adsl, adtte, COLUMNS, strata)
    assert rows["term"].tolist() == TERMS
    assert rows["value"].to_numpy() == pytest.approx(np.exp(fit.coef))
    assert rows["ci_high"].to_numpy() == pytest.approx(np.exp(fit.interval()[1]))
    assert rows["p_value"].to_numpy() == pytest.approx(fit.p_value)
    assert set(rows["n"]) == {len(frame)} and set(rows["n_events"]) == {fit.n_events}


def test_complete_cases_are_counted(adsl, multivariable, pick):
    missing = adsl["STAGE"].isna().sum()
    assert pick(multivariable, statistic="dropped_missing")["value"] == missing
    assert set(multivariable["n"]) == {len(adsl) - missing}


def test_the_model_is_described(multivariable, pick):
    assert pick(multivariable, statistic="likelihood_ratio_chisq")["term"] == "df=5"
    events = multivariable["n_events"].iloc[0]
    assert pick(multivariable, statistic="events_per_parameter")["value"] == pytest.approx(events / 5)
    concordance = pick(multivariable, statistic="concordance")
    assert concordance["ci_low"] < concordance["value"] < concordance["ci_high"]
    assert multivariable.query("statistic == 'ph_chisq'")["term"].tolist() == ["USE", "AGE", "STAGE", "FLAG", "GLOBAL"]
    assert pick(multivariable, statistic="ph_df", term="STAGE")["value"] == 2
    joint = pick(multivariable, statistic="wald_chisq")
    assert (joint["term"], joint["reason"]) == ("STAGE", "")
    assert pick(multivariable, statistic="wald_df", term="STAGE")["value"] == 2


def test_levels_are_counted_the_reference_too(adsl, multivariable, pick):
    kept = adsl.dropna(subset=["STAGE"])
    for level in ("I", "II", "III"):
        row = pick(multivariable, statistic="level_patients", term=f"STAGE: {level}")
        assert row["value"] == (kept["STAGE"] == level).sum()


def test_each_covariate_alone_on_its_own_complete_cases(adsl, adtte, pick):
    rows = cox.run(SPEC, adsl, adtte).estimates.query("method == 'cox univariable'")
    assert rows.query("statistic == 'hazard_ratio'")["term"].tolist() == TERMS
    assert pick(rows, term="USE: yes vs no", statistic="hazard_ratio")["n"] == len(adsl)
    assert pick(rows, term="STAGE: II vs I", statistic="hazard_ratio")["n"] == adsl["STAGE"].notna().sum()
    assert not (rows["term"] == "GLOBAL").any()
    tests = rows.query("statistic == 'likelihood_ratio_chisq'")
    assert tests["term"].tolist() == ["USE: df=1", "AGE: df=1", "STAGE: df=2", "FLAG: df=1"]


def test_a_level_without_events_is_named_with_its_count(adsl, adtte, pick):
    spared = adsl.loc[adsl["DRUG"] == "C", "USUBJID"]
    adtte.loc[adtte["USUBJID"].isin(spared), "CNSR"] = 1
    spec = {**SPEC, "exposure": "DRUG", "covariates": ["AGE"], "univariable": False}
    estimates = cox.run(spec, adsl, adtte).estimates
    row = pick(estimates, term="DRUG: C vs none", statistic="hazard_ratio")
    assert (row["status"], row["reason"]) == ("not estimable", f"DRUG C: 0 events among {len(spared)} patients")
    assert np.isnan(row["value"])
    others = estimates.query("statistic == 'hazard_ratio' and status == 'ok'")
    assert others["term"].tolist() == ["DRUG: A vs none", "DRUG: B vs none", "AGE: per 1"]
    joint = pick(estimates, statistic="wald_chisq")
    assert (joint["status"], joint["reason"]) == ("ok", "tests only DRUG: A vs none, DRUG: B vs none")
    assert pick(estimates, statistic="wald_df", term="DRUG")["value"] == 2


def test_a_reference_without_events_is_named(adsl, adtte, pick):
    adtte.loc[adtte["USUBJID"].isin(adsl.loc[adsl["STAGE"] == "I", "USUBJID"]), "CNSR"] = 1
    estimates = cox.run({**SPEC, "univariable": False}, adsl, adtte).estimates
    reason = pick(estimates, term="STAGE: III vs I", statistic="hazard_ratio")["reason"]
    assert reason.startswith("reference level STAGE I: 0 events among")
    assert pick(estimates, term="USE: yes vs no", statistic="hazard_ratio")["status"] == "ok"


def test_an_aliased_covariate_is_reported(adsl, adtte, pick):
    spec = {**SPEC, "covariates": ["AGE", {"variable": "AGE2"}], "univariable": False}
    estimates = cox.run(spec, adsl.assign(AGE2=2 * adsl["AGE"] - 7), adtte).estimates
    row = pick(estimates, term="AGE2: per 1", statistic="hazard_ratio")
    assert row["status"] == "not estimable" and "aliased" in row["reason"]
    assert pick(estimates, statistic="likelihood_ratio_chisq")["term"] == "df=2"


def test_levels_without_patients(adsl, adtte, pick):
    spec = {**SPEC, "population": {"USE": ["yes"]}, "exposure": "DRUG", "covariates": ["USE"], "univariable": False}
    estimates = cox.run(spec, adsl, adtte).estimates
    assert pick(estimates, term="DRUG: B vs A", statistic="hazard_ratio")["status"] == "ok"
    assert pick(estimates, term="DRUG: none vs A", statistic="hazard_ratio")["reason"] == "DRUG none: 0 patients"
    assert pick(estimates, statistic="wald_chisq")["reason"] == "tests only DRUG: B vs A, DRUG: C vs A"
    assert pick(estimates, term="USE: no vs yes", statistic="hazard_ratio")["reason"] == "USE no: 0 patients"


def test_too_few_events_refuse_every_number_with_the_count(adsl, adtte):
    adtte = adtte.assign(CNSR=1)
    adtte.loc[:2, "CNSR"] = 0
    estimates = cox.run(SPEC, adsl, adtte).estimates.query("method == 'cox multivariable'")
    refused = estimates[estimates["status"] == "not estimable"]
    assert set(refused["statistic"]) == {"hazard_ratio", "likelihood_ratio_chisq", "concordance", "ph_chisq"}
    assert refused["reason"].str.fullmatch(r"\d events? (for 5 parameters|among \d+ patients)").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariates": ["STAGES"]}, "cox_pfs: 'STAGES' is not a column of ADSL. Did you mean 'STAGE'"),
        ({"covariates": ["STARTDT"]}, "STARTDT holds dates"),
        ({"strata": ["SITE"]}, "'SITE' is not a column"),
    ],
)
def test_mistakes_in_the_protocol_are_named(adsl, adtte, change, message):
    with pytest.raises(StudyError, match=message.replace("(", r"\(").replace(".", r"\.")):
        cox.run({**SPEC, **change}, adsl, adtte)
