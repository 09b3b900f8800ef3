"""Texts made comparable: width, composition, case and blanks do not tell two codes apart."""

from __future__ import annotations

import re
import unicodedata

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphen, zero-width blanks and joiners, marks


def plain(text: str) -> str:
    """One form of a text: Unicode NFKC (full-width digits, Roman numerals, Hangul), visible, with single blanks."""
    if text.isascii():
        return text.strip() if "  " not in text and "\t" not in text and "\n" not in text else " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).split())


def key(text: str) -> str:
    """The form in which codes are compared: plain, and without case."""
    return plain(text).casefold()
