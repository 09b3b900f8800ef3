"""Reading the configuration's YAML files: every key stays the text that stands there.

In plain YAML an unquoted `1:`, `no:` or `2019-01-01:` would become a number, a truth value or a date; a code of a
hospital is none of these. Dates as values stay text too, and only `true` and `false` are truth values.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

import yaml

from multicenter.errors import ConfigError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """A safe loader with text keys that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        self.flatten_mapping(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else str(self.construct_object(key_node))
            if key in mapping:
                line = key_node.start_mark.line + 1
                raise ConfigError([f"{node.start_mark.name}: the key {key!r} stands twice (line {line}). Remove one"])
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    return loader.construct_mapping(node)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in pairs if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _text(path: Path) -> io.StringIO:
    """The file's text with accents and syllables composed (Unicode NFC), as headers and sheets are compared."""
    stream = io.StringIO(normalize("NFC", path.read_text(encoding="utf-8")))
    stream.name = str(path)
    return stream


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a file of the configuration. ConfigError (file, line) if it is no YAML, has a key twice or no keys."""
    path = Path(path)
    try:
        document = yaml.load(_text(path), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or error
        raise ConfigError([f"{path.name}{where}: not readable as YAML ({what})"]) from None
    if not isinstance(document, dict):
        raise ConfigError([f"{path.name}: holds no keys"])
    return document
