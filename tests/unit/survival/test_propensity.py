"""Propensity scores, weights, balance, matching and E-values equal R (glm, lme4, MatchIt, formulas)."""

import numpy as np
import pandas as pd
import pytest

from multicenter.errors import NotEstimable
from multicenter.simulate import quickfit
from multicenter.survival.balance import (
    balance_table,
    effective_sizes,
    overlap_of_scores,
    positivity_table,
    standardized_differences,
)
from multicenter.survival.e_value import e_value
from multicenter.survival.matching import match_nearest
from multicenter.survival.propensity import fit_propensity, laplace_deviance
from multicenter.survival.weighting import (
    effective_sample_size,
    propensity_weights,
    score_residuals_with_estimated_weights,
    truncate_weights,
)

MODELS = {
    "lung": ("female", ["age", "ph_ecog", "wt_loss"], ("time", "event")),
    "sim": ("trt", ["age", "iss2", "iss3", "highrisk", "cr"], ("time", "event")),
    "sim_aliased": ("trt", ["age", "iss2", "iss3", "twice", "cr"], None),
    "mgus": ("male", ["age", "hgb", "creat", "mspike"], ("etime", "death")),
    "heart": ("transplant", ["age", "year", "surgery"], None),
    "extreme": ("high", ["age", "x"], None),
    "describe": ("female", ["age", "ph_karno", "wt_loss", "fit"], None),
}
CENTERS = {"lung": "inst", "sim": "center", "lonely": "center"}


@pytest.fixture(scope="module")
def data(confounding):
    return {name: confounding.data(name) for name in (*MODELS, "lonely")}


def fitted(data, name):
    exposed, covariates, _ = MODELS[name]
    return fit_propensity(data[name][covariates], data[name][exposed])


@pytest.mark.parametrize("name", MODELS)
def test_the_score_equals_glm(data, confounding, name):
    model = fitted(data, name)
    se = model.fit.std_error
    confounding.same(model.coef, f"{name}.coef", se)
    confounding.same(se, f"{name}.se")
    confounding.brief(model.score, f"{name}.score")
    assert model.aliased == (("twice",) if name == "sim_aliased" else ())


@pytest.mark.parametrize("kind", ["overlap", "inverse", "stabilized", "exposed"])
@pytest.mark.parametrize("name", MODELS)
def test_weights_and_balance_equal_their_formulas(data, confounding, name, kind):
    exposed, covariates, _ = MODELS[name]
    model = fitted(data, name)
    weights = propensity_weights(model.score, model.exposed, kind)
    confounding.brief(weights, f"{name}.weights.{kind}")
    kept = [c for c in covariates if c not in model.aliased]
    after = standardized_differences(data[name][kept], data[name][exposed], weights)
    confounding.same(after, f"{name}.smd.{kind}", se=1)
    confounding.same(standardized_differences(data[name][kept], model.exposed), f"{name}.smd.before")
    confounding.same(effective_sizes(model.exposed, weights), f"{name}.ess.{kind}")
    if kind == "stabilized":
        confounding.brief(truncate_weights(weights), f"{name}.truncated")
    if kind == "overlap":
        assert np.abs(after).max() < 1e-9


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_matches_equal_matchit(data, confounding, name, ratio):
    model = fitted(data, name)
    found = match_nearest(model.logit, model.exposed, ratio)
    expected = confounding[f"{name}.matches.{ratio}"].reshape(-1, 2).astype(int)
    assert np.column_stack([found.exposed, found.partner]).tolist() == expected.tolist()
    assert len(np.unique(found.partner)) == len(found.partner)
    weights, sets = found.weights(len(model.score)), found.sets(len(model.score))
    assert weights[model.exposed].sum() == pytest.approx(weights[~model.exposed].sum())
    assert ((sets >= 0) == (weights > 0)).all()
    assert set(found.unmatched) == set(np.flatnonzero(model.exposed)) - set(found.exposed)


def test_matching_a_large_study_does_not_compare_all_pairs():
    rng = np.random.default_rng(1)
    logit = np.round(rng.normal(size=40_000), 3)
    found = match_nearest(logit, rng.random(40_000) < 0.3)
    assert len(found.exposed) > 11_000
    assert np.abs(logit[found.exposed] - logit[found.partner]).max() <= found.caliper


@pytest.mark.parametrize("sd", ["0.3", "1", "3"])
@pytest.mark.parametrize("name", CENTERS)
def test_center_effects_of_a_given_sd_equal_lme4(data, confounding, name, sd):
    exposed, covariates, _ = MODELS[name.replace("lonely", "sim")]
    frame = data[name]
    model = fit_propensity(frame[covariates], frame[exposed], frame[CENTERS[name]], center_sd=float(sd))
    confounding.same(model.coef, f"{name}.random.coef.{sd}", model.fit.std_error[: len(model.coef)], 1e-7)
    confounding.same(model.center_effects, f"{name}.random.effects.{sd}", 1, 1e-7)
    k = len(model.coef)
    members = model.columns[:, k:] / model.center_sd
    deviance = laplace_deviance(model.columns[:, :k], members, model.exposed.astype(float), float(sd), model.names)
    confounding.same(deviance, f"{name}.random.deviance.{sd}")


