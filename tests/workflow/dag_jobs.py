"""Prints, as JSON, one job of each rule that runs a script: script, environment, input, output, params, wildcards, log.

Run in the folder of a workflow. Used to run the scripts where Snakemake itself is out of reach.
"""

import json
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import DAGSettings, OutputSettings, Quietness, ResourceSettings, WorkflowSettings


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


def fields(values) -> dict:
    return {"list": [plain(value) for value in values], "named": {k: plain(v) for k, v in values.items()}}


def describe(job) -> dict:
    described = {name: fields(getattr(job, name)) for name in ("input", "output", "params", "wildcards", "log")}
    folder = Path(job.rule.snakefile).parent
    return {
        "rule": job.rule.name,
        "script": str((folder / job.rule.script).resolve()),
        "env": str(job.conda_env_spec.file.get_path_or_uri(secret_free=True)),
        **described,
    }


def main() -> None:
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            workflow_settings=WorkflowSettings(),
            snakefile=Path("Snakefile"),
        )
        workflow.dag(DAGSettings(forceall=True))
        inner = workflow._workflow
        inner._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        inner._build_dag()
        jobs = {}
        for job in sorted(inner.dag.jobs, key=str):
            if job.is_script:
                jobs.setdefault(job.rule.name, describe(job))
    print(json.dumps(list(jobs.values())))


if __name__ == "__main__":
    main()
