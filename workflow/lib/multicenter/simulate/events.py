"""Event times whose hazard changes when an exposure starts after time zero, and what a study sees of them.

All times share one unit (the callers use days). A latent time is what would happen without end of follow-up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LN2 = float(np.log(2.0))


def exponential(rng: np.random.Generator, rate: np.ndarray | float, n: int) -> np.ndarray:
    """Latent exponential times with hazard `rate` (per unit of time), n of them."""
    return rng.standard_exponential(n) / rate


def rate_of_median(median: float) -> float:
    """The constant hazard whose median survival time is `median`."""
    return LN2 / median


def center_effects(rng: np.random.Generator, centers: int, sd: float) -> np.ndarray:
    """Normal random effects, one a center: a log frailty or an intercept on the logit scale."""
    return rng.normal(0.0, sd, centers)


def start_times(
    rng: np.random.Generator, n: int, median: float, sigma: float, lowest: float, highest: float
) -> np.ndarray:
    """Lognormal exposure start times with the given median and log-SD, clipped to [lowest, highest]."""
    return np.clip(median * np.exp(sigma * rng.standard_normal(n)), lowest, highest)


def change_hazard(time: np.ndarray, start: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Event times when the hazard is multiplied by `ratio` from `start` on, for good.

    `time` are the latent times without exposure (constant hazard after `start`). Time left at the start is divided
    by the ratio; who fails before the start keeps the time. Exact for exponential times.
    """
    return np.where(time > start, start + (time - start) / ratio, time)


def gamma_durations(rng: np.random.Generator, n: int, shape: float, median: np.ndarray) -> np.ndarray:
    """Gamma durations with common `shape` and the given median (array or number).

    The median of a gamma with scale 1 is found with the Wilson-Hilferty approximation (error below 0.3 % for
    shape >= 1).
    """
    unit_median = shape * (1.0 - 1.0 / (9.0 * shape)) ** 3
    return rng.gamma(shape, 1.0, n) * median / unit_median


@dataclass(frozen=True)
class Course:
    """Observed illness-death course, integer times: -1 where an event is not observed."""

    event: np.ndarray
    death: np.ndarray
    first: np.ndarray
    first_seen: np.ndarray
    last_contact: np.ndarray


def observe_illness_death(
    event: np.ndarray, death: np.ndarray, seen_until: np.ndarray, contact_until: np.ndarray
) -> Course:
    """Cut a latent illness-death course at the end of observation.

    `event` and `death` are integer times, event < death, or event == death for a death without the event.
    The event is only seen until `seen_until` (last assessment), death until `contact_until` (last contact, not
    earlier). `first` is the time of the event or death, whichever is seen first, else the last assessment
    (censored there; `first_seen` is False).
    """
    direct = event >= death
    event_seen = ~direct & (event <= seen_until)
    death_seen = death <= contact_until
    first = np.where(event_seen, event, np.where(death_seen, death, seen_until))
    return Course(
        event=np.where(event_seen, event, -1),
        death=np.where(death_seen, death, -1),
        first=first,
        first_seen=event_seen | death_seen,
        last_contact=np.where(death_seen, death, contact_until),
    )


def observe_competing(time: np.ndarray, death: np.ndarray, contact_until: np.ndarray) -> np.ndarray:
    """Observed time of an event that death prevents; -1 where it is not observed."""
    return np.where(time <= np.minimum(death, contact_until), time, -1)
