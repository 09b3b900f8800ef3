"""What happens after transplantation, as tables: responses, visits, maintenance, second transplants, malignancies."""

from __future__ import annotations

import numpy as np
import pandas as pd

from multicenter.simulate import assign
from multicenter.simulate.streams import stream

from . import values as v
from .clinical import blank, labels, lognormal
from .core import Arrays, _categories

LEVELS = np.array([*v.POST_LEVELS, "NE"], dtype=object)
PD, NE = 5, 6
MONTHS = (3, 6, 12, 18, 24)
NEVER = np.iinfo(np.int32).max
DRUGS = np.array([None, "THAL", "LEN", "BOR", "IXA"], dtype=object)
# What an excluded patient without a transplantation day or without contact leaves behind is empty.
UNSEEN = ("NO_ASCT_DATE", "NO_FOLLOW_UP")


def draw_assessments(seed: int, a: Arrays) -> Arrays:
    """Days of the response assessment after transplantation (before any drug) and of the last assessment."""
    n = len(a["center"])
    rng = stream(seed, "assessments")
    pd_day, death = np.where(a["pd"] >= 0, a["pd"], NEVER), np.where(a["death"] >= 0, a["death"], NEVER)
    planned = rng.integers(60, 121, n)
    drug, second = np.where(a["maintained"], a["start0"], NEVER), np.where(a["tandem"] >= 0, a["tandem"], NEVER)
    post = np.minimum(planned, np.minimum(drug, second) - 3)
    early_pd = (pd_day <= post) & (pd_day < 28)
    post = np.where(early_pd, pd_day, np.where(pd_day <= post, pd_day - rng.integers(3, 11, n), post))
    post = np.where((death <= post) & (death >= 38), death - rng.integers(5, 11, n), post)
    unseen = ((death <= post) & ~early_pd) | np.isin(a["reason"], ["NO_FOLLOW_UP"])
    level = np.where(early_pd, PD, np.where(unseen, NE, a["post"]))
    last = np.where(death < NEVER, np.minimum(a["seen_until"], death - rng.integers(3, 45, n)), a["seen_until"])
    first_possible = np.maximum(np.where(unseen, 0, post), np.where(pd_day < NEVER, pd_day, 0))
    last = np.maximum(last, first_possible)
    return {"post_day": post, "post_level": level, "post_unseen": unseen, "last_day": last}


def response_table(seed: int, a: Arrays, days: Arrays, pid: np.ndarray) -> pd.DataFrame:
    """One row a patient and time point; m3…m24 for maintained patients until progression, death or last assessment."""
    n = len(a["center"])
    rng = stream(seed, "responses")
    seen = ~np.isin(a["reason"], ["NO_FOLLOW_UP"])
    pd_day = np.where(a["pd"] >= 0, a["pd"], NEVER)
    origin = np.where(a["maintained"], a["start0"], days["post_day"])
    steps = 1 + (rng.random(n) < 0.3)
    wait = lognormal(rng, n, 7.0, 0.7, 1.5, 60) * v.DAYS_PER_MONTH
    improves = (rng.random(n) < np.where(a["maintained"], 0.58, 0.35)) & (a["post"] > 0)
    improved_day = np.where(improves, origin + np.rint(wait), NEVER)
    better = np.maximum(a["post"] - steps, 0)
    better = np.where((better == 3) & (a["post"] == 4), 2, better)

    def state(day: np.ndarray) -> np.ndarray:
        level = np.where(day >= improved_day, better, a["post"])
        return np.where(day >= pd_day, PD, level)

    rows: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    pre_day = -rng.integers(3, 15, n)
    pre = np.where(a["reason"] == "PD_BEFORE_ASCT", PD, a["pre"])
    rows.append(("pre_asct", np.ones(n, bool), pre, pre_day))
    rows.append(("post_asct", seen, days["post_level"], np.where(days["post_unseen"], NEVER, days["post_day"])))
    best, best_day = pre.copy(), pre_day.copy()
    ended = np.zeros(n, bool)
    for month in MONTHS:
        due = a["start0"] + np.rint(month * v.DAYS_PER_MONTH).astype(int) + rng.integers(-12, 13, n)
        fails = ~ended & (pd_day <= due)
        day = np.where(fails, pd_day, due)
        kept = a["maintained"] & seen & ~ended & (day <= days["last_day"]) & (fails | (rng.random(n) >= 0.05))
        ended |= fails
        level = np.where(~fails & (rng.random(n) < 0.01), NE, state(day))
        rows.append((f"m{month}", kept, level, day))
    last_seen = seen & ~(days["post_unseen"] & (days["last_day"] <= 0))
    rows.append(("last", last_seen, state(days["last_day"]), days["last_day"]))
    for _, kept, level, day in rows[1:]:
        gain = kept & (day < NEVER) & (level < best)
        best, best_day = np.where(gain, level, best), np.where(gain, day, best_day)
    rows.insert(-1, ("best", np.ones(n, bool), best, best_day))
    return _responses(rng, a, pid, rows)


