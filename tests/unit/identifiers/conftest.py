from pathlib import Path

import pytest

from multicenter.identifiers.detect import Detector
from multicenter.yamlfile import read_yaml

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(read_yaml(CONFIG / "identifiers.yaml"))
