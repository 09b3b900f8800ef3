"""What a query can change, how far it can move the primary estimate, and in which order queries are asked."""

import numpy as np
import pandas as pd
import pytest

from multicenter.queries.impact import Impact
from multicenter.queries.rank import Effects, described, rank_key
from multicenter.queries.reach import COVARIATE, ELIGIBILITY, EXPOSURE, Effect, Reach

PROTOCOL = {
    "criteria": [{"id": "early", "exclude": "relapse < zero"}],
    "variables": {
        "zero": {"value": "start"},
        "first_drug": {"first": "drug.name", "order": "no", "where": "begin >= zero"},
        "early_result": {"first": "visit.result", "order": "time", "where": 'time == "before"'},
        "last": {"latest": ["drug.begin"]},
        "GROUP": {"levels": ["No", "Yes"], "cases": [{"when": "known(first_drug)", "then": "Yes"}], "otherwise": "No"},
        "RESULT": {"value": "early_result"},
        "TREATED": {"any": "drug"},
        "UNUSED": {"value": "height"},
    },
    "endpoints": {
        "EFS": {
            "label": "Event-free survival",
            "start": "zero",
            "events": [{"earliest": ["patient.relapse"]}, {"earliest": ["patient.death"]}],
            "censor": [{"latest": ["drug.begin"]}],
        },
        "REL": {
            "label": "Relapse",
            "start": "zero",
            "events": [{"earliest": ["patient.relapse"], "where": "hb > 8"}],
            "competing": [{"earliest": ["patient.death"]}],
            "censor": [],
        },
    },
    "primary": {"id": "cox", "endpoint": "EFS", "exposure": "GROUP", "covariates": ["RESULT"]},
}


@pytest.fixture
def reach(dictionary, items):
    return Reach(PROTOCOL, {name: table.variables for name, table in dictionary.tables.items()}, items)


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("patient.death", [("EFS", "event"), ("REL", "competing event")]),
        ("patient.relapse", [("EFS", "event"), ("REL", "event"), (ELIGIBILITY, "")]),
        ("patient.hb", [("REL", "event")]),
        ("patient.height", []),
        ("patient.patient_id", [(ELIGIBILITY, "")]),
        ("drug.begin", [("EFS", "censoring"), (EXPOSURE, "")]),
        ("drug[2].name", [(EXPOSURE, "")]),
        ("visit[before].result", [(COVARIATE, "")]),
        ("visit[m3].result", []),
        ("visit.result", [(COVARIATE, "")]),
    ],
)
def test_what_a_variable_touches(reach, address, wanted):
    assert reach.effects([address]) == sorted(Effect(*pair) for pair in wanted)


def test_time_zero_touches_all_that_follows_from_it(reach):
    touched = {(effect.what, effect.role) for effect in reach.effects(["patient.start"])}
    assert touched == {("EFS", "start"), ("REL", "start"), (ELIGIBILITY, ""), (EXPOSURE, "")}


def test_a_rule_touches_through_every_variable_it_reads(dictionary, checks):
    effects = Effects(PROTOCOL, dictionary)
    rule = effects.of(checks["relapse_before_start"], "patient", "", "relapse")
    assert Effect("EFS", "start") in rule and Effect("EFS", "event") in rule
    assert effects.of(checks["not_numeric"], "patient", "", "height") == []
    assert effects.of(checks["unclear"], "visit", "m3", "result") == []
    row = effects.of(checks["duplicate_differs"], "patient", "", "")
    assert described(row, PROTOCOL["endpoints"], "Treatment") == "Everything about this patient"


def test_effects_in_words():
    effects = [Effect(ELIGIBILITY), Effect("EFS", "event"), Effect(EXPOSURE), Effect("EFS", "censoring")]
    assert described(effects, PROTOCOL["endpoints"], "Treatment") == (
        "Event-free survival (event, censoring); Who is in the study; Treatment"
    )
    assert described([], PROTOCOL["endpoints"], "") == "No endpoint"


