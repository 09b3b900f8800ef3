"""One real run of the shipped study in a copy of the project; each test works on its own copy of that."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
COPIED = ["Snakefile", "config", "envs", "profiles", "resources", "workflow", "requirements.txt"]


class Workspace:
    """A copy of the project in which Snakemake can run."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(self, *arguments: str, cwd: Path | None = None, cores: int = 2) -> subprocess.CompletedProcess:
        """Run Snakemake as a user would; stdout and stderr are one text."""
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=cwd or self.folder, env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    def planned(self, *arguments: str, cwd: Path | None = None) -> set[str]:
        """Return what a dry run plans: 'rule' or 'rule:center' (or figure)."""
        result = self.snakemake("--dry-run", *arguments, cwd=cwd)
        assert result.returncode == 0, result.stdout
        jobs = set()
        for line in result.stdout.splitlines():
            if match := re.match(r"Job \d+: (.*)", line):
                jobs.add(self.job_of(match[1]))
        return jobs

    def job_of(self, message: str) -> str:
        """Return the 'rule' or 'rule:wildcard' that announces itself by this message."""
        for file in [self.folder / "Snakefile", *(self.folder / "workflow" / "rules").glob("*.smk")]:
            text = file.read_text(encoding="utf-8")
            for rule, body in re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
                announced = re.escape(re.search(r'message:\n +"(.*)"', body)[1])
                pattern = re.sub(r"\\\{wildcards\\\.\w+\\\}", r"(\\S+)", announced)
                if match := re.fullmatch(pattern, message):
                    return ":".join([rule, *match.groups()])
        raise AssertionError(f"no rule announces {message!r}")

    def copy(self, folder: Path) -> "Workspace":
        """Return a copy with its results, time stamps and Snakemake's memory of them."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Workspace(folder)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that has to be there."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")


def copy_project(folder: Path) -> Workspace:
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return Workspace(folder)


@pytest.fixture(scope="session")
def finished(made_once) -> Workspace:
    """The shipped study, run once. Tests read it and never change it."""

    def run(folder: Path) -> None:
        result = copy_project(folder / "project").snakemake()
        assert result.returncode == 0, result.stdout

    return Workspace(made_once("finished", run) / "project")


@pytest.fixture
def workspace(finished, tmp_path) -> Workspace:
    """A finished run that the test may change."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path) -> Workspace:
    """The project as cloned: nothing has run."""
    return copy_project(tmp_path / "project")
