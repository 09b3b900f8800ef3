"""What `trace` prints, for the shipped study and for small deliveries made to be difficult."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from multicenter.centers import Center
from multicenter.dictionary import build_dictionary
from multicenter.errors import StudyError
from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import harmonize_center, write_harmonized, write_intake
from multicenter.lineage.command import lineage_text
from multicenter.lineage.datasets import names_known, trace
from multicenter.lineage.dossier import open_dossier
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def told(study_run, study_folder):
    return lambda what, usubjid, raw=False: lineage_text(study_run, study_folder, what, usubjid, raw)


@pytest.fixture
def small(study_run, tmp_path):
    """Harmonize a csv by a mapping given as text; returns a function that traces in it."""

    def make(text: str, source: str):
        (tmp_path / "x.csv").write_text(text, encoding="utf-8")
        for name in ("config", "resources"):
            (tmp_path / name).symlink_to(CLONE / name)
        path = tmp_path / "XX.yaml"
        path.write_text(f"center: XX\nsources:\n  main:\n    format: csv\n    encoding: utf-8\n{source}\n", "utf-8")
        mapping = read_yaml(path)
        assert check_center(mapping, build_dictionary(study_run.dictionary), study_run.codes) == []
        center = Center("XX", "Hospital X", (tmp_path / "x.csv",), "2022-12-31", "", "", "", path, mapping)
        checks = pd.DataFrame(study_run.checks)
        done = harmonize_center(
            "XX", center.extracts, mapping, study_run.dictionary, study_run.codes, checks, center.data_cut
        )
        write_harmonized(done, tmp_path / "results/restricted/harmonized/XX")
        write_intake(done, tmp_path / "results/restricted/harmonized/XX")
        run = replace(study_run, centers={"XX": center})
        return lambda what, usubjid="XX-1": lineage_text(run, tmp_path, what, usubjid, raw=True)

    return make


def test_an_endpoint_with_its_event(told):
    text = told("PFS", "KUAH-KUA-019")
    assert text.startswith("KUAH-KUA-019, Korea University Anam Hospital, data cut 2022-01-31 (simulated data)\n")
    assert "\nPFS: event on 2020-10-13, 288 days after 2019-12-30. Progression\n" in text
    assert "patient.pd_date = 2020-10-13  KUAH_data.xlsx!Data!BP24 (PD date)\n" in text
    assert "censoring Last disease assessment = 2021-12-30  ← not needed: there is an event (Progression)\n" in text


def test_a_contact_after_the_cut_is_cut(told):
    text = told("OS", "SSMH-19")
    assert "\nOS: censored on 2022-06-30, 1658 days after 2017-12-15. Data cut\n" in text
    assert "censoring Last contact = 2022-08-07  ← after the data cut (2022-06-30): censored there\n" in text
    assert "patient.last_fu_date = 2022-08-07  SSMH_myeloma.sav!row 19, column LASTFU  ← used\n" in text
    assert "query contact_after_cut (kept): last contact (2022-08-07) is after the data cut (2022-06-30)" in text
    assert "data_cut = 2022-06-30  ← used: Last contact is later\n" in text


def test_many_visits_are_told_by_their_span(told):
    text = told("PFS", "SNUH-S001")
    assert " more rows, 2019-07-07 to " in text
    assert text.count("SNUH_visits.csv!row") == 1


def test_a_csv_cell_is_its_row_and_column(told):
    text = told("del17p", "CNUHH-0018", raw=True)
    assert "patient.del17p = 1  CNUHH_myeloma.csv!row 19, column FISH\n" in text
    assert "as delivered: 'del(17p) 61%, amp(1q21), IGH::CCND1 (+), del(13q) 45%'" in text
    assert "read from free text, phrase by phrase" in text


def test_a_value_set_missing_says_so_and_why(told):
    text = told("hb", "SMC-SMC_61", raw=True)
    assert "patient.hb = missing  SMC_KMM_VTD.xlsx!Baseline!M63 (Laboratory at diagnosis / Hb)" in text
    assert "as delivered: 'hemolyzed'" in text
    assert "query not_numeric (the value was set missing): a number is expected here" in text


def test_an_assessment(told):
    text = told("ADRS:m12", "CNUHH-0018", raw=True)
    assert "\nADRS:m12: CR on 2018-08-03\n" in text
    cell = "response[m12].response = CR  CNUHH_myeloma.csv!row 19, column 12M반응"
    assert f"{cell}\n│       as delivered: 'CR'\n├─ AVAL = 1\n" in text
    assert "as delivered: '2018.08.03'" in text
    assert "ADRS:m12.ADT = 2018" not in text and "\nADT = 2018-08-03" in told("ADRS:m12.ADT", "CNUHH-0018")
    assert "the patient has no such assessment; there are: pre_asct, post_asct" in told("ADRS:m12", "SNUH-S001")


def test_an_imputed_date_says_so(told):
    text = told("ind_end", "SNUH-S001", raw=True)
    assert "ind_end = 2019-02-15  SNUH_patients.csv!row 2, column ind_end" in text
    assert "as delivered: '2019-02'" in text
    assert "note date_month_only (a part of the date was filled in): only year and month are given" in text
    assert "the cell allows 2019-02-01 to 2019-02-28 (flag D)" in text


def test_a_folded_row_is_told(told):
    assert "row 83 of CNUHH_myeloma.csv was left out: the row repeats another row exactly" in told(".", "CNUHH-0002")


def test_units_counted_ages_and_constants_are_told(told):
    assert "converted from nmol/L to mg/L" in told("b2m", "CNUHH-0018")
    age = told("AGE", "CNUH-010")
    assert "counted from the age in the cell: year of dx_date − age + 1" in age
    assert "impossible: no column of this center's extract gives it" in age
    number = told("transplant.asct_no", "SMC-SMC_4")
    assert "the record's number in the address transplant[1] (config/centers/SMC.yaml)" in number


def test_a_constant_of_the_center_file_has_no_cell(study_run, study_folder):
    records = pd.read_parquet(study_folder / "results/restricted/harmonized/SMC/transplant.parquet")
    patient = records.loc[records["asct_no"] == 2, "patient_id"].iloc[0]
    text = lineage_text(study_run, study_folder, "transplant[2].asct_no", f"SMC-{patient}", raw=True)
    assert "transplant[2].asct_no = 2\n" in text + "\n"
    assert "declared for every row in config/centers/SMC.yaml, sources.second_transplant.constants" in text


def test_patients_who_left(told):
    text = told("SEX", "KUASH-KUAS-13")
    assert "not in ADSL: left at step transfers (Registered by a second center (decision recorded))" in text
    assert "config/decisions.csv: kept as KUAH-KUA-019; transferred; the keeping center followed" in text
    text = told(".", "DSMC-12")
    assert "not in ADSL: left at step induction (Induction other than frontline VTD, or changed)" in text
    assert "ind_regimen = TD  DSMC_MM.xls!MM!V15 (Induction)" in text


@pytest.mark.parametrize(
    ("what", "usubjid", "said"),
    [
        ("PFS", "NCC-104", "NCC-104: the accepted delivery of NCC has no such patient (46 others). Did you mean 'NCC-"),
        ("PFS", "NCX-1046", "NCX-1046: there is no center 'NCX'. Did you mean 'NCC'? Centers: CNUH, CNUHH, DAUH"),
        ("PFS", "NCC1046", "'NCC1046' is no patient: write the center's code, a dash and the center's id ("),
        ("PSF", "NCC-1046", "'PSF' is no endpoint, variable or visit of this study. Did you mean 'PFS'?"),
        ("ADSL:SEXX", "NCC-1046", "'ADSL:SEXX' is no endpoint, variable or visit of this study. Did you mean 'SEX'?"),
        ("ADRS:m13", "NCC-1046", "ADRS:m13: there is no such visit. Did you mean 'm3'? Visits: pre_asct, post_asct, "),
        ("ADXX:AGE", "NCC-1046", "ADXX:AGE: there is no data set 'ADXX'. Data sets: ADSL, ADTTE, ADRS."),
    ],
)
def test_what_does_not_exist_is_one_line(told, what, usubjid, said):
    with pytest.raises(StudyError) as error:
        told(what, usubjid)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_what_a_rule_says_stands_at_every_variable_that_it_reads(small):
    source = """    id: id
    columns:
      yn: death_yn
      on: death_date
      tx: "transplant[1].asct_date"
      t2: "transplant[2].asct_date\""""
    ask = small("id,yn,on,tx,t2\n1,0,2020-01-01,2020-06-01,2020-07-01\n2,,,,\n", source)
    against = "query death_date_against_status (kept): the patient is stated to be alive, but a date of death (2020-01"
    before = "query death_before_transplant (kept): death (2020-01-01) is before the transplantation (2020-06-01)"
    assert against in ask("death_yn") and against in ask("death_date")
    assert before in ask("death_date") and before in ask("transplant[1].asct_date")
    assert "death_before" not in ask("transplant[2].asct_date").partition("not in ADSL")[0]


