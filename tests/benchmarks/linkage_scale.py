"""How the search for patients who are registered twice grows with the study: seconds, candidates, what is found.

Run by hand: python tests/benchmarks/linkage_scale.py [patients …] (12500 25000 50000 100000 if none are given). Draws
a simulated study of each size, adds a second record of one patient in a hundred from another center (half of them with
all dates shifted by up to ten years; an age off by one, an isotype missing, a date off by a day or two in some), and
links.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / "workflow" / "lib"), str(PROJECT / "resources" / "simulated")]

from kmm.truth import draw_truth  # noqa: E402
from multicenter.linkage.blocking import find_candidates  # noqa: E402
from multicenter.linkage.link import link_records  # noqa: E402
from multicenter.linkage.records import read_records  # noqa: E402
from multicenter.yamlfile import read_yaml  # noqa: E402

SPEC = read_yaml(PROJECT / "config" / "study.yaml")["linkage"]
DATES = SPEC["dates"]["of"]
NO_DECISIONS = pd.DataFrame(columns=["center", "patient_id", "kept_center", "kept_patient_id", "verdict"], dtype=str)


def first(table: pd.DataFrame, order: str, variable: str) -> pd.Series:
    """A patient's first value of a variable, by USUBJID."""
    rows = table.sort_values(order, kind="stable").drop_duplicates(["center", "patient_id"])
    return rows.set_index(rows["center"] + "-" + rows["patient_id"])[variable]


def study(patients: int) -> pd.DataFrame:
    """The records of a simulated study, with the columns that are compared."""
    tables = draw_truth(7, patients, 15)
    frame = tables["patient"]
    frame = frame.set_index((frame["center"] + "-" + frame["patient_id"]).rename("USUBJID"))
    frame["asct_date"] = first(tables["transplant"], "asct_no", "asct_date").reindex(frame.index)
    frame["maint_start"] = first(tables["maintenance"], "maint_start", "maint_start").reindex(frame.index)
    frame[DATES] = frame[DATES].astype("datetime64[ns]")
    frame["AGE"] = ((frame["asct_date"] - pd.to_datetime(frame["birth_date"])).dt.days / 365.25).round(1)
    return frame.assign(ISS=frame["iss"])[["center", "patient_id", *SPEC["variables"], *DATES]]


def second_records(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A second record of one patient in a hundred, at center ZZ under the USUBJID of the first."""
    copies = frame.dropna(subset="asct_date").sample(len(frame) // 100, random_state=rng)
    n = len(copies)
    shift = np.where(np.arange(n) % 2, rng.integers(-3650, 3651, n), 0)
    for date in DATES:
        off = np.where(rng.random(n) < 0.03, rng.integers(-2, 3, n), 0)
        copies[date] = copies[date] + pd.to_timedelta(shift + off, unit="D")
    copies["AGE"] += rng.choice([0, 0, 0, -1, 1], n)
    copies.loc[rng.random(n) < 0.2, "mprotein_light"] = None
    copies["patient_id"] = copies.index
    return copies.assign(center="ZZ").set_index(("ZZ-" + copies["patient_id"]).rename("USUBJID"))


def main() -> None:
    """Print one line a size."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [12_500, 25_000, 50_000, 100_000]
    heads = ["patients", "seconds", "s/1000", "candidates", "a record", "planted", "found", "false"]
    print("".join(f"{head:>12}" for head in heads))
    for size in sizes:
        frame = study(size)
        again = second_records(frame, np.random.default_rng(size))
        records = pd.concat([frame, again])
        start = time.perf_counter()
        pairs = link_records(records, NO_DECISIONS, SPEC).pairs
        pairs = pairs[pairs["proposed"]]
        seconds = time.perf_counter() - start
        candidates = len(find_candidates(read_records(records.sort_index(), SPEC)).left)
        found = int(((pairs["center_1"] + "-" + pairs["patient_id_1"]) == pairs["patient_id_2"]).sum())
        per = f"{1000 * seconds / len(records):.3f}", candidates, f"{candidates / len(records):.1f}"
        line = [len(records), f"{seconds:.1f}", *per, len(again), found, len(pairs) - found]
        print("".join(f"{cell:>12}" for cell in line), flush=True)


if __name__ == "__main__":
    main()
