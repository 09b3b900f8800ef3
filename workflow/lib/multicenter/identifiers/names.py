"""What is checked before the first job: names that Snakemake writes down, recorded decisions, and the patterns."""

from __future__ import annotations

import codecs
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from multicenter.errors import did_you_mean
from multicenter.identifiers.detect import LABEL, Detector, expand, named_expressions
from multicenter.identifiers.hit import AGAIN, EXCEPT, Hit, is_excepted, what_it_is
from multicenter.identifiers.mask import mask_text


def names_problems(
    code: str,
    files: Iterable[Path],
    mapping: Mapping[str, Any],
    path: Path,
    detector: Detector,
    folder: Path = Path(),
) -> list[str]:
    """Return what identifies persons in the names of a center's files, and in the headers and sheets that are mapped.

    Snakemake writes these names into its logs and its memory, so that they are refused before the first job. Of the
    files' paths all that stands behind `folder`, that of all extracts, is a name: centers.tsv can name folders, too.
    """
    files = list(files)
    delivered = [file.name for file in files]
    names = [("file name", {"file": file.name}, "", part) for file in files for part in _parts(file, folder)]
    names += _declared_names(mapping)
    problems = []
    founds = detector.find([name for *_, name in names], LABEL)
    for found in sorted(founds, key=lambda found: found.index):
        place, source, sheet, name = names[found.index]
        column = name if place == "headers" else ""
        hits = [
            Hit(found.kind, file, sheet, place, "", 1, "", found.probable, column, column)
            for file in fnmatch.filter(delivered, source.get("file", "*")) or [""]
        ]
        if any(is_excepted(hit, entry) for hit in hits for entry in mapping.get("not_identifiers", ())):
            continue
        shown, what = mask_text(name, detector), what_it_is(hits[0], detector)
        if place == "file name":
            kind = ("extract", "file") if name in delivered else ("extract's folder", "folder")
            line = f"center {code}: the name of the {kind[0]} {shown!r} holds {what}. Rename the {kind[1]}."
        else:
            line = f"{path}: the {place.removesuffix('s')} {shown!r} is {what}. {AGAIN}, or {EXCEPT} there."
        problems.append(line)
    return list(dict.fromkeys(problems))


def exception_problems(mapping: Mapping[str, Any], path: Path, detector: Detector) -> list[str]:
    """Return what is wrong with a center's recorded decisions: kinds that do not exist."""
    return [
        f"{path}: not_identifiers: there is no kind {entry['kind']!r}.{did_you_mean(entry['kind'], detector.kinds)}"
        for entry in mapping.get("not_identifiers", ())
        if entry["kind"] not in detector.kinds
    ]


def check_identifiers(config: Mapping[str, Any]) -> list[str]:
    """Return one line for each mistake of identifiers.yaml that its JSON schema cannot see; [] if there is none."""
    words = {name: text.split() for name, text in config["words"].items()}
    problems = []
    try:
        named = named_expressions(words, config.get("parts", {}))
    except KeyError as error:
        return [f"parts: there is no list {error.args[0]!r}.{did_you_mean(error.args[0], words)}"]
    for name in config["encodings"]:
        try:
            codecs.lookup(name)
        except LookupError:
            problems.append(f"encodings: there is no encoding {name!r}.")
    for kind, spec in config["kinds"].items():
        if spec.get("not", "") and spec["not"] not in words:
            problems.append(f"kinds.{kind}.not: there is no list {spec['not']!r}.{did_you_mean(spec['not'], words)}")
        entries = {f"patterns[{i}]": entry for i, entry in enumerate(spec["patterns"])}
        entries["harmless"] = {"find": spec.get("harmless", "")}
        for part, entry in entries.items():
            where = f"kinds.{kind}.{part}"
            if entry.get("checksum") and "checksum" not in spec:
                problems.append(f"{where}: the kind has no checksum.")
            try:
                re.compile(expand(entry["find"], named))
            except KeyError as error:
                problems.append(f"{where}: there is no list {error.args[0]!r}.{did_you_mean(error.args[0], named)}")
            except re.error as error:
                problems.append(f"{where}: the regular expression is not valid ({error}).")
    return problems


def _parts(file: Path, folder: Path) -> tuple[str, ...]:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).parts


def _declared_names(mapping: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str, str]]:
    """(place, source, sheet, name) of every header and sheet that a center's file names."""
    for source in mapping.get("sources", {}).values():
        sheet = source.get("sheet", "")
        identity = source.get("id", "")
        identity = identity.get("column", "") if isinstance(identity, Mapping) else identity
        for header in [identity, *source.get("columns", {})]:
            if header:
                yield "headers", source, sheet, str(header)
        for name in [sheet, *source.get("ignore_sheets", {})]:
            if name:
                yield "sheet name", source, name, str(name)