def test_the_unfinished_map_of_another_center_is_no_matter(study_folder, tmp_path):
    shutil.copytree(CLONE / "config", tmp_path / "config")
    (tmp_path / "config" / "centers" / "DAUH.yaml").write_text(
        "center: DAUH\nsources: {main: {open: [what]}}\n", "utf-8"
    )
    (tmp_path / "other.yaml").write_text("center_maps: config/centers\ncenters: config/centers.tsv\n", "utf-8")
    options = ["--directory", str(study_folder), "--configfile", str(tmp_path / "other.yaml")]
    desk = [sys.executable, str(CLONE / "workflow" / "desk.py"), "trace", "PFS.ADT"]
    done = subprocess.run([*desk, "KUAH-KUA-019", *options], capture_output=True, text=True, check=False)
    assert "PFS.ADT = 2020-10-13" in done.stdout, done.stderr
    own = subprocess.run([*desk, "DAUH-1", *options], capture_output=True, text=True, check=False)
    assert own.returncode == 1 and "DAUH.yaml" in own.stderr


def test_what_the_last_run_wrote_otherwise_is_told(study_run, study_folder):
    study = {**study_run.study, "variables": {**study_run.study["variables"], "ASCTYR": {"value": "2000 + 1"}}}
    study["endpoints"] = {"PFS": {**study["endpoints"]["PFS"], "events": study["endpoints"]["PFS"]["events"][1:]}}
    run = replace(study_run, study=study)
    text = lineage_text(run, study_folder, "ASCTYR", "KUAH-KUA-019")
    assert "\nthe last run wrote ASCTYR 2019: configuration or tables have changed since\n" in text
    text = lineage_text(run, study_folder, "PFS", "KUAH-KUA-019")
    assert "\nthe last run wrote PFS.ADT 2020-10-13: configuration or tables have changed since\n" in text
    assert "the last run wrote" not in lineage_text(study_run, study_folder, "PFS", "KUAH-KUA-019")


