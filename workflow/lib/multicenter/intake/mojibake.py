"""Text that was damaged before it came here: characters replaced, or read in an encoding that it was not written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

REPLACED = "\ufffd"
# U+FFFD saved as UTF-8 and then read as CP949 or as a Western code page.
REPLACED_TWICE = ("占쏙옙", "ï¿½")
# Characters above ASCII of Latin-1 and Windows-1252: a run of them is no Hangul, but may have been.
WESTERN = re.compile("[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]{2,}")
HANGUL = re.compile("[가-힣]+")
SURE = 4  # so many Western characters in a row that all are Hangul in another encoding


@dataclass(frozen=True)
class Damage:
    """Where damaged text begins, what is damaged, and what is wrong with it."""

    at: int
    run: str
    what: str


def find_damage(text: str) -> Damage | None:
    """Return the first damage of a text, or None.

    Found are U+FFFD, U+FFFD that was decoded once more, and Hangul (EUC-KR or UTF-8) that was read as Latin-1 or
    Windows-1252: runs of Western characters that are Hangul, one of at least four, or all of several.
    """
    if text.isascii():
        return None
    if REPLACED in text:
        at = text.index(REPLACED)
        return Damage(
            at, REPLACED, f"the text was damaged before it came here (U+FFFD after {text[max(0, at - 12) : at]!r})"
        )
    for twice in REPLACED_TWICE:
        if twice in text:
            what = f"the text was damaged before it came here ({twice!r} was U+FFFD once)"
            return Damage(text.index(twice), twice, what)
    return _hangul_as_western(text)


def _hangul_as_western(text: str) -> Damage | None:
    runs = list(WESTERN.finditer(text))
    read = [_as_hangul(run[0]) for run in runs]
    known = [(run, hangul) for run, hangul in zip(runs, read, strict=True) if hangul]
    sure = next(((run, hangul) for run, hangul in known if len(run[0]) >= SURE), None)
    if sure is None and len(known) == len(runs) and len({run[0] for run, _ in known}) > 1:
        sure = known[0]
    if sure is None:
        return None
    run, (hangul, encoding) = sure
    what = f"the text {run[0]!r} is {hangul!r} in {encoding}: it was read in another encoding"
    return Damage(run.start(), run[0], what)


def _as_hangul(run: str) -> tuple[str, str] | None:
    """A run of Western characters as the Hangul that its bytes are, with their encoding; None if they are none."""
    raw = b"".join(_byte(character) for character in run)
    for encoding in ("utf-8", "euc-kr"):
        try:
            hangul = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if HANGUL.fullmatch(hangul):
            return hangul, encoding
    return None


def _byte(character: str) -> bytes:
    return bytes([ord(character)]) if ord(character) < 256 else character.encode("cp1252", "replace")