def _responses(rng: np.random.Generator, a: Arrays, pid: np.ndarray, rows: list) -> pd.DataFrame:
    stringent = rng.random(len(pid)) < 0.35
    frames = []
    for order, (point, kept, level, day) in enumerate(rows):
        i = np.flatnonzero(kept)
        date = a["asct"][i] + np.where(day[i] < NEVER, day[i], 0)
        date = np.where(day[i] < NEVER, date.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
        scr = np.where(level[i] == NE, np.nan, ((level[i] == 0) & stringent[i]).astype(float))
        row = {
            "i": i,
            "order": order,
            "timepoint": point,
            "response": LEVELS[level[i]],
            "scr": scr,
            "response_date": date,
        }
        frames.append(pd.DataFrame(row))
    table = pd.concat(frames, ignore_index=True).sort_values(["i", "order"], kind="stable", ignore_index=True)
    return table.drop(columns="order")


def visit_table(seed: int, a: Arrays, days: Arrays, response: pd.DataFrame) -> pd.DataFrame:
    """The visit log: about every 3 months to the last assessment, with every dated response after transplantation."""
    n = len(a["center"])
    rng = stream(seed, "visits")
    first = np.where(days["post_unseen"], NEVER, days["post_day"])
    span = np.where(first < NEVER, np.maximum(days["last_day"] - first, 0), 0)
    count = span // 91
    i = np.repeat(np.arange(n), count)
    k = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count) + 1
    day = first[i] + 91 * k + rng.integers(-10, 11, len(i))
    ok = day < days["last_day"][i]
    regular = pd.DataFrame({"i": i[ok], "assess_date": (a["asct"][i[ok]] + day[ok]).astype("datetime64[ns]")})
    dated = response.loc[response["timepoint"].ne("pre_asct") & response["response_date"].notna()]
    after = dated.loc[dated["response_date"].to_numpy() > a["asct"][dated["i"].to_numpy()].astype("datetime64[ns]")]
    both = pd.concat([regular, after[["i", "response_date"]].rename(columns={"response_date": "assess_date"})])
    return both.drop_duplicates().sort_values(["i", "assess_date"], ignore_index=True)


def transplant_table(seed: int, a: Arrays, salvage: int) -> tuple[pd.DataFrame, np.ndarray]:
    """First transplants of all, and the second ones: planned tandem, or salvage after progression (also returned)."""
    n = len(a["center"])
    rng = stream(seed, "transplants")
    after = np.where(a["pd"] >= 0, a["pd"] + rng.integers(110, 300, n), NEVER)
    possible = (a["reason"] == "") & (a["tandem"] < 0) & (a["pd"] > 365) & (after < a["last_fu"] - 30)
    possible &= a["asct"] + np.where(possible, after, 0) <= np.datetime64("2022-12-01")
    chosen = assign.take_ranked(rng.random(n), possible, salvage)
    kind = np.where(a["reason"] == "ALLO_FIRST", "allo", "single").astype(object)
    asct = a["asct"].astype("datetime64[ns]")
    asct = np.where(a["reason"] == "NO_ASCT_DATE", np.datetime64("NaT", "ns"), asct)
    reduced = np.array([140, 150, 160, 180])[_categories(rng, n, np.array([0.8, 0.06, 0.08, 0.06]))]
    dose = np.select([a["conditioning"] == 0, a["conditioning"] == 1], [np.full(n, 200), reduced], 140).astype(float)
    name = np.array(v.CONDITIONING, dtype=object)[a["conditioning"]]
    allo = kind == "allo"
    name[allo], dose[allo] = "OTHER", np.nan
    one = {"i": np.arange(n), "asct_no": 1, "asct_date": asct, "asct_type": kind, "conditioning": name}
    one["mel_dose"] = dose
    second = np.flatnonzero(chosen | (a["tandem"] >= 0))
    day = np.where(chosen, after, a["tandem"])[second]
    two = {
        "i": second,
        "asct_no": 2,
        "asct_date": (a["asct"][second] + day).astype("datetime64[ns]"),
        "asct_type": np.where(chosen[second], "salvage", "planned_tandem").astype(object),
        "conditioning": np.where(chosen[second], "MEL140", name[second]).astype(object),
        "mel_dose": np.where(chosen[second], 140.0, dose[second]),
    }
    table = pd.concat([pd.DataFrame(one), pd.DataFrame(two)]).sort_values(["i", "asct_no"], ignore_index=True)
    return table, np.where(chosen, after, -1)


