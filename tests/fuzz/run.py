"""Fuzzing of intake and harmonization: mutated extracts, and what became of each.

    python tests/fuzz/run.py [--mutations 3760] [--jobs 2] [--out results.csv]     the full run
    python tests/fuzz/run.py --kind typo --seed 17                                 one mutation again, with its outcome

Every mutation follows from its kind and its seed alone. Each is judged in a process of its own kind that may die: a
crash of a reading library, and a mutation that takes minutes, is an escape like any other.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing as mp
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLONE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(CLONE / "workflow" / "lib"), str(CLONE / "resources" / "simulated")]

LIMIT = 240.0  # seconds; a judgement takes one, on a busy machine ten
OUTCOMES = ("recovered", "query", "error", "listed", "stopped", "not applicable", "ESCAPE")
LEGEND = """listed, stopped: a plausible value in place of another, which no first delivery can give away; against the
accepted delivery it is listed in changes.csv, or stops the center"""
COLUMNS = ["kind", "seed", "center", "file", "rule", "outcome", "told", "detail", "seconds"]


def one(name: str, seed: int) -> dict[str, object]:
    """Make and judge one mutation; a row of COLUMNS."""
    import judge
    import mutate

    start = time.perf_counter()
    try:
        mutation = mutate.make(name, seed)
    except mutate.NotApplicable as error:
        return dict(zip(COLUMNS, (name, seed, "", "", "", "not applicable", str(error), "", 0), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = judge.judge(mutation)
    row = (name, seed, mutation.extract.center, mutation.file, mutation.rule, verdict.outcome, mutation.told[:300],
           verdict.detail[:600], round(time.perf_counter() - start, 2))  # fmt: skip
    return dict(zip(COLUMNS, row, strict=True))


def work(pipe: Connection, scratch: str) -> None:
    """Judge what the pipe asks for, until it asks for nothing. scratch: holds temporary files, also of the dead."""
    os.nice(10)
    tempfile.tempdir = scratch
    while (task := pipe.recv()) is not None:
        pipe.send(one(*task))


class Worker:
    """A process that may die or hang, and is replaced then."""

    def __init__(self, scratch: str) -> None:
        self.task: tuple[str, int] | None = None
        self.scratch = scratch
        self.start()

    def start(self) -> None:
        self.pipe, theirs = mp.Pipe()
        self.process = mp.Process(target=work, args=(theirs, self.scratch), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, task: tuple[str, int]) -> None:
        self.task, self.since = task, time.monotonic()
        self.pipe.send(task)

    def result(self) -> dict[str, object] | None:
        """What came of the task; None while it is at work."""
        if self.pipe.poll():
            try:
                return self.pipe.recv()
            except EOFError:
                return self.lost(f"the process died (exit code {self.died()})")
        if time.monotonic() - self.since > LIMIT:
            return self.lost(f"no result after {LIMIT:g} s")
        return None

    def died(self) -> int | None:
        self.process.join(5)
        return self.process.exitcode

    def lost(self, why: str) -> dict[str, object]:
        self.process.kill()
        self.process.join()
        self.start()
        name, seed = self.task or ("", 0)
        return {**dict.fromkeys(COLUMNS, ""), "kind": name, "seed": seed, "outcome": "ESCAPE", "detail": why}


def judged(tasks: Iterable[tuple[str, int]], jobs: int) -> Iterator[dict[str, object]]:
    """The rows of all tasks, as they are done."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        yield from _judged(iter(tasks), [Worker(scratch) for _ in range(jobs)])


def _judged(waiting: Iterator[tuple[str, int]], workers: list[Worker]) -> Iterator[dict[str, object]]:
    idle, busy = list(workers), []
    while True:
        while idle and (task := next(waiting, None)):
            idle[-1].give(task)
            busy.append(idle.pop())
        if not busy:
            break
        wait([w.pipe for w in busy], timeout=1)
        for worker in list(busy):
            row = worker.result()
            if row:
                busy.remove(worker)
                idle.append(worker)
                yield row
    for worker in workers:
        worker.pipe.send(None)
        worker.process.join()


def schedule(count: int, only: Iterable[str] = (), first: int = 0) -> list[tuple[str, int]]:
    """So many (kind, seed), the kinds in turn."""
    import mutate

    kinds = sorted(only or mutate.all_kinds())
    return [(kinds[i % len(kinds)], first + i // len(kinds)) for i in range(count)]


def table(rows: list[dict[str, object]]) -> str:
    """Kinds by outcomes, as text."""
    counts = Counter((row["kind"], row["outcome"]) for row in rows)
    names = sorted({str(row["kind"]) for row in rows})
    wide = max(map(len, names), default=4)
    lines = [f"{'kind':{wide}} " + " ".join(f"{o:>15}" for o in OUTCOMES)]
    lines += [f"{name:{wide}} " + " ".join(f"{counts[name, o] or '':>15}" for o in OUTCOMES) for name in names]
    total = Counter(row["outcome"] for row in rows)
    return "\n".join([*lines, f"{'all':{wide}} " + " ".join(f"{total[o]:>15}" for o in OUTCOMES)])


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutate the shipped extracts and judge what comes of it.")
    parser.add_argument("--mutations", type=int, default=3760)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="the first seed of each kind")
    parser.add_argument("--out", type=Path, help="csv of all results (default: a temporary folder)")
    parser.add_argument("--kind", action="append", default=[], help="this kind only (may be given again)")
    parser.add_argument("--seed", type=int, help="with --kind: this seed only")
    args = parser.parse_args()
    tasks = schedule(args.mutations, args.kind, args.first)
    if args.seed is not None:
        tasks = [(name, args.seed) for name in args.kind]
    rows = []
    for row in judged(tasks, min(args.jobs, len(tasks))):
        rows.append(row)
        if len(rows) % 500 == 0:
            print(f"{len(rows)} of {len(tasks)}", flush=True)
        if row["outcome"] == "ESCAPE" or args.seed is not None:
            print(*(f"{key}: {value}" for key, value in row.items()), sep="\n  ", flush=True)
    rows.sort(key=lambda row: (str(row["kind"]), row["seed"]))
    out = args.out or Path(tempfile.mkdtemp(prefix="fuzz-")) / "results.csv"
    with open(out, "w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print(table(rows))
    print(LEGEND)
    print(f"results: {out}")
    return int(any(row["outcome"] == "ESCAPE" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
