"""An analysis from a landmark or on time-dependent rows: who is in it, what columns show, how patients are counted."""

import pandas as pd

from multicenter.analyses import cox, event_counts
from multicenter.analyses.run import run_analyses

ZERO = pd.Timestamp("2020-01-01")
USE = {"role": "exposure", "variable": "USE", "days": 0, "at": ["TRTSDT"], "otherwise": "no"}
SPEC = {"id": "a", "endpoint": "PFS", "uses": [USE], "start": {"days": 0, "at": []}, "time_zero": "entry"}


def started(adsl, adtte):
    """Who is treated starts on day 100, the first of them on day 300."""
    day = pd.Series(100, index=adsl.index).where(adsl["USE"] == "yes")
    day.loc[day.first_valid_index()] = 300
    return adsl.assign(TRTSDT=ZERO + pd.to_timedelta(day, unit="D")), adtte.assign(STARTDT=ZERO)


def test_a_landmark_counts_who_left_and_reads_what_was_known(adsl, adtte, pick):
    adsl, adtte = started(adsl, adtte)
    spec = {**SPEC, "method": "cox", "exposure": "USE", "covariates": [], "landmark": {"months": 6}}
    found = run_analyses([spec], {"cox": cox.run}, adsl, adtte).estimates
    late = adtte.query("PARAMCD == 'PFS' and AVAL > 182")["USUBJID"]
    assert pick(found, statistic="followed")["value"] == len(late)
    gone = [pick(found, statistic=f"excluded_{why}")["value"] for why in ("event", "censored")]
    assert sum(gone) == len(adsl) - len(late)
    by_then = adsl["USUBJID"].isin(late) & (adsl["TRTSDT"] <= ZERO + pd.Timedelta(days=182))
    assert pick(found, statistic="level_patients", term="USE: yes")["value"] == by_then.sum()


def test_person_time_is_split_at_the_start(adsl, adtte, pick):
    adsl, adtte = started(adsl, adtte)
    spec = {**SPEC, "method": "event_counts", "by": "USE", "time_dependent": True, "uses": [{**USE, "role": "group"}]}
    found = run_analyses([spec], {"event_counts": event_counts.run}, adsl, adtte).estimates
    years = found[found["statistic"] == "person_years"]["value"].sum()
    own = adtte[adtte["PARAMCD"] == "PFS"]
    assert abs(years - own["AVAL"].sum() / 365.25) < 1e-9
    assert found[found["statistic"] == "events"]["value"].sum() == (own["CNSR"] == 0).sum()
    assert pick(found, statistic="patients", group="no")["value"] == len(adsl)
    assert "fisher_p" not in set(found["statistic"])
