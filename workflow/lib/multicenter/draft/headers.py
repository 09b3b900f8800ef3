"""A header's words: abbreviations, two languages and glued compounds brought to one form, its unit set apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

GREEK = str.maketrans({"κ": " kappa ", "λ": " lambda ", "β": " beta ", "Κ": " kappa ", "Λ": " lambda ", "Β": " beta "})
MICRO = str.maketrans({"µ": "u", "μ": "u"})
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
WORD = re.compile(r"[a-z]+|\d+|[가-힣]+")
HANGUL = re.compile(r"[가-힣]+")
BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
CLOSING = re.compile(r"[)\]}]$")
BETWEEN = " / "  # joins the rows of a header
COUNT = re.compile(r"^\s*(?:\d{1,2}|[IVX]{1,4}|[A-Z가-하])[.)]\s+")  # `3. `, `IV. `: what only counts headers
# Units that no variable is kept in, but that headers name.
OTHER_UNITS = (
    "mg",
    "g",
    "kg",
    "cm",
    "mm",
    "ml",
    "ng/ml",
    "pg/ml",
    "iu",
    "days",
    "hours",
    "weeks",
    "mmhg",
    "kg/m2",
    "m2",
)
LOOKS_LIKE_UNIT = re.compile(
    r"^(?:[kmuµμnp]?g|[mumµμnp]?mol|m?i?u|m?eq|cells?|%|x?10\^?\d+)/[a-z\d.]+(?:\^\d)?(?:/[a-z\d]+)?$"
)
TIMES = ("year", "month")  # as the last word of a header these are what is meant, not its unit
GLUED = 2  # letters of the shortest word that a glued Latin word may hold
UNKNOWN = 10  # what an unknown letter costs when a compound is taken apart; a known word costs 1


@dataclass(frozen=True)
class Header:
    """A header as it is compared.

    rows: its words, a tuple a header row. aside: words in brackets that are no unit. units: the dictionary's units that
    it may name. unit_text: the unit as it stands, known or not ("" if none).
    """

    text: str
    rows: tuple[tuple[str, ...], ...]
    aside: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    unit_text: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All words; one that an upper row already said is not repeated."""
        found: list[str] = []
        for row in self.rows:
            found += [word for word in row if word not in found or row is self.rows[0]]
        return tuple(found)


class Lexicon:
    """The words of the dictionary's synonyms, and how a text is brought to them."""

    def __init__(self, words: Mapping[str, Iterable[str]], names: Iterable[str], neutral: Iterable[str], units: Units):
        self.canonical = {pieces(other)[0]: word for word, others in words.items() for other in [word, *others]}
        known = {piece for name in [*names, *neutral] for piece in pieces(name)}
        self.atoms = frozenset(self.canonical)
        singular = {word for word in known if not (word.endswith("s") and word[:-1] in known)}
        self.atoms = frozenset(self.atoms | {word for word in singular if self._split(word) is None})
        self.neutral = {word for text in neutral for word in self.words(text)}
        self.units = units

    def header(self, text: str) -> Header:
        """Take a header apart."""
        rows = [COUNT.sub("", row) for row in unicodedata.normalize("NFKC", text).split(BETWEEN)]
        rest, found, shown = self.units.take(BETWEEN.join(rows))
        aside = [word for inner in BRACKET.findall(rest) for word in self.words(inner)]
        whole = [self.words(row) for row in rest.split(BETWEEN)]
        if aside and any(len(row) > len(aside) for row in whole) and not any(w.isdigit() for w in aside):
            whole = [self.words(BRACKET.sub(" ", row)) for row in rest.split(BETWEEN)]
        else:
            aside = []
        rows = tuple(tuple(w for w in row if w not in self.neutral) for row in whole)
        aside = [word for word in aside if word not in self.neutral]
        return Header(text, tuple(row for row in rows if row), tuple(aside), found, shown)

    def bag(self, text: str) -> tuple[str, ...]:
        """The words of a name, without what means nothing."""
        return tuple(w for w in self.words(text) if w not in self.neutral)

    def words(self, text: str) -> list[str]:
        """The words of a text in canonical form, in order."""
        return [word for piece in pieces(text) for word in self._known(piece)]

    def _known(self, piece: str) -> list[str]:
        if piece.isdigit():
            return [piece]
        if piece in self.atoms:
            return [self.canonical.get(piece, piece)]
        if piece.endswith("s") and piece[:-1] in self.atoms:
            return [self.canonical.get(piece[:-1], piece[:-1])]
        split = self._split(piece)
        return [self.canonical.get(part, part) for part in split] if split else [piece]

    def _split(self, piece: str) -> list[str] | None:
        """A glued word as known words; of Hangul compounds what is left over stays a word of its own."""
        longer = len(piece) > GLUED or HANGUL.match(piece)
        return _split(piece, self.atoms) if longer and len(piece) > 1 else None


