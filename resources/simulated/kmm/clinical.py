"""What is known of a patient before transplantation: dates, disease, laboratory, cytogenetics.

Values that decide a category (ISS from beta-2 microglobulin and albumin, high LDH, creatinine >= 2, high risk) keep
a small distance from the limit, so that a center's rounding or change of unit does not change the category.
All values lie inside the usual ranges of the data dictionary.
"""

from __future__ import annotations

import numpy as np

from multicenter.simulate.streams import stream

from . import values as v
from .core import Arrays, _categories

ROMAN = np.array(["", "I", "II", "III"], dtype=object)


def lognormal(rng: np.random.Generator, n: int, median: float, sigma: float, low: float, high: float) -> np.ndarray:
    return np.clip(median * np.exp(sigma * rng.standard_normal(n)), low, high)


def labels(rng: np.random.Generator, n: int, shares: dict[str, float]) -> np.ndarray:
    """n labels drawn with the given shares."""
    return np.array(list(shares), dtype=object)[_categories(rng, n, np.array(list(shares.values())))]


def blank(x: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The values, missing `where`: NaN for numbers, None for text."""
    if x.dtype == object:
        out = x.copy()
        out[where] = None
        return out
    return np.where(where, np.nan, x.astype(float))


def draw_dates(seed: int, a: Arrays) -> Arrays:
    """Birth, diagnosis, start and end of induction, as days; diagnosis to transplantation about 6.7 months."""
    n = len(a["center"])
    rng = stream(seed, "dates")
    longer = a["cycles"] > 4
    wait = np.where(longer, lognormal(rng, n, 7.7, 0.18, 6.5, 18.0), lognormal(rng, n, 6.2, 0.2, 4.7, 18.0))
    dx = a["asct"] - np.rint(wait * v.DAYS_PER_MONTH).astype(int)
    ind_start = dx + rng.integers(1, 18, n)
    length = a["cycles"] * rng.integers(21, 25, n)
    ind_end = np.minimum(ind_start + length, a["asct"] - rng.integers(22, 30, n))
    birth = a["asct"] - np.rint(a["age"] * 365.25).astype(int)
    years = birth.astype("datetime64[Y]").astype(int) + 1970
    return {
        "birth_date": birth,
        "birth_year": years,
        "age_dx": np.round((dx - birth).astype(int) / 365.25, 1),
        "age_asct": np.round((a["asct"] - birth).astype(int) / 365.25, 1),
        "dx_date": _distinct(dx, a),
        "ind_start": ind_start,
        "ind_end": ind_end,
    }


def _distinct(dx: np.ndarray, a: Arrays) -> np.ndarray:
    """Move a diagnosis a day back where two patients agree in sex, diagnosis and transplantation day."""
    if len(dx) > 20_000:
        return dx
    dx, taken = dx.copy(), set()
    for i in range(len(dx)):
        while (key := (bool(a["male"][i]), dx[i], a["asct"][i])) in taken:
            dx[i] -= 1
        taken.add(key)
    return dx


def draw_stage(seed: int, a: Arrays) -> Arrays:
    """Beta-2 microglobulin, albumin, ISS, LDH and creatinine; R-ISS only where all its parts are known."""
    n, iss = len(a["center"]), a["iss"]
    rng = stream(seed, "stage")
    by_albumin = (iss == 2) & (rng.random(n) < 0.35)
    b2m = np.select(
        [(iss == 1) | by_albumin, iss == 2],
        [1.4 + 2.0 * rng.beta(2.5, 2.0, n), 3.6 + 1.7 * rng.beta(1.2, 1.8, n)],
        5.6 + lognormal(rng, n, 2.6, 0.9, 0.0, 32.0),
    )
    high_alb, low_alb = 3.6 + 1.3 * rng.beta(1.6, 2.2, n), 2.2 + 1.2 * rng.beta(3.0, 1.4, n)
    low = by_albumin | ((iss != 1) & (rng.random(n) < np.where(iss == 3, 0.5, 0.35)))
    uln = np.array([v.center(c).ldh_uln for c in a["codes"]])[a["center"]]
    above = 1.04 + lognormal(rng, n, 0.3, 0.7, 0.0, 2.2)
    ldh = np.rint(uln * np.where(a["ldh_high"], above, rng.uniform(0.46, 0.97, n)))
    cr = np.where(a["cr_high"], 2.1 + lognormal(rng, n, 1.3, 0.8, 0.0, 9.0), lognormal(rng, n, 0.88, 0.26, 0.45, 1.85))
    high = np.where(iss == 1, False, a["high_risk"] | a["ldh_high"])
    riss = np.where((iss == 1) & ~a["high_risk"] & ~a["ldh_high"], 1, np.where((iss == 3) & high, 3, 2))
    iss_missing, no_alb = a["iss_missing"], rng.random(n) < 0.5
    ldh_known = ~a["ldh_missing"]
    return {
        "b2m": blank(np.round(b2m, 1), iss_missing),
        "alb": blank(np.round(np.where(low, low_alb, high_alb), 1), iss_missing & no_alb),
        "iss": blank(ROMAN[iss], iss_missing),
        "riss": blank(ROMAN[riss], iss_missing | a["fish_missing"] | ~ldh_known),
        "ldh": blank(ldh, ~ldh_known),
        "ldh_uln": uln.astype(float),
        "ldh_high": blank(a["ldh_high"].astype(float), ~ldh_known),
        "cr": np.round(cr, 2),
    }


def draw_cytogenetics(seed: int, a: Arrays) -> Arrays:
    """A complete FISH panel where FISH was done, else nothing; high risk = del(17p), t(4;14) or t(14;16)."""
    n = len(a["center"])
    rng = stream(seed, "cytogenetics")
    high = a["high_risk"]
    first = _categories(rng, n, np.array([0.46, 0.46, 0.08]))
    second = rng.random(n) < 0.10
    del17p = high & ((first == 0) | ((first > 0) & second))
    t_4_14 = high & ((first == 1) | ((first == 0) & second))
    t_14_16 = high & (first == 2)
    t_14_20 = ~t_4_14 & ~t_14_16 & (rng.random(n) < 0.01)
    t_11_14 = ~t_4_14 & ~t_14_16 & ~t_14_20 & (rng.random(n) < 0.17)
    gain1q = rng.random(n) < np.where(high, 0.48, 0.34)
    del13q = rng.random(n) < np.where(high, 0.62, 0.38)
    lesions = {
        "del17p": del17p,
        "t_4_14": t_4_14,
        "t_14_16": t_14_16,
        "t_14_20": t_14_20,
        "gain1q": gain1q,
        "t_11_14": t_11_14,
        "del13q": del13q,
        "cyto_high": high,
    }
    out = {name: blank(x.astype(float), a["fish_missing"]) for name, x in lesions.items()}
    out["fish_done"] = (~a["fish_missing"]).astype(float)
    return out


def draw_disease(seed: int, a: Arrays) -> Arrays:
    """M-protein, light chains, marrow, blood count, calcium, performance status, plasmacytoma, consolidation."""
    n = len(a["center"])
    rng = stream(seed, "disease")
    heavy = labels(rng, n, v.HEAVY_CHAIN)
    chain = labels(rng, n, v.LIGHT_CHAIN)
    chain[heavy == "NS"] = None
    chain[(heavy == "IgD") & (chain == "kappa")] = "lambda"
    whole = np.isin(heavy, ["IgG", "IgA"])
    serum = np.where(whole, lognormal(rng, n, 3.6, 0.5, 0.3, 9.6), np.where(heavy == "NS", 0.0, rng.uniform(0, 0.6, n)))
    urine = np.where(heavy == "LCD", lognormal(rng, n, 1900, 1.0, 60, 14000), lognormal(rng, n, 210, 1.3, 5, 9000))
    involved, other = lognormal(rng, n, 420, 1.3, 25, 4900), lognormal(rng, n, 8.0, 0.6, 1.0, 24)
    quiet = heavy == "NS"
    kappa = np.where(quiet | (chain == "lambda"), other, involved)
    lam = np.where(quiet | (chain == "kappa"), np.where(quiet, other * 0.9, other), involved)
    emd = np.array(["none", "paraskeletal", "extramedullary"], dtype=object)[a["emd"]]
    no_flc = rng.random(n) < 0.13
    hb = np.clip(10.6 - 0.9 * (a["iss"] == 3) + 1.8 * rng.standard_normal(n), 5.4, 15.8)
    return {
        "ecog": blank(_categories(rng, n, np.array([0.34, 0.50, 0.16])), rng.random(n) < 0.05),
        "mprotein_heavy": heavy,
        "mprotein_light": chain,
        "mprot_serum": blank(np.round(serum, 1), rng.random(n) < 0.03),
        "mprot_urine": blank(np.rint(np.where(quiet, 0.0, urine)), rng.random(n) < 0.10),
        "flc_kappa": blank(np.round(kappa, 1), no_flc),
        "flc_lambda": blank(np.round(lam, 1), no_flc),
        "bmpc": blank(np.rint(100 * np.clip(rng.beta(1.6, 2.3, n), 0.05, 0.98)), rng.random(n) < 0.05),
        "hb": blank(np.round(hb, 1), rng.random(n) < 0.01),
        "plt": blank(np.rint(np.clip(212 + 72 * rng.standard_normal(n), 28, 470)), rng.random(n) < 0.01),
        "ca": blank(np.round(np.clip(lognormal(rng, n, 9.2, 0.08, 7.4, 15.0), 7.4, 15.0), 1), rng.random(n) < 0.02),
        "emd_dx": emd,
        "plasmacytoma": (a["emd"] > 0).astype(float),
        "consolidation": labels(rng, n, v.CONSOLIDATION),
    }
