"""The truth of the simulated study: exact counts, consistent dates, types of the dictionary, same seed same content."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import yaml

from kmm import values as v
from kmm.truth import TABLES, draw_truth, write_truth

SEEDS = [v.SHIPPED_SEED, 11, 12]


@pytest.fixture(scope="module", params=SEEDS)
def truth(request):
    return draw_truth(request.param)


@pytest.fixture
def patient(truth):
    return truth["patient"].set_index(["center", "patient_id"])


def test_counts_are_exact(truth):
    patient = truth["patient"]
    assert len(patient) == 574
    eligible = patient[patient["x_eligible"] == 1]
    assert eligible["x_group"].value_counts().to_dict() == {"NONE": 359, "THAL": 104, "LEN": 33, "PI": 16}
    sizes = {c.code: c.size for c in v.CENTERS}
    assert eligible["center"].value_counts().to_dict() == sizes
    left = patient.loc[patient["x_eligible"] == 0, "x_exclusion"].value_counts().to_dict()
    assert left == dict(v.EXCLUSIONS)
    assert (truth["transplant"]["asct_no"] == 2).sum() == 52
    assert truth["maintenance"]["combination"].sum() == 6


def test_exclusions_are_executed_in_order(truth):
    """Who leaves for a later reason passes the earlier criteria; the eligible pass all."""
    p = truth["patient"].set_index(["center", "patient_id"])
    first = truth["transplant"].query("asct_no == 1").set_index(["center", "patient_id"]).loc[p.index]
    combined = truth["maintenance"].groupby(["center", "patient_id"])["combination"].max().reindex(p.index).fillna(0)
    asct = first["asct_date"]
    last = pd.concat([p["last_fu_date"], p["last_assess_date"]], axis=1).max(axis=1)
    holds = [
        p["ind_regimen"].ne("VTD"),
        p["pd_date"] < asct,
        combined.eq(1),
        asct.isna() | last.isna() | (last <= asct),
        first["asct_type"].eq("allo") | p["diagnosis"].ne("NDMM"),
    ]
    names = ["NON_VTD", "PD_BEFORE_ASCT", "COMBINATION", "CONTACT", "OTHER"]
    merged = {
        "NO_ASCT_DATE": "CONTACT",
        "NO_FOLLOW_UP": "CONTACT",
        "ALLO_FIRST": "OTHER",
        "AL": "OTHER",
        "PCL": "OTHER",
    }
    got = pd.Series("", index=p.index)
    for name, condition in zip(names, holds, strict=True):
        got[got.eq("") & condition.to_numpy(bool)] = name
    assert (got == p["x_exclusion"].replace(merged)).all()
    assert (p["age_asct"] >= 19).all()


def test_tables_follow_the_dictionary(truth, pytestconfig):
    spec = yaml.safe_load((pytestconfig.rootpath / "config" / "variables.yaml").read_text(encoding="utf-8"))["tables"]
    kinds = {"text": "string", "category": "string", "integer": "Int64", "flag": "Int64", "number": "float64"}
    for name in TABLES:
        table, variables = truth[name], spec[name]["variables"]
        assert not table.duplicated(spec[name]["key"]).any()
        for column in [c for c in table.columns if not c.startswith("x_")]:
            rule = variables.get(column, {"type": "text"})
            known = table[column].dropna()
            assert str(table[column].dtype) == kinds.get(rule["type"], "datetime64[ns]"), column
            if "levels" in rule:
                assert set(known) <= set(rule["levels"]), column
            for key in ("range", "usual"):
                if key in rule:
                    low, high = rule[key] if rule["type"] != "date" else map(pd.Timestamp, rule[key])
                    assert known.between(low, high).all(), (column, key)
        assert set(variables) <= set(table.columns), name


def test_dates_are_in_order(truth, patient):
    asct = patient["x_asct_date"]
    in_order = ["birth_date", "dx_date", "ind_start", "ind_end", "x_asct_date", "last_fu_date", "x_data_cut"]
    for earlier, later in pairwise(in_order):
        known = patient[[earlier, later]].dropna()
        assert (known[earlier] <= known[later]).all(), (earlier, later)
    progressed = patient[patient["pd_date"].notna() & patient["x_exclusion"].ne("PD_BEFORE_ASCT")]
    assert (progressed["pd_date"] > progressed["x_asct_date"]).all()
    assert (progressed["pd_date"] <= progressed["last_assess_date"]).all()
    assert (progressed["next_tx_date"].dropna() > progressed["pd_date"][progressed["next_tx_date"].notna()]).all()
    assert (patient["last_assess_date"].dropna() <= patient["last_fu_date"][patient["last_assess_date"].notna()]).all()
    dead = patient[patient["death_date"].notna()]
    assert (dead["death_date"] == dead["last_fu_date"]).all()
    assert not (dead["pd_date"] >= dead["death_date"]).any()
    assert (dead["death_yn"] == 1).all()
    eligible = patient[patient["x_eligible"] == 1]
    assert (eligible["last_assess_date"].dropna() > asct[eligible.index][eligible["last_assess_date"].notna()]).all()


def test_maintenance_is_consistent(truth, patient):
    m = truth["maintenance"]
    p = patient.loc[pd.MultiIndex.from_frame(m[["center", "patient_id"]])].reset_index(drop=True)
    end = m["maint_end"].fillna(p["last_fu_date"])
    assert (m["maint_start"] > p["x_asct_date"]).all()
    assert ((end - m["maint_start"]).dt.days >= 28).all()
    assert not (m["maint_start"] >= p["pd_date"]).any()
    assert not ((m["maint_end"] - p["pd_date"]).dt.days > 60).any()
    assert (end <= p["last_fu_date"]).all()
    assert ((m["ongoing"] == 1) == m["maint_end"].isna()).all()
    started = set(zip(m["center"], m["patient_id"], strict=True))
    assert started == set(patient.index[patient["maint_yn"] == 1])
    second = m[m["episode_no"] == 2].set_index(["center", "patient_id"])
    first = m[m["episode_no"] == 1].set_index(["center", "patient_id"]).loc[second.index]
    assert (second["maint_start"] > first["maint_end"]).all()
    assert (second["drug"] != first["drug"]).all()


def test_post_transplant_response_precedes_any_drug(truth, patient):
    r = truth["response"].query("timepoint == 'post_asct'").set_index(["center", "patient_id"])["response_date"]
    start = truth["maintenance"].query("episode_no == 1").set_index(["center", "patient_id"])["maint_start"]
    both = pd.concat([r, start], axis=1).dropna()
    assert len(both) > 140
    assert (both["response_date"] < both["maint_start"]).all()


def test_responses_and_visits_agree_with_the_last_assessment(truth, patient):
    after = truth["response"].query("timepoint != 'pre_asct'").groupby(["center", "patient_id"])["response_date"].max()
    known = patient["last_assess_date"].dropna()
    known = known[patient.loc[known.index, "last_assess_date"] > patient.loc[known.index, "x_asct_date"]]
    assert (after[known.index] == known).all()
    visits = truth["assessment"].groupby(["center", "patient_id"])["assess_date"].max()
    assert (visits[known.index] == known).all()
    assert (visits <= patient.loc[visits.index, "last_fu_date"]).all()


def test_no_response_after_progression(truth, patient):
    r = truth["response"].query("timepoint != 'best'").set_index(["center", "patient_id"])
    pd_date = patient["pd_date"].mask(patient["x_exclusion"].eq("PD_BEFORE_ASCT")).reindex(r.index)
    late = r[(r["response_date"] >= pd_date) & r["response"].ne("PD")]
    assert late.empty
    early = r["response"].eq("PD") & r["timepoint"].ne("pre_asct") & ~(r["response_date"] >= pd_date)
    assert not early.any()


def test_given_stages_equal_computed_ones(patient):
    b2m, alb = patient["b2m"], patient["alb"]
    both = b2m.notna() & alb.notna()
    stage = np.select([b2m >= 5.5, (b2m < 3.5) & (alb >= 3.5)], ["III", "I"], "II")
    assert (patient["iss"][both] == stage[both]).all()
    assert patient.loc[~both & b2m.isna(), "iss"].isna().all()
    high = patient[["del17p", "t_4_14", "t_14_16"]].max(axis=1)
    assert high.equals(patient["cyto_high"])
    assert patient.loc[patient["fish_done"] == 0, "del17p"].isna().all()
    ldh = (patient["ldh"] > patient["ldh_uln"])[patient["ldh"].notna()]
    assert (ldh == (patient["ldh_high"] == 1)[patient["ldh"].notna()]).all()
    known = patient.dropna(subset=["riss"])
    bad = (known["cyto_high"] == 1) | (known["ldh_high"] == 1)
    riss = np.select([known["iss"].eq("I") & ~bad, known["iss"].eq("III") & bad], ["I", "III"], "II")
    assert (known["riss"] == riss).all()


def test_pfs_in_the_tables_equals_the_mechanism(truth, patient):
    p = patient[patient["x_eligible"] == 1]
    event = p[["pd_date", "death_date"]].min(axis=1)
    days = (event.fillna(p["last_assess_date"]) - p["x_asct_date"]).dt.days
    assert (days == p["x_pfs_days"]).all()
    assert (event.notna() == (p["x_pfs_event"] == 1)).all()


def test_no_two_patients_look_like_one(truth):
    p = truth["patient"]
    assert not p.duplicated(["sex", "dx_date", "x_asct_date"]).any()


def test_same_seed_same_content():
    first, second = draw_truth(5), draw_truth(5)
    for name in TABLES:
        pd.testing.assert_frame_equal(first[name], second[name])
    assert not first["patient"].equals(draw_truth(6)["patient"])


def test_committed_truth_is_what_the_shipped_seed_gives(pytestconfig, tmp_path):
    folder = pytestconfig.rootpath / "resources" / "simulated" / "truth"
    write_truth(draw_truth(), tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), pd.read_parquet(tmp_path / f"{name}.parquet")
        )


def test_other_sizes_keep_the_proportions():
    patient = draw_truth(3, patients=2000, centers=20)["patient"]
    eligible = patient[patient["x_eligible"] == 1]
    assert len(eligible) == 2000
    assert eligible["center"].nunique() == 20
    assert (eligible["x_group"] != "NONE").sum() == round(153 * 2000 / 512)
    with pytest.raises(ValueError, match="too few"):
        v.scale(100, 15)
