"""Every patient is in one state at every time point, and a state is only what was seen then."""

from __future__ import annotations

import pandas as pd
import pytest

from multicenter.describe.response_kinetics import describe_response
from multicenter.errors import StudyError

ENTRY = {
    "id": "kinetics",
    "method": "response_kinetics",
    "population": {"ARM": ["drug"]},
    "timepoints": {"start": None, "m6": 6, "m12": 12},
    "origin": "START",
    "follow_up_end": "LAST",
    "treatment_end": "END",
    "levels": ["good", "fair", "worse"],
    "not_evaluated": ["NE"],
    "off_study": {"Worse before": "FAIL", "Died": "DEATH"},
    "baseline": "start",
    "window_days": 60,
}
DAY = pd.Timestamp("2020-01-01")


def on(days: int | None) -> pd.Timestamp:
    return pd.NaT if days is None else DAY + pd.Timedelta(days=days)


def study(patients: dict[str, dict]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """patients: id -> {last, end, fail, death (days after start), seen {timepoint: (state, day or None)}}."""
    adsl = pd.DataFrame(
        {
            "USUBJID": list(patients),
            "ARM": [p.get("arm", "drug") for p in patients.values()],
            "START": DAY,
            "LAST": [on(p.get("last", 1000)) for p in patients.values()],
            "END": [on(p.get("end")) for p in patients.values()],
        }
    )
    times = [
        (who, code, on(p.get(key, 1000)), 0 if key in p else 1)
        for who, p in patients.items()
        for code, key in (("FAIL", "fail"), ("DEATH", "death"))
    ]
    seen = [(who, at, s, on(day)) for who, p in patients.items() for at, (s, day) in p.get("seen", {}).items()]
    adtte = pd.DataFrame(times, columns=["USUBJID", "PARAMCD", "ADT", "CNSR"])
    return adsl, adtte, pd.DataFrame(seen, columns=["USUBJID", "AVISIT", "AVALC", "ADT"])


def state(patient: dict, timepoint: str) -> str:
    kinetics, _ = describe_response(*study({"p": patient, "other": {"arm": "none"}}), ENTRY)
    here = kinetics[(kinetics["timepoint"] == timepoint) & (kinetics["n"] > 0)]
    assert here["n"].to_list() == [1]
    return here["state"].iloc[0]


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ({"seen": {"m12": ("good", 366)}}, "good"),
        ({"seen": {"m6": ("good", 180)}}, "Missing"),
        ({"seen": {"m12": ("NE", 366)}}, "Not evaluated"),
        ({"last": 300}, "Not yet reached"),
        ({"last": 300, "seen": {"m12": ("good", None)}}, "good"),
        ({"fail": 200, "last": 250}, "Worse before"),
        ({"fail": 200, "death": 250}, "Worse before"),
        ({"fail": 200, "death": 200}, "Died"),
        ({"fail": 200, "seen": {"m12": ("good", 366)}}, "Worse before"),
        ({"fail": 200, "seen": {"m12": ("NE", 366)}}, "Worse before"),
        ({"fail": 360, "seen": {"m12": ("worse", 366)}}, "worse"),
        ({"fail": 366, "seen": {"m12": ("worse", 366)}}, "worse"),
        ({"fail": 200, "seen": {"m12": ("worse", 366)}}, "Worse before"),
        ({"fail": 500, "seen": {}}, "Missing"),
    ],
)
def test_state_at_twelve_months(patient, expected):
    assert state(patient, "m12") == expected


def test_each_time_point_adds_up_and_denominators_are_those_assessed():
    patients = {
        "a": {"seen": {"start": ("fair", 0), "m6": ("good", 180)}},
        "b": {"seen": {"start": ("fair", 0), "m6": ("worse", 180)}, "fail": 180},
        "c": {"seen": {"start": ("good", 0)}, "last": 100},
        "d": {"seen": {}},
    }
    kinetics, rows = describe_response(*study(patients), ENTRY)
    assert set(kinetics.groupby("timepoint")["n"].sum()) == {4}
    at_six = kinetics[kinetics["timepoint"] == "m6"].set_index("state")
    assert at_six.loc["good", ["n", "denominator", "percent"]].to_list() == [1, 2, 50.0]
    assert at_six.loc["Not yet reached", ["n", "denominator", "percent"]].to_list() == [1, 4, 25.0]
    value = rows.set_index(["term", "statistic"])["value"]
    assert value["m12: good", "count"] == 0
    assert rows.set_index(["term", "statistic"])["status"]["m12: good", "percent"] == "not estimable"


def test_best_level_and_upgrade_among_those_not_already_best():
    patients = {
        "a": {"seen": {"start": ("fair", 0), "m6": ("good", 180), "m12": ("fair", 366)}},
        "b": {"seen": {"start": ("worse", 0), "m12": ("fair", 366)}},
        "c": {"seen": {"start": ("good", 0), "m6": ("good", 180)}},
        "d": {"seen": {"start": ("fair", 0)}},
        "e": {"seen": {"m6": ("good", 180)}},
        "f": {"seen": {"start": ("fair", 0), "m12": ("good", 366)}, "fail": 200},
    }
    _, rows = describe_response(*study(patients), ENTRY)
    value = rows.set_index(["term", "statistic"])[["value", "n"]]
    assert value.loc[("m6", "upgraded")].to_list() == [1, 4]
    assert value.loc[("m12", "upgraded")].to_list() == [2, 4]
    assert value.loc[("best: good", "count")].to_list() == [3, 6]


def test_on_treatment_is_counted_among_the_assessed():
    patients = {
        "a": {"seen": {"m6": ("good", 180)}, "end": 100},
        "b": {"seen": {"m6": ("good", 180)}, "end": 300},
        "c": {"seen": {"m6": ("good", 180)}},
        "d": {"end": 300},
    }
    _, rows = describe_response(*study(patients), ENTRY)
    row = rows[(rows["statistic"] == "on_treatment") & (rows["term"] == "m6")].iloc[0]
    assert (row["value"], row["n"]) == (2, 3)


def test_unknown_code_and_doubled_assessment_are_errors():
    with pytest.raises(StudyError, match="'great'"):
        describe_response(*study({"p": {"seen": {"m6": ("great", 180)}}}), ENTRY)
    adsl, adtte, adrs = study({"p": {"seen": {"m6": ("good", 180)}}})
    with pytest.raises(StudyError, match="p has two assessments at m6"):
        describe_response(adsl, adtte, pd.concat([adrs, adrs]), ENTRY)
