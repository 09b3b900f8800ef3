"""Funnel limits against R (qbinom, pbinom, qpois, ppois; interpolated as by Spiegelhalter), tails against scipy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from multicenter.overview.funnel import (
    ALARM,
    FAR_HIGH,
    FAR_LOW,
    HIGH,
    INSIDE,
    LOW,
    WATCH,
    binomial_limits,
    binomial_tails,
    poisson_limits,
    poisson_tails,
    standing,
)
from multicenter.overview.rates import build_rates

# (pooled, size, [2.5 %, 97.5 %, 0.1 %, 99.9 %]) by R 4.2
BINOMIAL = [
    (0.3, 10, [0, 0.560802140354076, 0, 0.740809165407767]),
    (0.3, 100, [0.206902385791073, 0.386912014163788, 0.160260746891119, 0.441562623860848]),
    (0.02, 57, [0, 0.054509268126909, 0, 0.08760602485306]),
    (0.95, 33, [0.849519818241356, 0.995883320144397, 0.7859816855617, 0.999835332805776]),
    (0.5, 1, [0, 0.95, 0, 0.998]),
    (0.123, 1234, [0.104566897550665, 0.141212026621366, 0.0945892154602597, 0.152326457238176]),
]
POISSON = [
    (0.2, 30.5, [0.0399177803464835, 0.357223059513067, 0, 0.479276472795101]),
    (0.2, 400, [0.156082899498485, 0.24378263963371, 0.133258876031641, 0.271382398352346]),
    (1.5, 12, [0.803491274232702, 2.19135381424644, 0.494967754776631, 2.66273735292315]),
    (0.01, 20, [0, 0.0477169223015414, 0, 0.106800827575366]),
]


@pytest.mark.parametrize(
    ("limits", "cases"), [(binomial_limits, BINOMIAL), (poisson_limits, POISSON)], ids=["binomial", "poisson"]
)
def test_limits_are_those_of_r(limits, cases):
    for pooled, size, expected in cases:
        found = [bound[0] for level in (WATCH, ALARM) for bound in limits(pooled, np.array([size]), level)]
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_limits_at_the_ends():
    for share in (0.0, 1.0):
        low, high = binomial_limits(share, np.array([1, 10]), WATCH)
        assert low.tolist() == high.tolist() == [share, share]
    low, high = poisson_limits(0.0, np.array([0.0, 10.0]), WATCH)
    assert np.isnan(low[0]) and np.isnan(high[0]) and high[1] == 0


@given(st.integers(1, 400), st.floats(0.01, 0.99), st.data())
def test_tails_are_exact(n, share, data):
    count = data.draw(st.integers(0, n))
    few, many = binomial_tails(np.array([count]), np.array([n]), share)
    assert few[0] == pytest.approx(stats.binom.cdf(count, n, share), rel=1e-9)
    assert many[0] == pytest.approx(stats.binom.sf(count - 1, n, share), rel=1e-9)
    few, many = poisson_tails(np.array([count]), np.array([float(n)]), share)
    assert few[0] == pytest.approx(stats.poisson.cdf(count, n * share), rel=1e-9)
    assert many[0] == pytest.approx(stats.poisson.sf(count - 1, n * share), rel=1e-9)


def test_standing_by_tails():
    few = np.array([0.5, 0.02, 0.0005, 0.9, 0.9999])
    many = np.array([0.6, 0.99, 0.9999, 0.02, 0.0005])
    assert standing(few, many) == [INSIDE, LOW, FAR_LOW, HIGH, FAR_HIGH]


def test_one_patient_never_stands_out():
    assert standing(*binomial_tails(np.array([0, 1]), np.array([1, 1]), 0.5)) == [INSIDE, INSIDE]


ADSL = pd.DataFrame(
    {
        "SITEID": ["A"] * 40 + ["B"] * 40 + ["C"] * 2,
        "X": ["yes"] * 10 + ["no"] * 30 + ["yes"] * 30 + ["no"] * 10 + ["yes", None],
    }
)


def test_shares_events_and_queries():
    adtte = pd.DataFrame(
        {
            "SITEID": ["A", "A", "B"],
            "PARAMCD": ["E", "E", "E"],
            "CNSR": [0, 1, 0],
            "AVAL": pd.array([365, 366, 731], dtype="Int64"),
            "EVNTDESC": pd.array(["Relapse", pd.NA, "Death"], dtype="string"),
        }
    )
    queries = pd.DataFrame({"center": ["A", "A", "B"], "severity": ["major", "critical", "major"]})
    entries = [
        {"id": "x", "label": "X", "kind": "share", "when": 'X == "yes"', "among": "known(X)"},
        {"id": "e", "label": "E", "kind": "events", "endpoint": "E"},
        {"id": "r", "label": "R", "kind": "events", "endpoint": "E", "event": "Relapse"},
        {"id": "q", "label": "Q", "kind": "queries"},
        {"id": "c", "label": "C", "kind": "queries", "severity": ["critical"]},
    ]
    x, e, r, q, c = build_rates(entries, ["A", "B", "C", "D"], ADSL, adtte, queries, {"A": 50, "B": 25, "C": 1, "D": 4})
    assert x.centers["count"].tolist() == [10, 30, 1, 0]
    assert x.centers["size"].tolist() == [40, 40, 1, 0]
    assert x.centers["standing"].tolist() == [FAR_LOW, HIGH, INSIDE, INSIDE]
    assert x.pooled == pytest.approx(100 * 41 / 81)
    assert np.isnan(x.centers["value"]["D"])
    assert e.centers["size"].round(3).tolist() == [2.001, 2.001, 0, 0]
    assert e.pooled == pytest.approx(100 * 2 / (2 * 731 / 365.25))
    assert r.centers["count"].tolist() == [1, 0, 0, 0]
    assert q.centers["value"].tolist() == [4.0, 4.0, 0.0, 0.0]
    assert c.centers["count"].tolist() == [1, 0, 0, 0]
