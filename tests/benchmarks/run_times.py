"""Times what a user waits for: a cold run, a run with nothing to do, and one center's update up to the figures.

Run with `make benchmark`. Works on a copy of the project in a temporary folder; prints one line a figure, in seconds.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[2]
COPIED = ["Snakefile", "config", "envs", "profiles", "resources", "workflow", "requirements.txt"]


def seconds(folder: Path, *arguments: str) -> float:
    """Return how long Snakemake takes with these arguments; ends the program with its output if it fails."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    start = time.perf_counter()
    result = subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if result.returncode:
        sys.exit(result.stdout)
    return time.perf_counter() - start


def copy_project(folder: Path) -> None:
    """Copy what a run needs, as a fresh clone would have it."""
    for name in COPIED:
        source = PROJECT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)


def update_one_center(folder: Path) -> None:
    """Give one extract new content: a blank line more."""
    extract = next((folder / "resources/simulated/extracts").glob("CNUHH*"))
    extract.write_bytes(extract.read_bytes() + b"\r\n")


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        folder.mkdir()
        copy_project(folder)
        print(f"cold run, everything                   {seconds(folder):6.1f} s", flush=True)
        print(f"nothing to do                          {seconds(folder):6.1f} s", flush=True)
        update_one_center(folder)
        figures = seconds(folder, "results/release/tables/table1_baseline.csv", "figures")
        print(f"one center's update to the figures     {figures:6.1f} s", flush=True)
        print(f"the rest of that update                {seconds(folder):6.1f} s", flush=True)


if __name__ == "__main__":
    main()
