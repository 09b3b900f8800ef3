import numpy as np
import pandas as pd
import pytest

from multicenter.analyses import event_counts, kaplan_meier
from multicenter.analyses.result import Result, combine, population_text
from multicenter.analyses.run import run_analyses
from multicenter.analyses.subjects import groups, select
from multicenter.errors import NotEstimable, StudyError

SPEC = {"id": "pfs", "method": "kaplan_meier", "endpoint": "PFS", "by": "USE"}


def change(adtte, row, column, value):
    return adtte.assign(**{column: adtte[column].astype("Float64")}).pipe(
        lambda frame: frame.assign(**{column: frame[column].where(frame.index != row, value)})
    )


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("AVAL", 0, "patient X-004 has a PFS time"),
        ("AVAL", -3, "patient X-004 has a PFS time"),
        ("AVAL", pd.NA, "patient X-004 has no time"),
        ("CNSR", 3, "patient X-004 has a PFS CNSR"),
        ("CNSR", pd.NA, "patient X-004 has a PFS CNSR"),
    ],
)
def test_times_that_cannot_be_name_the_patient(adsl, adtte, column, value, message):
    with pytest.raises(StudyError, match=f"analysis pfs: {message}"):
        select(SPEC, adsl, change(adtte, 4, column, value))


def test_missing_and_double_rows_name_the_patient(adsl, adtte):
    with pytest.raises(StudyError, match=r"X-000 \(and 1 more\) has no PFS row"):
        select(SPEC, adsl, adtte.drop(index=[0, 1]))
    with pytest.raises(StudyError, match="X-002 has more than one PFS row"):
        select(SPEC, adsl, pd.concat([adtte, adtte.loc[[2]]]))


def test_patients_outside_the_population_are_not_checked(adsl, adtte):
    outside = adsl.index[adsl["USE"] == "no"][0]
    broken = change(adtte, outside, "AVAL", 0)
    chosen = select({**SPEC, "population": {"USE": ["yes"]}}, adsl, broken)
    assert len(chosen) == (adsl["USE"] == "yes").sum()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"endpoint": "PSF"}, "endpoint 'PSF' is not in ADTTE. Did you mean 'PFS'"),
        ({"by": "USES"}, "'USES' is not a column of ADSL. Did you mean 'USE'"),
        ({"population": {"USE": ["ja"]}}, "'ja' is not a level of USE"),
    ],
)
def test_names_that_do_not_exist(adsl, adtte, entry, message):
    with pytest.raises(StudyError, match=message.replace(".", r"\.")):
        select({**SPEC, **entry}, adsl, adtte)


def test_groups_of_a_text_column_are_sorted(adsl, adtte):
    found = groups({**SPEC, "by": "SITEID"}, select({**SPEC, "by": "SITEID"}, adsl, adtte))
    assert [name for name, _ in found] == ["X", "Y", "Z"]
    assert sum(len(frame) for _, frame in found) == len(adsl)


def test_population_text():
    assert population_text(None) == "all"
    assert population_text({"USE": ["yes"], "STAGE": ["I", "II"]}) == "USE: yes; STAGE: I/II"


def test_one_failing_analysis_hides_no_other(adsl, adtte):
    def fails(spec, adsl, adtte):
        raise NotEstimable("there is nothing")

    def singular(spec, adsl, adtte):
        return np.linalg.inv(np.zeros((1, 1)))

    known = {"uses": [{"role": "group", "variable": "USE", "days": 0, "at": [], "otherwise": None}]}
    start = {"start": {"days": 0, "at": []}, "time_zero": "entry"}
    specs = [{**SPEC, **known, **start, "method": method} for method in ("a", "b", "event_counts")]
    result = run_analyses(specs, {"a": fails, "b": singular, "event_counts": event_counts.run}, adsl, adtte)
    assert result.estimates["status"].tolist()[:2] == ["not estimable"] * 2
    assert result.estimates["reason"].iloc[0] == "there is nothing"
    assert (result.estimates["method"] == "event_counts").any()


def test_results_stack_with_their_types(adsl, adtte):
    both = combine([kaplan_meier.run(SPEC, adsl, adtte), event_counts.run(SPEC, adsl, adtte)])
    assert both.estimates["n"].dtype == "Int64" and both.curves["shown"].dtype == "boolean"
    assert combine([]).estimates.columns.tolist() == Result().estimates.columns.tolist()
