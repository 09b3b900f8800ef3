"""One Newton step against exact refits: 512 simulated patients with tied months, with and without strata."""

import numpy as np
import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.survival.cox import fit_cox
from multicenter.survival.one_step import OneStep

# of the greatest change that any patient causes: how far the step may be from the refit
FLIP, SWITCH, LEAVE_OUT = 0.05, 0.10, 0.15


@pytest.fixture(params=[None, "center"], ids=["unstratified", "stratified"])
def sim(request, reference):
    data = reference.data("sim512")
    design = data[["trt", "age", "highrisk", "cr"]].astype(float)
    strata = None if request.param is None else data[request.param].to_numpy()

    def refit(design=design, event=None, keep=None):
        event = data["event"].to_numpy() if event is None else event
        keep = np.ones(len(data), bool) if keep is None else keep
        layers = None if strata is None else strata[keep]
        return fit_cox(design[keep], data["time"].to_numpy()[keep], event[keep], strata=layers).coef

    return data, design, fit_cox(design, data["time"], data["event"], strata=strata), refit


def close(steps, refits, part):
    steps, refits = np.array(steps), np.array(refits)
    assert np.abs(refits).max() > 0.005
    assert np.abs(steps - refits).max() <= part * np.abs(refits).max()
    assert np.corrcoef(steps, refits)[0, 1] > 0.995


PATIENTS = range(0, 512, 9)


def test_a_flipped_event(sim):
    data, _, fit, refit = sim
    one = OneStep(fit)
    refits = []
    for i in PATIENTS:
        event = data["event"].to_numpy().copy()
        event[i] = 1 - event[i]
        refits.append(refit(event=event)[0] - fit.coef[0])
    close([one.flip_event(i)[0] for i in PATIENTS], refits, FLIP)


def test_a_switched_exposure(sim):
    _, design, fit, refit = sim
    one = OneStep(fit)
    refits = []
    for i in PATIENTS:
        other = design.copy()
        other.loc[i, "trt"] = 1 - other.loc[i, "trt"]
        refits.append(refit(design=other)[0] - fit.coef[0])
    close([one.switch(i, {"trt": 1 - one.column(i, "trt")})[0] for i in PATIENTS], refits, SWITCH)


def test_a_patient_left_out(sim):
    _, _, fit, refit = sim
    one = OneStep(fit)
    refits = [refit(keep=np.arange(512) != i)[0] - fit.coef[0] for i in PATIENTS]
    close([one.leave_out(i)[0] for i in PATIENTS], refits, LEAVE_OUT)


def test_left_out_steps_add_up_to_nothing(sim):
    """The score residuals of a fitted model sum to zero: exact, ties and strata included."""
    one = OneStep(sim[2])
    total = sum(one.leave_out(i) for i in range(512))
    assert np.abs(total).max() < 1e-8


def test_an_aliased_covariate_stays_out(reference):
    data = reference.data("sim512")
    design = pd.DataFrame({"trt": data["trt"], "again": data["trt"], "age": data["age"]}, dtype=float)
    one = OneStep(fit_cox(design, data["time"], data["event"]))
    assert one.names == ["trt", "age"]
    assert one.leave_out(0).shape == (2,)


def test_delayed_entry_is_refused(reference):
    data = reference.data("sim512")
    fit = fit_cox(data[["trt"]].astype(float), data["time"], data["event"], entry=data["entry"])
    with pytest.raises(StudyError) as error:
        OneStep(fit, "pfs_cox")
    assert str(error.value) == (
        "pfs_cox: the influence of single patients is not known for patients who enter late. Name another analysis as "
        "study.primary, or none."
    )
