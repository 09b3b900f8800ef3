import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from multicenter.analyses import kaplan_meier, reverse_kaplan_meier
from multicenter.analyses.caution import NO_EVENT
from multicenter.analyses.result import CURVE_TYPES, ESTIMATE_TYPES, RISK_TYPES
from multicenter.survival import kaplan_meier as km
from multicenter.survival.logrank import holm, logrank

SPEC = {
    "id": "pfs_by_drug",
    "method": "kaplan_meier",
    "style": "published",
    "time_zero": "start",
    "endpoint": "PFS",
    "by": "DRUG",
    "milestones": [12, 36, 99],
    "ticks": [0, 12, 24, 60],
    "min_at_risk": 5,
    "pairwise": True,
}


@pytest.fixture
def result(adsl, adtte):
    return kaplan_meier.run(SPEC, adsl, adtte)


def follow_up(adsl, adtte, endpoint="PFS"):
    rows = adtte[adtte["PARAMCD"] == endpoint].set_index("USUBJID").loc[adsl["USUBJID"]]
    return rows["AVAL"].to_numpy(dtype=float), (rows["CNSR"] == 0).to_numpy(dtype=bool)


def test_tables_have_the_columns_of_the_contract(result):
    assert list(result.estimates.columns) == list(ESTIMATE_TYPES)
    assert list(result.curves.columns) == list(CURVE_TYPES)
    assert list(result.risk_table.columns) == list(RISK_TYPES)
    assert set(result.estimates["style"]) == {"published"} and set(result.estimates["population"]) == {"all"}


def test_numbers_are_the_library_s_in_months(result, adsl, adtte, pick):
    time, event = follow_up(adsl, adtte)
    mine = (adsl["DRUG"] == "A").to_numpy()
    curve = km.kaplan_meier(time[mine], event[mine])
    row = pick(result.estimates, group="A", statistic="median_months")
    assert row["value"] == pytest.approx(km.median(curve).value / 30.4375)
    assert (row["n"], row["n_events"]) == (mine.sum(), event[mine].sum())
    row = pick(result.estimates, group="A", statistic="survival", term="12 months")
    assert [row["value"], row["ci_low"]] == pytest.approx(
        [km.survival_at(curve, 365.25).value, km.survival_at(curve, 365.25).ci_low]
    )


def test_log_rank_and_pairs(result, adsl, adtte, pick):
    time, event = follow_up(adsl, adtte)
    test = logrank(time, event, adsl["DRUG"].astype(str).to_numpy())
    row = pick(result.estimates, statistic="logrank_chisq")
    assert (row["value"], row["p_value"], row["term"]) == (
        pytest.approx(test.chisq),
        pytest.approx(test.p_value),
        "df=3",
    )
    pairs = result.estimates.query("statistic == 'logrank_pairwise_chisq'")
    assert pairs["group"].tolist() == ["none vs A", "none vs B", "none vs C", "A vs B", "A vs C", "B vs C"]
    assert set(pairs["method"]) == {"logrank, Holm"}
    raw = result.estimates.query("statistic == 'logrank_pairwise_unadjusted'")
    assert set(raw["method"]) == {"logrank"} and raw["value"].tolist() == pairs["value"].tolist()
    assert raw["p_value"].to_numpy() == pytest.approx(chi2.sf(raw["value"], 1))
    assert pairs["p_value"].to_numpy() == pytest.approx(holm(raw["p_value"]))


def test_stratified_test_says_so(adsl, adtte, pick):
    result = kaplan_meier.run({**SPEC, "by": "USE", "strata": ["SITEID"]}, adsl, adtte)
    row = pick(result.estimates, statistic="logrank_chisq")
    time, event = follow_up(adsl, adtte)
    test = logrank(time, event, adsl["USE"].astype(str).to_numpy(), adsl["SITEID"].to_numpy())
    assert row["method"] == "logrank stratified by SITEID" and row["value"] == pytest.approx(test.chisq)


