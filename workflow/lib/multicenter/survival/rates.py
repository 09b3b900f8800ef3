"""Event rates over person-time with exact limits."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import chi2


@dataclass(frozen=True)
class Rate:
    """Events by `per` units of person-time, with 95% limits."""

    value: float
    ci_low: float
    ci_high: float


def poisson_rate(events: int, person_time: float, per: float = 100.0) -> Rate:
    """Return events / person_time · per with Garwood's exact limits (Biometrika 1936;28:437), as R's `poisson.test`."""
    if person_time <= 0 or events < 0:
        raise ValueError("person-time must be positive and events not negative")
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    high = chi2.isf(0.025, 2 * (events + 1)) / 2
    scale = per / person_time
    return Rate(events * scale, float(low * scale), float(high * scale))
