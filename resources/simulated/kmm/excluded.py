"""The patients who do not qualify: who they are, and what of their course is changed for it."""

from __future__ import annotations

import numpy as np

from multicenter.simulate import assign
from multicenter.simulate.streams import stream

from . import values as v
from .core import Arrays, draw_core

REGIMENS = ("VMP", "TD", "VCD", "VRD", "VTD_CHANGED")
REGIMEN_SHARES = (9, 9, 5, 3, 5)


def draw_all(seed: int, scale: v.Scale, mechanism: v.Mechanism = v.PLANTED) -> Arrays:
    """Draw the eligible patients and those to be excluded as one set of arrays, with `reason` ("" = eligible)."""
    core = draw_core(seed, scale.sizes, scale, mechanism)
    sizes = assign.apportion(int(scale.excluded.sum()), scale.sizes)
    other = draw_core(seed, sizes, scale, mechanism, part="excluded")
    rng = stream(seed, "excluded")
    reason = _reasons(rng, other, scale.excluded)
    a = {key: np.concatenate([core[key], other[key]]) for key in core}
    a["reason"] = np.concatenate([np.full(scale.patients, "", dtype=object), reason])
    a["regimen"] = np.full(len(a["reason"]), "VTD", dtype=object)
    non_vtd = np.flatnonzero(a["reason"] == "NON_VTD")
    counts = assign.apportion(len(non_vtd), np.array(REGIMEN_SHARES))
    a["regimen"][non_vtd] = rng.permutation(np.repeat(np.array(REGIMENS, dtype=object), counts))
    _before_transplant(rng, a)
    _no_contact(a)
    return a


def _reasons(rng: np.random.Generator, a: Arrays, counts: np.ndarray) -> np.ndarray:
    """Give each excluded patient one reason: combinations among the maintained, three others among the rest."""
    reason = np.full(len(a["center"]), None, dtype=object)
    noise = rng.random(len(reason))
    wanted = {name: int(k) for (name, _), k in zip(v.EXCLUSIONS, counts, strict=True)}
    order = ["COMBINATION", "NO_ASCT_DATE", "NO_FOLLOW_UP", "PD_BEFORE_ASCT", "ALLO_FIRST", "AL", "PCL", "NON_VTD"]
    for name in order:
        free = np.equal(reason, None)
        if name == "COMBINATION":
            free &= a["maintained"]
        elif name in ("NO_ASCT_DATE", "NO_FOLLOW_UP", "PD_BEFORE_ASCT", "ALLO_FIRST"):
            free &= ~a["maintained"]
        reason[assign.take_ranked(noise, free, wanted[name])] = name
    return reason


def _before_transplant(rng: np.random.Generator, a: Arrays) -> None:
    """Progression before transplantation: the date moves to 15-45 days before it."""
    who = a["reason"] == "PD_BEFORE_ASCT"
    a["pd_before"] = np.where(who, -rng.integers(15, 46, len(who)), 0)
    a["pd"][who] = -1


def _no_contact(a: Arrays) -> None:
    """No contact after transplantation: nothing is known of what came."""
    who = a["reason"] == "NO_FOLLOW_UP"
    for key in ("pd", "death", "spm", "tandem"):
        a[key][who] = -1
    a["os_event"][who] = False
    a["pfs_event"][who] = False
    a["last_fu"][who] = 0
    a["os"][who] = 0
    a["pfs"][who] = 0
    # In half of them even the day of the last contact is unknown.
    a["contact_unknown"] = who & (np.cumsum(who) % 2 == 0)
