"""A center whose deliveries come in one after the other, for the tests of drift."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from multicenter.errors import StudyError
from multicenter.harmonize.accepted import Limits
from multicenter.harmonize.check import check_center
from multicenter.harmonize.run import Arrival, Harmonized, harmonize_center, write_harmonized, write_intake


class Center:
    """One center whose deliveries come in one after the other."""

    def __init__(self, folder: Path, code: str, config: dict, dictionary, codes, checks):
        self.folder, self.code, self.config = folder, code, config
        self.known = (dictionary, codes, checks)
        self.accepted = folder / "accepted"

    def receive(self, file: str, data: bytes, received: str = "", cut: str = "2023-06-30", **limits) -> Harmonized:
        path = self.folder / file
        path.write_bytes(data)
        dictionary, codes, checks = self.known
        assert check_center(self.config, dictionary, codes) == []
        arrival = Arrival(received, self.accepted, Limits(**limits))
        return harmonize_center(self.code, [path], self.config, dictionary, codes, checks, cut, arrival)

    def accept(self, harmonized: Harmonized) -> Harmonized:
        self.accepted.mkdir(exist_ok=True)
        write_intake(harmonized, self.accepted)
        write_harmonized(harmonized, self.accepted)
        return harmonized

    def stopped_by(self, *delivery, **more) -> list[str]:
        with pytest.raises(StudyError) as error:
            self.receive(*delivery, **more)
        return str(error.value).splitlines()


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()
