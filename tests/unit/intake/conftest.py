from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from multicenter.dictionary import build_dictionary
from multicenter.errors import StudyError
from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import Harmonized, harmonize_center
from multicenter.schemas import schema_problems
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def study() -> tuple:
    """The shipped dictionary, code lists and kinds of findings."""
    variables = read_yaml(CLONE / "config" / "variables.yaml")
    checks = pd.read_csv(CLONE / "config" / "checks.csv", dtype=str, keep_default_na=False)
    return build_dictionary(variables), read_yaml(CLONE / "config" / "codes.yaml"), checks


@pytest.fixture
def harmonize(tmp_path: Path, study: tuple) -> Callable[..., Harmonized]:
    """Harmonize a file's bytes (or a csv's text) by the columns and further keys of its center file."""
    dictionary, codes, checks = study

    def run(
        data: bytes | str, columns: dict, file: str = "f.csv", source: dict | None = None, **delivery
    ) -> Harmonized:
        path = tmp_path / file
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        main = {"format": path.suffix[1:], "id": "id", "columns": columns, **(source or {})}
        if path.suffix in (".csv", ".tsv"):
            main.setdefault("encoding", "utf-8")
        config = {"center": "XX", **delivery, "sources": {"main": main}}
        schema = CLONE / "workflow" / "schemas" / "center.schema.json"
        assert [*schema_problems(config, schema, "XX"), *check_center(config, dictionary, codes)] == []
        return harmonize_center("XX", [path], config, dictionary, codes, checks, "2022-12-31")

    return run


@pytest.fixture
def refused(harmonize) -> Callable[..., str]:
    """As `harmonize`; the message with which the center stops, without its summary line."""

    def run(*args, **kwargs) -> str:
        with pytest.raises(StudyError) as error:
            harmonize(*args, **kwargs)
        lines = str(error.value).splitlines()
        return "\n".join(lines[1:] if lines[0].endswith("this delivery") else lines)

    return run