def malignancy_table(seed: int, a: Arrays) -> pd.DataFrame:
    """Second malignancies after transplantation (one a patient)."""
    rng = stream(seed, "malignancies")
    i = np.flatnonzero(a["spm"] >= 0)
    kind = labels(rng, len(i), v.MALIGNANCY)
    male = a["male"][i]
    solid = np.where(
        male,
        np.array(["C16", "C18", "C34", "C61", "C22"], dtype=object)[rng.integers(0, 5, len(i))],
        np.array(["C16", "C18", "C34", "C50", "C73"], dtype=object)[rng.integers(0, 5, len(i))],
    )
    myeloid = np.array(["D46", "C92"], dtype=object)[(rng.random(len(i)) < 0.3).astype(int)]
    code = np.select([kind == "solid", kind == "myeloid"], [solid, myeloid], "C44").astype(object)
    date = (a["asct"][i] + a["spm"][i]).astype("datetime64[ns]")
    return pd.DataFrame({"i": i, "spm_no": 1, "spm_date": date, "icd10": code, "spm_type": kind})


def maintenance_table(seed: int, a: Arrays) -> pd.DataFrame:
    """Drug episodes: the first defines the group; a few switch to another drug before progression."""
    n = len(a["center"])
    rng = stream(seed, "maintenance")
    late = a["asct"] + a["start0"] >= np.datetime64(v.IXAZOMIB_FROM)
    drug = np.where(a["drug"] == 3, np.where(late & (rng.random(n) < 0.7), 4, 3), a["drug"])
    reason, pn = _stops(rng, a, drug)
    who = np.flatnonzero(a["maintained"] & ~np.isin(a["reason"], UNSEEN))
    stopped = a["stopped"] | (a["death"] >= 0)
    first = _episode(a, who, 1, drug, a["start0"], np.where(stopped, a["stop"], -1), reason, pn)
    first["combination"] = (a["reason"][who] == "COMBINATION").astype(float)
    gap = rng.integers(10, 61, n)
    start2 = a["stop"] + gap
    pd_day = np.where(a["pd"] >= 0, a["pd"], NEVER)
    room = np.minimum(pd_day, a["last_fu"]) - start2
    switch = a["maintained"] & a["stopped"] & (a["reason"] == "") & (room > 90) & (rng.random(n) < 0.16)
    switch &= np.isin(reason, ["AE", "cost", "patient"])
    other = np.select([drug == 1, drug == 2], [np.where(late, 2, 3), 1], 1)
    end2 = np.minimum(start2 + np.rint(lognormal(rng, n, 8, 0.6, 2, 30) * v.DAYS_PER_MONTH).astype(int), start2 + room)
    ends = (end2 < a["last_fu"]) | (a["death"] >= 0)
    reason2 = np.where(~ends, "ongoing", np.where(end2 >= pd_day, "PD", "planned")).astype(object)
    two = np.flatnonzero(switch)
    second = _episode(a, two, 2, other, start2, np.where(ends, end2, -1), reason2, np.minimum(pn, 2))
    second["combination"] = 0.0
    table = pd.concat([first, second]).sort_values(["i", "episode_no"], ignore_index=True)
    table["dose"] = _doses(rng, table["drug"].to_numpy(object))
    return table


