"""The core of one simulated study: everything that decides its results, as plain arrays (one value a patient).

Drawn in one go and without pandas, so that a seed search costs a few milliseconds a study. The tables of the study
(laboratory values, response dates, doses …) are drawn afterwards, from other streams, and change nothing here.
Times are whole days from the first transplantation.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from multicenter.simulate import assign, events
from multicenter.simulate.streams import stream

from . import values as v

Arrays = dict[str, np.ndarray]
DAY = "datetime64[D]"


@cache
def _center_facts(codes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    facts = [v.center(code) for code in codes]
    return np.array([f.cut for f in facts], dtype=DAY), np.array([f.fish for f in facts])


def _categories(rng: np.random.Generator, n: int, shares: np.ndarray) -> np.ndarray:
    """Category numbers 0..k-1; `shares` is (k,) or (n, k) and sums to one."""
    edges = np.cumsum(np.asarray(shares), axis=-1)[..., :-1]
    return (rng.random(n)[:, None] >= edges).sum(axis=1)


def draw_core(
    seed: int, sizes: np.ndarray, scale: v.Scale, mechanism: v.Mechanism = v.PLANTED, part: str = "eligible"
) -> Arrays:
    """Draw `sizes[k]` patients of center k. Exact group counts follow from `scale` (part "eligible"); the excluded
    patients (part "excluded") take a third of maintained ones, all by the same mechanism and the same centers."""
    rng = stream(seed, "core", part)
    n = int(sizes.sum())
    a: Arrays = {"center": np.repeat(np.arange(len(sizes)), sizes)}
    effects = _center_effects(seed, len(sizes), mechanism)
    _calendar(rng, n, scale, a, mechanism)
    _baseline(rng, n, a)
    _missing(rng, n, scale, a)
    _courses(rng, n, a, effects, mechanism)
    maintained, drugs = scale.maintained, scale.drugs
    if part != "eligible":
        maintained = n // 3
        drugs = tuple(int(x) for x in assign.apportion(maintained, np.array(v.SHIPPED_DRUGS)))
    _exposure(rng, n, a, effects, mechanism, maintained, drugs)
    _outcome(rng, n, a, mechanism)
    _tandem(rng, n, a, scale.tandem if part == "eligible" else 0)
    return a


def _center_effects(seed: int, centers: int, m: v.Mechanism) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = stream(seed, "centers")
    return (
        events.center_effects(rng, centers, m.frailty_sd),
        events.center_effects(rng, centers, m.center_sd),
        events.center_effects(rng, centers, m.drug_center_sd),
    )


def _use_log_odds(effects: tuple, a: Arrays, m: v.Mechanism) -> np.ndarray:
    return effects[1][a["center"]] + m.use_log_odds_below_cr * (a["post"] > 0)


def use_log_odds(seed: int, scale: v.Scale, a: Arrays, m: v.Mechanism) -> np.ndarray:
    """Log odds of being meant for maintenance, up to the constant that the exact count decides."""
    return _use_log_odds(_center_effects(seed, len(scale.sizes), m), a, m)


def _calendar(rng: np.random.Generator, n: int, scale: v.Scale, a: Arrays, m: v.Mechanism) -> None:
    cut = _center_facts(scale.codes)[0][a["center"]]
    low, high = m.follow_up
    a["contact_until"] = np.rint((low + (high - low) * rng.random(n)) * v.DAYS_PER_MONTH).astype(int)
    a["cut_day"] = a["contact_until"] + rng.integers(0, 46, n)
    gap = np.where(rng.random(n) < 0.4, 0, rng.integers(1, 121, n))
    a["seen_until"] = a["contact_until"] - gap
    a["asct"] = cut - a["cut_day"]
    a["year"] = a["asct"].astype("datetime64[Y]").astype(int) + 1970


def _baseline(rng: np.random.Generator, n: int, a: Arrays) -> None:
    age = np.interp(rng.random(n), *v.AGE_QUANTILES)
    early = (a["asct"] < np.datetime64(v.AGE_LIMIT_RAISED)) & (rng.random(n) >= v.SELF_PAID_ABOVE_LIMIT)
    squeezed = 62.0 + (age - 62.0) * (65.5 - 62.0) / (v.AGE_QUANTILES[1][-1] - 62.0)
    a["age"] = np.where(early & (age > 62.0), squeezed, age)
    a["male"] = rng.random(n) < 0.55
    a["iss"] = _categories(rng, n, np.array(v.ISS)) + 1
    by_iss = a["iss"] - 1
    a["high_risk"] = rng.random(n) < np.array(v.HIGH_RISK_BY_ISS)[by_iss]
    a["ldh_high"] = rng.random(n) < np.array(v.LDH_HIGH_BY_ISS)[by_iss]
    a["cr_high"] = rng.random(n) < np.array(v.CREATININE_HIGH_BY_ISS)[by_iss]
    a["emd"] = _categories(rng, n, np.array(v.PLASMACYTOMA))
    a["cycles"] = np.array(v.CYCLES[0])[_categories(rng, n, np.array(v.CYCLES[1]))]
    shares = np.array([v.PRE_BY_CYCLES["four"], v.PRE_BY_CYCLES["more"]])
    a["pre"] = _categories(rng, n, shares[(a["cycles"] > 4).astype(int)])
    a["post"] = _categories(rng, n, np.array(v.POST_BY_PRE)[a["pre"]])
    busulfan = 0.13 + 0.05 * a["high_risk"]
    reduced = np.where((a["age"] > 64) | a["cr_high"], 0.36, 0.10)
    a["conditioning"] = _categories(rng, n, np.column_stack([1 - busulfan - reduced, reduced, busulfan]))


def _missing(rng: np.random.Generator, n: int, scale: v.Scale, a: Arrays) -> None:
    tested = _center_facts(scale.codes)[1][a["center"]]
    a["fish_missing"] = (rng.random(n) < v.MISSING["fish"]) | ~tested
    # Half of the patients without ISS are among those without FISH.
    share = np.where(a["fish_missing"] & tested, 0.5 / v.MISSING["fish"], 0.5 / (1 - v.MISSING["fish"]))
    a["iss_missing"] = rng.random(n) < v.MISSING["iss"] * share
    a["ldh_missing"] = rng.random(n) < v.MISSING["ldh"]


def planted_covariates(a: Arrays) -> Arrays:
    """The covariates of the hazard, named as in Mechanism.hazard_ratios (true values, nothing missing)."""
    return {
        "iss_iii": (a["iss"] == 3).astype(float),
        "high_risk": a["high_risk"].astype(float),
        "post_below_cr": (a["post"] > 0).astype(float),
        "ldh_high": a["ldh_high"].astype(float),
        "plasmacytoma": (a["emd"] > 0).astype(float),
        "age_10y": a["age"] / 10.0,
        "cycles_above_4": (a["cycles"] > 4).astype(float),
    }


def _courses(rng: np.random.Generator, n: int, a: Arrays, effects: tuple, m: v.Mechanism) -> None:
    """Latent times without maintenance: first event, whether it is a death, start of maintenance if it came to it."""
    log_hazard = effects[0][a["center"]]
    for name, values in planted_covariates(a).items():
        log_hazard = log_hazard + np.log(m.hazard_ratios[name]) * (values - m.means[name])
    a["log_hazard"] = log_hazard
    rate = events.rate_of_median(m.pfs_median * v.DAYS_PER_MONTH) * np.exp(log_hazard)
    a["time0"] = events.exponential(rng, rate, n)
    early, late = m.direct_death
    a["direct"] = rng.random(n) < np.where(a["time0"] < 100, early, late)
    low, high = m.start_limits
    start = events.start_times(rng, n, m.start_median, m.start_sigma, low, high)
    a["start0"] = np.rint(start * v.DAYS_PER_MONTH).astype(int)


def _exposure(
    rng: np.random.Generator, n: int, a: Arrays, effects: tuple, m: v.Mechanism, maintained: int, drugs: tuple
) -> None:
    a["use_score"] = _use_log_odds(effects, a, m) + assign.logistic_noise(rng, n)
    starts = (a["start0"] < a["time0"]) & (a["start0"] < a["seen_until"])
    a["maintained"] = assign.take_ranked(a["use_score"], starts, maintained)
    year = (a["year"] - 2018)[:, None] * np.array(m.drug_log_odds_year)
    liking = effects[2][a["center"]][:, None] * np.array([0.0, 1.0, 0.5])
    a["drug_scores"] = year + liking + assign.gumbel_noise(rng, (n, 3))
    a["drug"] = assign.assign_levels(a["drug_scores"], list(drugs), a["maintained"])
    a["ratio"] = np.concatenate([[1.0], m.drug_ratios])[a["drug"]]
    a["time"] = np.where(a["maintained"], events.change_hazard(a["time0"], a["start0"], a["ratio"]), a["time0"])


def _outcome(rng: np.random.Generator, n: int, a: Arrays, m: v.Mechanism) -> None:
    rate = events.rate_of_median(m.pps_median * v.DAYS_PER_MONTH)
    after = events.exponential(rng, rate * np.where(a["maintained"], m.pps_ratio_maintained, 1.0), n)
    event = np.maximum(np.ceil(a["time"]), 1).astype(int)
    # Nobody dies within 28 days of the start: such an early event is a progression, and death follows later.
    day28 = np.where(a["maintained"], a["start0"] + 28, 0)
    a["direct"] &= event >= day28
    death = np.where(a["direct"], event, np.maximum(event + np.maximum(np.ceil(after), 1).astype(int), day28))
    course = events.observe_illness_death(event, death, a["seen_until"], a["contact_until"])
    a["event_latent"], a["death_latent"] = event, death
    a["pd"], a["death"], a["last_fu"] = course.event, course.death, course.last_contact
    a["pfs"], a["pfs_event"] = course.first, course.first_seen
    spm = np.ceil(events.exponential(rng, m.spm_per_100py / 100 / 365.25, n)).astype(int)
    a["spm"] = events.observe_competing(spm, death, a["contact_until"])
    a["os"], a["os_event"] = course.last_contact, course.death >= 0
    medians = np.concatenate([[1.0], m.duration_medians])[a["drug"]]
    planned = events.gamma_durations(rng, n, m.duration_shape, medians * v.DAYS_PER_MONTH)
    a["planned_end"] = a["start0"] + np.maximum(np.rint(planned), 30).astype(int)
    never = np.iinfo(np.int32).max
    pd_day = np.where(a["pd"] >= 0, a["pd"], never)
    stop_pd = np.where(a["pd"] >= 0, np.maximum(pd_day + rng.integers(0, 26, n), a["start0"] + 30), never)
    a["stopped"] = a["maintained"] & (np.minimum(a["planned_end"], stop_pd) < a["last_fu"])
    a["stop"] = np.minimum(np.minimum(a["planned_end"], stop_pd), a["last_fu"])
    a["stopped_by_pd"] = a["stopped"] & (stop_pd <= a["planned_end"])
    a["duration"] = np.where(a["maintained"], np.minimum(a["stop"], pd_day) - a["start0"], 0)


def _tandem(rng: np.random.Generator, n: int, a: Arrays, count: int) -> None:
    """Planned second transplantation: 75 to 170 days after the first, before progression and any maintenance."""
    day = rng.integers(75, 171, n)
    limit = np.where(a["maintained"], a["start0"] - 20, np.iinfo(np.int32).max)
    allowed = (day < a["event_latent"] - 10) & (day < limit)
    score = 0.8 * a["high_risk"] + 0.4 * (a["post"] > 0) + assign.gumbel_noise(rng, (n,))
    chosen = assign.take_ranked(score, allowed, count)
    a["tandem"] = np.where(chosen, day, -1)
