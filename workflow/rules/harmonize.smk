"""Stage intake and harmonize: a center's extract, read as it stands and mapped to the canonical tables.

Required inputs: the center's extract, its mapping, the dictionary, shared codes, cross-field rules.
Outputs: results/restricted/intake/{center} (receipt, profile, and the tables as this delivery gives them) and, once these
are complete, results/restricted/harmonized/{center}. A delivery that cannot be harmonized leaves the latter as it was.
"""

TABLES_OF_DICTIONARY = list(RUN.dictionary["tables"])
HARMONIZED = harmonized_files(TABLES_OF_DICTIONARY)
RECEIPTS = expand(f"{RESTRICTED}/intake/{{center}}/receipt.json", center=CENTERS)
ACCEPTED = expand(
    f"{RESTRICTED}/harmonized/{{center}}/{{file}}", center=CENTERS, file=HARMONIZED
)


rule harmonize_center:
    input:
        extracts=ancient(lambda wildcards: RUN.centers[wildcards.center].extracts),
        mapping=ancient(lambda wildcards: RUN.centers[wildcards.center].map_path),
        variables=ancient(RUN.files["variables"]),
        codes=ancient(RUN.files["codes"]),
        checks=ancient(RUN.files["checks"]),
    output:
        receipt=f"{RESTRICTED}/intake/{{center}}/receipt.json",
        profile=f"{RESTRICTED}/intake/{{center}}/profile.csv",
        tables=expand(f"{RESTRICTED}/intake/{{{{center}}}}/{{file}}", file=HARMONIZED),
    log:
        "logs/harmonize_center/{center}.log",
    conda:
        "../../envs/harmonize.yaml"
    params:
        delivery=delivery,
        mapping=lambda wildcards: digest_value(
            RUN.centers[wildcards.center].what_is_mapped
        ),
        rules=digest_value(RUN.harmonization),
        data_cut=lambda wildcards: RUN.centers[wildcards.center].data_cut,
        code=code("harmonize_center", "harmonize"),
    message:
        "Harmonizing {wildcards.center}"
    script:
        "../scripts/harmonize_center.py"


rule accept_delivery:
    input:
        rules.harmonize_center.output.tables,
    output:
        expand(f"{RESTRICTED}/harmonized/{{{{center}}}}/{{file}}", file=HARMONIZED),
    log:
        "logs/accept_delivery/{center}.log",
    conda:
        "../../envs/cohort.yaml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "Accepting the delivery of {wildcards.center}"
    shell:
        "cp {input:q} {params.folder:q} 2> {log:q}"
