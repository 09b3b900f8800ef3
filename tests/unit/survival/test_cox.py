import numpy as np
import pandas as pd
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.cox import fit_cox
from multicenter.survival.proportional_hazards import TRANSFORMS, proportional_hazards

COLUMNS = {
    "lung.cox.uni": ["sex"],
    "lung.cox.multi": ["age", "sex", "ph_ecog", "ph_karno", "wt_loss"],
    "lung.cox.strata": ["age", "sex", "ph_ecog"],
    "mgus2.cox.multi": ["age", "male", "hgb", "creat", "mspike"],
    "mgus2.cox.cause_specific": ["age", "male", "hgb", "mspike"],
    "heart.cox.tdc": ["age", "year", "surgery", "transplant"],
    "heart.cox.interaction": ["age", "surgery", "transplant", "age:transplant", "surgery:transplant"],
    "sim512.cox.multi": ["trt", "age", "iss2", "iss3", "highrisk", "cr"],
    "sim512.cox.entry": ["trt", "age", "iss2", "iss3", "highrisk", "cr"],
    "sim512.cox.strata": ["trt", "age", "iss2", "iss3", "highrisk", "cr"],
    "sim512.cox.strata_entry": ["trt", "age", "highrisk"],
}
TERMS = {"trt": ["trt"], "age": ["age"], "iss": ["iss2", "iss3"], "highrisk": ["highrisk"], "cr": ["cr"]}


def model(reference, key):
    """Return design, time, event, entry, strata of a model."""
    name = key.split(".")[0]
    d = reference.data(name)
    if name == "mgus2":
        d = d.dropna(subset=["hgb", "creat", "mspike"])
    if name == "sim512":
        d = d.assign(iss2=(d["iss"] == 2).astype(int), iss3=(d["iss"] == 3).astype(int))
    if name == "heart":
        crossed = {f"{a}:transplant": d[a] * d["transplant"] for a in ("age", "surgery")}
        return d.assign(**crossed)[COLUMNS[key]], d["stop"], d["event"], d["start"], None
    time, event = d["time" if "time" in d else "futime"], d["event" if "event" in d else "death"]
    if key.endswith("cause_specific"):
        time, event = d["etime"], d["fstatus"] == 1
    entry = d["entry"] if "entry" in key else None
    strata = d["inst" if name == "lung" else "center"] if "strata" in key else None
    return d[COLUMNS[key]], time, event, entry, strata


@pytest.fixture(scope="module", params=list(COLUMNS))
def fitted(request, reference):
    return request.param, fit_cox(*model(reference, request.param))


def test_coefficients_equal_coxph(reference, fitted):
    key, fit = fitted
    se = fit.std_error
    reference.same(fit.coef, f"{key}.coef", se=se)
    reference.same(fit.covariance, f"{key}.covariance", se=np.outer(se, se).ravel())
    reference.same(np.concatenate(fit.interval()), f"{key}.limits", se=np.tile(se, 2))
    reference.same([fit.loglik_null, fit.loglik], f"{key}.loglik")
    assert fit.aliased == fit.separated == ()


def test_tests_of_the_model_equal_coxph(reference, fitted):
    key, fit = fitted
    reference.same(fit.wald()[0], f"{key}.wald")
    loglik = reference[f"{key}.loglik"]
    assert fit.likelihood_ratio()[0] == pytest.approx(2 * (loglik[1] - loglik[0]), rel=1e-9)
    # p is compared loosely: it is the statistic that is compared closely, above
    reference.same(fit.p_value, f"{key}.p", tolerance=1e-6)


def test_concordance_equals_survival(reference, fitted):
    key, fit = fitted
    found = fit.concordance()
    reference.same([found.value, found.std_error], f"{key}.concordance")


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_proportional_hazards_equal_cox_zph(reference, fitted, transform):
    key, fit = fitted
    by_column = proportional_hazards(fit, transform)
    reference.same([test.chisq for test in by_column], f"{key}.zph_columns.{transform}")
    terms = TERMS if "iss2" in fit.names else None
    by_term = proportional_hazards(fit, transform, terms)
    reference.same([test.chisq for test in by_term], f"{key}.zph.{transform}")
    assert by_term[-1].term == "GLOBAL" and by_term[-1].df == len(fit.names)
    if terms:
        assert [test.df for test in by_term] == [1, 1, 2, 1, 1, 6]


