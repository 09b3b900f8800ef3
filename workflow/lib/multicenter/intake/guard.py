"""Whatever a reading library throws at a damaged file, as one line that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from multicenter.errors import DataError, Place, StudyError

AGAIN = "Ask the center to save and send the file again"
OURS = (StudyError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


@contextmanager
def reading(file: str, sheet: str | None = None) -> Iterator[None]:
    """Turn what a library raises inside the block into a DataError; a panic of compiled code is no Exception."""
    try:
        yield
    except OURS:
        raise
    except BaseException as error:
        what = f"the file is damaged or cut off ({type(error).__name__}: {first_line(error)})"
        raise DataError(Place(file, sheet), what, AGAIN) from None


def first_line(error: BaseException) -> str:
    """The first line of what an exception says; its class if it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
