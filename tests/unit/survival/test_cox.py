import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

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
    "extreme.cox.outlier": ["x"],
    "extreme.cox.marker": ["marker", "age"],
    "extreme.cox.steep": ["x"],
    "extreme.cox.entry": ["marker", "x"],
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
    if name == "extreme":
        d = d if key.endswith("outlier") else d[d["x"] < 60]
        d = d[:100].assign(time=d["rank_time"]) if key.endswith("steep") else d
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


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("near", lambda d: d[["x", "near"]]),
        ("cubic", lambda d: pd.DataFrame({f"age{power}": d["age"] ** power for power in (1, 2, 3)})),
        ("scales", lambda d: d[["big", "small"]]),
    ],
)
def test_collinear_and_badly_scaled_covariates_have_a_maximum(reference, key, make):
    d = reference.data("extreme").query("x < 60")
    fit = fit_cox(make(d), d["time"], d["event"])
    assert fit.separated == fit.aliased == ()
    reference.same(fit.coef, f"extreme.cox.{key}.coef", se=fit.std_error)
    # R's own information of x and x + 0.001·noise is good to 9 digits
    se = fit.std_error
    reference.same(fit.covariance, f"extreme.cox.{key}.covariance", se=np.outer(se, se).ravel(), tolerance=1e-8)
    reference.same([fit.loglik_null, fit.loglik], f"extreme.cox.{key}.loglik")
    reference.same(fit.wald()[0], f"extreme.cox.{key}.wald", tolerance=1e-8)


def test_nearly_equal_columns_keep_their_digits(reference):
    """The error of the second of x and x + 1e-5·noise is that of their difference, computed without cancellation."""
    d = reference.data("extreme").query("x < 60")
    d = d.assign(difference=d["nearer"] - d["x"])
    pair, apart = (fit_cox(d[["x", second]], d["time"], d["event"]) for second in ("nearer", "difference"))
    assert pair.std_error[1] == pytest.approx(apart.std_error[1], rel=1e-8)
    assert pair.coef.sum() == pytest.approx(apart.coef[0], abs=1e-6)


def test_a_risk_beyond_all_others_leaves_the_fit_of_the_others(reference):
    """Whoever is certain to fail first tells nothing; its risk, exp(2600), does not fit into a double."""
    d = reference.data("extreme").query("x < 60").reset_index(drop=True)
    first = d["time"].where(d["event"] == 1).idxmin()
    with_it, without = d.assign(x=d["x"].where(d.index != first, 6000.0)), d.drop(index=first)
    with_it = with_it[with_it["time"] >= d["time"][first]]
    far = fit_cox(with_it[["x"]], with_it["time"], with_it["event"])
    near = fit_cox(without[["x"]], without["time"], without["event"])
    assert far.separated == ()
    assert [far.coef[0], far.std_error[0], far.loglik] == pytest.approx([near.coef[0], near.std_error[0], near.loglik])


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


def test_a_reference_level_without_events_separates_all_levels(reference):
    d = reference.data("lung")
    design = pd.DataFrame({"b": d["ph_ecog"] == 1, "c": d["ph_ecog"] > 1, "age": d["age"]}).astype(float)
    fit = fit_cox(design, d["time"], d["event"].where(d["ph_ecog"] > 0, 0))
    assert fit.separated == ("b", "c")
    assert fit.coef[2] == pytest.approx(reference["lung.cox.reference.coef"][2], rel=1e-6)
    # the error of the age is that beside an unknown contrast of b and c
    assert fit.covariance[2, 2] == pytest.approx(reference["lung.cox.reference.covariance"][-1], rel=1e-6)
    reference.same([fit.loglik_null, fit.loglik], "lung.cox.reference.loglik", tolerance=1e-6)


def test_separated_is_what_a_direction_of_endless_rise_moves():
    """In small samples: every direction along which no event has a lower score than anybody at risk with it."""
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(300):
        n, p = rng.integers(8, 40), rng.integers(1, 4)
        x = rng.integers(0, 2, (n, p)).astype(float)
        x[:, 0] = rng.normal(size=n).round(1) if rng.random() < 0.5 else x[:, 0]
        time, event = rng.integers(1, n + 5, n), (rng.random(n) < rng.choice([0.2, 0.5, 0.9])).astype(int)
        try:
            fit = fit_cox(pd.DataFrame(x, columns=list("abc")[:p]), time, event)
        except NotEstimable:
            continue
        if not fit.aliased:
            assert (np.isnan(fit.coef) == endless(x, time, event)).all()
            seen += bool(fit.separated)
    assert seen > 10


def endless(x, time, event):
    """The coefficients without a limit, by a linear program over all comparisons of an event with its risk set."""
    ahead = [x[i] - x[j] for i in np.flatnonzero(event) for j in np.flatnonzero(time >= time[i])]
    ahead = np.array([row for row in ahead if row.any()])
    m, p = ahead.shape
    found = linprog(
        np.repeat([0.0, -1.0], [p, m]),
        A_ub=np.hstack([-ahead, np.eye(m)]),
        b_ub=np.zeros(m),
        bounds=[(-1e3, 1e3)] * p + [(0, 1)] * m,
    )
    rises = found.x[p:] > 1e-7
    if not rises.any():
        return np.zeros(p, dtype=bool)
    rest = np.vstack([ahead[~rises], np.zeros((p, p))])
    _, size, axes = np.linalg.svd(rest)
    return (np.abs(axes[size < 1e-9]) > 1e-9).any(axis=0)


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


@pytest.mark.parametrize("same", [0.0, 1.0, 0.1, 1e-7, 1e12 / 7])
def test_a_constant_covariate_is_refused_by_name(same):
    with pytest.raises(NotEstimable, match="same"):
        fit_cox(pd.DataFrame({"same": [same] * 7}), range(1, 8), [1, 1, 1, 0, 1, 0, 1])
    other = pd.DataFrame({"same": [same] * 7, "x": [1.0, 4, 2, 8, 5, 7, 3]})
    assert fit_cox(other, range(1, 8), [1, 1, 1, 0, 1, 0, 1]).aliased == ("same",)


def test_a_missing_stratum_is_refused():
    with pytest.raises(ValueError, match="a stratum is missing"):
        fit_cox(pd.DataFrame({"x": [1.0, 3, 2]}), [1, 2, 3], [1, 1, 1], strata=[1, np.nan, 1])


def test_missing_covariates_are_the_caller_s():
    with pytest.raises(ValueError, match="covariate is missing"):
        fit_cox(pd.DataFrame({"x": [1.0, np.nan, 2]}), [1, 2, 3], [1, 1, 1])