@lru_cache(maxsize=4096)
def _split(piece: str, atoms: frozenset[str]) -> list[str] | None:
    hangul = bool(HANGUL.fullmatch(piece))
    shortest = 1 if hangul else GLUED
    best: list[tuple[int, list[str]]] = [(0, [])]
    for end in range(1, len(piece) + 1):
        cost, parts = best[end - 1]
        options = [(cost + UNKNOWN, [*parts, piece[end - 1]])]
        for start in range(max(0, end - 14), end - shortest + 1):
            if piece[start:end] in atoms:
                options.append((best[start][0] + 1, [*best[start][1], piece[start:end]]))
        best.append(min(options, key=lambda option: option[0]))
    cost, parts = best[-1]
    if cost < UNKNOWN:
        return parts if len(parts) > 1 else None
    known = [part for part in parts if len(part) > 1]
    if not hangul or not known:
        return None
    return _merged(parts, atoms)


def _merged(parts: list[str], atoms: frozenset[str]) -> list[str]:
    """Neighboring unknown letters, and known words of one letter beside them, make one unknown word."""
    merged: list[str] = []
    for part in parts:
        loose = len(part) == 1
        if loose and merged and merged[-1] not in atoms:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


class Units:
    """How headers write the dictionary's units."""

    def __init__(self, units: Iterable[str], spelled: Mapping[str, Iterable[str]]):
        self.forms: dict[str, list[str]] = {}
        self.times = {squeezed(form) for name in TIMES for form in [name, *spelled.get(name, ())]}
        for unit in units:
            for form in [unit, *spelled.get(unit, ())]:
                found = self.forms.setdefault(squeezed(form), [])
                if unit not in found:
                    found.append(unit)
        self.others = {squeezed(unit) for unit in OTHER_UNITS}

    def take(self, header: str) -> tuple[str, tuple[str, ...], str]:
        """Split a header into the rest, the units that it may name (exact spelling first) and the unit as written."""
        text = unicodedata.normalize("NFKC", header)
        for match in BRACKET.finditer(text):
            form = squeezed(match[1])
            if form in self.forms or form in self.others or LOOKS_LIKE_UNIT.match(match[1].strip().casefold()):
                rest = text[: match.start()] + " " + text[match.end() :]
                return rest, self._named(match[1]), match[1].strip()
        if text.rstrip().endswith("%"):
            return text.rstrip()[:-1], self._named("%"), "%"
        parts = re.split(r"[_\s]+", text.strip())
        for k in (3, 2, 1):
            shown = "/".join(parts[-k:]).strip("()[]{}")
            form = squeezed("".join(parts[-k:]))
            if len(parts) <= k or form in self.times or (k == 1 and len(form) < 2):
                continue
            if form in self.forms or (k == 1 and (form in self.others or LOOKS_LIKE_UNIT.match(shown.casefold()))):
                end = re.search(r"[_\s]+".join(re.escape(part) for part in parts[-k:]) + r"\s*$", text)
                rest = text[: end.start()] if end else " ".join(parts[:-k])
                return rest + "".join(CLOSING.findall(parts[-1])), self._named("".join(parts[-k:])), shown
        return text, (), ""

    def _named(self, text: str) -> tuple[str, ...]:
        written = text.replace(" ", "").translate(MICRO).casefold()
        found = self.forms.get(squeezed(text), [])
        return tuple(sorted(found, key=lambda unit: unit.casefold() != written))


def squeezed(unit: str) -> str:
    """A unit's letters, digits and % alone, without case: `x10^9/L` and `10 9/l` are one."""
    text = unicodedata.normalize("NFKC", unit).translate(MICRO).casefold()
    return re.sub(r"[^a-z\d%가-힣]", "", text).removeprefix("x")


def pieces(text: str) -> list[str]:
    """Runs of Latin letters, digits or Hangul of a text, without case."""
    plain = CAMEL.sub(" ", unicodedata.normalize("NFKC", text).translate(GREEK))
    return WORD.findall(plain.casefold())
