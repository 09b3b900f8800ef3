"""Times intake and harmonization of a million patients, one fresh process a center as in the workflow.

    python tests/benchmarks/scale.py [--rows 6250 12500 25000] [--centers 40] [--jobs 2] [--extracts DIR] [--only SMC]

The fifteen dialects are generated at each of `--rows` rows a center (some minutes; `--extracts` keeps and reuses them),
and the centers beyond the fifteenth read them again. A table shows seconds (wall and processor) and megabytes of each
center, and at the end of each size: what 1,000 rows cost shows that the cost is linear. The last size is compared with
what is promised: 40 centers of 25,000 rows in 4 minutes and 4 GB on two cores. As many of the largest processes as run
at once, each at its peak, are the gigabytes: an upper bound.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SIMULATED = PROJECT / "resources" / "simulated"
SEED = 7
DIALECTS = 15
OF_ELIGIBLE = 512 / 574  # of the generated rows; the others are excluded patients
MINUTES, GIGABYTES = 4.0, 4.0
SIZES = (6_250, 12_500, 25_000)


@dataclass
class Timed:
    """What one center took, or all of them; megabytes at the peak."""

    name: str
    rows: int
    seconds: float
    cpu: float
    megabytes: float

    def line(self) -> str:
        per = 1000 * self.cpu / self.rows
        return (
            f"{self.name:10} {self.rows:>8} {self.seconds:>8.1f} {self.cpu:>8.1f} {per:>10.3f} {self.megabytes:>7.0f}"
        )


HEAD = f"{'':10} {'rows':>8} {'s':>8} {'s (cpu)':>8} {'cpu/1,000':>10} {'MB':>7}"


def generate(folder: Path, rows: int) -> None:
    """Write the fifteen dialects with about `rows` patients each, unless they are there."""
    if (folder / "centers.tsv").is_file():
        return
    patients = round(rows * DIALECTS * OF_ELIGIBLE)
    arguments = ["--patients", str(patients), "--centers", str(DIALECTS), "--even", "--seed", str(SEED)]
    start = time.perf_counter()
    command = [sys.executable, str(SIMULATED / "generate.py"), *arguments, "--out", str(folder)]
    subprocess.run(command, check=True)
    print(f"generated {DIALECTS} extracts of {rows} rows in {time.perf_counter() - start:.0f} s", flush=True)


def one(folder: Path, center: str, out: Path) -> None:
    """What the job of one center does; prints how many patients it has."""
    sys.path.insert(0, str(PROJECT / "workflow" / "lib"))
    import pandas as pd

    from multicenter.harmonize.run import harmonize_center, write_harmonized, write_intake
    from multicenter.identifiers.detect import Detector
    from multicenter.yamlfile import read_yaml

    config = PROJECT / "config"
    row = pd.read_csv(folder / "centers.tsv", sep="\t", dtype=str).set_index("center").loc[center]
    done = harmonize_center(
        center=center,
        files=[folder / "extracts" / name for name in row["extract"].split(";")],
        config=read_yaml(config / "centers" / f"{center}.yaml"),
        dictionary=read_yaml(config / "variables.yaml"),
        codes=read_yaml(config / "codes.yaml"),
        checks=pd.read_csv(config / "checks.csv", dtype=str, keep_default_na=False),
        data_cut=row["data_cut"],
        detector=Detector(read_yaml(config / "identifiers.yaml")),
    )
    write_intake(done, out)
    write_harmonized(done, out)
    print(len(done.tables["patient"]))


def timed(folder: Path, centers: list[str], jobs: int) -> list[Timed]:
    """Run one process a center, `jobs` at a time."""
    waiting, running, found = list(centers), {}, []
    while waiting or running:
        while waiting and len(running) < jobs:
            center = waiting.pop(0)
            out = tempfile.TemporaryDirectory()
            command = [sys.executable, __file__, "--extracts", str(folder), "--one", center, "--out", out.name]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            running[process.pid] = (process, center, out, time.perf_counter())
        pid, status, used = os.wait4(-1, 0)
        process, center, out, start = running.pop(pid)
        told = process.stdout.read().strip()
        process.stdout.close()
        out.cleanup()
        if status:
            sys.exit(f"{center} failed")
        seconds = time.perf_counter() - start
        found.append(Timed(center, int(told), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
        print(found[-1].line(), flush=True)
    return found


def dialects() -> list[str]:
    lines = (SIMULATED / "centers.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [text.split("\t")[0] for text in lines]


def whole(folder: Path, names: list[str], jobs: int) -> Timed:
    """Time these centers, so many at once."""
    print(HEAD, flush=True)
    start = time.perf_counter()
    found = timed(folder, names, jobs)
    seconds = time.perf_counter() - start
    most = sum(sorted(center.megabytes for center in found)[-jobs:])
    return Timed(f"{len(found)} centers", sum(c.rows for c in found), seconds, sum(c.cpu for c in found), most)


def main() -> int:
    parser = argparse.ArgumentParser(description="Time intake and harmonization of large deliveries.")
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="a center; one size after the other")
    parser.add_argument("--centers", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--extracts", type=Path, help="folder of the generated extracts (default: a temporary one)")
    parser.add_argument("--only", nargs="+", default=[], help="these dialects alone")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.extracts, args.one, args.out)
        return 0
    with tempfile.TemporaryDirectory() as name:
        totals = []
        for rows in args.rows:
            folder = (args.extracts or Path(name)) / str(rows)
            generate(folder, rows)
            codes = args.only or dialects()
            totals.append(whole(folder, [codes[i % len(codes)] for i in range(args.centers)], args.jobs))
    print("\n".join([HEAD, *(total.line() for total in totals)]))
    print(f"promised for a million: {60 * MINUTES:.0f} s, {1024 * GIGABYTES:.0f} MB")
    return int(totals[-1].seconds > 60 * MINUTES or totals[-1].megabytes > 1024 * GIGABYTES)


if __name__ == "__main__":
    sys.exit(main())
