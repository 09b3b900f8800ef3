from pathlib import Path

import pytest

from multicenter.identifiers.detect import Detector
from multicenter.identifiers.scan import scan_files
from multicenter.yamlfile import read_yaml

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(read_yaml(CONFIG / "identifiers.yaml"))


@pytest.fixture
def scan(tmp_path, detector):
    def run(data: bytes | Path, name: str, **source):
        path = data if isinstance(data, Path) else tmp_path / name
        if not isinstance(data, Path):
            path.write_bytes(data)
        return scan_files([path], [{"format": path.suffix[1:], **source}], detector)

    return run
