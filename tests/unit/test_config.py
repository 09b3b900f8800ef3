"""Mistakes in the configuration: all found before the first job, each in one line that says where and what to do."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from multicenter.config import load_run
from multicenter.errors import ConfigError
from multicenter.paths import harmonized_files

PROJECT = Path(__file__).parents[2]


class Clone:
    """A copy of what configuration consists of, to be spoiled."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("config", "workflow/schemas", "resources"):
            shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "truth"))
        self.config = yaml.safe_load((folder / "config/config.yaml").read_text(encoding="utf-8"))

    def load(self):
        return load_run(self.config, self.folder, self.folder)

    def problems(self) -> list[str]:
        with pytest.raises(ConfigError) as error:
            self.load()
        return error.value.problems

    def load_extract(self, center: str) -> str:
        rows = (self.folder / "config/centers.tsv").read_text(encoding="utf-8").splitlines()
        return next(row.split("\t")[2] for row in rows if row.startswith(f"{center}\t"))

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    clone = Clone(tmp_path)
    monkeypatch.chdir(tmp_path)
    return clone


def test_the_shipped_configuration_has_no_mistake(clone):
    run = clone.load()
    assert len(run.centers) == 15
    assert run.labels["AGE"] == "Age at ASCT, years"


def test_an_unknown_config_key_is_named_with_the_nearest(clone):
    clone.config["extract"] = "x"
    assert clone.problems()[0].startswith("config: unknown key 'extract'. Did you mean 'extracts'? Known keys: study, ")


def test_a_missing_extract_a_missing_mapping_and_a_mapping_without_center_come_together(clone):
    (clone.folder / "config/centers/SMC.yaml").rename(clone.folder / "config/centers/SMD.yaml")
    extract = clone.load_extract("SSMH")
    (clone.folder / "resources/simulated/extracts" / extract).unlink()
    assert clone.problems() == [
        "config/centers/SMD.yaml: mapping without a center: config/centers.tsv has no row for SMD. Did you mean 'SMC'? "
        "Add the row or remove the mapping.",
        "config/centers.tsv: center SMC has no mapping. Did you mean 'SMD'? "
        "Add config/centers/SMC.yaml or remove the row.",
        f"config/centers.tsv: center SSMH: extract {extract!r} is not in resources/simulated/extracts. "
        "Put the file there or correct its name.",
    ]


def test_a_covariate_that_does_not_exist(clone):
    clone.edit("config/study.yaml", "      - CYCLES\n", "      - CYCLE\n")
    assert clone.problems()[0] == (
        "config/study.yaml: analyses.pfs_cox_use: covariate 'CYCLE' does not exist. Did you mean 'CYCLES'?"
    )


@pytest.mark.parametrize(
    ("old", "new", "where", "meant"),
    [
        ("exclude: pd_date < asct", "exclude: pd_dat < asct", "criteria.early_progression: 'pd_dat <", "pd_date"),
        ("endpoint: SPM, by: MAINTUSE", "endpoint: SPN, by: MAINTUSE", "analyses.spm_by_use: endpoint 'SPN'", "SPM"),
        (
            "[patient.pd_date]", "[patient.pd_dat]",
            "endpoints.PFS.events[0]: source 'patient.pd_dat'", "patient.pd_date",
        ),
        (
            "{MAINTUSE: [Maintenance]}", "{MAINTUSE: [maintenance]}",
            "analyses.exposure_by_type: population.MAINTUSE: level 'maintenance'", "Maintenance",
        ),
        (
            "    analysis: pfs_by_use\n", "    analysis: pfs_by_us\n",
            "figures.fig2_pfs_by_use: analysis 'pfs_by_us'", "pfs_by_use",
        ),
    ],
)  # fmt: skip
def test_names_in_the_protocol_have_to_exist(clone, old, new, where, meant):
    clone.edit("config/study.yaml", old, new)
    found = [problem for problem in clone.problems() if problem.startswith(f"config/study.yaml: {where}")]
    assert len(found) == 1
    assert found[0].endswith(f" does not exist. Did you mean {meant!r}?")


def test_an_unknown_key_of_an_analysis(clone):
    clone.edit("config/study.yaml", "pairwise: true", "pairwize: true")
    assert any("unknown key 'pairwize'. Did you mean 'pairwise'?" in problem for problem in clone.problems())


