"""Texts made comparable: width, composition, case and blanks do not tell two codes apart."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from multicenter.intake.characters import INVISIBLE


def plain(text: str) -> str:
    """One form of a text: Unicode NFKC (full-width digits, Roman numerals, Hangul), visible, with single blanks."""
    if text.isascii():
        return text.strip() if "  " not in text and "\t" not in text and "\n" not in text else " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).split())


@lru_cache(maxsize=1 << 16)
def key(text: str) -> str:
    """The form in which codes are compared: plain, and without case."""
    return plain(text).casefold()
