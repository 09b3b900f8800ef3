"""Landmark sets, time-dependent rows and Simon-Makuch curves equal R (tests/reference/make_time_zero_reference.R)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from multicenter.survival.cox import fit_cox
from multicenter.survival.kaplan_meier import kaplan_meier, survival_at
from multicenter.survival.landmark import happened_by, landmark_set
from multicenter.survival.time_dependent import split_spells

FOLDER = Path(__file__).parents[2] / "reference"
R = json.loads((FOLDER / "time_zero_reference.json").read_text())
SETS = {"jasa": (30, ["age", "surgery"], None), "sim512_starts": (6, ["age", "highrisk"], "center")}


def same(ours, key):
    assert np.asarray(ours, dtype=float) == pytest.approx(np.array(R[key]), rel=1e-9)


def fitted(design, time, event, entry, strata):
    fit = fit_cox(design, time, event, entry, strata)
    return [*fit.coef, *fit.std_error]


@pytest.mark.parametrize("name", SETS)
def test_landmark(name):
    day, covariates, stratum = SETS[name]
    d = pd.read_csv(FOLDER / f"{name}.csv")
    found = landmark_set(d["time"], 1 - d["event"], day)
    assert found.events + found.censored + found.included.sum() == len(d)
    left = d[found.included].assign(on=happened_by(d["start"], day)[found.included].astype(float))
    strata = left[stratum] if stratum else None
    fit = fitted(left[["on", *covariates]], found.time[found.included], left["event"], None, strata)
    same([len(left), left["event"].sum(), left["on"].sum(), *fit], f"{name}.landmark")


@pytest.mark.parametrize("name", SETS)
def test_time_dependent_rows(name):
    day, covariates, stratum = SETS[name]
    d = pd.read_csv(FOLDER / f"{name}.csv")
    spells = split_spells(d["time"], np.arange(len(d)), d["start"])
    rows = d.iloc[spells.patient].reset_index(drop=True)
    event = (rows["event"] == 1).to_numpy() & spells.last
    on = happened_by(rows["start"], spells.start)
    strata = rows[stratum] if stratum else None
    design = rows[covariates].assign(on=on.astype(float))[["on", *covariates]]
    same([len(rows), *fitted(design, spells.stop, event, spells.start, strata)], f"{name}.time_dependent")
    curves = [kaplan_meier(spells.stop[g], event[g], spells.start[g]) for g in (~on, on)]
    same([survival_at(c, day * k).value for c in curves for k in (1, 2, 4)], f"{name}.simon_makuch")
