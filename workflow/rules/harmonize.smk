"""Stage intake and harmonize: a center's extract, read as it stands and mapped to the canonical tables.

Required inputs: the center's extract, its mapping, the dictionary, shared codes, cross-field rules, what identifies
persons (an extract that holds any of it is quarantined).
Outputs: results/restricted/intake/{center} (receipt, profile, and the tables as this delivery gives them) and, once these
are complete, results/restricted/harmonized/{center}. A delivery that cannot be harmonized leaves the latter as it was.

harmonize_center compares a new delivery with the accepted one in results/restricted/harmonized/{center}. It reads that
folder as state: as an input it would be a cycle, since the accepted delivery is made of the job's own output. A changed
state alone is therefore no reason to run it again. Both rules know the current centers only: of a center on hold nothing
is planned, and its accepted files are inputs that no rule makes.
"""

TABLES_OF_DICTIONARY = list(RUN.dictionary["tables"])
HARMONIZED = harmonized_files(TABLES_OF_DICTIONARY)
RECEIPTS = expand(f"{RESTRICTED}/intake/{{center}}/receipt.json", center=CURRENT)
ACCEPTED = expand(
    f"{ACCEPTED_DELIVERIES}/{{center}}/{{file}}", center=CENTERS, file=HARMONIZED
)
IS_CURRENT = "|".join(CURRENT) or "(no center)"


rule harmonize_center:
    input:
        extracts=ancient(lambda wildcards: RUN.centers[wildcards.center].extracts),
        mapping=ancient(lambda wildcards: RUN.centers[wildcards.center].map_path),
        variables=ancient(RUN.files["variables"]),
        codes=ancient(RUN.files["codes"]),
        checks=ancient(RUN.files["checks"]),
        identifiers=ancient(RUN.files["identifiers"]),
    output:
        expand(f"{RESTRICTED}/intake/{{{{center}}}}/{{file}}", file=HARMONIZED),
    log:
        "logs/harmonize_center/{center}.log",
    wildcard_constraints:
        center=IS_CURRENT,
    conda:
        "../../envs/harmonize.yaml"
    params:
        delivery=delivery,
        mapping=lambda wildcards: digest_value(
            RUN.centers[wildcards.center].what_is_mapped
        ),
        rules=digest_value(RUN.harmonization),
        data_cut=lambda wildcards: RUN.centers[wildcards.center].data_cut,
        received=lambda wildcards: RUN.centers[wildcards.center].received,
        accepted=f"{ACCEPTED_DELIVERIES}/{{center}}",
        limits={
            "share": config["drift_changed_share"],
            "cells": config["drift_changed_cells"],
            "contradicted_share": config["contradicted_share"],
            "contradicted_rows": config["contradicted_rows"],
        },
        code=code("harmonize_center", "harmonize"),
    message:
        "Harmonizing {wildcards.center}"
    script:
        "../scripts/harmonize_center.py"


rule accept_delivery:
    input:
        rules.harmonize_center.output,
    output:
        expand(f"{ACCEPTED_DELIVERIES}/{{{{center}}}}/{{file}}", file=HARMONIZED),
    log:
        "logs/accept_delivery/{center}.log",
    wildcard_constraints:
        center=IS_CURRENT,
    conda:
        "../../envs/cohort.yaml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        # A refused delivery leaves the accepted one complete: what it was made of asks again, whatever the target.
        delivery=rules.harmonize_center.params.delivery,
        mapping=rules.harmonize_center.params.mapping,
        rules=rules.harmonize_center.params.rules,
        data_cut=rules.harmonize_center.params.data_cut,
        received=rules.harmonize_center.params.received,
        limits=rules.harmonize_center.params.limits,
    message:
        "Accepting the delivery of {wildcards.center}"
    shell:
        "cp {input:q} {params.folder:q} 2> {log:q}"
