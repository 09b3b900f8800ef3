"""How a rule's script meets the outside: its log, and one readable line on the terminal when it fails."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from multicenter.errors import StudyError

PROBLEM = "Problem: "


class _Masked:
    """A text stream to which everything is written masked."""

    def __init__(self, stream: TextIO, mask: Callable[[str], str]):
        self._stream, self._mask = stream, mask

    def write(self, text: str) -> int:
        self._stream.write(self._mask(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def doorway(log: str, mask: Callable[[str], str] = str) -> Iterator[None]:
    """Run a script's body with its output in `log`; on failure put the problem there and on stderr.

    A StudyError is written for the person who can mend it and is shown as it stands; any other error names its log,
    which then holds its traceback too.
    `mask` hides in every text what must neither be logged nor shown.
    """
    terminal = _Masked(sys.stderr, mask)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with (
        open(log, "w", encoding="utf-8") as file,
        redirect_stderr(_Masked(file, mask)) as handle,
        redirect_stdout(handle),
    ):
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a reader written in Rust raises its panics as such
            refused = isinstance(error, StudyError)  # as planned: where it was raised tells nobody anything
            what = str(error) if refused else f"{type(error).__name__}: {error}. See {log}"
            handle.write("" if refused else traceback.format_exc())
            print(f"{PROBLEM}{what}", file=handle)
            print(what, file=terminal)
            sys.exit(1)


def problems_since(logs: Path, start: float) -> list[str]:
    """Return what the scripts whose logs were written after `start` (seconds since the epoch) failed of, sorted."""
    return [problem for log in sorted(logs.rglob("*.log")) if (problem := _problem(log, start))]


def stopped_since(logs: Path, start: float) -> list[str]:
    """Return the names of the logs in a folder (the wildcards of its rule) that tell of a problem since `start`."""
    return [log.stem for log in sorted(logs.glob("*.log")) if _problem(log, start)]


def _problem(log: Path, start: float) -> str:
    if log.stat().st_mtime < start:
        return ""
    _, found, problem = log.read_text(encoding="utf-8").rpartition(PROBLEM)
    return problem.strip() if found else ""
