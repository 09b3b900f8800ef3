"""Each rule's environment holds what its script needs, in the versions of the lock."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2]
ENVS = sorted((PROJECT / "envs").glob("*.yaml"))
# conda-forge's name → the name on the Python package index, where they differ
PIP_NAMES = {"matplotlib-base": "matplotlib"}
# The script that a rule runs, given what the rule would give it; the launcher's packages are out of reach.
DOORWAY = """
import json, runpy, sys
from types import SimpleNamespace

class Named(list):
    def __init__(self, value):
        super().__init__(value["list"])
        self.__dict__.update(value["named"])

    def __getitem__(self, key):
        return self.__dict__[key] if isinstance(key, str) else super().__getitem__(key)

job = json.load(open(sys.argv[1]))
fields = {name: Named(job[name]) for name in ("input", "output", "params", "wildcards", "log")}
runpy.run_path(job["script"], init_globals={"snakemake": SimpleNamespace(**fields)})
"""


def pins(env: Path) -> dict[str, str]:
    dependencies = yaml.safe_load(env.read_text(encoding="utf-8"))["dependencies"]
    return dict(re.fullmatch(r"([\w.-]+)=([\w.]+)", line).groups() for line in dependencies)


def locked() -> dict[str, str]:
    """The versions of the lock, without hashes and markers."""
    text = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))


@pytest.mark.parametrize("env", ENVS, ids=lambda env: env.stem)
def test_pins_are_exact_and_those_of_the_lock(env):
    content = yaml.safe_load(env.read_text(encoding="utf-8"))
    assert content["channels"] == ["conda-forge", "nodefaults"]
    lock = locked()
    for name, version in pins(env).items():
        if name == "python":
            assert version == "3.11"
        else:
            assert lock[PIP_NAMES.get(name, name)] == version, name


def environment(env: Path, folder: Path) -> Path:
    """Return a folder that holds the packages of the env's pins and what these require, and nothing else."""
    folder.mkdir()
    asked, found = [PIP_NAMES.get(name, name) for name in pins(env) if name != "python"], set()
    while asked:
        package = distribution(asked.pop())
        if package.name in found:
            continue
        found.add(package.name)
        for part in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
            (folder / part).symlink_to(package.locate_file(part))
        needs = [Requirement(line) for line in package.requires or ()]
        asked += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return folder


def jobs_of(workspace) -> list[dict]:
    """Return one job of each rule that runs a script, as Snakemake plans it."""
    result = subprocess.run(
        [sys.executable, PROJECT / "tests/workflow/dag_jobs.py"],
        cwd=workspace.folder, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_every_script_runs_in_its_own_environment(workspace, tmp_path):
    (tmp_path / "doorway.py").write_text(DOORWAY, encoding="utf-8")
    envs = {env.name: environment(env, tmp_path / env.stem) for env in ENVS}
    jobs = jobs_of(workspace)
    assert len(jobs) >= 10
    for job in jobs:
        description = tmp_path / f"{job['rule']}.json"
        description.write_text(json.dumps(job), encoding="utf-8")
        path = f"{envs[Path(job['env']).name]}:{workspace.folder / 'workflow' / 'lib'}"
        result = subprocess.run(
            [sys.executable, "-S", tmp_path / "doorway.py", description],  # -S: without the launcher's packages
            cwd=workspace.folder, env={"PATH": os.environ["PATH"], "PYTHONPATH": path}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, f"{job['rule']}: {result.stderr}"


def test_a_package_that_an_environment_lacks_is_out_of_reach(tmp_path):
    harmonize = environment(PROJECT / "envs" / "harmonize.yaml", tmp_path / "harmonize")
    for package, code in (("pandas", 0), ("matplotlib", 1)):
        command = [sys.executable, "-S", "-c", f"import {package}"]
        assert subprocess.run(command, env={"PYTHONPATH": str(harmonize)}, check=False).returncode == code
