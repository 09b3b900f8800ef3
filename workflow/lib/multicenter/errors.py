"""Errors that the person who can mend them can read: one line, where, what, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Place:
    """Where in a delivery something stands; what is unknown stays None."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)


class StudyError(Exception):
    """Something a user has to mend; its text is one line that says where, what and what to do."""


class ConfigError(StudyError):
    """One or more mistakes in the configuration, all found before the first job.

    `problems` holds one line each.
    """

    def __init__(self, problems: Iterable[str]):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class DataError(StudyError):
    """Something in a delivery that stops its center's job."""

    def __init__(self, place: Place, what: str, fix: str):
        self.place = place
        super().__init__(f"{place}: {what}. {fix}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean X?' for the nearest of `known`, or an empty string."""
    words = [str(k) for k in known]
    near = [k for k in words if k.casefold() == str(word).casefold()]
    near = near or get_close_matches(str(word), words, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


class NotEstimable(Exception):
    """The data do not determine a quantity (no events, separation, …); its text is the reason printed beside it."""


class DeliveryError(StudyError):
    """Everything that stops one center's delivery: a summary line, then one line each (the first twenty).

    advice: further lines, on what can be done about all of them together.
    """

    LIMIT = 20

    def __init__(self, center: str, problems: Iterable[str], advice: str = "", summary: str = ""):
        self.problems = list(problems)
        n = len(self.problems)
        summary = summary or f"{center}: {n} problem{'s' if n > 1 else ''} stop{'' if n > 1 else 's'} this delivery"
        shown = self.problems[: self.LIMIT]
        if n > self.LIMIT:
            shown.append(f"… and {n - self.LIMIT} more of the same kind")
        super().__init__("\n".join([summary, *shown, *([advice] if advice else [])]))