def test_without_results_one_line_says_what_to_do(study_run, tmp_path):
    with pytest.raises(StudyError, match=r"holds no accepted delivery of NCC\. Run the workflow first"):
        lineage_text(study_run, tmp_path, "PFS", "NCC-1046")


def test_every_name_that_is_offered_can_be_traced(study_run, study_folder):
    dossier = open_dossier(study_run, study_folder, "SMC-SMC_10")
    for name in names_known(dossier):
        assert trace(dossier, name).name


def test_a_changed_extract_is_not_read_as_the_delivered_one(small, tmp_path):
    ask = small("id,s\n1,M\n", "    id: id\n    columns:\n      s: sex")
    assert "as delivered: 'M'" in ask("sex")
    (tmp_path / "x.csv").write_text("id,s\n1,F\n", encoding="utf-8")
    with pytest.raises(StudyError, match="this is not the file that the results were made of"):
        ask("sex")
    (tmp_path / "x.csv").unlink()
    with pytest.raises(StudyError, match="the extract is not there any more"):
        ask("sex")


def test_a_value_of_a_later_row_of_the_record(small):
    source = """    id: id
    row_is: transplant
    number: {asct_no: asct_date}
    columns:
      d: asct_date
      s: {to: patient.sex, codes: sex}
      h: patient.hb"""
    ask = small("id,d,s,h\n2,2019-01-01,F,11\n1,2019-08-01,M,\n1,2019-01-01,M,10\n", source)
    assert "patient.hb = 10  x.csv!row 4, column h\n" in ask("hb") + "\n"
    assert "patient.sex = M  x.csv!row 3, column s\n" in ask("sex") + "\n"
    assert "transplant[1].asct_date = 2019-01-01  x.csv!row 4, column d" in ask("asct_date")
    assert "numbered in the order of asct_date" in ask("transplant[2].asct_no")