def test_the_order_in_which_queries_are_asked():
    primary, other = [Effect("EFS", "event")], [Effect("REL", "event")]
    keys = [
        rank_key("critical", other, None, "EFS"),
        rank_key("major", primary, 0.02, "EFS"),
        rank_key("major", [Effect(ELIGIBILITY)], 0.01, "EFS"),
        rank_key("major", primary, None, "EFS"),
        rank_key("major", primary, None, "EFS"),
        rank_key("major", [Effect(EXPOSURE)], 0.9, "EFS"),
        rank_key("major", other, None, "EFS"),
        rank_key("major", [Effect(COVARIATE)], 0.5, "EFS"),
        rank_key("major", [], None, "EFS"),
        rank_key("minor", primary, 0.9, "EFS"),
    ]
    assert keys == sorted(keys)


@pytest.fixture
def cohort():
    rng = np.random.default_rng(3)
    n = 120
    group = rng.random(n) < 0.4
    adsl = pd.DataFrame(
        {
            "USUBJID": [f"AA-{i}" for i in range(n)],
            "GROUP": pd.Categorical(np.where(group, "Yes", "No"), categories=["No", "Yes"], ordered=True),
            "RESULT": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        }
    )
    time = np.ceil(rng.exponential(np.where(group, 900, 500)))
    adtte = pd.DataFrame(
        {"USUBJID": adsl["USUBJID"], "PARAMCD": "EFS", "AVAL": time, "CNSR": (rng.random(n) < 0.3).astype(int)}
    )
    return adsl, adtte


PRIMARY = PROTOCOL["primary"] | {"term": "GROUP: Yes vs No"}


def test_the_impact_follows_from_what_is_touched(cohort):
    adsl, adtte = cohort
    impact = Impact(PRIMARY, adsl, adtte)
    patient = adsl.loc[adsl["RESULT"].notna(), "USUBJID"].iloc[0]
    flipped = impact.of(patient, [Effect("EFS", "event"), Effect("EFS", "start")])
    assert set(flipped) == {"hazard_ratio", "hr_event_flipped", "impact"}
    assert flipped["impact"] == pytest.approx(abs(np.log(flipped["hr_event_flipped"] / flipped["hazard_ratio"])))
    assert set(impact.of(patient, [Effect(EXPOSURE)])) == {"hazard_ratio", "hr_exposure_switched", "impact"}
    assert set(impact.of(patient, [Effect(COVARIATE)])) == {"hazard_ratio", "hr_left_out", "impact"}
    assert set(impact.of(patient, [Effect("EFS", "censoring")])) == {"hazard_ratio", "hr_left_out", "impact"}
    assert impact.of(patient, [Effect("REL", "event")]) == {}


def test_who_is_not_in_the_primary_analysis_moves_nothing(cohort):
    adsl, adtte = cohort
    impact = Impact(PRIMARY, adsl, adtte)
    incomplete = adsl.loc[adsl["RESULT"].isna(), "USUBJID"].iloc[0]
    assert impact.of(incomplete, [Effect("EFS", "event")]) == {}
    assert impact.of("AA-none", [Effect("EFS", "event")]) == {}


def test_without_a_primary_estimate_nothing_is_known_and_the_reason_is(cohort):
    adsl, adtte = cohort
    assert Impact(None, adsl, adtte).reason == "study.yaml names no primary analysis"
    none = Impact(PRIMARY, adsl, adtte.assign(CNSR=1))
    assert none.reason.startswith("cox is not estimable: 0 events") and none.of("AA-1", [Effect(EXPOSURE)]) == {}
    gone = Impact(PRIMARY | {"term": "GROUP: Maybe vs No"}, adsl, adtte)
    assert gone.reason == "cox is not estimable: no estimate of GROUP: Maybe vs No"