def test_concordance_variance_by_patient(reference):
    fit = fit_cox(*model(reference, "heart.cox.tdc"))
    found = fit.concordance(cluster=reference.data("heart")["id"])
    reference.same([found.value, found.std_error], "heart.concordance_by_id")


def test_an_aliased_column_is_named_and_the_others_stand(reference):
    d = reference.data("lung").assign(copy=lambda frame: 3 - 2 * frame["sex"])
    fit = fit_cox(d[["age", "sex", "copy", "ph_ecog"]], d["time"], d["event"])
    assert fit.aliased == ("copy",) and fit.df == 3
    reference.same(fit.coef, "lung.cox.aliased.coef", se=fit.std_error)
    reference.same([fit.loglik_null, fit.loglik], "lung.cox.aliased.loglik")
    found = fit.concordance()
    reference.same([found.value, found.std_error], "lung.cox.aliased.concordance")
    assert [test.term for test in proportional_hazards(fit)] == ["age", "sex", "ph_ecog", "GLOBAL"]


def test_a_column_constant_within_strata_is_aliased(reference):
    d = reference.data("sim512")
    design = d[["trt"]].assign(size=d["center"] * 2.5)
    fit = fit_cox(design, d["time"], d["event"], strata=d["center"])
    assert fit.aliased == ("size",)
    assert np.isfinite(fit.coef[0])


def test_a_level_without_events_is_separated_and_the_others_stand(reference):
    d = reference.data("lung").assign(spared=lambda f: ((f["event"] == 0) & (f["age"] > 65)).astype(int))
    fit = fit_cox(d[["age", "sex", "spared"]], d["time"], d["event"])
    assert fit.separated == ("spared",)
    assert np.isnan(fit.coef[2]) and np.isnan(fit.p_value[2])
    theirs = reference["lung.cox.separated.coef"]
    assert fit.coef[:2] == pytest.approx(theirs[:2], rel=1e-6)
    reference.same([fit.loglik_null, fit.loglik], "lung.cox.separated.loglik", tolerance=1e-6)


def test_a_reference_level_without_events_separates_all_levels():
    rng = np.random.default_rng(5)
    level = np.repeat([0, 1, 2], 40)
    event = np.where(level == 0, 0, rng.random(120) < 0.7)
    design = pd.DataFrame({"b": level == 1, "c": level == 2, "x": rng.normal(size=120)}).astype(float)
    fit = fit_cox(design, rng.integers(1, 400, 120), event)
    assert fit.separated == ("b", "c")
    assert np.isfinite(fit.coef[2]) and np.isfinite(fit.loglik)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ([0, 0, 0, 0, 0, 0], "0 events among 6 patients"),
        ([0, 1, 0, 0, 0, 0], "1 event among 6 patients"),
        ([1, 1, 0, 0, 0, 0], "2 events for 3 parameters"),
    ],
)
def test_too_few_events_are_refused_with_the_count(event, reason):
    design = pd.DataFrame({"a": [1, 0, 1, 1, 0, 0], "b": [3, 1, 4, 1, 5, 9], "c": [2, 7, 1, 8, 2, 8]})
    with pytest.raises(NotEstimable, match=reason):
        fit_cox(design, [3, 1, 4, 1, 5, 9], event)


def test_a_constant_covariate_is_refused_by_name():
    with pytest.raises(NotEstimable, match="same"):
        fit_cox(pd.DataFrame({"same": [1.0, 1, 1, 1]}), [1, 2, 3, 4], [1, 1, 1, 0])


def test_missing_covariates_are_the_caller_s():
    with pytest.raises(ValueError, match="covariate is missing"):
        fit_cox(pd.DataFrame({"x": [1.0, np.nan, 2]}), [1, 2, 3], [1, 1, 1])
