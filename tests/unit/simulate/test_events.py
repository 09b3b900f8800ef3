"""Event times with a hazard that changes at the start of an exposure, and what is observed of them."""

import numpy as np
import pytest

from multicenter.simulate import events, quickfit
from multicenter.simulate.streams import stream


def test_exponential_times_have_the_median():
    times = events.exponential(stream(1, "t"), events.rate_of_median(28.0), 200_000)
    assert np.median(times) == pytest.approx(28.0, rel=0.01)


def test_hazard_changes_at_the_start_for_good():
    time, start, ratio = np.array([10.0, 10.0, 10.0]), np.array([4.0, 4.0, 12.0]), np.array([0.5, 1.0, 0.5])
    assert events.change_hazard(time, start, ratio).tolist() == [16.0, 10.0, 10.0]


def test_a_time_dependent_fit_recovers_the_ratio_and_a_naive_one_does_not():
    rng = stream(2, "recover")
    n = 60_000
    start = events.start_times(rng, n, 90.0, 0.4, 30.0, 360.0)
    latent = events.exponential(rng, 1 / 1000.0, n)
    exposed = (rng.random(n) < 0.4) & (start < latent)
    time = np.where(exposed, events.change_hazard(latent, start, np.full(n, 0.7)), latent)
    seen = time <= 1500
    time = np.minimum(time, 1500)
    rows = np.concatenate([np.arange(n), np.flatnonzero(exposed)])
    later = np.arange(len(rows)) >= n
    entry, stop, event = np.where(later, start[rows], 0.0), time[rows], seen[rows]
    first = np.flatnonzero(exposed)
    stop[first], event[first] = start[first], False
    fit = quickfit.cox(later[:, None].astype(float), stop, event, start=entry)
    assert abs(fit.coefficients[0] - np.log(0.7)) < 3 * fit.errors[0]
    naive = quickfit.cox(exposed[:, None].astype(float), time, seen)
    assert naive.coefficients[0] < np.log(0.7) - 3 * naive.errors[0]


def test_start_times_are_clipped_and_have_the_median():
    start = events.start_times(stream(3, "s"), 100_000, 3.2, 0.4, 1.0, 12.0)
    assert start.min() >= 1.0
    assert start.max() <= 12.0
    assert np.median(start) == pytest.approx(3.2, rel=0.02)


def test_gamma_durations_have_the_median():
    drawn = events.gamma_durations(stream(4, "g"), 200_000, 1.5, np.full(200_000, 14.0))
    assert np.median(drawn) == pytest.approx(14.0, rel=0.015)


def test_what_is_observed_of_an_illness_death_course():
    """Event seen; event after the last assessment; death seen without event; a death without the event; nothing."""
    event = np.array([10, 95, 95, 50, 300])
    death = np.array([80, 400, 98, 50, 400])
    seen, contact = np.full(5, 90), np.full(5, 100)
    course = events.observe_illness_death(event, death, seen, contact)
    assert course.event.tolist() == [10, -1, -1, -1, -1]
    assert course.death.tolist() == [80, -1, 98, 50, -1]
    assert course.first.tolist() == [10, 90, 98, 50, 90]
    assert course.first_seen.tolist() == [True, False, True, True, False]
    assert course.last_contact.tolist() == [80, 100, 98, 50, 100]


def test_death_prevents_a_competing_event():
    time = np.array([10, 60, 95, 120])
    death = np.array([50, 50, 400, 400])
    assert events.observe_competing(time, death, np.full(4, 100)).tolist() == [10, -1, 95, -1]


def test_center_effects_have_the_spread():
    assert events.center_effects(stream(5, "c"), 20_000, 0.9).std() == pytest.approx(0.9, rel=0.03)
