from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from multicenter.draft.desk import Drafting
from multicenter.draft.draft import Delivery
from multicenter.draft.propose import Proposal
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def clone() -> Path:
    return CLONE


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Drafting:
    """The desk of the shipped study, in a workspace without results."""
    config = read_yaml(CLONE / "config" / "config.yaml")
    workspace = tmp_path_factory.mktemp("workspace")
    return Drafting(SimpleNamespace(clone=CLONE, workspace=workspace, config=config, config_folders=[]))


@pytest.fixture(scope="session")
def checks() -> pd.DataFrame:
    return pd.read_csv(CLONE / "config" / "checks.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def drafted(desk, tmp_path) -> Callable[..., Delivery]:
    """Draft a csv given as text."""

    def run(text: str, encoding: str = "utf-8", name: str = "extract.csv") -> Delivery:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return desk.draft("XX", desk.read([path]))

    return run


@pytest.fixture
def column(drafted) -> Callable[..., Proposal]:
    """The proposal for one column, given by its header and cells."""

    def run(header: str, cells: list[str]) -> Proposal:
        lines = [f"ID;{header}", *(f"P{100 + i};{cell}" for i, cell in enumerate(cells))]
        return drafted("\n".join(lines) + "\n").sources[0].proposals[header]

    return run
