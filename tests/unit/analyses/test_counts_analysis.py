import pytest

from multicenter.analyses import cumulative_incidence, event_counts
from multicenter.survival import competing_risks as cr
from multicenter.survival.fisher import fisher_exact

COUNTS = {"id": "spm", "method": "event_counts", "endpoint": "SPM", "by": "DRUG"}
INCIDENCE = {
    "id": "spm_cuminc",
    "method": "cumulative_incidence",
    "endpoint": "SPM",
    "by": "USE",
    "milestones": [24, 99],
    "ticks": [0, 24],
}


def test_counts_rates_and_fisher(adsl, adtte, pick):
    estimates = event_counts.run(COUNTS, adsl, adtte).estimates
    joined = adsl.merge(adtte[adtte["PARAMCD"] == "SPM"], on="USUBJID")
    mine = joined[joined["DRUG"] == "B"]
    events = int((mine["CNSR"] == 0).sum())
    years = mine["AVAL"].sum() / 365.25
    row = pick(estimates, group="B", statistic="rate_per_100py")
    assert row["value"] == pytest.approx(100 * events / years) and row["ci_low"] < row["value"] < row["ci_high"]
    assert pick(estimates, group="B", statistic="percent")["value"] == pytest.approx(100 * events / len(mine))
    assert pick(estimates, group="B", statistic="competing_events")["value"] == (mine["CNSR"] == 2).sum()
    table = (
        joined.assign(event=joined["CNSR"] == 0).groupby(["DRUG", "event"], observed=True).size().unstack(fill_value=0)
    )
    assert pick(estimates, statistic="fisher_p")["p_value"] == pytest.approx(fisher_exact(table.to_numpy())[0])


def test_counts_without_events_or_patients(adsl, adtte, pick):
    estimates = event_counts.run({**COUNTS, "population": {"USE": ["yes"]}}, adsl, adtte.assign(CNSR=1)).estimates
    row = pick(estimates, group="A", statistic="rate_per_100py")
    assert row["value"] == 0 and row["ci_low"] == 0 and row["ci_high"] > 0
    assert pick(estimates, group="none", statistic="percent")["reason"] == "DRUG none: 0 patients"
    assert pick(estimates, statistic="fisher_p")["status"] == "not estimable"


def test_incidence_takes_death_as_competing(adsl, adtte, pick):
    result = cumulative_incidence.run(INCIDENCE, adsl, adtte)
    joined = adsl.merge(adtte[adtte["PARAMCD"] == "SPM"], on="USUBJID").query("USE == 'yes'")
    cause = joined["CNSR"].map({0: 1, 1: 0, 2: 2}).to_numpy()
    value, _, low, high = cr.incidence_at(cr.cumulative_incidence(joined["AVAL"], cause), 24 * 30.4375)
    row = pick(result.estimates, group="yes", statistic="cumulative_incidence", term="24 months")
    assert [row["value"], row["ci_low"], row["ci_high"]] == pytest.approx([value, low, high])
    assert pick(result.estimates, group="yes", statistic="competing_events")["value"] == (cause == 2).sum()
    row = pick(result.estimates, group="yes", statistic="cumulative_incidence", term="99 months")
    assert row["status"] == "not estimable"


def test_incidence_of_few_at_risk_or_without_event_says_so(adsl, adtte):
    spec = {**INCIDENCE, "milestones": [0, 24], "min_at_risk": 150}
    points = cumulative_incidence.run(spec, adsl, adtte).estimates.query("statistic == 'cumulative_incidence'")
    sizes = adsl["USE"].value_counts()
    at_24 = adtte[(adtte["PARAMCD"] == "SPM") & (adtte["AVAL"] >= 730.5)].merge(adsl, on="USUBJID")["USE"]
    expected = []
    for use in ("no", "yes"):
        expected.append(f"fewer than 150 at risk ({sizes[use]}); no event so far: no confidence interval")
        expected.append(f"fewer than 150 at risk ({(at_24 == use).sum()})")
    assert points["reason"].tolist() == expected
    assert set(points["status"]) == {"ok"} and points["ci_low"].notna().tolist() == [False, True] * 2


def test_incidence_curve_and_table_count_the_cause_alone(adsl, adtte):
    result = cumulative_incidence.run(INCIDENCE, adsl, adtte)
    joined = adsl.merge(adtte[adtte["PARAMCD"] == "SPM"], on="USUBJID").query("USE == 'yes'")
    curve = result.curves.query("group == 'yes'")
    assert curve["n_event"].sum() == (joined["CNSR"] == 0).sum()
    assert curve.iloc[0]["estimate"] == 0 and curve["estimate"].is_monotonic_increasing
    table = result.risk_table.query("group == 'yes' and time == 24").iloc[0]
    early = joined[joined["AVAL"] < 730.5]
    assert table[["n_risk", "cum_events", "cum_censored"]].tolist() == [
        len(joined) - len(early),
        (early["CNSR"] == 0).sum(),
        (early["CNSR"] == 1).sum(),
    ]
