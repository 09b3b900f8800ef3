from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import Harmonized, harmonize_center
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
CONFIG = CLONE / "config"


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    return build_dictionary(read_yaml(CONFIG / "variables.yaml"))


@pytest.fixture(scope="session")
def codes() -> dict:
    return read_yaml(CONFIG / "codes.yaml")


@pytest.fixture(scope="session")
def checks() -> pd.DataFrame:
    return pd.read_csv(CONFIG / "checks.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def deliver(tmp_path: Path, dictionary, codes, checks) -> Callable[..., Harmonized]:
    """Harmonize a csv given as text by the columns of a center file given as YAML text."""

    def run(
        text: str | bytes, columns: str, head: str = "", source: str = "", encoding: str = "utf-8", **more
    ) -> Harmonized:
        data = text if isinstance(text, bytes) else text.encode(encoding)
        extract = tmp_path / "extract.csv"
        extract.write_bytes(data)
        lines = "\n".join(f"      {line}" for line in columns.strip().splitlines())
        reading = "\n".join(f"    {line}" for line in source.strip().splitlines())
        center = tmp_path / "XX.yaml"
        center.write_text(
            f"center: XX\n{head}\nsources:\n  main:\n    format: csv\n    encoding: {encoding}\n    id: id\n"
            f"{reading}\n    columns:\n{lines}\n",
            encoding="utf-8",
        )
        config = read_yaml(center)
        assert check_center(config, dictionary, codes) == []
        return harmonize_center("XX", [extract], config, dictionary, codes, checks, "2022-12-31", **more)

    return run


@pytest.fixture
def value(deliver) -> Callable[..., tuple]:
    """Harmonize one cell; returns (canonical value, [kinds of findings])."""

    def run(cell: str, spec: str, variable: str, **more: str) -> tuple:
        done = deliver(f'id,x\n1,"{cell}"\n', f"x: {spec}", **more)
        table = done.tables["patient"]
        return table[variable].iloc[0], done.findings["kind"].tolist()

    return run
