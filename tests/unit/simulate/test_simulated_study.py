"""The shipped study's results, computed from its tables, and the seed search and true values behind it."""

import json

import numpy as np
import pandas as pd
import pytest

from kmm import analyses, estimators, search_seed
from kmm import values as v
from kmm.core import draw_core
from kmm.truth_json import truth_json
from multicenter.simulate import quickfit


@pytest.fixture(scope="module")
def shipped():
    scale = v.scale()
    return draw_core(v.SHIPPED_SEED, scale.sizes, scale)


def test_the_shipped_seed_passes_every_criterion(shipped):
    found = search_seed.judge(shipped)
    assert search_seed.distance(found) < 1


def test_the_search_is_logged():
    log = (search_seed.HERE / "seed_search.log").read_text(encoding="utf-8").splitlines()
    tried = int(log[1].split()[2])
    assert tried <= 20_000
    best = [line for line in log if line.strip().startswith("seed ")]
    assert best[0].split()[1] == f"{v.SHIPPED_SEED}:"
    assert len(best) >= 4


def test_a_seed_that_fails_says_at_which_criterion():
    passed, left = search_seed.search(0, 40)
    assert len(passed) + sum(left.values()) == 40
    assert any("median_none" in reason for reason in left)


def test_the_tables_give_the_medians(pytestconfig):
    folder = pytestconfig.rootpath / "resources" / "simulated" / "truth"
    patient = pd.read_parquet(folder / "patient.parquet").query("x_eligible == 1")
    event = patient[["pd_date", "death_date"]].min(axis=1)
    days = (event.fillna(patient["last_assess_date"]) - patient["x_asct_date"]).dt.days.to_numpy()
    use = patient["maint_yn"].eq(1).to_numpy(bool)
    for rows, target, margin in ((~use, 26.4, 0.5), (use, 44.1, 1.0)):
        months = quickfit.median_time(days[rows], event.notna().to_numpy()[rows]) / v.DAYS_PER_MONTH
        assert months == pytest.approx(target, abs=margin)


def test_published_associations_appear_and_corrected_ones_are_near_the_truth(shipped):
    x = analyses.protocol_covariates(shipped)
    naive = analyses.naive(shipped, x)
    assert np.exp(naive.coefficients[0]) < 0.62
    assert naive.p_values[0] < 0.05
    model = analyses.type_and_duration(shipped)
    assert (model.coefficients[:2] < 0).all()
    assert (model.p_values[:2] < 0.05).all()
    off = [abs(fit.coefficients[0] - np.log(0.69)) for fit in (naive, analyses.time_dependent(shipped, x))]
    assert off[1] < off[0]


def test_fisher_equals_r():
    assert analyses.fisher_p([12, 6], [359, 153]) == pytest.approx(0.7944831552921, rel=1e-9)
    assert analyses.fisher_p([12, 3, 1, 1], [359, 104, 33, 16]) == pytest.approx(0.7487018904462, rel=1e-9)


def test_truth_json_holds_what_was_planted(pytestconfig):
    path = pytestconfig.rootpath / "resources" / "simulated" / "truth.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    assert truth == json.loads(json.dumps(truth_json(v.SHIPPED_SEED, v.SHIPPED_PATIENTS, v.SHIPPED_CENTERS)))
    assert truth["hazard_ratios"]["pooled_time_dependent"] == 0.69
    assert truth["hazard_ratios"]["by_drug"]["bortezomib_or_ixazomib"] == 0.30
    for scenario in ("planted", "null", "common"):
        found = truth["estimators"][scenario]
        assert set(found) == set(estimators.DESCRIPTIONS)
        assert all(item["n"] >= 1_000_000 for item in found.values())
    planted, null = truth["estimators"]["planted"], truth["estimators"]["null"]
    assert planted["time_dependent_adjusted"]["value"] == pytest.approx(0.69, rel=0.02)
    assert null["time_dependent_adjusted"]["value"] == pytest.approx(1.0, abs=0.01)
    assert null["naive_adjusted"]["value"] < 0.85
    assert null["ccw_hazard_ratio"]["value"] == pytest.approx(1.0, abs=1e-6)
    assert planted["naive_adjusted"]["value"] < planted["time_dependent_adjusted"]["value"]
    assert planted["type_duration_per_month"]["value"] < 0.97


def test_stored_true_values_belong_to_this_generator():
    """One study of the stored runs, made again, lies where the stored mean and error say."""
    stored = json.loads((estimators.HERE / "estimators.json").read_text(encoding="utf-8"))["planted"]
    again = estimators.estimate_once(estimators.FIRST_SEED, 20_000, v.PLANTED)
    for key in ("naive_adjusted", "time_dependent_adjusted", "landmark_6_adjusted", "ccw_hazard_ratio"):
        assert again[key] == pytest.approx(np.log(stored[key]["value"]), abs=0.1), key
