import numpy as np
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.fisher import fisher_exact
from multicenter.survival.rates import poisson_rate


@pytest.mark.parametrize("name", ["use", "small", "type", "six", "ties", "long"])
def test_fisher_equals_r(reference, name):
    table = reference[f"fisher.{name}.table"].reshape(-1, 2)
    theirs = reference[f"fisher.{name}.p"][0]
    for oriented in (table, table.T, table[::-1, ::-1]):
        p, exact = fisher_exact(oriented)
        assert exact
        assert p == pytest.approx(theirs, rel=1e-6)


def test_fisher_without_a_choice_or_counts():
    with pytest.raises(NotEstimable, match="margin"):
        fisher_exact(np.array([[0, 5], [0, 7]]))
    with pytest.raises(NotEstimable, match="margin"):
        fisher_exact(np.array([[3, 5], [0, 0]]))
    with pytest.raises(ValueError, match="counts"):
        fisher_exact(np.array([[1.5, 2], [3, 4]]))


@pytest.mark.parametrize("events", [0, 1, 4, 18, 250])
def test_rate_equals_poisson_test(reference, events):
    rate = poisson_rate(events, 812.5)
    reference.same([rate.value, rate.ci_low, rate.ci_high], f"rate.{events}")


def test_rate_needs_person_time():
    with pytest.raises(ValueError, match="positive"):
        poisson_rate(1, 0)
    assert np.isfinite(poisson_rate(0, 1e-3).ci_high)
