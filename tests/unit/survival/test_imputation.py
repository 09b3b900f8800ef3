"""Multiple imputation: known values stay, what is derived follows, and the pooled model agrees with R's mice."""

import numpy as np
import pandas as pd
import pytest

from multicenter.survival.cox import fit_cox
from multicenter.survival.imputation import impute, missing_patterns, nelson_aalen
from multicenter.survival.pooling import pool


@pytest.fixture(scope="module")
def holes(confounding):
    frame = confounding.data("lung")[["time", "event", "age", "female", "ph_ecog", "wt_loss"]].astype(float)
    i = np.arange(1, len(frame) + 1)
    frame.loc[(i * 7) % 10 < 3, "wt_loss"] = np.nan
    frame.loc[(i * 11) % 13 < 2, "ph_ecog"] = np.nan
    frame["sex"] = pd.Categorical(np.where(frame["female"] == 1, "Female", "Male")).set_categories(["Male", "Female"])
    frame.loc[(i * 5) % 17 < 2, "sex"] = None
    frame["hazard"] = nelson_aalen(frame["time"], frame["event"])
    return frame.drop(columns="female")


def model(frame):
    return frame[["event", "age", "ph_ecog", "wt_loss", "sex", "hazard"]]


@pytest.mark.parametrize(("name", "time", "event"), [("lung", "time", "event"), ("mgus", "etime", "death")])
def test_the_cumulative_hazard_equals_survfit(confounding, name, time, event):
    data = confounding.data(name)
    confounding.brief(nelson_aalen(data[time], data[event]), f"nelson_aalen.{name}")


def test_the_pooled_model_agrees_with_mice(holes, confounding):
    """Both are random: 40 of ours against 200 of mice, apart by less than four Monte-Carlo errors of ours."""
    estimates, variances = [], []
    for frame in impute(model(holes), 40, seed=[1], iterations=4):
        design = pd.DataFrame({"age": frame["age"], "female": (frame["sex"] == "Female") * 1.0})
        design = design.assign(ecog=frame["ph_ecog"], loss=frame["wt_loss"])
        fit = fit_cox(design, holes["time"], holes["event"])
        estimates.append(fit.coef)
        variances.append(fit.std_error**2)
    ours = pool(estimates, variances, complete_df=holes["event"].sum() - 4)
    theirs, between = confounding["mice.lung"].reshape(2, 4), confounding["mice.lung_between"]
    error = np.sqrt(between * (1 / 40 + 1 / 200))
    assert (np.abs(ours.estimate - theirs[0]) < 4 * error).all()
    assert ours.std_error == pytest.approx(theirs[1], rel=0.1)


def test_known_values_stay_and_imputed_ones_occur(holes):
    data = model(holes)
    frame = next(impute(data, 1, seed=[3]))
    assert frame.isna().sum().sum() == 0
    known = data.notna()
    assert ((frame == data) | ~known).to_numpy().all()
    assert set(frame["wt_loss"]) <= set(data["wt_loss"].dropna())
    assert frame["sex"].dtype == data["sex"].dtype


def test_an_imputation_depends_on_its_number_alone(holes):
    few, many = list(impute(model(holes), 2, seed=[5, 1])), list(impute(model(holes), 3, seed=[5, 1]))
    for one, other in zip(few, many[:2], strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert not many[0].equals(many[2])
    assert not next(impute(model(holes), 1, seed=[5, 2])).equals(many[0])


def test_a_center_without_any_known_value_is_imputed_from_the_others():
    rng = np.random.default_rng(2)
    n = 600
    center = rng.integers(0, 6, n)
    x = rng.normal(size=n)
    high = rng.random(n) < 1 / (1 + np.exp(-(x - 1 + 0.8 * (center == 1))))
    data = pd.DataFrame({"x": x, "high": pd.array(high, dtype="boolean")})
    data.loc[center == 5, "high"] = pd.NA
    shares = [frame["high"][center == 5].astype(float).mean() for frame in impute(data, 30, [7], center, iterations=1)]
    assert np.mean(shares) == pytest.approx(high[center != 1].mean(), abs=0.08)
    assert np.std(shares) > 0.08  # its own effect is not known


def test_a_derived_variable_follows_its_parts_and_keeps_what_is_known():
    rng = np.random.default_rng(4)
    marker = rng.normal(4, 1.5, 200)
    data = pd.DataFrame({"marker": marker, "other": marker + rng.normal(size=200)})
    data["stage"] = pd.Categorical(np.where(marker > 5, "late", "early"), categories=["early", "late"])
    data.loc[:80, ["marker"]] = np.nan
    data.loc[10:80, ["stage"]] = None

    def derive(frame):
        return pd.DataFrame({"stage": np.where(frame["marker"] > 5, "late", "early")}, index=frame.index)

    frame = next(impute(data, 1, [1], derive=derive, derived=["stage"]))
    assert (frame["stage"][10:81] == derive(frame)["stage"][10:81]).all()
    assert (frame["stage"][:10] == data["stage"][:10]).all()
    assert np.corrcoef(frame["marker"][:81], frame["other"][:81])[0, 1] > 0.6


def test_levels_are_imputed_with_their_shares_and_a_shift_moves_them():
    rng = np.random.default_rng(6)
    x = rng.normal(size=3000)
    level = np.digitize(x + rng.logistic(size=3000), [-1, 1])
    data = pd.DataFrame({"x": x, "level": pd.Categorical.from_codes(level, ["low", "mid", "high"])})
    hidden = (rng.random(3000) < 0.3) & (x > 0)
    truth = data["level"][hidden].value_counts(normalize=True)
    data.loc[hidden, "level"] = None
    found = next(impute(data, 1, [1], iterations=2))["level"][hidden].value_counts(normalize=True)
    assert found.to_numpy() == pytest.approx(truth[found.index].to_numpy(), abs=0.08)
    worse = next(impute(data, 1, [1], shift={"level": 1.0}, iterations=2))["level"][hidden]
    assert (worse == "high").mean() > found["high"] + 0.1
    number = next(impute(data.assign(x=data["x"].mask(hidden)), 1, [1], shift={"x": 50.0}, iterations=1))
    assert number["x"][hidden].min() > 40


def test_patterns_of_missing_values():
    frame = pd.DataFrame({"a": [1, None, None, 1], "b": [1, 1, 1, None]})
    table = missing_patterns(frame)
    assert table.to_numpy().tolist() == [[True, False, 2], [False, False, 1], [False, True, 1]]


def test_what_cannot_be_imputed_is_named():
    with pytest.raises(ValueError, match="x has no known value to impute from"):
        next(impute(pd.DataFrame({"x": [np.nan, np.nan]}), 1, [1]))
    with pytest.raises(ValueError, match="name is neither a number nor a category"):
        next(impute(pd.DataFrame({"name": ["a", "b"]}), 1, [1]))
    with pytest.raises(ValueError, match="shift names 'y', which is not imputed"):
        next(impute(pd.DataFrame({"x": [1.0, np.nan]}), 1, [1], shift={"y": 1}))
