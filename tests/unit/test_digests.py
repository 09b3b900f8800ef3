import os
from pathlib import Path

from multicenter.digests import DigestCache, digest_code, digest_file, digest_value, module_files


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def library(tmp_path: Path) -> Path:
    root = tmp_path / "lib"
    for name, text in {
        "__init__.py": "",
        "a.py": "from multicenter.deep import b\n",
        "deep/__init__.py": "",
        "deep/b.py": "def f():\n    from . import c\n",
        "deep/c.py": "from ..d import x\n",
        "d.py": "x = 1\n",
        "unused.py": "y = 1\n",
    }.items():
        write(root / "multicenter" / name, text)
    return root


def test_values_are_digested_by_meaning():
    assert digest_value({"a": 1, "b": [1, 2]}) == digest_value({"b": [1, 2], "a": 1})
    assert digest_value({"a": 1}) != digest_value({"a": 2})


def test_imports_are_followed_through_functions_and_relative_ones(tmp_path):
    root = library(tmp_path)
    script = write(tmp_path / "script.py", "import multicenter.a\nimport json\n")
    names = [str(path.relative_to(root / "multicenter")) for path in module_files(script, root)]
    assert names == ["__init__.py", "a.py", "d.py", "deep/__init__.py", "deep/b.py", "deep/c.py"]


def test_the_code_digest_changes_with_an_imported_module_only(tmp_path):
    root = library(tmp_path)
    script = write(tmp_path / "script.py", "from multicenter.deep.b import f\n")
    before = digest_code(script, root)
    write(root / "multicenter" / "unused.py", "y = 2\n")
    write(root / "multicenter" / "a.py", "z = 2\n")
    assert digest_code(script, root) == before
    write(root / "multicenter" / "d.py", "x = 2\n")
    assert digest_code(script, root) != before


def test_the_cache_sees_new_content_behind_an_old_time_stamp(tmp_path):
    file = write(tmp_path / "extract.csv", "1")
    cache = DigestCache(tmp_path / "cache" / "digests.json")
    old = cache.file(file)
    cache.save()
    stamp = file.stat().st_mtime_ns
    file.write_text("2")
    os.utime(file, ns=(stamp, stamp))
    again = DigestCache(tmp_path / "cache" / "digests.json")
    assert again.file(file) == digest_file(file) != old


def test_the_cache_is_used_for_an_unchanged_file(tmp_path):
    file = write(tmp_path / "extract.csv", "1")
    path = tmp_path / "digests.json"
    cache = DigestCache(path)
    cache.file(file)
    cache.save()
    path.write_text(path.read_text().replace(digest_file(file), "from the cache"))
    assert DigestCache(path).file(file) == "from the cache"


def test_a_broken_cache_is_no_obstacle(tmp_path):
    path = write(tmp_path / "digests.json", "{not json")
    file = write(tmp_path / "extract.csv", "1")
    assert DigestCache(path).file(file) == digest_file(file)
