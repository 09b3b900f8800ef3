"""What is proposed, with which decision, and what the reader sees of it."""

import numpy as np
import pandas as pd
import pytest

from multicenter.linkage.link import EVIDENCE_COLUMNS, PAIR_COLUMNS, least_score, link_records


@pytest.fixture
def twins(make):
    """300 records of center A; B-7 is A-1 a hundred days later, and A-900 is A-2 again."""
    again = make.named(make.pool.iloc[[1]], "A", ["900"])
    return pd.concat([make.pool, make.named(make.shifted(make.pool.iloc[[0]], 100), "B", ["7"]), again])


def test_both_pairs_are_proposed_the_one_of_one_center_too(make, twins):
    pairs = link_records(twins, make.decided(), make.spec).pairs
    assert list(pairs.columns) == PAIR_COLUMNS
    shown = [
        "pair",
        "center_1",
        "patient_id_1",
        "center_2",
        "patient_id_2",
        "shift_days",
        "proposed",
        "state",
        "verdict",
    ]
    assert pairs[pairs["proposed"]][shown].to_numpy().tolist() == [
        [1, "A", "1", "B", "7", 100, True, "open", ""],
        [2, "A", "2", "A", "900", 0, True, "open", ""],
    ]
    assert pairs["score"].is_monotonic_decreasing
    assert (pairs[pairs["proposed"]]["probability"] > 0.9).all()


def test_the_evidence_stands_side_by_side_and_adds_up(make, twins):
    found = link_records(twins, make.decided(), make.spec)
    evidence = found.evidence
    assert list(evidence.columns) == EVIDENCE_COLUMNS
    assert evidence.groupby("pair")["weight"].sum().tolist() == pytest.approx(found.pairs["score"].tolist(), abs=0.05)
    record = make.pool.iloc[0]
    gap = str((record["second"] - record["first"]).days)
    rows = evidence[evidence["pair"] == 1].set_index("item")
    assert rows.index.tolist() == [
        "calendar (first)", "first to second", "second to third", "third to fourth", "sex", "age", "stage",
    ]  # fmt: skip
    assert rows.loc["calendar (first)", ["value_1", "value_2", "result"]].tolist() == [
        f"{record['first']:%Y-%m-%d}", f"{record['first'] + pd.Timedelta(days=100):%Y-%m-%d}", "differ",
    ]  # fmt: skip
    assert rows.loc["first to second", ["value_1", "value_2", "result"]].tolist() == [gap, gap, "agree"]
    assert rows.loc["age", "value_1"] == f"{record['age']:g}"
    assert rows.loc["stage", "value_2"] == record["stage"]


def test_a_missing_value_is_shown_as_missing(make, twins):
    twins.loc["B-7", ["fourth", "sex"]] = [pd.NaT, pd.NA]
    evidence = link_records(twins, make.decided(), make.spec).evidence
    rows = evidence[evidence["pair"] == 2].set_index("item")
    assert rows.loc["sex", ["value_2", "result", "weight"]].tolist() == ["", "missing", 0]
    assert rows.loc["third to fourth", ["value_2", "result"]].tolist() == ["", "missing"]


def test_a_decided_pair_stays_in_the_output(make, twins):
    decisions = make.decided(("B", "7", "A", "1", "same"), ("A", "2", "A", "900", "different"))
    pairs = link_records(twins, decisions, make.spec).pairs
    assert pairs.loc[pairs["state"] == "decided", ["state", "verdict", "proposed"]].to_numpy().tolist() == [
        ["decided", "same", True],
        ["decided", "different", True],
    ]


def test_a_decided_pair_that_does_not_fit_is_shown_with_its_evidence(make):
    found = link_records(make.pool, make.decided(("A", "1", "A", "5", "same")), make.spec)
    decided = found.pairs[found.pairs["state"] == "decided"]
    assert decided[["patient_id_1", "patient_id_2", "proposed", "state"]].to_numpy().tolist() == [
        ["1", "5", False, "decided"]
    ]
    assert len(found.evidence) >= 7


def test_the_order_of_the_records_does_not_matter(make, twins):
    there = link_records(twins, make.decided(), make.spec)
    back = link_records(twins.iloc[::-1], make.decided(), make.spec)
    pd.testing.assert_frame_equal(there.pairs, back.pairs)
    pd.testing.assert_frame_equal(there.evidence, back.evidence)


def test_the_score_that_is_needed_grows_by_a_bit_as_the_records_double(make):
    assert least_score(2001, make.spec) - least_score(1001, make.spec) == pytest.approx(1)
    # one in a hundred is registered twice: among 101 records the odds of a pair are 1 to 5000
    assert least_score(101, make.spec) == pytest.approx(np.log2(5000))
    assert least_score(101, make.spec | {"propose_above": 0.8}) == pytest.approx(np.log2(5000) + 2)


def test_what_comes_near_is_shown_with_its_evidence_and_not_proposed(make, twins):
    needed = least_score(len(twins), make.spec)
    score = link_records(twins, make.decided(), make.spec).pairs["score"].iloc[0]
    odds = 2 ** (score - needed + 2) * make.spec["propose_above"] / (1 - make.spec["propose_above"])
    found = link_records(twins, make.decided(), make.spec | {"propose_above": odds / (1 + odds)})
    assert found.pairs[["proposed", "state", "needed"]].to_numpy().tolist()[0] == [
        False, "near miss", pytest.approx(score + 2, abs=0.02),
    ]  # fmt: skip
    assert len(found.evidence[found.evidence["pair"] == 1]) == 7


def test_records_that_are_not_alike_are_not_proposed(make):
    assert not link_records(make.invented(600, seed=5), make.decided(), make.spec).pairs["proposed"].any()


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_to_compare_with(make, n):
    found = link_records(make.pool.iloc[:n], make.decided(), make.spec)
    assert found.pairs.empty and found.evidence.empty
    assert list(found.pairs.columns) == PAIR_COLUMNS and list(found.evidence.columns) == EVIDENCE_COLUMNS
