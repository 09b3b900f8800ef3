# The entry point: configuration, stages in the order the data flows, and what a run makes.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/harmonize.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/describe.smk"
include: "workflow/rules/survival.smk"
include: "workflow/rules/manuscript.smk"
include: "workflow/rules/provenance.smk"


rule all:
    default_target: True
    input:
        FIGURES,
        TABLES,
        NUMBERS,
        PROVENANCE,
    localrule: True
    message:
        "The figures, tables and numbers are complete"


rule cohort:
    input:
        COHORT,
    localrule: True
    message:
        "The cohort is complete"


rule figures:
    input:
        FIGURES,
    localrule: True
    message:
        "The figures are complete"


rule tables:
    input:
        TABLES,
    localrule: True
    message:
        "The tables are complete"
