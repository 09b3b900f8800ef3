"""Times intake and harmonization of large deliveries, one fresh process a center as in the workflow.

    python tests/benchmarks/scale.py [--rows 25000] [--centers 40] [--jobs 2] [--extracts DIR] [--only SMC ...]
    python tests/benchmarks/scale.py --linear                      each dialect at 5,000, 10,000 and 25,000 rows

The fifteen dialects are generated at `--rows` rows a center (some minutes; `--extracts` keeps and reuses them), and the
centers beyond the fifteenth read them again. A table shows seconds (wall and processor) and megabytes a center; the
last lines compare the whole with what is promised: 40 centers of 25,000 rows in 4 minutes and 4 GB on two cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SIMULATED = PROJECT / "resources" / "simulated"
SEED = 7
DIALECTS = 15
OF_ELIGIBLE = 512 / 574  # of the generated rows; the others are excluded patients
MINUTES, GIGABYTES = 4.0, 4.0
SIZES = (5_000, 10_000, 25_000)


@dataclass
class Timed:
    """What one center took; megabytes at the peak of its process."""

    center: str
    rows: int
    seconds: float
    cpu: float
    megabytes: float


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
        print(line(found[-1]), flush=True)
    return found


def line(center: Timed) -> str:
    return f"{center.center:8} {center.rows:>7} {center.seconds:>8.1f} {center.cpu:>8.1f} {center.megabytes:>7.0f}"


def head() -> None:
    print(f"{'dialect':8} {'rows':>7} {'s':>8} {'s (cpu)':>8} {'MB':>7}", flush=True)


def dialects() -> list[str]:
    lines = (SIMULATED / "centers.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [text.split("\t")[0] for text in lines]


def whole(folder: Path, count: int, jobs: int, only: list[str]) -> int:
    """Time so many centers; 1 if that is more than promised."""
    names = only or dialects()
    head()
    start = time.perf_counter()
    found = timed(folder, [names[i % len(names)] for i in range(count)], jobs)
    seconds = time.perf_counter() - start
    most = sum(sorted((c.megabytes for c in found), reverse=True)[:jobs]) / 1024
    rows = sum(c.rows for c in found)
    print(f"{count} centers, {rows} rows: {seconds:.0f} s with {jobs} processes (promised: {60 * MINUTES:.0f} s),")
    print(
        f"{sum(c.cpu for c in found):.0f} s of processor time, at most {most:.1f} GB at once (promised: {GIGABYTES:g})"
    )
    return int(seconds > 60 * MINUTES or most > GIGABYTES)


def linear(folder: Path, jobs: int, only: list[str]) -> int:
    """Time each dialect at three sizes, and show what a thousand more rows cost."""
    sizes = {}
    for rows in SIZES:
        generate(folder / str(rows), rows)
        head()
        sizes[rows] = {c.center: c for c in timed(folder / str(rows), only or dialects(), jobs)}
    print("\nprocessor seconds of 1,000 more rows")
    print(f"{'dialect':8} " + " ".join(f"{f'{a} to {b}':>15}" for a, b in pairwise(SIZES)))
    for name in only or dialects():
        slopes = [
            1000 * (sizes[b][name].cpu - sizes[a][name].cpu) / (sizes[b][name].rows - sizes[a][name].rows)
            for a, b in pairwise(SIZES)
        ]
        print(f"{name:8} " + " ".join(f"{slope:>15.3f}" for slope in slopes))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Time intake and harmonization of large deliveries.")
    parser.add_argument("--rows", type=int, default=25_000)
    parser.add_argument("--centers", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--extracts", type=Path, help="folder of the generated extracts (default: a temporary one)")
    parser.add_argument("--only", nargs="+", default=[], help="these dialects alone")
    parser.add_argument("--linear", action="store_true", help="each dialect at three sizes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.extracts, args.one, args.out)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = args.extracts or Path(name)
        if args.linear:
            return linear(folder, args.jobs, args.only)
        generate(folder, args.rows)
        return whole(folder, args.centers, args.jobs, args.only)


if __name__ == "__main__":
    sys.exit(main())
