"""The command itself, and that nothing runs while a question is open."""

from __future__ import annotations

import copy
import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from multicenter.config import load_run
from multicenter.draft.check_synonyms import check_synonyms
from multicenter.draft.facts import shape
from multicenter.errors import ConfigError
from multicenter.harmonize.check import check_center
from multicenter.yamlfile import read_yaml

HEADER = "연구번호,성별,진단일,Hb(g/dL),메모,담당"
MEMOS = ["보호자와 통화", "전원 문의", "외래에서 상담", "동의서 재작성", "주소 변경함"]


@pytest.fixture
def extract(tmp_path) -> Path:
    lines = [HEADER]
    for i in range(30):
        doctor = "한시적" if i == 7 else "A팀" if i % 2 else "B팀"
        lines.append(
            f"ZQ-{7000 + 13 * i},{1 + i % 2},2018-{1 + i % 12:02d}-11,{8 + i % 5}.{i % 10},{MEMOS[i % 5]} {i},{doctor}"
        )
    path = tmp_path / "extract.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def desk_py(clone, tmp_path):
    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(clone / "workflow" / "desk.py"), *map(str, arguments)]
        env = os.environ | {"PYTHONPATH": "", **environment}
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", env=env, check=False
        )

    return run


def test_a_draft_from_the_command_line(desk_py, extract, tmp_path):
    out, profile = tmp_path / "drafts" / "XX.yaml", tmp_path / "profile.csv"
    done = desk_py("draft", extract, "--center", "XX", "--out", out, "--profile", profile)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("extract.csv: 30 rows, 6 columns, utf-8\n")
    assert done.stdout.endswith(
        f"Draft: {out}\n2 columns are mapped, 3 are open; each says why. Answer those, then run.\n"
    )
    source = read_yaml(out)["sources"]["main"]
    assert source["id"] == "연구번호"
    assert source["columns"]["진단일"] == "dx_date"
    assert source["columns"]["성별"] == {"open": [{"to": "sex", "codes": {"1": "?", "2": "?"}}, {"drop": "why?"}]}
    with open(profile, encoding="utf-8-sig", newline="") as handle:
        rows = {row["header"]: row for row in csv.DictReader(handle)}
    assert rows["성별"]["values"] == "1 (15); 2 (15)"
    assert rows["진단일"]["dates"] == "text, year first"
    assert rows["Hb(g/dL)"]["unit"] == "g/dL"


def test_ids_free_texts_and_rare_values_are_never_shown(desk_py, extract, tmp_path):
    out, profile = tmp_path / "XX.yaml", tmp_path / "profile.html"
    done = desk_py("draft", extract, "--center", "XX", "--out", out, "--profile", profile)
    shown = done.stdout + out.read_text(encoding="utf-8") + profile.read_text(encoding="utf-8")
    assert not re.search(r"ZQ-|홍길동|김철수|통화|한시적|2018-", shown)
    assert "A팀 (15)" in shown or "B팀 (15)" in shown
    assert shape("ZQ-7013") == "A+-9+"


def test_an_extract_that_identifies_persons_is_not_drafted(desk_py, extract, tmp_path):
    extract.write_text(
        extract.read_text(encoding="utf-8").replace("전원 문의 1", "홍길동 님 전원 문의"), encoding="utf-8"
    )
    out, profile = tmp_path / "XX.yaml", tmp_path / "profile.csv"
    done = desk_py("draft", extract, "--center", "XX", "--out", out, "--profile", profile)
    assert (done.returncode, done.stdout) == (1, "")
    assert "홍*동" in done.stderr and "홍길동" not in done.stderr
    assert not out.exists() and not profile.exists()