@pytest.mark.parametrize("name", CENTERS)
def test_the_sd_of_the_centers_equals_lme4(data, confounding, name):
    exposed, covariates, _ = MODELS[name.replace("lonely", "sim")]
    frame = data[name]
    model = fit_propensity(frame[covariates], frame[exposed], frame[CENTERS[name]])
    assert model.center_sd == pytest.approx(confounding[f"{name}.random.least"][0], abs=2e-6)
    if name == "lonely":
        assert (model.score > 0).all() and (model.score < 1).all()
        alone = positivity_table(frame["center"], frame[exposed], model.score).query("one_sided")
        assert alone.index.tolist() == [3, 5, 7]
        assert alone["share"].tolist() == [1, 0, 0]


@pytest.mark.parametrize("kind", ["overlap", "stabilized", "exposed"])
@pytest.mark.parametrize("name", ["lung", "sim", "mgus"])
def test_the_error_of_a_weighted_ratio_knows_that_the_weights_are_estimated(data, confounding, name, kind):
    """R: numerical derivative of the log hazard ratio by the coefficients of the score."""
    frame, model = data[name], fitted(data, name)
    time, event = MODELS[name][2]
    weights = propensity_weights(model.score, model.exposed, kind)
    y = model.exposed[:, None].astype(float)
    fit = quickfit.cox(y, frame[time].to_numpy(float), frame[event].to_numpy(), weights=weights)
    residuals = quickfit.score_residuals(fit, y, frame[time].to_numpy(float), frame[event].to_numpy(), weights=weights)
    robust = np.linalg.norm(residuals * weights[:, None]) * fit.covariance[0, 0]
    corrected = score_residuals_with_estimated_weights(residuals, weights, model, kind)
    estimated = np.linalg.norm(corrected) * fit.covariance[0, 0]
    coef, robust_r, estimated_r = confounding[f"{name}.cox.{kind}"]
    assert fit.coefficients[0] == pytest.approx(coef, rel=1e-9)
    assert robust == pytest.approx(robust_r, rel=1e-9)
    assert estimated == pytest.approx(estimated_r, rel=1e-5)


def test_e_values_equal_the_formula(confounding):
    common, rare = e_value(0.69, 0.53, 0.9), e_value(2.5, 1.4, 4.4, rare=True)
    confounding.same([common.estimate, common.limit], "e_value.common")
    confounding.same([rare.estimate, rare.limit], "e_value.rare")
    assert e_value(0.8, 0.6, 1.1).limit == 1
    assert e_value(3.9, 2.4, 6.3, rare=True).estimate == pytest.approx(7.26, abs=0.01)
    with pytest.raises(ValueError, match="lie between its limits"):
        e_value(0.8, 0.9, 1.1)


def test_bad_input_is_named():
    x = pd.DataFrame({"age": [1.0, 2, 3, 4], "male": [0.0, 0, 1, 1]})
    with pytest.raises(NotEstimable, match="4 of 4 patients are exposed"):
        fit_propensity(x, [1, 1, 1, 1])
    with pytest.raises(NotEstimable, match="separation: no finite coefficient of male"):
        fit_propensity(x[["male"]], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="a covariate is missing or not finite"):
        fit_propensity(x.replace(4, np.nan), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="exposed must be 0 or 1"):
        fit_propensity(x, [0, 1, 2, 1])
    with pytest.raises(ValueError, match="center_sd must be positive"):
        fit_propensity(x, [0, 1, 0, 1], center=[1, 1, 2, 2], center_sd=0)
    with pytest.raises(ValueError, match="a propensity score is not between 0 and 1"):
        propensity_weights([0.0, 0.5], [0, 1])
    with pytest.raises(ValueError, match="none of overlap"):
        propensity_weights([0.1, 0.5], [0, 1], "odds")
    with pytest.raises(ValueError, match="weights must be finite, not negative"):
        effective_sample_size([1, -1])
    with pytest.raises(ValueError, match="each group needs two patients"):
        standardized_differences(x, [0, 0, 0, 1])
    with pytest.raises(ValueError, match="ratio must be 1 or more"):
        match_nearest([0.1, 0.2], [0, 1], ratio=0)


def test_balance_is_a_table_a_reader_can_plot(data):
    model = fitted(data, "sim")
    weights = {kind: propensity_weights(model.score, model.exposed, kind) for kind in ("overlap", "stabilized")}
    table = balance_table(data["sim"][MODELS["sim"][1]], model.exposed, weights)
    assert table.columns.tolist() == ["before", "overlap", "stabilized"]
    assert table.index.tolist() == MODELS["sim"][1]
    assert (table["stabilized"].abs() < table["before"].abs().max()).all()
    constant = pd.DataFrame({"same": [1.0, 1, 1, 1], "apart": [0.0, 0, 1, 1]})
    assert np.isnan(standardized_differences(constant, [0, 0, 1, 1])).tolist() == [False, True]
    found = overlap_of_scores([0.1, 0.3, 0.5, 0.2, 0.4, 0.6], [0, 0, 0, 1, 1, 1])
    assert found == {"low": 0.2, "high": 0.5, "outside": 2}
