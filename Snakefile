# The entry point: configuration, stages in the order the data flows, and what a run makes.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/harmonize.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/queries.smk"
include: "workflow/rules/overview.smk"
include: "workflow/rules/describe.smk"
include: "workflow/rules/survival.smk"
include: "workflow/rules/manuscript.smk"
include: "workflow/rules/provenance.smk"


# A job that fails takes its earlier outputs with it. Every target therefore asks for all that lies before it: what is
# missing is made again, or fails again, and never is passed over because something later is still there.
DATA = [*RECEIPTS, *ACCEPTED, *COHORT]
NUMERICAL = [*DATA, *ESTIMATES_PARTS, *CURVES, *ESTIMATES]


rule all:
    default_target: True
    input:
        NUMERICAL,
        FIGURES,
        TABLES,
        NUMBERS,
        QUERIES,
        OVERVIEW,
        PROVENANCE,
    localrule: True
    message:
        "The figures, tables and numbers are complete"


rule cohort:
    input:
        DATA,
        QUERIES,
    localrule: True
    message:
        "The cohort is complete"


rule figures:
    input:
        NUMERICAL,
        FIGURES,
    localrule: True
    message:
        "The figures are complete"


rule tables:
    input:
        NUMERICAL,
        TABLES,
    localrule: True
    message:
        "The tables are complete"


rule sensitivity:
    input:
        NUMERICAL,
    localrule: True
    message:
        "The estimates, those of sensitivity analyses included, are complete"
