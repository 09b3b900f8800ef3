"""Whatever a reading library throws at a damaged file, as one line that a person can act on."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from multicenter.errors import DataError, Place, StudyError

AGAIN = "Ask the center to save and send the file again"
SECONDS, BYTES_A_SECOND = 20.0, 1e5  # a file that takes longer is damaged: a whole one takes a hundredth of that
PUT = "Put it where config.yaml says extracts lie"
OURS = (StudyError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


@contextmanager
def reading(file: str, sheet: str | None = None) -> Iterator[None]:
    """Turn what a library raises inside the block into a DataError; a panic of compiled code is no Exception."""
    try:
        yield
    except OURS:
        raise
    except FileNotFoundError:
        raise DataError(Place(file), "the file is missing", PUT) from None
    except (PermissionError, IsADirectoryError) as error:
        raise DataError(Place(file), f"the file cannot be opened ({error.strerror})", "Mend that first") from None
    except BaseException as error:
        what = f"the file is damaged or cut off ({type(error).__name__}: {first_line(error)})"
        raise DataError(Place(file, sheet), what, AGAIN) from None


@contextmanager
def silent() -> Iterator[None]:
    """Keep off the terminal what a compiled reader prints of its own panic; what it raises says enough."""
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def refuse_deadly(file: str, read: Callable[[], object], size: int) -> None:
    """Raise DataError if reading (`size` bytes) kills or hangs the process that does it, tried in a child process.

    Compiled readers of statistical packages' files can die of damaged bytes, and no exception tells of that. What
    `read` raises is left to the caller, who reads again. Without fork (Windows) nothing is tried.
    """
    if not hasattr(os, "fork"):
        return
    alive, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(alive)
            faulthandler.disable()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            read()
        except BaseException:  # the caller will meet it, too
            pass
        finally:
            os._exit(0)
    os.close(tell)
    seconds = SECONDS + size / BYTES_A_SECOND
    ended = select.select([alive], [], [], seconds)[0]  # the pipe closes with the child
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.close(alive)
    status = os.waitpid(child, 0)[1]
    if not ended or os.WIFSIGNALED(status):
        why = f"the reader dies of it (signal {os.WTERMSIG(status)})" if ended else f"no end after {seconds:.0f} s"
        raise DataError(Place(file), f"the file is damaged or cut off ({why})", AGAIN)


def first_line(error: BaseException) -> str:
    """The first line of what an exception says; its class if it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
