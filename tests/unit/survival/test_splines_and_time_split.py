"""Spline bases equal Hmisc and splines, pieces of follow-up survSplit."""

import numpy as np
import pandas as pd
import pytest

from multicenter.errors import NotEstimable
from multicenter.survival.cox import fit_cox
from multicenter.survival.splines import harrell_knots, natural_spline, restricted_cubic_spline
from multicenter.survival.time_split import by_piece, split_follow_up

NUMBERS = {"sim_age": ("sim", "age", range(3, 8)), "lung_wt": ("lung", "wt_loss", range(3, 6))}
NUMBERS["mgus_creat"] = ("mgus", "creat", range(3, 6))
CASES = [(key, k) for key, (_, _, knots) in NUMBERS.items() for k in knots]


@pytest.mark.parametrize(("key", "k"), CASES)
def test_bases_equal_r(confounding, key, k):
    name, column, _ = NUMBERS[key]
    x = confounding.data(name)[column].to_numpy(float)
    knots = harrell_knots(x, k)
    confounding.same(knots, f"{key}.rcs.knots.{k}")
    confounding.brief(restricted_cubic_spline(x, knots).to_numpy().ravel(), f"{key}.rcs.{k}", absolute=1e-9)
    confounding.brief(natural_spline(x, k - 1).to_numpy().ravel(), f"{key}.ns.{k}", absolute=1e-9)


def test_both_bases_fit_the_same_curve_where_their_knots_are_the_same(confounding):
    sim = confounding.data("sim")
    x = sim["age"].to_numpy(float)
    knots = harrell_knots(x, 4)
    fit = fit_cox(restricted_cubic_spline(x, knots, "age"), sim["time"], sim["event"])
    confounding.same([fit.loglik_null, fit.loglik, *fit.coef], "sim_age.cox", [1, 1, *fit.std_error], 1e-8)
    assert fit.names == ("age", "age'", "age''")


def test_a_natural_spline_is_straight_beyond_its_range():
    x = np.linspace(0, 10, 50)
    inside = natural_spline(x, 3)
    assert np.abs(np.diff(inside.to_numpy()[-3:], 2, axis=0)).max() < 0.02
    assert inside.columns.tolist() == ["x spline 1", "x spline 2", "x spline 3"]


def test_splines_refuse_what_carries_none():
    with pytest.raises(NotEstimable, match="2 distinct values carry no spline of 4 knots"):
        harrell_knots([0, 1, 0, 1], 4)
    with pytest.raises(ValueError, match="choose 3 to 7"):
        harrell_knots([0, 1, 2], 8)
    with pytest.raises(ValueError, match="ascending"):
        restricted_cubic_spline([1.0], [1, 1, 2])
    with pytest.raises(NotEstimable, match="one distinct value"):
        natural_spline([2.0, 2.0], 3)


@pytest.mark.parametrize(("name", "cuts"), [("sim", [12, 24]), ("heart", [30, 100, 500])])
def test_pieces_equal_survsplit(confounding, name, cuts):
    frame = confounding.data(name)
    entry, time = (frame["start"], frame["stop"]) if name == "heart" else (None, frame["time"])
    found = split_follow_up(time, frame["event"], cuts, entry)
    assert len(found.row) == confounding[f"{name}.pieces.rows"][0]
    for column, ours in (("start", found.entry), ("stop", found.time), ("event", found.event)):
        confounding.brief(ours.astype(float), f"{name}.pieces.{column}")
    confounding.brief(found.piece + 1.0, f"{name}.pieces.piece")


def test_a_model_with_the_same_effect_in_each_piece_is_the_model_without_pieces(confounding):
    sim = confounding.data("sim")
    design = sim[["trt", "age"]].astype(float)
    pieces = split_follow_up(sim["time"], sim["event"], [18])
    whole = fit_cox(design, sim["time"], sim["event"])
    same = fit_cox(design.iloc[pieces.row], pieces.time, pieces.event, pieces.entry)
    assert same.coef == pytest.approx(whole.coef, rel=1e-10)
    split = by_piece(design[["trt"]], pieces, ["to 18 months", "later"])
    assert split.columns.tolist() == ["trt, to 18 months", "trt, later"]
    assert (split.sum(axis=1).to_numpy() == design["trt"].to_numpy()[pieces.row]).all()
    assert fit_cox(split, pieces.time, pieces.event, pieces.entry).n_events == whole.n_events


def test_cuts_must_ascend():
    with pytest.raises(ValueError, match="positive and ascending"):
        split_follow_up([5.0], [1], [3, 3])
    assert isinstance(by_piece(pd.DataFrame({"x": [1.0]}), split_follow_up([5.0], [1], [3]), ["a", "b"]), pd.DataFrame)
