"""What has changed is decided by content: digests of files, of values, and of the code that a script runs."""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "multicenter"


def digest_value(value: Any) -> str:
    """Return a digest of a configuration value: its canonical JSON (sorted keys), so that layout and comments do not
    count."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


def digest_file(path: Path) -> str:
    """Return the sha256 of a file's content, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class DigestCache:
    """Digests of files, kept between runs by (inode, size, ctime_ns): a ctime cannot be set back as an mtime can.

    `path` is the cache's JSON file; it is made when something new was digested and `save` is called.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            self.known: dict[str, str] = json.loads(path.read_text())
        except (OSError, ValueError):
            self.known = {}
        self.changed = False

    def file(self, path: Path) -> str:
        """Return the sha256 of a file, from the cache if the file is the one seen before."""
        stat = path.stat()
        key = f"{path}|{stat.st_ino}|{stat.st_size}|{stat.st_ctime_ns}"
        if key not in self.known:
            self.known = {k: v for k, v in self.known.items() if not k.startswith(f"{path}|")}
            self.known[key] = digest_file(path)
            self.changed = True
        return self.known[key]

    def save(self) -> None:
        """Write the cache if something in it is new; a folder that cannot be written to costs only time."""
        if not self.changed:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial = self.path.with_suffix(f".{id(self)}.part")
            partial.write_text(json.dumps(self.known, indent=0, sort_keys=True))
            partial.replace(self.path)
        except OSError:
            return


def module_files(script: Path, library: Path) -> list[Path]:
    """Return the library modules that a script imports, directly or through others, sorted.

    `library` is the folder that holds the package. Imports are read from the syntax tree wherever they stand in a file
    (also inside functions), absolute or relative, so nobody has to keep a list.
    """
    found: set[Path] = set()
    todo = [script]
    while todo:
        file = todo.pop()
        for module in _imported_modules(file, library):
            for path in _paths_of(module, library):
                if path not in found:
                    found.add(path)
                    todo.append(path)
    return sorted(found)


def digest_code(script: Path, library: Path) -> str:
    """Return a digest of a script and of every library module behind it; comments count, time stamps do not."""
    sha = hashlib.sha256(script.read_bytes())
    for path in module_files(script, library):
        sha.update(str(path.relative_to(library)).encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def _imported_modules(file: Path, library: Path) -> list[str]:
    """The modules of the package that a file imports; parsed once for each content."""
    return _imports_in(file.read_text(encoding="utf-8"), file, library)


@cache
def _imports_in(text: str, file: Path, library: Path) -> list[str]:
    modules = []
    for node in ast.walk(ast.parse(text, str(file))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, file, library)
            modules += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [module for module in modules if module.split(".")[0] == PACKAGE]


def _absolute(node: ast.ImportFrom, file: Path, library: Path) -> str:
    if not node.level:
        return node.module or ""
    package = file.relative_to(library).parent.parts
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _paths_of(module: str, library: Path) -> list[Path]:
    """A module's own file, and the __init__ of each package above it (they run on import too)."""
    parts = module.split(".")
    paths = [library.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts) + 1)]
    paths.append(library.joinpath(*parts).with_suffix(".py"))
    return [path for path in paths if path.is_file()]
