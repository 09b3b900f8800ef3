"""config/README.md against the schemas: every key is explained where its file is, and no key that does not exist."""

import csv
import json
import re
from pathlib import Path

import pytest

from multicenter.expression_syntax import FUNCTION_ARGUMENTS
from multicenter.harmonize.check_rules import ALLOWED

PROJECT = Path(__file__).parents[2]
LIBRARY = PROJECT / "workflow" / "lib" / "multicenter"
TEXT = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
# schema → the section about its file
SECTIONS = {
    "config": "`config.yaml`",
    "center": "`centers/<CODE>.yaml`",
    "codes": "`codes.yaml`",
    "identifiers": "`identifiers.yaml`",
    "variables": "`variables.yaml`",
    "study": "`study.yaml`",
}
SCHEMAS = {
    path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "workflow" / "schemas").glob("*.schema.json"))
}
TABLES = ("centers.tsv", "checks.csv", "decisions.csv")
INNER = ("items", "additionalProperties", "if", "then", "else")
LISTS = ("allOf", "oneOf", "anyOf")


def paths(node, at=()):
    """Every property below a part of a schema, as the names on the way to it."""
    for name, inner in node.get("properties", {}).items():
        if "const" not in inner or "description" in inner:  # the constants of conditions are no keys
            yield (*at, name)
        yield from paths(inner, (*at, name))
    inner = [node[key] for key in INNER if isinstance(node.get(key), dict)]
    for part in [*inner, *(part for key in LISTS for part in node.get(key, []))]:
        yield from paths(part, at)
    for part in node.get("$defs", {}).values():
        yield from paths(part)


def choices(node):
    """Every text that a part of a schema chooses from."""
    if isinstance(node, dict):
        if "description" in node:
            yield from (option for option in node.get("enum", []) if isinstance(option, str))
        for inner in node.values():
            yield from choices(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from choices(inner)


def sections(text, level):
    """The sections of a level: heading → text, the heading and everything below it included."""
    parts = re.split(rf"^(?={'#' * level} )", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {part.split("\n")[0].lstrip("# "): part for part in parts[1:]}


FILES = sections(TEXT, 2)


def section(schema, key=""):
    """Where the README explains a key of a file: the subsection whose heading names it, or the file's section."""
    whole = FILES[SECTIONS[schema]]
    below = sections(whole, 3)
    return next((part for heading, part in below.items() if f"`{key}`" in heading), whole)


def told(schema, key=""):
    """As `section`; center files and codes.yaml share readers and dates, so either section may explain them."""
    both = ("center", "codes")
    return "".join(section(name) for name in both) if schema in both else section(schema, key)


def spans(text):
    return re.findall(r"`([^`]+)`", " ".join(text.split()))


def named(text):
    """The words in backticks."""
    return {word for span in spans(text) for word in re.findall(r"\w+", span)}


def first_cells(text, heading):
    """What stands in backticks in the first column of the tables with this heading."""
    for table in re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n?)+)", text, re.MULTILINE):
        for row in table.strip().split("\n"):
            yield from spans(row.split("|")[1])


def conditions(schema, part, by):
    """What each kind of a list's entries needs and may have beside what all kinds have."""
    entries = SCHEMAS[schema]["properties"][part]["items"]
    found = {}
    for condition in entries["allOf"]:
        known = set(condition["then"]["propertyNames"]["enum"])
        needed = set(condition["then"].get("required", []))
        found[condition["if"]["properties"][by]["const"]] = (needed, known)
    common = set.intersection(*(known for _, known in found.values()))
    return {kind: (needed - common, known - common - needed) for kind, (needed, known) in found.items()}


def test_every_schema_has_its_section():
    assert set(SCHEMAS) == set(SECTIONS)
    assert set(SECTIONS.values()) <= set(FILES)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_key_is_explained_where_its_file_is(schema):
    missing = [".".join(at) for at in paths(SCHEMAS[schema]) if at[-1] not in named(told(schema, at[0]))]
    assert missing == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_choice_is_named(schema):
    assert [option for option in choices(SCHEMAS[schema]) if option not in spans(told(schema))] == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_no_key_is_explained_that_does_not_exist(schema):
    known = list(paths(SCHEMAS[schema]))
    for heading, part in (sections(section(schema), 3) or {"": section(schema)}).items():
        tops = {key for key in SCHEMAS[schema]["properties"] if f"`{key}`" in heading}
        here = [path for path in known if not tops or path[0] in tops]
        for key in first_cells(part, "key"):
            wanted = tuple(key.split("."))
            assert any(path[-len(wanted) :] == wanted for path in here), f"{heading}: {key}"


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_of_a_table_are_explained(table):
    with open(PROJECT / "config" / table, encoding="utf-8", newline="") as handle:
        columns = next(csv.reader(handle, delimiter="\t" if table.endswith(".tsv") else ","))
    assert sorted(first_cells(FILES[f"`{table}`"], "column")) == sorted(columns)


@pytest.mark.parametrize(("part", "by"), [("analyses", "method"), ("tables", "kind")])
def test_what_a_method_or_kind_needs_and_may_have(part, by):
    text = " ".join(section("study", part).split()).split("| key |")[0]
    found = {}
    for line in re.findall(r"\* (`\w+`: .*?)(?= \* |$)", text):
        needs, _, may = line.split("Needs ")[1].partition("; may have ")
        found[spans(line)[0]] = (set(spans(needs)), set(spans(may)))
    assert found == conditions("study", part, by)


def test_types_actions_outcomes_and_functions_are_those_that_exist():
    variable = SCHEMAS["variables"]["properties"]["tables"]["additionalProperties"]["properties"]["variables"]
    types = variable["additionalProperties"]["properties"]["type"]["enum"]
    assert sorted(first_cells(FILES["`variables.yaml`"], "type")) == sorted(types)
    assert sorted(first_cells(FILES["`checks.csv`"], "action")) == sorted(ALLOWED["action"])
    assert set(ALLOWED["outcome"]) <= named(FILES["`checks.csv`"])
    functions = [call.split("(")[0] for call in first_cells(FILES["Expressions"], "function")]
    assert sorted(functions) == sorted(FUNCTION_ARGUMENTS)


def test_the_kinds_that_the_program_finds_stand_in_checks_csv():
    with open(PROJECT / "config" / "checks.csv", encoding="utf-8", newline="") as handle:
        kinds = {row["id"] for row in csv.DictReader(handle) if not row["expression"]}
    part = sections(FILES["`checks.csv`"], 3)["Kinds that the program finds"]
    suspects = set(re.findall(r"kind: (\w+)", (PROJECT / "config" / "variables.yaml").read_text(encoding="utf-8")))
    assert kinds - suspects <= set(spans(part))


def test_the_map_of_the_library_is_complete():
    part = sections(FILES["Extend"], 3)["Map of the library"]
    assert sorted(first_cells(part, "package")) == sorted(p.parent.name for p in LIBRARY.glob("*/__init__.py"))
    modules = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__"}
    assert sorted(first_cells(part, "module")) == sorted(modules)


def test_the_files_and_sections_that_are_pointed_to_exist():
    for path in re.findall(r"`(workflow/[\w/.]+\.\w+)`", TEXT):
        assert (PROJECT / path).is_file(), path
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


def test_lines_are_short():
    assert [line for line in TEXT.split("\n") if len(line) > 120] == []
