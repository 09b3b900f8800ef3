"""What `desk.py draft` does, step by step: reading, the firewall's place, drafting, checking, writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.dictionary import Dictionary, build_dictionary
from multicenter.draft.draft import Delivery, draft_delivery
from multicenter.draft.facts import Facts, table_facts
from multicenter.draft.layout import Found, find_tables
from multicenter.draft.report import as_text, profile_tables, write_profile
from multicenter.draft.vocabulary import Vocabulary
from multicenter.draft.yamltext import center_file
from multicenter.errors import ConfigError, StudyError
from multicenter.harmonize.check import check_center
from multicenter.harmonize.check_open import open_problems
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.quarantine import quarantine
from multicenter.schemas import schema_problems
from multicenter.yamlfile import read_yaml

WANTING = ("nothing tells the rows of",)
FEWEST_POOLED = 30  # harmonized values before their median stands for the usual one
NARROW = 4.0  # upper over lower quartile: a wider variable says nothing about its unit


class Desk:
    """The dictionary, the shared codes and the workspace that a draft is made from.

    place: clone, workspace, config and config_folders as desk.py gives them. Centers are not read: a draft may be
    made while another one is unfinished.
    """

    as_text = staticmethod(as_text)
    write_profile = staticmethod(write_profile)

    def __init__(self, place: Any):
        self.place = place
        self.document = self._document("variables")
        self.codes = self._document("codes")
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
        quarantine(center, there, config, Detector(self._document("identifiers")))

    def read(self, files: Iterable[Path]) -> list[Found]:
        """Every table of every file."""
        return [found for file in files for found in find_tables(file, self._worth)]

    def draft(self, center: str, tables: list[Found]) -> Delivery:
        """The proposed mapping of a delivery."""
        return draft_delivery(center, tables, self.dictionary, self.codes, self.vocabulary, self.usual())

    def profile(self, tables: Sequence[Found], delivery: Delivery) -> pd.DataFrame:
        """The profile of every table, with the units that the draft suspects."""
        units = {}
        for source in delivery.sources:
            for header, proposal in source.proposals.items():
                spec = proposal.spec if isinstance(proposal.spec, dict) else {}
                if "unit" in spec:
                    units[header] = (
                        spec["unit"] if spec["unit"] != "?" else f"? {_after(proposal.ask, 'it may be ')}".strip()
                    )
        facts: list[tuple[Found, list[Facts]]] = [(found, table_facts(found.raw)) for found in tables]
        ids = {name for source in delivery.sources for name in [source.id_column, *source.id_others]}
        return profile_tables(facts, self.vocabulary, units, ids)

    def write(self, delivery: Delivery, path: Path) -> None:
        """Write the draft, after checking that only its open questions stop a run."""
        text = center_file(delivery)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        document = read_yaml(path)
        wrong = schema_problems(document, self.place.clone / "workflow" / "schemas" / "center.schema.json", path.name)
        asked = [p for name, source in document["sources"].items() for p in open_problems(f"sources.{name}", source)]
        found = check_center(document, self.dictionary, self.codes, delivery.center)
        wrong += [problem for problem in found if problem not in asked and not _for_want_of_answers(problem, asked)]
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
            files = (
                sorted((self.place.workspace / "results/restricted/harmonized").glob(f"*/{name}.parquet"))
                if numbers
                else []
            )
            if not files:
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
        return sum(self.vocabulary.is_known(self.vocabulary.header(text)) for text in headers)

    def _find(self, key: str) -> Path:
        bases = [*self.place.config_folders, self.place.clone]
        tried = [base / self.place.config[key] for base in bases]
        found = next((path for path in tried if path.exists()), None)
        if not found:
            raise StudyError(f"config: {key}: {self.place.config[key]} does not exist. Correct the path.")
        return found

    def _document(self, key: str) -> dict[str, Any]:
        path = self._find(key)
        document = read_yaml(path)
        wrong = schema_problems(document, self.place.clone / "workflow" / "schemas" / f"{key}.schema.json", str(path))
        if wrong:
            raise ConfigError(wrong)
        return document


def _after(asks: list[str], words: str) -> str:
    """What stands behind some words in a question, or nothing."""
    return next((ask.split(words)[1] for ask in asks if words in ask), "")


def _for_want_of_answers(problem: str, asked: list[str]) -> bool:
    """Whether a mistake is there only because the column that mends it is still open."""
    source = problem.split(":")[0]
    return any(word in problem for word in WANTING) and any(ask.startswith(f"{source}.") for ask in asked)