def test_a_data_cut_that_is_no_date(clone):
    table = clone.folder / "config/centers.tsv"
    rows = [row.split("\t") for row in table.read_text(encoding="utf-8").splitlines()]
    rows[1][3] = "31.12.2022"
    table.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    assert clone.problems() == [
        f"config/centers.tsv: center {rows[1][0]}: data_cut '31.12.2022' is not a date. Write YYYY-MM-DD."
    ]


def test_broken_yaml_names_file_and_line(clone):
    clone.edit("config/study.yaml", "study:\n", "study: [\n")
    assert "study.yaml, line " in clone.problems()[0]


def test_a_pointer_to_nothing(clone):
    clone.config["decisions"] = "config/decision.csv"
    assert clone.problems()[0].startswith("config: decisions: config/decision.csv does not exist (looked for ")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("endpoint: PFS, by: MAINTUSE,", "by: MAINTUSE,", "'endpoint' is a required property"),
        ("endpoint: OS, by: MAINTUSE}", "endpoint: OS, by: MAINTUSE, pairwise: true}", "'pairwise' is not known"),
        ("width_mm: 170", "width_mm: 400", "400 is not known. Known: 85, 170."),
        ("figures:\n  - id: fig1_response_kinetics\n    kind: response_kinetics\n    analysis: response_kinetics",
         "figures:\n  - id: fig1_response_kinetics\n    kind: response_kinetics\n    analysis: pfs_cox_use",
         "analysis 'pfs_cox_use' is a cox analysis; response_kinetics is needed here."),
        ("- {id: age,", "- {id: induction,", "criteria.induction: this id is used twice. Give each its own."),
        ("{analysis: os_cox_use, method", "{analysis: os_cox_us, method", "analysis 'os_cox_us' does not exist."),
        ("effect: {analysis: pfs_cox_use", "effect: {analysis: pfs_cox_us", "effect: analysis 'pfs_cox_us' does not"),
        ("analysis: spm, statistic: rate", "analysis: spn, statistic: rate", "analysis 'spn_by_use' does not exist."),
        ("exposure: MAINTUSE\n    notes", "exposure: MAINTUS\n    notes", "exposure 'MAINTUS' does not exist."),
        ("{Progressed: PFS,", "{Progressed: PFZ,", "endpoint 'PFZ' does not exist."),
        ("m24: 24}", "m25: 24}", "visit 'm25' does not exist."),
        ("baseline: post_asct", "baseline: post_act", "visit 'post_act' does not exist."),
        ("years(birth_date, asct_date)", "years(birth_date)", "years takes 2 arguments, not 1"),
        ("primary: {analysis: pfs_cox_landmark_6", "primary: {analysis: pfs_cox_us",
         "study.primary: analysis 'pfs_cox_us' does not exist. Did you mean 'pfs_cox_use'?"),
        ("primary: {analysis: pfs_cox_landmark_6", "primary: {analysis: pfs_by_use",
         "study.primary: analysis 'pfs_by_use' is a kaplan_meier analysis; cox is needed here."),
        ('landmark_6, term: "MAINTUSE: Maintenance vs', 'landmark_6, term: "MAINTUSE: Maint vs',
         "study.primary: term 'MAINTUSE: Maint vs No maintenance' does not exist. Did you mean"),
        ("corrected_by: [os_landmark_6]", "corrected_by: [os_landmark_7]", "analysis 'os_landmark_7' does not exist."),
        ("corrected_by: [os_landmark_6]", "corrected_by: [os_by_type]",
         "analyses.os_by_use.corrected_by: os_by_type is published style itself. Name another analysis."),
        ("corrected_by: [os_landmark_6]", "corrected_by: [pfs_landmark_6]",
         "os_by_use.corrected_by: pfs_landmark_6 is of PFS, not of OS. Name an analysis of the same endpoint."),
        ("style: corrected, estimand: *from_start, endpoint: OS, time_dependent: true", "style: corrected, "
         "estimand: *from_start, endpoint: OS", "analyses.os_cox_time_dependent: exposure MAINTUSE is known only from "
         "MAINTSDT on, after this analysis' time zero (ASCT): open to immortal-time bias."),
        ("    label: Creatinine at diagnosis\n    known: ASCT\n", "    label: Creatinine at diagnosis\n",
         "variables.CREAT: nothing says when it is known, but analyses use it (pfs_cox_use, "),
        ("of: [dx_date, ind_start", "of: [dx_date, ind_strt", "linkage.dates.of: variable 'ind_strt' does not exist."),
        ("    mprotein_light: {m", "    mprotein_lite: {m",
         "linkage.variables: variable 'mprotein_lite' does not exist. Did you mean 'mprotein_light'?"),
        ("m_close: 0.05", "m_close: 0.1",
         "linkage.dates: m_agree and m_close leave nothing for a difference. Their sum is below 1."),
        ("sex: {m_agree: 0.99}", "sex: {m_agree: 0.9, m_close: 0.05}",
         "linkage.variables.sex: close_within and m_close belong together. Give both, or neither."),
        ("close_within: 2,", "close_within: 0.5,",
         "linkage.variables.AGE: close_within 0.5 is not above agree_within 0.5. Raise it, or remove it."),
        ("propose_above: 0.1", "propose_above: 1.1", "linkage.propose_above: 1.1 is greater than or equal to the max"),
    ],
)  # fmt: skip
def test_what_a_protocol_cannot_mean_is_known_before_the_first_job(clone, old, new, problem):
    clone.edit("config/study.yaml", old, new)
    assert [line for line in clone.problems() if problem in line]


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        ("config/checks.csv", "dx_date > ind_start", "dx_dat > ind_start", "'dx_dat > ind_start' names 'dx_dat'"),
        ("config/checks.csv", "blame", "blames", "column blame is missing. Did you mean 'blames'?"),
        ("config/checks.csv", "kept,patient,pd_date", "kept,patient,pd_dat", "blame 'pd_dat' is no variable"),
        ("config/checks.csv", "not_numeric,conformance,major", "not_numeric,conformance,mayor",
         "severity 'mayor' is not one of critical, major, minor. Did you mean 'major'?"),
        ("config/checks.csv", "known(riss),", "known(ris),", "population: 'known(ris)' names 'ris'"),
        ("config/checks.csv", "set_missing,,,,,,,the cell holds", "set_missing,,,,,known(iss),,the cell holds",
         "formula_error: population needs an expression."),
        ("config/checks.csv", ",숫자가 필요합니다", ",", "not_numeric: message_ko is empty. Write the message."),
        ("config/checks.csv", "진단일({dx_date})이 유도", "진단일({dx})이 유도",
         "message_ko shows dx, which message_en does not"),
        ("config/checks.csv", "diagnosis ({dx_date}) is after the start", "diagnosis ({dx_dat}) is after the start",
         "message_en shows {dx_dat}, which does not exist. Did you mean 'dx_date'?"),
        ("config/checks.csv", "not_numeric,", "formula_error,", "formula_error: this id is used twice."),
        ("config/checks.csv", "a number is expected here", "a number {is expected", "message_en: expected '}'"),
        ("config/checks.csv", "a number is expected here", "{value} is no number",
         "not_numeric: message_en shows {value}, which this kind does not have."),
        ("config/checks.csv", "a number is expected here", "a number {} is expected",
         "message_en: {} names no variable."),
        ("config/decisions.csv", "kept_center", "center_kept", "column kept_center is missing."),
        ("config/decisions.csv", "same,", "sam,", "line 2: verdict 'sam' is neither same nor different."),
        ("config/centers.tsv", "KUGH\t", "KU GH\t", "a code has letters, digits and _ only"),
        ("resources/published/kang2025_abstract.csv", "pfs_by_use", "pfs_by_us", "'pfs_by_us' does not exist."),
    ],
)  # fmt: skip
def test_tables_of_the_configuration_are_read_before_the_first_job(clone, path, old, new, problem):
    clone.edit(path, old, new)
    assert [line for line in clone.problems() if problem in line]


