"""The quick fits equal R 4.2, survival 3.5 (values computed once with coxph, survfit, survdiff, glm)."""

import numpy as np
import pytest

from multicenter.simulate import quickfit
from multicenter.survival.logistic import fit_logistic


@pytest.fixture
def data():
    i = np.arange(60)
    stop = (10 + i * 17 % 23).astype(float)
    return {
        "x": np.column_stack([(i * 7 % 5) / 2.0, (i * 11 % 13 > 6).astype(float)]),
        "stop": stop,
        "event": i * 5 % 7 < 4,
        "start": np.minimum(i * 5 % 19, stop - 1).astype(float),
        "strata": i % 3,
        "weights": 0.5 + (i * 13 % 9) / 4,
    }


COX = {
    (): (-0.01576067285841, 0.05203945629314, 0.2383679630113, 0.3387555463381),
    ("start",): (-0.01731627746195, 0.06099402790519, 0.2379706682137, 0.3390363291814),
    ("strata",): (-0.07106341356479, 0.101390152165, 0.2827366613218, 0.3604810767745),
    ("start", "strata"): (-0.09682514597261, 0.1240304507394, 0.2904177095928, 0.3610038599231),
    ("start", "strata", "weights"): (-0.07082935027165, -0.05937971745116, 0.2381232545295, 0.3205452391317),
}


@pytest.mark.parametrize("parts", list(COX))
def test_cox_equals_coxph(data, parts):
    fit = quickfit.cox(data["x"], data["stop"], data["event"], **{key: data[key] for key in parts})
    assert np.concatenate([fit.coefficients, fit.errors]) == pytest.approx(COX[parts], rel=1e-8)


def test_cox_refuses_what_it_cannot_fit(data):
    twice = np.column_stack([data["x"][:, 0], data["x"][:, 0]])
    with pytest.raises((np.linalg.LinAlgError, FloatingPointError)):
        quickfit.cox(twice, data["stop"], data["event"])
    separated = data["event"].astype(float)[:, None]
    with pytest.raises((np.linalg.LinAlgError, FloatingPointError)):
        quickfit.cox(separated, data["stop"], data["event"])


def test_kaplan_meier_equals_survfit(data):
    time, event = data["stop"], data["event"]
    assert quickfit.median_time(time, event) == 25.0
    assert quickfit.survival_at(time, event, 20) == pytest.approx(0.6807271905394, abs=1e-12)
    assert quickfit.restricted_mean(time, event, 25) == pytest.approx(21.60247658, abs=1e-8)
    assert quickfit.survival_at(time, event, 1) == 1.0
    assert np.isnan(quickfit.median_time(time, np.zeros(60, bool) | (time < 13)))


def test_median_is_the_middle_of_an_interval_on_one_half():
    assert quickfit.median_time(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, bool)) == 2.5


def test_log_rank_equals_survdiff(data):
    found = quickfit.log_rank(data["stop"], data["event"], data["strata"])
    assert found == pytest.approx(0.1021439202096, rel=1e-9)


def test_logistic_equals_glm(data):
    x = np.column_stack([np.ones(60), data["x"][:, 0], data["stop"]])
    expected = (-0.4836309942388, 0.132902379952, 0.0102153224929)
    assert fit_logistic(x, data["x"][:, 1]).coef == pytest.approx(expected, rel=1e-9)
