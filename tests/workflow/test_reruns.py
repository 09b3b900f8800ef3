"""What is computed again after a change, and what is not; read from dry runs."""

import os
import shutil
import time

import pytest

PER_CENTER = ("harmonize_center", "accept_delivery")
POOLED = {
    "all", "build_cohort", "write_queries", "write_overview", "describe_baseline", "describe_response",
    "fit_kaplan_meier", "fit_cox", "count_events", "compare_strategies", "collect_estimates", "write_tables",
    "collect_numbers", "record_provenance",
}  # fmt: skip
FIGURES = {
    f"draw_figure:{name}"
    for name in (
        "fig1_response_kinetics",
        "fig2_pfs_by_use",
        "fig3_pfs_by_type",
        "fig4_os",
        "fig5_second_malignancy",
        "fig6_pfs_corrected",
    )
}


def of_center(code: str) -> set[str]:
    return {f"{rule}:{code}" for rule in PER_CENTER}


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.planned() == set()


def test_new_content_behind_an_old_time_stamp_reruns_its_center_and_what_is_pooled(workspace):
    extract = next((workspace.folder / "resources/simulated/extracts").glob("CNUHH*"))
    stamp = extract.stat().st_mtime_ns - 10**12
    extract.write_bytes(extract.read_bytes() + b"\r\n")
    os.utime(extract, ns=(stamp, stamp))
    assert workspace.planned() == of_center("CNUHH") | POOLED | FIGURES


def test_touching_every_input_plans_nothing(workspace):
    later = time.time() + 3600
    for folder in ("resources", "config", "workflow", "envs"):
        for file in (workspace.folder / folder).rglob("*"):
            os.utime(file, (later, later))
    assert workspace.planned() == set()


COLLECTED = {"collect_estimates", "write_tables", "collect_numbers", "record_provenance", "all"}


@pytest.mark.parametrize(
    ("module", "planned"),
    [
        ("survival/cox.py", {"fit_cox", "write_queries", "write_overview"} | COLLECTED | FIGURES),
        ("queries/ledger.py", {"write_queries", "write_overview", "record_provenance", "all"}),
        ("overview/funnel_plot.py", {"write_overview", "all"}),
        ("describe/response_kinetics.py", {"describe_response"} | COLLECTED | FIGURES),
        ("manuscript/km_figure.py", FIGURES | {"record_provenance", "all"}),
        ("manuscript/cox_table.py", {"write_tables", "record_provenance", "all"}),
        ("provenance/manifest.py", {"record_provenance", "all"}),
        ("cohort/endpoints.py", POOLED | FIGURES),
    ],
)
def test_an_edited_module_reruns_the_rules_whose_scripts_import_it_and_what_follows(workspace, module, planned):
    file = workspace.folder / "workflow/lib/multicenter" / module
    file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert workspace.planned() == planned


def test_changed_pins_rerun_the_rules_of_that_environment(workspace):
    workspace.edit("envs/manuscript.yaml", "matplotlib-base=3.10.9", "matplotlib-base=3.10.8")
    assert workspace.planned() == FIGURES | {"record_provenance", "all"}


def test_a_module_that_nothing_imports_reruns_nothing(workspace):
    (workspace.folder / "workflow/lib/multicenter/unused.py").write_text("x = 1\n")
    assert workspace.planned() == set()


def test_an_edited_label_writes_the_tables_and_computes_nothing(workspace):
    workspace.edit("config/study.yaml", "label: Age at ASCT", "label: Age at transplantation")
    assert workspace.planned() == {"all", "write_tables", "write_overview", "collect_numbers", "record_provenance"}


def test_the_title_of_the_study_reruns_nothing_that_computes(workspace):
    workspace.edit("config/study.yaml", "title: Maintenance therapy after", "title: Maintenance after")
    assert workspace.planned() <= {"all", "write_queries", "write_overview", "record_provenance"}  # they print it


def test_an_edited_template_writes_the_overview(workspace):
    workspace.edit("workflow/report/overview/style.css", "color-scheme: light dark;", "color-scheme: light;")
    assert workspace.planned() == {"all", "write_overview"}


def test_a_comment_in_a_mapping_plans_nothing(workspace):
    file = workspace.folder / "config/centers/SMC.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    assert workspace.planned() == set()


def test_a_changed_mapping_reruns_its_center(workspace):
    workspace.edit("config/centers/CNUHH.yaml", 'missing: ["-"]', 'missing: ["-", "?"]')
    assert workspace.planned() == of_center("CNUHH") | POOLED | FIGURES


def test_a_changed_data_cut_reruns_its_center(workspace):
    table = workspace.folder / "config/centers.tsv"
    rows = [row.split("\t") for row in table.read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if row[0] == "KUGH")
    row[3] = "2023-07-31"
    table.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    assert workspace.planned() == of_center("KUGH") | POOLED | FIGURES


def test_a_moved_project_plans_nothing(finished, tmp_path):
    moved = finished.copy(tmp_path / "elsewhere" / "renamed")
    assert moved.planned() == set()


def test_a_sixteenth_center_runs_itself_and_what_is_pooled(workspace):
    extracts = workspace.folder / "resources/simulated/extracts"
    source = next(extracts.glob("KUGH*"))
    shutil.copy(source, extracts / f"NEWH{source.suffix}")
    shutil.copy(workspace.folder / "config/centers/KUGH.yaml", workspace.folder / "config/centers/NEWH.yaml")
    workspace.edit("config/centers/NEWH.yaml", "center: KUGH", "center: NEWH")
    with open(workspace.folder / "config/centers.tsv", "a", encoding="utf-8") as table:
        table.write(f"NEWH\tA new hospital\tNEWH{source.suffix}\t2023-06-30\t\t\t\n")
    assert workspace.planned() == of_center("NEWH") | POOLED | FIGURES


def test_another_workspace_and_config_file_work_from_any_directory(finished, tmp_path):
    config = tmp_path / "other" / "config.yaml"
    config.parent.mkdir()
    config.write_text("decisions: decisions.csv\n")
    shutil.copy(finished.folder / "config/decisions.csv", config.parent / "decisions.csv")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    arguments = ["--snakefile", str(finished.folder / "Snakefile"), "--directory", str(tmp_path / "ws"), "--configfile"]
    planned = finished.planned(*arguments, str(config), cwd=elsewhere)
    assert planned >= of_center("SMC") | POOLED | FIGURES
    assert not list(elsewhere.iterdir())