def test_the_folder_of_answers_may_be_missing_but_is_a_folder(clone):
    assert clone.load().answers == Path("resources/answers")
    (clone.folder / "resources/answers").write_text("")
    assert clone.problems() == [
        "config: answers: resources/answers is no folder. Name the folder of the returned query workbooks."
    ]


@pytest.mark.parametrize(
    ("given", "read"), [(None, ""), ("2024-05-31", "2024-05-31"), (date(2024, 5, 31), "2024-05-31")]
)
def test_the_day_up_to_which_queries_age(clone, given, read):
    if given:
        clone.config["as_of"] = given
    assert clone.load().as_of == read


def test_a_day_that_does_not_exist(clone):
    clone.config["as_of"] = "2024-13-01"
    assert clone.problems() == ["config: as_of: '2024-13-01' is not a date. Write YYYY-MM-DD."]


def test_a_study_without_a_primary_analysis(clone):
    clone.edit(
        "config/study.yaml",
        '  primary: {analysis: pfs_cox_landmark_6, term: "MAINTUSE: Maintenance vs No maintenance"}\n',
        "",
    )
    assert clone.load().query_protocol["primary"] is None


def test_wording_and_severity_of_a_rule_harmonize_nothing_again(clone):
    before = clone.load().harmonization
    clone.edit("config/checks.csv", "숫자가 필요합니다", "숫자를 적어 주십시오")
    clone.edit("config/checks.csv", "not_numeric,conformance,major", "not_numeric,conformance,minor")
    assert clone.load().harmonization == before


