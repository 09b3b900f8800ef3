"""What all stages share: the checked configuration and the digests that decide what is out of date.

Required inputs: config.yaml and what it points to. Outputs: none.
"""

import atexit
import os
import sys
import time
from pathlib import Path

CLONE = Path(workflow.basedir)
LIBRARY = CLONE / "workflow" / "lib"
# Snakemake hands its own search path on to every script.
sys.path.insert(0, str(LIBRARY))

from multicenter.config import load_run_or_exit
from multicenter.deliveries import hold_hints
from multicenter.digests import DigestCache, digest_code, digest_value
from multicenter.doorway import problems_since, stopped_since
from multicenter.paths import (
    ACCEPTED_DELIVERIES,
    COHORT_TABLES,
    RELEASE,
    RESTRICTED,
    figure_files,
    harmonized_files,
    table_files,
)

RUN = load_run_or_exit(
    config, CLONE, Path.cwd(), [Path(file).parent for file in workflow.configfiles]
)
STUDY = RUN.study
DIGESTS = DigestCache(Path.cwd() / ".snakemake" / "multicenter-digests.json")
atexit.register(DIGESTS.save)

RUN_START = time.time()
CENTERS = sorted(RUN.centers)
# The others stay at their last accepted delivery: no job is planned for them, their accepted tables are plain inputs.
CURRENT = [center for center in CENTERS if not RUN.centers[center].hold]


wildcard_constraints:
    center="|".join(CENTERS),


def code(rule_name, environment):
    """A digest of the rule's script, of every library module behind it, and of its environment's pins."""
    script = CLONE / "workflow" / "scripts" / f"{rule_name}.py"
    return [
        digest_code(script, LIBRARY),
        DIGESTS.file(CLONE / "envs" / f"{environment}.yaml"),
    ]


def delivery(wildcards):
    """A digest of what the center sent: an extract counts by its content, whatever its time stamp."""
    return [DIGESTS.file(path) for path in RUN.centers[wildcards.center].extracts]
