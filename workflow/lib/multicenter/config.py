"""Everything that a run is told: config.yaml, the protocol, the dictionary, the centers. Read and checked in one place.

All mistakes that can be known before the first job are collected and reported together, one line each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from multicenter.analyses.guard import DESCRIPTIVE, labeled
from multicenter.centers import Center, read_centers, read_rows
from multicenter.decisions import DECISION_COLUMNS, check_decisions
from multicenter.deliveries import hold_problems
from multicenter.dictionary import build_dictionary, dictionary_problems
from multicenter.draft.check_synonyms import check_synonyms
from multicenter.errors import ConfigError
from multicenter.harmonize.check_rules import CHECK_COLUMNS, check_rules_table
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.mask import mask_text
from multicenter.identifiers.names import check_identifiers, exception_problems, names_problems
from multicenter.known import with_known
from multicenter.paths import harmonized_files
from multicenter.protocol import FACT_COLUMNS, check_facts, check_protocol
from multicenter.schemas import schema_problems
from multicenter.yamlfile import read_yaml

POINTERS = ["study", "variables", "codes", "checks", "identifiers", "centers", "center_maps", "decisions", "published"]
SHIPPED = ["extracts", "simulated_deliveries"]


@dataclass(frozen=True)
class Run:
    """A checked configuration: `files` by config key; the parsed study, dictionary, codes, rules, what identifies
    persons; centers by code.

    answers: the folder of returned query workbooks (it need not exist). as_of: the day up to which the age of a query
    is counted ("": as the deliveries say).
    """

    files: Mapping[str, Path]
    study: Mapping[str, Any]
    dictionary: Mapping[str, Any]
    codes: Mapping[str, Any]
    checks: list[Mapping[str, str]]
    identifiers: Mapping[str, Any]
    centers: Mapping[str, Center]
    answers: Path
    as_of: str

    @property
    def harmonization(self) -> dict[str, Any]:
        """What harmonization reads beside a center's own mapping; labels and synonyms are not among it."""
        tables = {
            name: {**_without(table, "label", "variables"), "variables": _levels_as_codes(table["variables"])}
            for name, table in self.dictionary["tables"].items()
        }
        dictionary = {**_without(self.dictionary, "synonyms"), "tables": tables}
        return {
            "dictionary": dictionary,
            "codes": self.codes,
            "checks": [_without(rule, "severity", "message_ko") for rule in self.checks],
            "identifiers": self.identifiers,
        }

    @property
    def cohort_protocol(self) -> dict[str, Any]:
        """What the cohort reads of the protocol; labels of variables are not among it."""
        sections = ("records", "linkage", "endpoints", "response")
        study = {"id": self.study["study"]["id"]}
        sections = {key: self.study[key] for key in sections}
        return {"study": study, **sections, "criteria": self._criteria, "variables": self._derivations}

    @property
    def _criteria(self) -> list[dict[str, Any]]:
        """The criteria without what changes nobody's eligibility."""
        return [_without(criterion, "known", "because") for criterion in self.study["criteria"]]

    @property
    def _derivations(self) -> dict[str, Any]:
        """The variables of the protocol without what changes no value of theirs."""
        return {name: _without(spec, "label", "unit", "known") for name, spec in self.study["variables"].items()}

    @property
    def query_protocol(self) -> dict[str, Any]:
        """What queries read of the protocol: its structure, and what an endpoint and the exposure are called.

        `primary`: the entry of the primary analysis with its term (None if none is named).
        """
        named = self.study["study"].get("primary")
        entries = {entry["id"]: entry for entry in self.study["analyses"]}
        primary = {**self._ready(entries[named["analysis"]]), "term": named["term"]} if named else None
        sections = {"criteria": self._criteria, "endpoints": self.study["endpoints"]}
        exposure = self.study["variables"][primary["exposure"]].get("label", "") if primary else ""
        study = _without(self.study["study"], "primary", "seed", "paper", "time_zero", "time_zero_date")
        return {"study": study, **sections, "variables": self._derivations, "primary": primary, "exposure": exposure}

    @property
    def overview_protocol(self) -> dict[str, Any]:
        """What the overview reads of the protocol: the study's title, what is compared, and how columns are printed."""
        overview = self.study.get("overview", {})
        shown = {name: self.study["variables"].get(name, {}) for name in overview.get("distributions", [])}
        variables = {
            name: {key: spec[key] for key in ("label", "unit", "levels") if key in spec} for name, spec in shown.items()
        }
        return {"title": self.study["study"]["title"], "overview": overview, "variables": variables}

    @property
    def labels(self) -> dict[str, str]:
        """What is printed for a column of ADSL ("Age, years") or a visit."""
        labels = {
            name: ", ".join(spec[key] for key in ("label", "unit") if key in spec)
            for name, spec in self.study["variables"].items()
            if "label" in spec
        }
        return labels | self.visit_labels

    @property
    def visit_labels(self) -> dict[str, str]:
        """What is printed for a visit."""
        response = self.study["response"]
        return self.dictionary["tables"][response["table"]]["variables"][response["visit"]].get("levels", {})

    def analyses_by(self, *methods: str) -> list[dict[str, Any]]:
        """The protocol's analyses that these methods compute, with all that they need to know of the protocol."""
        return [self._ready(entry) for entry in self.study["analyses"] if entry["method"] in methods]

    def _ready(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """An analysis with its time zero (unless named), seed, and when its columns are known."""
        common = {key: self.study["study"][key] for key in ("time_zero", "seed")}
        if entry["method"] in DESCRIPTIVE:
            return common | dict(entry)
        if entry["method"] == "clone_censor_weight":
            common["strategies"] = self.study["strategies"]
        return common | labeled(with_known(entry, self.study))

    def levels(self, table: str) -> dict[str, list[str]]:
        """The levels, in order, of a canonical table's categorical variables."""
        variables = self.dictionary["tables"][table]["variables"]
        return {name: list(spec["levels"]) for name, spec in variables.items() if "levels" in spec}

    @property
    def config_files(self) -> dict[str, str]:
        """The files of configuration behind a run, by name."""
        files = {name: str(path) for name, path in self.files.items() if path.is_file()}
        return files | {f"center_maps/{code}": str(center.map_path) for code, center in self.centers.items()}

    def as_used(self, config: Mapping[str, Any]) -> str:
        """The configuration as this run used it, as YAML: config.yaml after merging, centers, protocol."""
        shown = ("name", "data_cut", "received", "hold", "irb")
        centers = {code: {key: getattr(center, key) for key in shown} for code, center in self.centers.items()}
        merged = {"config": dict(config), "centers": centers, "study": self.study}
        return yaml.safe_dump(
            json.loads(json.dumps(merged, default=str)), sort_keys=False, allow_unicode=True, width=120
        )


def _without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def _levels_as_codes(variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The variables of a table without what is only printed: labels, and the texts of levels."""
    return {
        name: _without(spec, "label", "levels") | ({"levels": list(spec["levels"])} if "levels" in spec else {})
        for name, spec in variables.items()
    }


def load_run(
    config: Mapping[str, Any],
    clone: Path,
    workspace: Path,
    config_folders: Iterable[Path] = (),
    need_extracts: bool = True,
    only_center: str = "",
) -> Run:
    """Read and check everything that `config` points to.

    `clone`: the workflow's folder; `workspace`: the working directory; `config_folders`: the folders of files given
    with --configfile. Config pointers are looked for beside the given config files, then in the clone; extracts in the
    workspace first; without `need_extracts` they may be missing. With `only_center` the mappings of other centers are
    neither read nor checked. Raises ConfigError with every problem found.
    """
    schemas = clone / "workflow" / "schemas"
    config = {key: value.isoformat() if isinstance(value, date) else value for key, value in config.items()}
    problems = schema_problems(config, schemas / "config.schema.json", "config")
    if not all(isinstance(config.get(key), str) for key in [*POINTERS, *SHIPPED]):
        raise ConfigError(problems)
    files, found = locate_files(config, clone, workspace, list(config_folders))
    problems += found
    answers, as_of = _answers(config, clone, workspace, problems), _as_of(config, problems)
    study, dictionary, codes, identifiers = (
        _document(files[key], schemas / f"{key}.schema.json", problems)
        for key in ("study", "variables", "codes", "identifiers")
    )
    if study and dictionary:
        problems += [f"{files['study']}: {problem}" for problem in check_protocol(study, dictionary)]
    if dictionary:
        problems += [f"{files['variables']}: {problem}" for problem in dictionary_problems(dictionary)]
    parsed = build_dictionary(dictionary) if dictionary else None
    if dictionary and codes:
        problems += [f"{files['variables']}: {problem}" for problem in check_synonyms(dictionary, codes)]
    checks = _rows(files["checks"], CHECK_COLUMNS, problems)
    facts = _rows(files["published"], FACT_COLUMNS, problems)
    problems += check_decisions(_rows(files["decisions"], DECISION_COLUMNS, problems), files["decisions"])
    if parsed:
        problems += check_rules_table(checks, files["checks"], parsed)
    if study:
        problems += check_facts(facts, files["published"], study)
    centers, found = read_centers(
        files["centers"], files["center_maps"], files["extracts"], schemas, parsed, codes, need_extracts, only_center
    )
    problems += found
    if dictionary:
        held = [code for code, center in centers.items() if center.hold and only_center in ("", code)]
        problems += hold_problems(held, workspace, harmonized_files(dictionary["tables"]), files["centers"])
    problems = _without_identifiers(problems, identifiers, files, centers)
    if problems:
        raise ConfigError(problems)
    return Run(files, study, dictionary, codes, checks, identifiers, centers, answers, as_of)


def _answers(config: Mapping[str, Any], clone: Path, workspace: Path, problems: list[str]) -> Path:
    """The folder of returned workbooks: in the workspace, else in the clone; it may be missing."""
    name = str(config.get("answers", ""))
    tried = [workspace / name, clone / name]
    found = next((path for path in tried if path.exists()), tried[0])
    if found.exists() and not found.is_dir():
        problems.append(f"config: answers: {name} is no folder. Name the folder of the returned query workbooks.")
    return _from_workspace(found, workspace)


def _as_of(config: Mapping[str, Any], problems: list[str]) -> str:
    """The declared day in ISO form, "" without one."""
    text = str(config.get("as_of") or "")
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        problems.append(f"config: as_of: {text!r} is not a date. Write YYYY-MM-DD.")
        return ""


def _without_identifiers(
    problems: list[str],
    identifiers: Mapping[str, Any] | None,
    files: Mapping[str, Path],
    centers: Mapping[str, Center],
) -> list[str]:
    """All problems, those with what identifies persons included, and no identifier in any line."""
    if not identifiers:
        return problems
    wrong = [f"{files['identifiers']}: {problem}" for problem in check_identifiers(identifiers)]
    if wrong:
        return problems + wrong
    detector = Detector(identifiers)
    for code, center in centers.items():
        problems += exception_problems(center.mapping, center.map_path, detector)
        problems += names_problems(code, center.extracts, center.mapping, center.map_path, detector, files["extracts"])
    return [mask_text(problem, detector) for problem in problems]


def _document(path: Path, schema: Path, problems: list[str]) -> dict[str, Any] | None:
    """A YAML file that fits its schema; None if it does not or is not there, with what is wrong added to `problems`."""
    if not path.is_file():
        return None
    try:
        document = read_yaml(path)
    except ConfigError as error:
        problems += error.problems
        return None
    wrong = schema_problems(document, schema, str(path))
    problems += wrong
    return None if wrong else document


def _rows(path: Path, columns: list[str], problems: list[str]) -> list[dict[str, str]]:
    rows, found = read_rows(path, columns)
    problems += found
    return rows


def locate_files(
    config: Mapping[str, Any], clone: Path, workspace: Path, folders: list[Path]
) -> tuple[dict[str, Path], list[str]]:
    """Where the files that `config` names lie, by key and seen from the workspace, and what is wrong with that."""
    files, problems = {}, []
    for key in [*POINTERS, *SHIPPED]:
        bases = [*folders, clone] if key in POINTERS else [workspace, *folders, clone]
        tried = [base / config[key] for base in bases]
        found = next((path for path in tried if path.exists()), None)
        if found is None:
            places = " or ".join(dict.fromkeys(str(path) for path in tried))
            problems.append(
                f"config: {key}: {config[key]} does not exist (looked for {places}). Correct the path or add the file."
            )
        files[key] = _from_workspace(found or tried[0], workspace)
    return files, problems


def _from_workspace(path: Path, workspace: Path) -> Path:
    """A path below the workspace is named from there, so that a workspace can be moved as a whole."""
    return path.relative_to(workspace) if path.is_relative_to(workspace) else path


def load_run_or_exit(
    config: Mapping[str, Any], clone: Path, workspace: Path, config_folders: Iterable[Path] = ()
) -> Run:
    """As load_run; on mistakes print one line each on stderr and end the program with status 1."""
    try:
        return load_run(config, clone, workspace, config_folders)
    except ConfigError as error:
        count = len(error.problems)
        print(f"The configuration has {count} mistake{'s' if count > 1 else ''}; nothing was run.", file=sys.stderr)
        for problem in error.problems:
            print(f"- {problem}", file=sys.stderr)
        sys.exit(1)
