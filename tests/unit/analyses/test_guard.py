"""What an analysis may use: each refusal names variable, when it is known, time zero and what to do."""

import pytest

from multicenter.analyses.guard import early_uses, guard_problems, labeled
from multicenter.known import Known, check_known, when_known, with_known

STUDY = {
    "study": {"time_zero": "Entry", "time_zero_date": "entry_date"},
    "criteria": [{"id": "adult", "exclude": "AGE < 19"}],
    "endpoints": {"PFS": {"start": "entry_date"}},
    "analyses": [],
    "variables": {
        "entry_date": {"value": "day0", "known": "Entry"},
        "AGE": {"value": "age", "known": "Entry"},
        "STARTED": {"value": "start", "known": {"at": "STARTED"}},
        "ENDED": {"value": "end", "known": {"at": "ENDED"}},
        "USE": {"cases": [{"when": "known(STARTED)", "then": "yes"}], "otherwise": "no"},
        "DUR": {"value": "months(STARTED, ENDED)"},
        "RESP": {"value": "response", "known": {"window_days": [60, 120]}},
        "LOST": {"value": "lost"},
    },
}
EXITS = "mark the analysis style: published and name its corrected_by."


def problems(**entry):
    entry = {"id": "a", "method": "cox", "style": "corrected", "endpoint": "PFS", "exposure": "AGE", **entry}
    return guard_problems(with_known(entry, STUDY))


def test_a_variable_is_known_when_the_last_of_its_parts_is():
    known = when_known(STUDY)
    assert known["USE"] == Known(at=("STARTED",)) and known["DUR"] == Known(at=("ENDED", "STARTED"))
    assert known["RESP"] == Known(days=120) and known["LOST"] is None and known["SITEID"] == Known()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"exposure": "USE"},
         "exposure USE is known only from STARTED on, after this analysis' time zero (Entry): open to immortal-time "
         "bias. Use it at a landmark (landmark: {months: 6}) or time-dependently (time_dependent: true), or " + EXITS),
        ({"covariates": ["RESP"]},
         "covariate RESP is known only 120 days after Entry, after this analysis' time zero (Entry): open to "
         "immortal-time bias. Use it at a landmark (landmark: {months: 4} or later), or " + EXITS),
        ({"covariates": ["RESP"], "landmark": {"months": 3}},
         "covariate RESP is known only 120 days after Entry, after this analysis' time zero (Entry + 3 months): open "
         "to immortal-time bias. Use it at a landmark (landmark: {months: 4} or later), or " + EXITS),
        ({"covariates": ["DUR"], "time_dependent": True},
         "covariate DUR is known only from ENDED and STARTED on, after this analysis' time zero (Entry): open to "
         "immortal-time bias. Use its history (history:), or " + EXITS),
        ({"exposure": "USE", "style": "published"},
         "style published uses USE before it is known. Name the analyses that correct it: corrected_by: [id, …]."),
        ({"exposure": "LOST"}, "nothing says when LOST is known. Declare known: in variables."),
    ],
)  # fmt: skip
def test_refused(entry, problem):
    assert [line.removeprefix("analyses.a: ").removeprefix("analyses.a:").strip() for line in problems(**entry)] == [
        problem
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"exposure": "USE", "landmark": {"months": 6}, "covariates": ["RESP"]},
        {"exposure": "USE", "time_dependent": True},
        {"exposure": "USE", "style": "published", "corrected_by": ["b"]},
        {"method": "baseline", "exposure": None, "by": "USE"},
        {"population": {"USE": ["yes"]}, "landmark": {"months": 12, "after": "STARTED"}},
    ],
)
def test_allowed(entry):
    assert problems(**entry) == []


def test_published_style_is_labeled_and_a_subgroup_by_the_future_is_seen():
    entry = {"id": "a", "method": "cox", "style": "published", "estimand": "Ever", "exposure": "USE", "endpoint": "PFS"}
    ready = with_known({**entry, "population": {"USE": ["yes"]}}, STUDY)
    assert [use["role"] for use in early_uses(ready)] == ["exposure", "subgroup"]
    assert labeled(ready)["estimand"] == "Ever (open to immortal-time bias)"


def test_lag():
    item = {"name": "ON", "kind": "on", "from": "STARTED", "to": "ENDED", "lag_days": 30}
    assert problems(exposure="ON", history=[item], time_dependent=True) == [
        "analyses.a: history ON: lag_days 30 is below 90: treatment stops shortly before an event is recorded, and the "
        "event would stop it. Use 90 or more."
    ]


def test_declarations():
    def found(name="AGE", criterion=None, **spec):
        study = {**STUDY, "variables": {**STUDY["variables"], name: {**STUDY["variables"][name], **spec}}}
        return check_known({**study, "criteria": [criterion] if criterion else []})

    assert found() == []
    assert found(known="Start") == [
        "variables.AGE.known: 'Start' is no moment. Write Entry, {at: COLUMN} or {window_days: [from, to]}."
    ]
    assert found(known={"at": "STARTD"}) == [
        "variables.AGE.known.at: column 'STARTD' does not exist. Did you mean 'STARTED'?"
    ]
    assert found(known={"window_days": [9, 3]}) == ["variables.AGE.known.window_days: 9 is after 3. Write [from, to]."]
    assert found(criterion={"id": "use", "exclude": 'USE == "yes"'}) == [
        "criteria.use: it is known only from STARTED on, after time zero (Entry): who is in the study depends on what "
        "happens later. Remove it, or say why it is accepted: because: …"
    ]