def test_the_same_bytes_whatever_the_hash_seed(desk_py, extract, tmp_path):
    texts = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.yaml"
        desk_py("draft", extract, "--center", "XX", "--out", out, PYTHONHASHSEED=seed)
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["gone.csv", "--center", "XX", "--out", "x.yaml"],
            "gone.csv: cannot be read (No such file or directory). Correct the path\n",
        ),
        (["extract.csv", "--center", "X-1"], "--center 'X-1': a code has letters, digits and _ only. Correct it.\n"),
        (
            ["extract.csv", "--center", "XX", "--out", "extract.csv"],
            "extract.csv: is there already, and a draft never replaces it. Give --out another name.\n",
        ),
        ([".", "--center", "XX", "--out", "x.yaml"], ".: cannot be read (Is a directory). Correct the path\n"),
        (
            ["extract.csv", "--center", "XX", "--out", "extract.csv/x.yaml"],
            "extract.csv: File exists. Correct the path, or who may use it.\n",
        ),
        (
            ["extract.csv", "--center", "XX", "--out", "x.yaml", "--profile", "extract.csv"],
            "extract.csv: is a file of the delivery. Give --profile another name.\n",
        ),
    ],
)
def test_mistakes_are_plain_lines(desk_py, extract, arguments, message):
    done = desk_py("draft", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_a_reader_that_stops_early_is_no_failure(clone, extract, tmp_path):
    command = [sys.executable, str(clone / "workflow" / "desk.py"), "draft", str(extract), "--center", "XX"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "x.yaml")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0
    assert (tmp_path / "x.yaml").exists()


def test_help_is_instant(desk_py):
    start = time.process_time(), time.perf_counter()
    done = desk_py("--help")
    assert done.returncode == 0
    assert "draft" in done.stdout and "trace" in done.stdout
    assert time.perf_counter() - start[1] < 3
    loaded = desk_py("draft", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert "pandas" not in loaded.stderr and "scipy" not in loaded.stderr


def test_no_run_begins_while_a_question_is_open(clone, tmp_path, desk, drafted, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config"
    shutil.copytree(clone / "config", config)
    target = config / "centers" / "HPH.yaml"
    target.unlink()
    lines = ["ID,성별,진료과,Hb(g/dL)", *(f"P{i},{1 + i % 2},HO,{9 + i % 3}.5" for i in range(20))]
    desk.write(drafted("\n".join(lines) + "\n"), target)
    target.write_text(target.read_text(encoding="utf-8").replace("center: XX", "center: HPH"), encoding="utf-8")
    settings = read_yaml(config / "config.yaml")
    settings |= {
        key: value.replace("config/", f"{config}/")
        for key, value in settings.items()
        if str(value).startswith("config/")
    }
    with pytest.raises(ConfigError) as stop:
        load_run(settings, clone, tmp_path)
    what = "sources.main.columns: 2 columns are still open: 성별, 진료과; map or drop each."
    assert [problem.split("HPH.yaml: ")[1] for problem in stop.value.problems] == [what]


def test_synonyms_name_what_exists(desk):
    dictionary = copy.deepcopy(desk.document)
    assert check_synonyms(dictionary, desk.codes) == []
    variables = dictionary["synonyms"]["tables"]["patient"]["variables"]
    variables["sexx"] = {}
    variables["sex"] = {
        "lists": ["sexes"],
        "readers": [["fish"]],
        "told_by": "gender",
        "levels": {"X": ["x"]},
        "looks_like": "*",
    }
    dictionary["synonyms"]["units"]["g/dl"] = []
    where = "synonyms.tables.patient.variables"
    assert check_synonyms(dictionary, desk.codes) == [
        "synonyms.units: there is no unit 'g/dl'. Did you mean 'g/dL'?",
        f"{where}: there is no variable 'sexx'. Did you mean 'sex'?",
        f"{where}.sex: there is no code list 'sexes'. Did you mean 'sex'?",
        f"{where}.sex: there is no reader 'fish'. Did you mean 'fish_main'?",
        f"{where}.sex: there is no variable 'gender'. Did you mean 'center'?",
        f"{where}.sex: there is no level 'X'.",
        f"{where}.sex.looks_like: the regular expression is not valid (nothing to repeat at position 0).",
    ]


def test_synonyms_rerun_nothing(clone):
    settings = read_yaml(clone / "config" / "config.yaml")
    run = load_run(settings, clone, clone)
    assert "synonyms" in run.dictionary
    assert "synonyms" not in run.harmonization["dictionary"]


def test_every_kind_of_open_question_stops_a_run(desk):
    source = {
        "format": "xlsx",
        "sheet": "A",
        "id": {"open": ["ID", "No"]},
        "ignore_sheets": {"B": {"open": []}},
        "ragged": {"open": [{"into": "x"}]},
        "ends_before": {"open": ["Total"]},
        "columns": {
            "x": {"open": []},
            "sex": {"to": "sex", "codes": {"1": "?"}},
            "Hb": {"to": "hb", "unit": "?"},
            "PD": [{"to": "pd_yn", "codes": ["yes_no", {"2": "?"}]}],
            "SPM": {"to": "spm_yn", "empty": "?"},
            "note": {"drop": "why?"},
            "ISS": {"to": "iss", "codes": "stage", "missing": ["?"]},
        },
    }
    problems = check_center({"center": "XX", "sources": {"main": source}}, desk.dictionary, desk.codes)
    assert problems == [
        "sources.main.columns: 1 column is still open: x; map or drop each.",
        "sources.main.columns: a '?' of the draft is left: sex, Hb, PD, SPM, note; answer it.",
        "sources.main.id: it is still open which column holds the patient's id; name it.",
        "sources.main.ragged: it is still open which column takes surplus cells; name it with 'into'.",
        "sources.main.ends_before: it is still open what stands below the table; say so, or leave it out.",
        "sources.main.ignore_sheets: the sheet 'B' is still open; say why it is ignored, or read it.",
    ]
