"""How a rule's script meets the outside: its log, and one readable line on the terminal when it fails."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from multicenter.errors import StudyError

PROBLEM = "Problem: "


@contextmanager
def doorway(log: str) -> Iterator[None]:
    """Run a script's body with its output in `log`; on failure put the traceback there and one line a problem on
    stderr.

    A StudyError is written for the person who can mend it and is shown as it stands; any other error names its log.
    """
    terminal = sys.stderr
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as handle, redirect_stderr(handle), redirect_stdout(handle):
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a reader written in Rust raises its panics as such
            traceback.print_exc(file=handle)
            what = str(error) if isinstance(error, StudyError) else f"{type(error).__name__}: {error}. See {log}"
            print(f"{PROBLEM}{what}", file=handle)
            print(what, file=terminal)
            sys.exit(1)


def problems_since(logs: Path, start: float) -> list[str]:
    """Return what the scripts whose logs were written after `start` (seconds since the epoch) failed of, sorted."""
    problems = []
    for log in sorted(logs.rglob("*.log")):
        if log.stat().st_mtime >= start:
            _, found, problem = log.read_text(encoding="utf-8").rpartition(PROBLEM)
            problems += [problem.strip()] if found else []
    return problems