def test_a_missing_value_of_several_rows_names_all_of_them(small):
    source = "    id: id\n    row_is: transplant\n    columns:\n      n: asct_no\n      h: patient.hb"
    ask = small("id,n,h\n1,1,\n1,2,\n", source)
    assert "patient.hb = missing  x.csv!row 2, column h  x.csv!row 3, column h\n" in ask("hb")


def test_blank_and_other_cells_that_count_as_a_value(small):
    source = """    id: id
    columns:
      e: {to: plasmacytoma, codes: {yes: 1}, empty: 0}
      f: {to: fish_done, codes: {yes: 1}, otherwise: 0}"""
    ask = small("id,e,f\n1,,no idea\n2,yes,yes\n", source)
    text = ask("plasmacytoma")
    assert "as delivered: blank" in text
    assert "a blank cell counts as this value (empty in the center file): the cell may be blank" in text
    text = ask("fish_done")
    assert "as delivered: 'no idea'" in text
    assert "every filled cell without a code of its own counts as this value (otherwise)" in text
    assert "counts as" not in ask("fish_done", "XX-2")


def test_the_extract_need_not_be_there(study_folder, tmp_path):
    config = (CLONE / "config" / "config.yaml").read_text("utf-8")
    other = config.replace("extracts: resources/simulated/extracts", f"extracts: {tmp_path / 'nothing'}")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "other.yaml").write_text(other, "utf-8")
    options = ["--directory", str(study_folder), "--configfile", str(tmp_path / "other.yaml")]
    desk = [sys.executable, str(CLONE / "workflow" / "desk.py"), "trace", "PFS.ADT", "KUAH-KUA-019", *options]
    done = subprocess.run(desk, capture_output=True, text=True, check=False)
    assert "PFS.ADT = 2020-10-13" in done.stdout, done.stderr
    raw = subprocess.run([*desk, "--raw"], capture_output=True, text=True, check=False)
    assert (raw.returncode, raw.stdout) == (1, "")
    assert raw.stderr.endswith("KUAH_data.xlsx: the extract is not there any more. Trace without --raw.\n")


def test_the_command_line(study_folder):
    desk = [sys.executable, str(CLONE / "workflow" / "desk.py"), "trace", "--directory", str(study_folder)]
    done = subprocess.run([*desk, "PFS.ADT", "KUAH-KUA-019"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PFS.ADT = 2020-10-13" in done.stdout
    failed = subprocess.run([*desk, "PSF", "KUAH-KUA-019"], capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "'PSF' is no endpoint, variable or visit of this study. Did you mean 'PFS'?\n"
