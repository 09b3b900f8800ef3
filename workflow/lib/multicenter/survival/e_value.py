"""The E-value: how strong an unmeasured confounder would have to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EValue:
    """The least risk ratio that must tie a confounder to exposure and outcome, for the estimate and for its limit."""

    estimate: float
    limit: float


def e_value(hazard_ratio: float, ci_low: float, ci_high: float, rare: bool = False) -> EValue:
    """Return the E-values of a hazard ratio and of its limit nearer to 1 (1 where the interval covers 1).

    A hazard ratio of an outcome that is not `rare` (above 15% at the end of follow-up) is first made a risk ratio,
    (1 − 0.5^√HR) / (1 − 0.5^√(1/HR)). VanderWeele & Ding, Ann Intern Med 2017;167:268.
    """
    if not 0 < ci_low <= hazard_ratio <= ci_high < np.inf:
        raise ValueError("a hazard ratio must be positive and lie between its limits")
    nearer = ci_high if hazard_ratio < 1 else ci_low
    covers = ci_low <= 1 <= ci_high
    return EValue(_bound(_risk_ratio(hazard_ratio, rare)), 1.0 if covers else _bound(_risk_ratio(nearer, rare)))


def _risk_ratio(ratio: float, rare: bool) -> float:
    return ratio if rare else (1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio))


def _bound(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
