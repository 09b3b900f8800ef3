"""What `desk.py draft` does, step by step: reading, the firewall's place, drafting, checking, writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.centers import read_rows
from multicenter.config import locate_files
from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.draft.draft import Delivery, draft_delivery
from multicenter.draft.facts import Facts, split_legend, table_facts
from multicenter.draft.layout import Found, find_tables
from multicenter.draft.report import profile_tables
from multicenter.draft.vocabulary import Vocabulary
from multicenter.draft.yamltext import center_file
from multicenter.errors import ConfigError, StudyError
from multicenter.harmonize.check import check_center
from multicenter.harmonize.check_open import ANSWER, open_problems
from multicenter.harmonize.check_rules import CHECK_COLUMNS
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.quarantine import quarantine
from multicenter.paths import ACCEPTED_DELIVERIES
from multicenter.schemas import schema_problems
from multicenter.yamlfile import read_yaml

FEWEST_POOLED = 30  # harmonized values before their median stands for the usual one
NARROW = 4.0  # upper over lower quartile: a wider variable says nothing about its unit


class Drafting:
    """The dictionary, the shared codes and the pooled data that a draft is made from.

    place: clone, workspace, config and config_folders as desk.py gives them. Centers are not read: a draft may be
    made while another one is unfinished.
    """

    def __init__(self, place: Any):
        self.place = place
        self.files, _ = locate_files(place.config, place.clone, place.workspace, place.config_folders)
        self.document = self._document("variables")
        self.codes = self._document("codes")
        self.checks, wrong = read_rows(self._find("checks"), CHECK_COLUMNS)
        if wrong:
            raise ConfigError(wrong)
        self.dictionary: Dictionary = build_dictionary(self.document)
        self.vocabulary = Vocabulary(self.document, self.dictionary)

    def target(self, center: str, out: Path | None) -> Path:
        """Where the draft goes; StudyError if the code is none or the file is there already."""
        if not center.replace("_", "").isalnum() or not center.isascii():
            raise StudyError(f"--center {center!r}: a code has letters, digits and _ only. Correct it.")
        path = out or self._find("center_maps") / f"{center}.yaml"
        if path.exists():
            raise StudyError(f"{path}: is there already, and a draft never replaces it. Give --out another name.")
        return path

    def refuse_identifiers(self, center: str, files: Iterable[Path]) -> None:
        """Raise DeliveryError, masked, if a file identifies persons: nothing of it is shown or written then.

        Decisions on what only looks so stand in the center's file, if there is one already.
        """
        known = self._find("center_maps") / f"{center}.yaml"
        decided = read_yaml(known).get("not_identifiers", ()) if known.is_file() else ()
        config = {"sources": {}, "not_identifiers": decided}
        there = [file for file in files if file.is_file()]  # what is not there is told by `read`
        quarantine(center, there, config, Detector(self._document("identifiers")), str(known))

    def read(self, files: Iterable[Path]) -> list[Found]:
        """Every table of every file."""
        return [found for file in files for found in find_tables(file, self._worth)]

    def draft(self, center: str, tables: list[Found]) -> Delivery:
        """The proposed mapping of a delivery."""
        return draft_delivery(center, tables, self.dictionary, self.codes, self.vocabulary, self.usual(), self.checks)

    def profile(self, tables: Sequence[Found], delivery: Delivery) -> pd.DataFrame:
        """The profile of every table, with the units that the draft suspects."""
        units = {}
        for source in delivery.sources:
            for header, proposal in source.proposals.items():
                unit = proposal.spec.get("unit", "") if isinstance(proposal.spec, dict) else ""
                maybe = proposal.candidates[0].fit.units if unit == ANSWER else []
                units |= {header: " ".join([unit, " or ".join(maybe)]).strip()} if unit else {}
        facts: list[tuple[Found, list[Facts]]] = [(found, table_facts(found.raw)) for found in tables]
        ids = {name for source in delivery.sources for name in [source.id_column, *source.id_others]}
        return profile_tables(facts, self.vocabulary, units, ids)

    def write(self, delivery: Delivery, path: Path) -> None:
        """Write the draft; ConfigError, and no file, if more than its open questions would stop a run."""
        text = center_file(delivery)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        try:
            self._check(delivery, path)
        except ConfigError:
            path.unlink()
            raise

    def _check(self, delivery: Delivery, path: Path) -> None:
        document = read_yaml(path)
        wrong = schema_problems(document, self.place.clone / "workflow" / "schemas" / "center.schema.json", path.name)
        asked = [p for name, source in document["sources"].items() for p in open_problems(f"sources.{name}", source)]
        found = check_center(document, self.dictionary, self.codes, delivery.center)
        wrong += [problem for problem in found if problem not in asked]
        if wrong:
            raise ConfigError(wrong)

    def usual(self) -> dict[str, float]:
        """The median to expect of each number: of the pooled data in the workspace, else the dictionary's `typical`."""
        usual = {
            variable.address: float(variable.typical)
            for table in self.dictionary.tables.values()
            for variable in table.variables.values()
            if variable.typical
        }
        for name, table in self.dictionary.tables.items():
            numbers = [v.name for v in table.variables.values() if v.type == "number" and v.unit]
            files = sorted((self.place.workspace / ACCEPTED_DELIVERIES).glob(f"*/{name}.parquet"))
            if not numbers or not files:
                continue
            pooled = pd.concat([pd.read_parquet(file, columns=numbers) for file in files])
            for variable in numbers:
                values = pooled[variable][pooled[variable] > 0]
                low, mid, high = values.quantile([0.25, 0.5, 0.75])
                if len(values) >= FEWEST_POOLED and high <= NARROW * low:
                    usual[f"{name}.{variable}"] = float(mid)
        return usual

    def _worth(self, headers: list[str]) -> float:
        """How many headers say a variable or the id, word for word."""
        return sum(self.vocabulary.is_known(self.vocabulary.header(split_legend(text)[0])) for text in headers)

    def _find(self, key: str) -> Path:
        path = self.place.workspace / self.files[key]
        if not path.exists():
            raise StudyError(f"config: {key}: {self.place.config[key]} does not exist. Correct the path.")
        return path

    def _document(self, key: str) -> dict[str, Any]:
        path = self._find(key)
        document = read_yaml(path)
        wrong = schema_problems(document, self.place.clone / "workflow" / "schemas" / f"{key}.schema.json", str(path))
        if wrong:
            raise ConfigError(wrong)
        return document
