"""Each rule's environment holds what its script needs, in the versions of the lock."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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


def lock_lines() -> list[str]:
    """The lock without hashes: name==version, with a marker where the version depends on the platform."""
    text = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+==[^\\\n]+?) *\\?$", text, re.MULTILINE)


def locked() -> dict[str, str]:
    return dict(re.match(r"([\w.-]+)==([\w.]+)", line).groups() for line in lock_lines())


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


def clean_python(env: Path) -> Path:
    """Return the Python of a virtual environment of the env's pins alone; rebuilt only when env or lock changed."""
    key = hashlib.sha256(env.read_bytes() + (PROJECT / "requirements.txt").read_bytes()).hexdigest()[:16]
    folder = PROJECT / ".cache" / "envs" / f"{env.stem}-{key}"
    python = folder / "bin" / "python"
    done = folder / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        wanted = [f"{PIP_NAMES.get(name, name)}=={version}" for name, version in pins(env).items() if name != "python"]
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(lock_lines()))
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints, *wanted]
        subprocess.run(command, check=True)
        done.touch()
    return python


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
    jobs = jobs_of(workspace)
    assert len(jobs) >= 10
    for job in jobs:
        description = tmp_path / f"{job['rule']}.json"
        description.write_text(json.dumps(job), encoding="utf-8")
        python = clean_python(PROJECT / "envs" / Path(job["env"]).name)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(workspace.folder / "workflow" / "lib")}
        result = subprocess.run(
            [python, tmp_path / "doorway.py", description], cwd=workspace.folder, env=environment, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, f"{job['rule']}: {result.stderr}"
