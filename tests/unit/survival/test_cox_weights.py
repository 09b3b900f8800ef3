"""Weighted Cox models, both ties, robust errors, residuals and predicted curves against R (cox_reference.json)."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival import residuals
from multicenter.survival.baseline_hazard import predicted_curves
from multicenter.survival.cox import fit_cox
from multicenter.survival.proportional_hazards import TRANSFORMS, proportional_hazards
from multicenter.survival.robust_variance import robust_variance, with_robust_errors

SPLIT = ["start", "stop", "event"]
MODELS = {
    "lung": (["age", "sex", "ph_ecog"], ["time", "event"], None, "inst"),
    "lung_strata": (["age", "sex", "ph_ecog"], ["time", "event"], "inst", "inst"),
    "mgus2": (["age", "male", "hgb", "creat"], ["futime", "death"], None, "age"),
    "heart": (["age", "year", "surgery", "transplant"], SPLIT, None, "id"),
    "heart_strata": (["age", "year", "transplant"], SPLIT, "surgery", "id"),
    "sim512": (["trt", "age", "iss2", "iss3", "highrisk", "cr"], ["time", "event"], None, "center"),
    "sim512_strata_entry": (["trt", "age", "highrisk"], ["entry", "time", "event"], "center", "center"),
    "cgd": (["treat", "age", "steroids"], ["tstart", "tstop", "event"], None, "id"),
    "kidney": (["age", "female"], ["time", "event"], None, "id"),
    "extreme": (["marker", "age"], ["time", "event"], None, None),
}
CASES = [".".join(parts) for parts in product(MODELS, ("efron", "breslow"), ("plain", "weighted"))]


def spread(n):
    return 0.5 + np.arange(1, n + 1) * 13 % 9 / 4


def read(reference, name):
    d = reference.data(name.split("_")[0])
    if name == "mgus2":
        d = d.dropna(subset=["hgb", "creat", "mspike"]).assign(male=lambda f: (f["sex"] == "M").astype(int))
    if name.startswith("sim512"):
        d = d.assign(iss2=(d["iss"] == 2).astype(int), iss3=(d["iss"] == 3).astype(int))
    return d[d["x"] < 60] if name == "extreme" else d


def fit_case(reference, key):
    name, ties, weighted = key.split(".")
    columns, follow_up, strata, cluster = MODELS[name]
    d = read(reference, name)
    entry, time, event = [None, *follow_up][-3:]
    fit = fit_cox(
        d[columns],
        d[time],
        d[event],
        entry=None if entry is None else d[entry],
        strata=None if strata is None else d[strata],
        weights=spread(len(d)) if weighted == "weighted" else None,
        ties=ties,
    )
    return fit, None if cluster is None else d[cluster]


@pytest.fixture(scope="module", params=CASES)
def case(request, reference):
    return f"coxph.{request.param}", *fit_case(reference, request.param)


def every(values):
    return values if len(values) < 80 else values[::37]


def test_coefficients_equal_coxph(reference, case):
    key, fit, _ = case
    se = fit.std_error
    reference.same(fit.coef, f"{key}.coef", se=se)
    reference.same(fit.covariance, f"{key}.covariance", se=np.outer(se, se).ravel())
    reference.same([fit.loglik_null, fit.loglik], f"{key}.loglik")


def test_robust_variances_equal_coxph(reference, case):
    key, fit, cluster = case
    found = robust_variance(fit)
    se = np.sqrt(np.diag(found))
    reference.same(found, f"{key}.robust", se=np.outer(se, se).ravel())
    if cluster is not None:
        robust = with_robust_errors(fit, cluster)
        reference.same(robust.covariance, f"{key}.cluster", se=np.outer(robust.std_error, robust.std_error).ravel())
        reference.same(robust.wald()[0], f"{key}.cluster_wald")
        size = cluster.nunique()
        assert robust_variance(fit, cluster, few_clusters=True) == pytest.approx(robust.covariance * size / (size - 1))


def test_residuals_equal_coxph(reference, case):
    key, fit, _ = case
    for name in ("martingale", "deviance", "score", "dfbeta"):
        found = getattr(residuals, name)(fit)
        # a residual is a small difference of large numbers: their size is that of the largest residual
        reference.same(every(found).T, f"{key}.{name}", se=np.abs(found).max())
        reference.same((found**2).sum(), f"{key}.{name}_ss")
    reference.same((residuals.schoenfeld(fit).residual ** 2).sum(axis=0), f"{key}.schoenfeld_ss")
    reference.same((residuals.scaled_schoenfeld(fit).residual ** 2).sum(axis=0), f"{key}.scaledsch_ss")


def test_proportional_hazards_equal_cox_zph(reference, case):
    key, fit, _ = case
    for transform in TRANSFORMS:
        found = proportional_hazards(fit, transform)
        reference.same([test.chisq for test in found], f"{key}.zph.{transform}", se=1)


def test_concordance_equals_survival(reference, case):
    key, fit, _ = case
    found = fit.concordance()
    reference.same([found.value, found.std_error], f"{key}.concordance")


def test_baseline_hazards_equal_basehaz(reference, case):
    key, fit, _ = case
    # R also lists the strata without an event: their hazard is 0
    theirs = reference[f"{key}.basehaz_last"]
    ours = [curve.cumulative_hazard[-1] for curve in predicted_curves(fit)]
    assert ours == pytest.approx(theirs[theirs > 0], rel=1e-9)
    assert fit.strata_without_events == (theirs == 0).sum()


def test_predicted_curves_equal_survfit(reference):
    lung = reference.data("lung")
    sim = reference.data("sim512")
    for ties in ("efron", "breslow"):
        fit = fit_cox(lung[["age", "sex", "ph_ecog"]], lung["time"], lung["event"], ties=ties)
        (curve,) = predicted_curves(fit, {"age": 60, "sex": 1, "ph_ecog": 1})
        compare_curve(reference, f"coxph.predicted.lung.{ties}", curve, (100, 365, 700))
        strata = sim["highrisk"]
        fit = fit_cox(sim[["trt", "age"]], sim["time"], sim["event"], sim["entry"], strata, ties=ties)
        for curve in predicted_curves(fit, {"trt": 1, "age": 58}):
            compare_curve(reference, f"coxph.predicted.sim512.{ties}.{curve.stratum}", curve, (6, 24, 48))


def compare_curve(reference, key, curve, times):
    at = np.searchsorted(curve.time, times, side="right") - 1
    low, high = curve.interval()
    parts = (curve.cumulative_hazard, curve.std_error, curve.survival, low, high)
    reference.same(np.concatenate([part[at] for part in parts]), key)


def test_a_curve_for_an_unknown_covariate_is_refused(reference):
    fit, _ = fit_case(reference, "kidney.efron.plain")
    with pytest.raises(ValueError, match="ag is not a covariate of the model"):
        predicted_curves(fit, {"ag": 60})


def test_an_offset_equals_coxph(reference):
    sim = reference.data("sim512")
    offset = 0.3 * sim["cr"] - sim["age"] / 100
    fit = fit_cox(sim[["trt", "highrisk"]], sim["time"], sim["event"], offset=offset)
    se = fit.std_error
    reference.same(fit.coef, "coxph.offset.coef", se=se)
    reference.same(fit.covariance, "coxph.offset.covariance", se=np.outer(se, se).ravel())
    assert fit.loglik == pytest.approx(reference["coxph.offset.loglik"][1], rel=1e-12)
    reference.same([test.chisq for test in proportional_hazards(fit)], "coxph.offset.zph", se=1)


def test_aliased_and_empty_columns_keep_their_place_in_the_robust_covariance(reference):
    lung = reference.data("lung").assign(copy=lambda f: 3 - 2 * f["sex"])
    columns = ["age", "sex", "copy", "ph_ecog"]
    fit = with_robust_errors(fit_cox(lung[columns], lung["time"], lung["event"], weights=spread(len(lung))))
    reference.same(fit.coef, "coxph.aliased.coef", se=fit.std_error)
    kept = [0, 1, 3]
    reference.same(fit.covariance[np.ix_(kept, kept)], "coxph.aliased.covariance", se=1e-2)
    assert np.isnan(fit.covariance[2]).all()
    sim = read(reference, "sim512").query("iss < 3")
    fit = fit_cox(sim[["trt", "iss2", "iss3"]], sim["time"], sim["event"])
    fit = with_robust_errors(fit, sim["center"])
    assert fit.aliased == ("iss3",)
    reference.same(fit.coef, "coxph.empty.coef", se=fit.std_error)
    reference.same(fit.covariance[:2, :2], "coxph.empty.covariance", se=1e-2)


def test_a_row_of_weight_zero_is_not_there(reference):
    d = reference.data("heart")
    weights = np.where(np.arange(len(d)) % 5 == 0, 0.0, spread(len(d)))
    there = weights > 0
    columns = ["age", "transplant"]
    with_them = fit_cox(d[columns], d["stop"], d["event"], d["start"], weights=weights)
    d = d[there]
    without = fit_cox(d[columns], d["stop"], d["event"], d["start"], weights=weights[there])
    assert (with_them.n, with_them.n_events) == (without.n, without.n_events)
    assert with_them.coef == pytest.approx(without.coef, rel=1e-12)
    assert robust_variance(with_them) == pytest.approx(robust_variance(without), rel=1e-9)
    assert residuals.martingale(with_them)[there] == pytest.approx(residuals.martingale(without), rel=1e-9)
    concordance = [fit.concordance() for fit in (with_them, without)]
    assert concordance[0].value == pytest.approx(concordance[1].value, rel=1e-12)


def test_residuals_hold_where_follow_up_is_cut_in_blocks():
    """Risks that a double cannot hold together: the martingale residuals still add up to the events."""
    rng = np.random.default_rng(4)
    x = np.linspace(-50, 50, 80)
    time = np.argsort(np.argsort(-x + rng.normal(size=80))) + 4
    entry = rng.integers(0, np.minimum(time, 40))
    design = pd.DataFrame({"x": x, "z": rng.normal(size=80)})
    fit = fit_cox(design, time, np.ones(80), entry)
    assert np.ptp(design.to_numpy() @ fit.coef) > 10
    assert len(fit.evaluation.of.sets.edges) > 2
    assert residuals.martingale(fit).sum() == pytest.approx(0, abs=1e-8)
    assert np.abs(residuals.score(fit).sum(axis=0)).max() < 1e-6


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1, -1, 1, 1, 1], "1 weight of 6 negative, missing or not finite"),
        ([1, 1, np.nan, np.inf, 1, 1], "2 weights of 6 negative, missing or not finite"),
        ([1, 1], "weights and time differ in length"),
    ],
)
def test_bad_weights_are_refused_with_their_count(weights, message):
    with pytest.raises(ValueError, match=message):
        fit_cox(pd.DataFrame({"x": [1, 4, 2, 8, 5, 7]}), range(1, 7), [1] * 6, weights=weights)


def test_other_misuse_is_refused():
    x = pd.DataFrame({"x": [1.0, 4, 2, 8, 5, 7]})
    with pytest.raises(ValueError, match="ties 'exact' are none of efron, breslow"):
        fit_cox(x, range(1, 7), [1] * 6, ties="exact")
    with pytest.raises(ValueError, match="an offset must be finite"):
        fit_cox(x, range(1, 7), [1] * 6, offset=[np.nan] * 6)
    with pytest.raises(ValueError, match="missing or not finite: x in 2 rows"):
        fit_cox(x.where(x < 6), range(1, 7), [1] * 6)
    fit = fit_cox(x, range(1, 7), [1] * 6)
    with pytest.raises(NotEstimable, match="more than 1 cluster"):
        robust_variance(fit, ["a"] * 6)
    with pytest.raises(ValueError, match="a cluster is missing"):
        robust_variance(fit, ["a", "b", None, "a", "b", "c"])


def test_a_joint_robust_test_of_more_coefficients_than_clusters_allow_is_refused(reference):
    sim = read(reference, "sim512")
    fit = fit_cox(sim[["trt", "age", "cr"]], sim["time"], sim["event"])
    robust = with_robust_errors(fit, sim["center"] % 3)
    with pytest.raises(NotEstimable, match="too few clusters for a robust test of 3 coefficients"):
        robust.wald()
    assert robust.wald(["trt"])[1] == 1