def _stops(rng: np.random.Generator, a: Arrays, drug: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reason for stopping and worst neuropathy grade of the first episode."""
    n = len(drug)
    table = np.array([v.STOP_SHARES[max(min(d, 3), 1)] for d in range(len(DRUGS))])
    reason = np.array(v.STOP_REASONS, dtype=object)[_categories(rng, n, table[drug])]
    reason[a["stopped_by_pd"]] = "PD"
    died = ~a["stopped"] & (a["death"] >= 0)
    reason[died] = "death"
    reason[~a["stopped"] & ~died] = "ongoing"
    neurotoxic = np.isin(drug, [1, 3])
    by_pn = neurotoxic & (reason == "AE") & (rng.random(n) < 0.75)
    mild = _categories(rng, n, np.array([0.55, 0.35, 0.10]))
    pn = np.where(by_pn, 2 + (rng.random(n) < 0.3), np.where(neurotoxic, mild, np.minimum(mild, 1)))
    return reason, pn


def _episode(a: Arrays, i: np.ndarray, number: int, drug: np.ndarray, start: np.ndarray, end: np.ndarray,
             reason: np.ndarray, pn: np.ndarray) -> pd.DataFrame:  # fmt: skip
    finish = np.where(end[i] >= 0, (a["asct"][i] + end[i]).astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
    return pd.DataFrame(
        {
            "i": i,
            "episode_no": number,
            "drug": DRUGS[drug[i]],
            "maint_start": (a["asct"][i] + start[i]).astype("datetime64[ns]"),
            "maint_end": finish,
            "ongoing": (end[i] < 0).astype(float),
            "stop_reason": reason[i],
            "pn_grade": pn[i].astype(float),
        }
    )


def _doses(rng: np.random.Generator, drug: np.ndarray) -> np.ndarray:
    n = len(drug)
    thal = np.array([50.0, 100.0])[(rng.random(n) < 0.4).astype(int)]
    len_ = np.array([5.0, 10.0, 15.0])[_categories(rng, n, np.array([0.15, 0.70, 0.15]))]
    ixa = np.array([2.3, 3.0, 4.0])[_categories(rng, n, np.array([0.1, 0.5, 0.4]))]
    return np.select([drug == "THAL", drug == "LEN", drug == "IXA"], [thal, len_, ixa], 1.3)


def draw_endings(seed: int, a: Arrays, salvage: np.ndarray) -> Arrays:
    """Kind of progression, next treatment, cause of death."""
    n = len(a["center"])
    rng = stream(seed, "endings")
    seen = a["pd"] >= 0
    kind = np.array(["biochemical", "clinical"], dtype=object)[(rng.random(n) < 0.6).astype(int)]
    next_day = np.where(salvage >= 0, salvage - rng.integers(80, 105, n), a["pd"] + rng.integers(1, 95, n))
    next_day = np.maximum(next_day, a["pd"] + 1)
    treated = seen & (next_day < a["last_fu"]) & ((rng.random(n) < 0.9) | (salvage >= 0))
    late = a["asct"] + next_day >= np.datetime64("2020-01-01")
    names = np.array([["Rd", "KRd", "Rd", "VCD", "PCd"], ["KRd", "Rd", "IRd", "DVd", "PCd"]], dtype=object)
    drug = names[late.astype(int), _categories(rng, n, np.array([0.42, 0.25, 0.15, 0.10, 0.08]))]
    died = a["death"] >= 0
    after = labels(rng, n, v.CAUSE_AFTER_PROGRESSION)
    direct = labels(rng, n, v.CAUSE_WITHOUT_PROGRESSION)
    cause = np.where(seen, after, np.where(a["death"] <= 100, "TRM", direct)).astype(object)
    cause[(a["spm"] >= 0) & (rng.random(n) < 0.45)] = "SPM"
    return {
        "pd_type": blank(kind, ~seen),
        "next_day": np.where(treated, next_day, -1),
        "next_tx": blank(drug, ~treated),
        "death_cause": blank(cause, ~died),
    }
