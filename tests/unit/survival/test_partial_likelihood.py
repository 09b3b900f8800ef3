import numpy as np
import pytest

from multicenter.survival.counts import follow_up
from multicenter.survival.partial_likelihood import likelihood
from multicenter.survival.risk_sets import risk_sets


def slow_loglik(x, data, strata, beta):
    """Efron's log-likelihood as the textbook writes it, patient by patient."""
    risk, total = np.exp(x @ beta), 0.0
    entry = np.zeros(len(data)) if data.entry is None else data.entry
    for layer in np.unique(strata):
        for when in np.unique(data.time[data.event & (strata == layer)]):
            at_risk = (strata == layer) & (entry < when) & (data.time >= when)
            dead = at_risk & data.event & (data.time == when)
            d = dead.sum()
            total += (x[dead] @ beta).sum()
            total -= sum(np.log(risk[at_risk].sum() - k / d * risk[dead].sum()) for k in range(d))
    return total


@pytest.mark.parametrize("late", [False, True])
def test_value_score_and_information_are_those_of_efron(late):
    rng = np.random.default_rng(11)
    n = 60
    x, strata = rng.normal(size=(n, 2)), rng.integers(0, 3, n)
    time = rng.integers(2, 12, n)
    data = follow_up(time, rng.random(n) < 0.7, rng.integers(0, 2, n) if late else None)
    beta, h = np.array([0.4, -0.7]), 1e-4
    found = likelihood(risk_sets(data, strata), x).at(beta)
    centered = x - x.mean(axis=0)

    def value(b):
        return slow_loglik(centered, data, strata, b)

    steps = np.eye(2) * h
    gradient = [(value(beta + s) - value(beta - s)) / (2 * h) for s in steps]
    assert found.value == pytest.approx(value(beta), rel=1e-12)
    assert found.score_by_time.sum(axis=1) == pytest.approx(gradient, rel=1e-6)
    hessian = [
        [
            (value(beta + s + t) - value(beta + s - t) - value(beta - s + t) + value(beta - s - t)) / (4 * h * h)
            for t in steps
        ]
        for s in steps
    ]
    assert -found.information() == pytest.approx(np.array(hessian), rel=1e-4)


def test_a_large_risk_score_does_not_overflow():
    x = np.array([[650.0], [0.0], [1.0]])
    found = likelihood(risk_sets(follow_up([1, 2, 3], [1, 1, 1]), np.zeros(3, dtype=int)), x).at(np.array([1.0]))
    assert np.isfinite(found.value)