def test_a_short_row_and_an_empty_list_of_centers(clone):
    table = clone.folder / "config/centers.tsv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([rows[0], *rows[2:], "SMC\tSamsung"]) + "\n", encoding="utf-8")
    assert "config/centers.tsv: line 16 has 2 of 7 cells. Separate them by tabs." in clone.problems()
    table.write_text(rows[0] + "\n", encoding="utf-8")
    assert "config/centers.tsv: there is no center. Add a row a center." in clone.problems()


def test_mistakes_of_every_file_come_in_one_wave(clone):
    clone.config["extrakts"] = "x"
    clone.config["decisions"] = "config/decision.csv"
    clone.edit("config/study.yaml", "pairwise: true", "pairwize: true")
    clone.edit("config/centers/SMC.yaml", "center: SMC", "center: [SMC")
    clone.edit("config/centers/KUGH.yaml", "center: KUGH", "center: KUAH")
    extract = clone.load_extract("SSMH")
    (clone.folder / "resources/simulated/extracts" / extract).unlink()
    text = "\n".join(clone.problems())
    missing = ["decision.csv does not exist", extract]
    for part in ["'extrakts'", "'pairwize'", "SMC.yaml, line", "write center: KUGH", *missing]:
        assert part in text


def test_a_list_of_centers_in_another_encoding(clone):
    (clone.folder / "config/centers.tsv").write_bytes("center\t병원\n".encode("cp949"))
    assert any("centers.tsv: cannot be read as UTF-8 text with tabs" in problem for problem in clone.problems())


def test_extracts_that_are_no_folder(clone):
    clone.config["extracts"] = "config/study.yaml"
    assert "config/study.yaml: is not a folder. Name the folder of the extracts." in clone.problems()


def on_hold(clone, center: str, reason: str = "its columns were renamed") -> None:
    table = clone.folder / "config/centers.tsv"
    rows = [row.split("\t") for row in table.read_text(encoding="utf-8").splitlines()]
    next(row for row in rows if row[0] == center)[rows[0].index("hold")] = reason
    table.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")


def test_a_center_can_only_be_held_at_an_accepted_delivery(clone):
    on_hold(clone, "KUGH")
    assert clone.problems() == [
        "config/centers.tsv: center KUGH is on hold, but no accepted delivery of it is in "
        "results/restricted/harmonized/KUGH (patient.parquet and 14 more files are missing). Empty its 'hold' or bring "
        "the folder back."
    ]


def test_a_center_on_hold_needs_its_accepted_files_and_not_its_extract(clone):
    folder = clone.folder / "results/restricted/harmonized/KUGH"
    folder.mkdir(parents=True)
    for name in harmonized_files(clone.load().dictionary["tables"]):
        (folder / name).touch()
    (clone.folder / "resources/simulated/extracts" / clone.load_extract("KUGH")).unlink()
    on_hold(clone, "KUGH")
    center = clone.load().centers["KUGH"]
    assert (center.hold, center.received) == ("its columns were renamed", "2023-08-12")
    (folder / "receipt.json").unlink()
    assert "(receipt.json is missing)" in clone.problems()[0]


def test_a_day_of_receipt_that_is_no_date(clone):
    clone.edit("config/centers.tsv", "2023-08-12", "12 Aug 2023")
    assert clone.problems() == [
        "config/centers.tsv: center KUGH: received '12 Aug 2023' is not a date. Write YYYY-MM-DD."
    ]
    clone.edit("config/centers.tsv", "12 Aug 2023", "")
    assert clone.load().centers["KUGH"].received == ""


def test_an_accepted_change_that_nobody_signed(clone):
    file = clone.folder / "config/centers/KUGH.yaml"
    entry = "\naccepted_changes:\n  - delivery: '0123456789ab'\n    change: unit\n    columns: [Hb g/dL]\n    reason:\n"
    file.write_text(file.read_text(encoding="utf-8") + entry, encoding="utf-8")
    text = "\n".join(clone.problems())
    assert "accepted_changes[0].reason: this is left empty. Fill it in. Why." in text
    assert "'decided_by' is a required property" in text
