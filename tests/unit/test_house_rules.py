"""Rules of the house that a reader relies on."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
LIBRARY = PROJECT / "workflow" / "lib" / "multicenter"
MODULES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = sorted((PROJECT / "workflow" / "scripts").glob("*.py"))
RULES = sorted((PROJECT / "workflow" / "rules").glob("*.smk"))
WRITERS = sorted((PROJECT / "resources" / "simulated").rglob("*.py"))
STUDY_WORDS = re.compile(
    r"myeloma|maintenance|\basct\b|transplant|thalidomide|lenalidomide|bortezomib|ixazomib|korea|\bkmm", re.IGNORECASE
)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_is_study_neutral_and_free_of_snakemake(path):
    text = path.read_text(encoding="utf-8")
    assert not STUDY_WORDS.findall(text)
    assert not [name for name in imports(path) if name.split(".")[0] in ("snakemake", "kmm")]


def test_packages_run_nothing_on_import():
    assert all(path.read_text() == "" for path in MODULES if path.name == "__init__.py")


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *RULES, *WRITERS], ids=lambda path: path.name)
def test_every_file_is_one_room(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_a_doorway(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.FunctionDef | ast.BinOp | ast.While)]
    assert ast.get_docstring(tree)
    assert not branches


def test_every_script_has_its_rule_its_log_and_its_environment():
    text = "\n".join(path.read_text(encoding="utf-8") for path in RULES)
    assert {path.stem for path in SCRIPTS} == set(re.findall(r"scripts/(\w+)\.py", text))
    for rule, body in re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
        assert "log:" in body, rule
        assert "run:" not in body, rule
        if "script:" in body:
            assert f"scripts/{rule}.py" in body
            environment = re.search(r"conda:\s+\"../../envs/(\w+)\.yaml\"", body)[1]
            assert f'code=code("{rule}", "{environment}")' in body


def test_every_rules_file_says_what_goes_in_and_comes_out():
    for path in RULES:
        head = path.read_text(encoding="utf-8").split('"""')[1]
        assert "Required inputs:" in head and "Outputs:" in head, path.name


def test_the_writers_of_the_extracts_know_nothing_of_the_harmonizer():
    for path in WRITERS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"config/centers|codes\.yaml|checks\.csv", text), path
        assert not [name for name in imports(path) if name and "harmonize" in name], path
        assert not [name for name in imports(path) if name and name.startswith("multicenter.intake")], path
    for path in MODULES:
        assert "resources" not in {part for name in imports(path) if name for part in name.split(".")}


def test_every_key_of_every_schema_is_described():
    def undescribed(node, where=""):
        for key, value in node.get("properties", {}).items():
            if "description" not in value and "$ref" not in value:
                yield f"{where}.{key}"
            yield from undescribed(value, f"{where}.{key}")
        for inner in (node.get("items"), node.get("additionalProperties"), *node.get("$defs", {}).values()):
            if isinstance(inner, dict):
                yield from undescribed(inner, where)

    for path in (PROJECT / "workflow" / "schemas").glob("*.json"):
        assert not list(undescribed(json.loads(path.read_text(encoding="utf-8")))), path.name


def test_the_config_readme_names_every_key_of_config_yaml():
    keys = yaml.safe_load((PROJECT / "config" / "config.yaml").read_text(encoding="utf-8"))
    text = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
    assert not [key for key in keys if f"`{key}`" not in text]


def test_the_lock_names_no_host():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert "http" not in text and "index-url" not in text and "--hash=sha256:" in text
