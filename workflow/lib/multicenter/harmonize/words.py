"""Texts made comparable: width, composition, case and blanks do not tell two codes apart."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """One form of a text: Unicode NFKC (full-width digits, Roman numerals, Hangul), single blanks, none at the ends."""
    if text.isascii():
        return text.strip() if "  " not in text and "\t" not in text and "\n" not in text else " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).split())


def key(text: str) -> str:
    """The form in which codes are compared: plain, and without case."""
    return plain(text).casefold()