def few_patients(last: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten patients: events in months 3 to 9, at 12 months `last` of them are left."""
    days = [*(30.4375 * np.arange(3, 13 - last)), *[500] * last]
    names = [f"X-{i}" for i in range(10)]
    adtte = pd.DataFrame({"USUBJID": names, "PARAMCD": "PFS", "AVAL": days, "CNSR": [0] * (10 - last) + [1] * last})
    return pd.DataFrame({"USUBJID": names}), adtte


def test_numbers_of_few_at_risk_say_so_and_stay(pick):
    spec = {"id": "few", "endpoint": "PFS", "milestones": [1, 6, 12, 14], "min_at_risk": 5}
    estimates = kaplan_meier.run(spec, *few_patients(3)).estimates
    points = estimates.query("statistic == 'survival'").set_index("term")
    few = "fewer than 5 at risk (3)"
    assert points["reason"].tolist() == ["no event so far: no confidence interval", "", few, few]
    assert set(points["status"]) == {"ok"} and points["value"].tolist() == pytest.approx([1, 0.6, 0.3, 0.3])
    assert np.isfinite(points.loc["12 months", ["ci_low", "ci_high"]].astype(float)).all()
    assert pick(estimates, statistic="median_months")["reason"] == ""
    estimates = kaplan_meier.run({**spec, "min_at_risk": 8}, *few_patients(3)).estimates
    median = pick(estimates, statistic="median_months")
    assert (median["value"], median["reason"]) == (pytest.approx(7.5), "fewer than 8 at risk (5)")
    estimates = kaplan_meier.run({**spec, "min_at_risk": 20, "milestones": [1]}, *few_patients(3)).estimates
    reason = pick(estimates, statistic="survival")["reason"]
    assert reason == "fewer than 20 at risk (10); no event so far: no confidence interval"
    del spec["min_at_risk"]
    assert kaplan_meier.run(spec, *few_patients(3)).estimates["reason"].tolist()[3:] == [NO_EVENT, "", "", ""]


def test_beyond_follow_up_is_not_estimable(result, pick):
    row = pick(result.estimates, group="none", statistic="survival", term="99 months")
    assert row["status"] == "not estimable" and "99 months" in row["reason"]
    assert np.isnan(row["value"])


def test_curve_starts_at_one_and_ends_where_few_are_left(result):
    curve = result.curves.query("group == 'C'")
    assert curve.iloc[0][["time", "estimate", "n_risk"]].tolist() == [0, 1, curve["n_risk"].max()]
    assert (curve["shown"] == (curve["n_risk"] >= 5)).all() and not curve["shown"].all()


def test_risk_table_adds_up(result, adsl):
    sizes = adsl["DRUG"].value_counts()
    total = result.risk_table[["n_risk", "cum_events", "cum_censored"]].sum(axis=1)
    assert (total.to_numpy() == result.risk_table["group"].map(sizes).to_numpy()).all()
    assert result.risk_table.query("group == 'none'")["time"].tolist() == [0, 12, 24, 60]


def test_an_empty_group_hides_nothing(adsl, adtte, pick):
    result = kaplan_meier.run({**SPEC, "population": {"USE": ["yes"]}}, adsl, adtte)
    row = pick(result.estimates, group="none", statistic="median_months")
    assert (row["status"], row["reason"]) == ("not estimable", "DRUG none: 0 patients")
    assert pick(result.estimates, statistic="logrank_chisq")["term"] == "df=2"
    assert set(result.estimates["population"]) == {"USE: yes"}
    assert "0 patients" not in " ".join(
        kaplan_meier.run({**SPEC, "population": {"DRUG": ["A", "B"]}}, adsl, adtte).estimates["reason"]
    )


def test_patients_without_a_group_are_counted(adsl, adtte, pick):
    result = kaplan_meier.run({**SPEC, "by": "STAGE"}, adsl, adtte)
    missing = adsl["STAGE"].isna().sum()
    assert missing and pick(result.estimates, statistic="excluded_missing")["value"] == missing
    assert result.estimates.query("statistic == 'patients'")["value"].sum() == len(adsl) - missing
    assert pick(result.estimates, statistic="logrank_chisq")["n"] == len(adsl) - missing


def test_no_event_at_all(adsl, adtte, pick):
    result = kaplan_meier.run({**SPEC, "by": "USE"}, adsl, adtte.assign(CNSR=1))
    row = pick(result.estimates, group="yes", statistic="median_months")
    assert row["status"] == "not estimable" and row["reason"].startswith("not reached")
    assert pick(result.estimates, statistic="logrank_chisq")["reason"] == "no event in any group"
    assert pick(result.estimates, group="yes", statistic="survival", term="12 months")["value"] == 1


def test_one_curve_without_groups(adsl, adtte):
    result = kaplan_meier.run({**SPEC, "by": ""}, adsl, adtte)
    assert set(result.curves["group"]) == {""}
    assert not result.estimates["statistic"].str.startswith("logrank").any()


def test_follow_up_is_the_reverse_curve_and_any_event_ends_it(adsl, adtte, pick):
    spec = {"id": "follow_up", "method": "reverse_kaplan_meier", "endpoint": "SPM", "by": ""}
    result = reverse_kaplan_meier.run(spec, adsl, adtte)
    rows = adtte[adtte["PARAMCD"] == "SPM"]
    expected = km.median(km.kaplan_meier(rows["AVAL"], (rows["CNSR"] == 1).astype(int)))
    row = pick(result.estimates, statistic="followup_median_months")
    assert row["value"] == pytest.approx(expected.value / 30.4375)
    assert row["n_events"] == (rows["CNSR"] == 1).sum()


def test_parquet_keeps_the_groups_in_order(adsl, adtte, tmp_path, result):
    adsl.to_parquet(tmp_path / "adsl.parquet")
    adtte.to_parquet(tmp_path / "adtte.parquet")
    again = kaplan_meier.run(
        SPEC, pd.read_parquet(tmp_path / "adsl.parquet"), pd.read_parquet(tmp_path / "adtte.parquet")
    )
    pd.testing.assert_frame_equal(again.estimates, result.estimates)
