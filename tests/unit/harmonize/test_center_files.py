"""Center files: what the shipped ones hold, and what a mistake in one is called."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from multicenter.errors import ConfigError
from multicenter.harmonize.check import check_center
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
FILES = sorted((CLONE / "config" / "centers").glob("*.yaml"))


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((CLONE / "workflow" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_shipped_center_files_are_valid(path, dictionary, codes):
    center = read_yaml(path)
    assert list(validator("center").iter_errors(center)) == []
    assert check_center(center, dictionary, codes) == []
    assert center["center"] == path.stem


def test_shared_lists_and_dictionary_are_valid():
    assert list(validator("codes").iter_errors(read_yaml(CLONE / "config" / "codes.yaml"))) == []
    document = read_yaml(CLONE / "config" / "variables.yaml")
    assert list(validator("variables").iter_errors(document)) == []


@pytest.mark.parametrize("name", ["center", "codes", "variables"])
def test_every_key_of_a_schema_is_described(name):
    def walk(node):
        if isinstance(node, dict):
            for key, child in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
                assert "description" in child, key
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(validator(name).schema)


def test_keys_stay_texts_as_written(tmp_path):
    path = tmp_path / "X.yaml"
    path.write_text(
        "a: {1: x, no: y, 2019-01-01: z, 01: w, ~: v}\nb: 2019-01-01\nc: [true, no, 1, ~]\n", encoding="utf-8"
    )
    assert read_yaml(path) == {
        "a": {"1": "x", "no": "y", "2019-01-01": "z", "01": "w", "~": "v"},
        "b": "2019-01-01",
        "c": [True, "no", 1, None],
    }


def test_a_key_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "X.yaml"
    path.write_text("a: 1\nb: 2\na: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"the key 'a' stands twice \(line 3\)"):
        read_yaml(path)


def center(columns: dict, **source) -> dict:
    main = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": columns, **source}
    return {"center": "XX", "sources": {"main": main}}


@pytest.mark.parametrize(
    ("columns", "source", "expected"),
    [
        ({"a": "sexx"}, {}, "sources.main.columns.a: there is no variable 'sexx' in patient. Did you mean 'sex'?"),
        ({"a": "patients.sex"}, {}, "sources.main.columns.a: there is no table 'patients'. Did you mean 'patient'?"),
        (
            {"a": {"to": "sex", "codes": "sexes"}},
            {},
            "sources.main.columns.a.codes: there is no code list 'sexes' in codes.yaml. Did you mean 'sex'?",
        ),
        (
            {"a": {"to": "sex", "codes": {"1": "Male"}}},
            {},
            "sources.main.columns.a.codes.1: 'Male' is no category value of patient.sex.",
        ),
        (
            {"a": {"to": "hb", "unit": "g/dl"}},
            {},
            "sources.main.columns.a: there is no unit 'g/dl'. Did you mean 'g/dL'?",
        ),
        (
            {"a": "response[post_act].response"},
            {},
            "sources.main.columns.a: 'post_act' is no category value of response.timepoint. Did you mean 'post_asct'?",
        ),
        ({"a": {"read": "fisch_main"}}, {}, "there is no reader 'fisch_main' in codes.yaml. Did you mean 'fish_main'?"),
        ({"a": "sex", "b": "sex"}, {}, "sources.main.columns.b: patient.sex is already fed by column 'a'."),
        (
            {"a": "asct_date"},
            {"row_is": "transplant"},
            "nothing tells the rows of transplant apart: map a column to asct_no, write transplant[…] or use 'number'.",
        ),
        (
            {"a": {"to": "dx_date", "dates": {"formats": ["YY/MM"]}}},
            {},
            "sources.main.columns.a.dates: 'YY/MM' has two-digit years; declare two_digit_years",
        ),
        (
            {"a": "dx_date"},
            {"dates": {"formats": ["YY/MM/DD"]}},
            "'YY/MM/DD' has two-digit years; declare two_digit_years (the first year, e.g. 1950).",
        ),
        ({"a": {"to": "ecog", "pattern": "(("}}, {}, "the regular expression '((' is not valid"),
        (
            {"a": "dx_date"},
            {"duplicates": {"differing": {"keep_latest": "last_fu_date"}}},
            "sources.main.duplicates: no column is mapped to 'last_fu_date'.",
        ),
    ],
)
def test_mistakes_are_named_with_the_nearest_known_word(dictionary, codes, columns, source, expected):
    problems = check_center(center(columns, **source), dictionary, codes)
    assert any(expected in problem for problem in problems), problems


def test_a_shipped_file_with_a_typo_in_a_key_fails_the_schema():
    broken = copy.deepcopy(read_yaml(FILES[0]))
    source = next(iter(broken["sources"].values()))
    source["encodng"] = "utf-8"
    assert ["encodng" in error.message for error in validator("center").iter_errors(broken)] == [True]
