"""Identifiers as they may be shown: the first letters and stars."""

from __future__ import annotations

from multicenter.identifiers.detect import LABEL, Detector, Kind, together

HIDDEN = "*"


def mask_value(value: str, kind: Kind) -> str:
    """An identifier of which only the first (and, if long enough, last) letters are shown: 홍*동, 80****-*******."""
    places = [i for i, letter in enumerate(value) if letter.isalnum()]
    last = kind.last if len(places) > kind.first + kind.last and not value.isascii() else 0
    shown = {*places[: kind.first], *places[len(places) - last :]} if last else set(places[: kind.first])
    if len(shown) == len(places):
        shown = set()
    return "".join(HIDDEN if letter.isalnum() and i not in shown else letter for i, letter in enumerate(value))


def mask_text(text: str, detector: Detector) -> str:
    """A message or a name with every identifier in it hidden; a text without any comes back as it is."""
    searched = together([text])
    found = sorted(detector.find([text], LABEL), key=lambda f: (f.start, -f.end))
    if not found:
        return text
    parts, at = [], 1
    for hit in found:
        if hit.end > at:
            shown = mask_value(hit.value, detector.kinds[hit.kind])
            parts += [searched[at : hit.start], shown[max(0, at - hit.start) :]]
            at = hit.end
    return "".join([*parts, searched[at:-1]])


def mask_lines(text: str, detector: Detector) -> str:
    """As mask_text, line by line, so that the lines of a traceback stay lines."""
    return "\n".join(mask_text(line, detector) for line in text.split("\n"))
