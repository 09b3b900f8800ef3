"""What identifies a person, found in texts by the patterns and word lists of the configuration."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from unicodedata import is_normalized, normalize

BETWEEN = "\n"  # stands between the texts that are searched together: the one letter that . is not
PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u3161\u1173\u30fc\ufe58\ufe63\u00ad"
LIKE = str.maketrans(
    {dash: "-" for dash in DASHES} | dict.fromkeys("\t\n\r\v\f", " ") | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff")
)
SAID = re.compile(r"\([^)]*\)|[\W_]+|(?<!\d)\d{1,2}(?!\d)")
QUOTED = re.compile(r'"\s*[&,;]\s*"')  # where a formula joins two texts
SHORT_TEXT = 60  # a text of so many letters beside the cells is read like a name, a longer one like a remark
LOST = 3  # so many leading zeros a spreadsheet can have taken from a number with a width
OWN_WORD = (r"(?:(?<![^\W_])|(?<=\d{4}))(?:", r")(?![^\W\d_])")  # a date may stand before it in a file's name
CELL, LABEL, TEXT = "cell", "label", "text"
FORMULA_ERROR = re.compile(r"#[A-Z0/]+[!?]")
ALONE, ANNOUNCED, MOSTLY = "alone", "announced", "mostly"


@dataclass(frozen=True)
class Pattern:
    """One way to write an identifier; see config/README.md for the keys."""

    expression: re.Pattern[str]
    where: str
    counts: str
    probable: bool
    checksum: bool
    width: int
    digits: re.Pattern[str] | None


@dataclass(frozen=True)
class Kind:
    """A kind of identifier: how people call it, the words that announce it, and its patterns."""

    name: str
    label: str
    headers: frozenset[str]
    headers_but_for_ids: frozenset[str]
    closed: frozenset[str]
    harmless: re.Pattern[str]
    properties: frozenset[str]
    first: int
    last: int
    patterns: tuple[Pattern, ...]
    centuries: Mapping[str, int]
    years: tuple[int, int]
    checksum: Mapping[str, Any]
    no_such: frozenset[str]


@dataclass(frozen=True)
class Found:
    """An identifier in the text number `index`; `value` stands between `start` and `end` of what was searched."""

    index: int
    kind: str
    value: str = field(repr=False)
    start: int
    end: int
    probable: bool


class Detector:
    """The kinds of config/identifiers.yaml, compiled once."""

    def __init__(self, config: Mapping[str, Any]):
        words = {name: text.split() for name, text in config["words"].items()}
        named = named_expressions(words, config.get("parts", {}))
        self.encodings = tuple(config["encodings"])
        self.kinds = {name: _kind(name, spec, words, named) for name, spec in config["kinds"].items()}

    def find(self, texts: Sequence[str], where: str = CELL, counts: str = ALONE) -> list[Found]:
        """Find what counts without being announced (or `counts`: MOSTLY). where: CELL, or LABEL for headers and names.

        Patterns for a text are looked for everywhere, those for a cell or a label only there.
        """
        if not texts:
            return []
        joined = together((unquoted(text).strip() for text in texts) if where == CELL else texts)
        return [
            found
            for kind in self.kinds.values()
            for pattern in kind.patterns
            if pattern.counts == counts and pattern.where in (where, TEXT)
            for found in _search(joined, kind, pattern)
        ]

    def announced(self, kind: str, texts: Sequence[str]) -> list[Found]:
        """Find what is an identifier of this kind because a header or a property says so."""
        joined = together(unquoted(text).strip() for text in texts)
        patterns = [pattern for pattern in self.kinds[kind].patterns if pattern.counts == ANNOUNCED]
        return [found for pattern in patterns for found in _search(joined, self.kinds[kind], pattern)]

    def announcing(self, headers: Iterable[str], is_id: bool = False) -> set[str]:
        """The kinds that one of these headers announces, whatever its case, blanks, digits and brackets.

        is_id: the column is declared as the patients' ids.
        """
        said = {_said(header) for header in headers} - {""}
        return {
            name
            for name, kind in self.kinds.items()
            if (kind.headers | kind.closed | (set() if is_id else kind.headers_but_for_ids)) & said
        }

    def closes(self, kind: str, header: str) -> bool:
        """Whether any value below this header is an identifier of the kind, however it is written."""
        return _said(header) in self.kinds[kind].closed

    def filled(self, kind: str, texts: Sequence[str]) -> list[Found]:
        """Find what stands below such a header and is more than a missing code or a study's own id."""
        harmless = self.kinds[kind].harmless
        forms = [same_form(unquoted(text)).strip() for text in texts]
        return [
            Found(index, kind, text, 1, 1 + len(text), False)
            for index, text in enumerate(forms)
            if not harmless.fullmatch(text) and not _is_no_such(text, self.kinds[kind])
        ]

    def needs_a_closer_look(self, texts: Sequence[str]) -> bool:
        """Whether any of a workbook's texts and long numbers identifies persons or announces that others do."""
        short = [text for text in texts if len(text) <= SHORT_TEXT]
        return bool(
            self.find(texts, CELL)
            or self.find(texts, CELL, MOSTLY)
            or self.find(short, LABEL)
            or self.announcing(short)
        )

    def properties(self, name: str) -> set[str]:
        """The kinds that a property of a document announces by its name."""
        return {kind.name for kind in self.kinds.values() if _said(name) in kind.properties}


def together(texts: Iterable[str]) -> str:
    """The texts in one, each between two line ends, with one form of every letter, digit, dash and blank."""
    joined = same_form("\0".join(["", *(text.replace("\0", " ") for text in texts), ""]))
    return joined.replace("\0", BETWEEN)


def same_form(text: str) -> str:
    """A text with composed syllables, narrow digits, plain dashes and blanks, without invisible characters."""
    if text.isascii() and text.isprintable():
        return text
    return (text if is_normalized("NFKC", text) else normalize("NFKC", text)).translate(LIKE)


def unquoted(text: str) -> str:
    """A cell's text without the signs that make it one in a spreadsheet: '010, ="010", ="010-"&"1234"."""
    if text[:1] not in ("=", "'", '"'):
        return text
    return QUOTED.sub("", text).strip("='\" ")


def _said(header: str) -> str:
    """A header as it is compared; the error of a formula (#NAME?) is none."""
    return "" if FORMULA_ERROR.fullmatch(header.strip()) else SAID.sub("", same_form(header).casefold())


def _kind(name: str, spec: Mapping[str, Any], words: Mapping[str, list[str]], named: Mapping[str, str]) -> Kind:
    mask = spec["mask"]
    return Kind(
        name=name,
        label=spec["label"],
        headers=frozenset(map(_said, spec.get("headers", ()))),
        headers_but_for_ids=frozenset(map(_said, spec.get("headers_but_for_ids", ()))),
        closed=frozenset(map(_said, spec.get("closed", ()))),
        harmless=re.compile(expand(spec.get("harmless", ""), named), re.IGNORECASE),
        properties=frozenset(map(_said, spec.get("properties", ()))),
        first=mask.get("first", 0),
        last=mask.get("last", 0),
        patterns=tuple(_pattern(entry, named) for entry in spec["patterns"]),
        centuries={str(digit): int(year) for digit, year in spec.get("centuries", {}).items()},
        years=tuple(spec.get("years", (1, 9999))),
        checksum=spec.get("checksum", {}),
        no_such=frozenset(word.casefold() for word in words.get(spec.get("not", ""), ())),
    )


def _pattern(entry: Mapping[str, Any], named: Mapping[str, str]) -> Pattern:
    where, width = entry.get("in", TEXT), entry.get("width", 0)
    find = expand(entry["find"], named)
    digits = re.compile(find) if width else None
    if width:
        find = rf"\d{{{width - LOST},{width}}}"
    if where == CELL:
        find = rf"{BETWEEN} {{0,3}}(?:{find}) {{0,3}}(?={BETWEEN})"
    elif where == LABEL:
        find = find.join(OWN_WORD)
    return Pattern(
        re.compile(find),
        where,
        entry.get("counts", ALONE),
        entry.get("probable", False),
        entry.get("checksum", False),
        width,
        digits,
    )


def named_expressions(words: Mapping[str, Iterable[str]], parts: Mapping[str, str]) -> dict[str, str]:
    """What a pattern can name: any word of each list, and each part. Raises KeyError for what is not there."""
    named = {name: _one_of(those) for name, those in words.items()}
    for name, find in parts.items():
        named[name] = expand(find, named)
    return named


def expand(find: str, named: Mapping[str, str]) -> str:
    """A pattern with every {name} as what it stands for. Raises KeyError for a name that is not there."""
    return PLACEHOLDER.sub(lambda m: f"(?:{named[m[1]]})", find)


def _one_of(words: Iterable[str]) -> str:
    """A regular expression for any of the words, letter by letter: ten times as fast as one word after the other."""
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[:1], []).append(word[1:])
    complete = "" in rests
    last = "".join(re.escape(letter) for letter, rest in rests.items() if letter and not any(rest))
    longer = [f"{re.escape(letter)}{_one_of(rest)}" for letter, rest in rests.items() if letter and any(rest)]
    found = "|".join([*longer, *([f"[{last}]"] if last else [])])
    return f"(?:{found})?" if complete and found else f"(?:{found})" if found else ""


def _search(joined: str, kind: Kind, pattern: Pattern) -> Iterator[Found]:
    starts: list[int] = []
    for match in pattern.expression.finditer(joined):
        if BETWEEN in match[0].lstrip(BETWEEN):
            continue
        groups, value = match, match[0].strip(BETWEEN + " ")
        if pattern.digits is not None:
            groups = pattern.digits.fullmatch(value.zfill(pattern.width))
        if groups is None or not _holds(groups, kind, pattern):
            continue
        start, end = match.span("value") if "value" in match.re.groupindex else _stripped(match)
        value = joined[start:end]
        if _is_no_such(value, kind):
            continue
        starts = starts or [place.start() for place in re.finditer(BETWEEN, joined)]
        yield Found(bisect_right(starts, start) - 1, kind.name, value, start, end, pattern.probable)


def _stripped(match: re.Match[str]) -> tuple[int, int]:
    text = match[0]
    left = len(text) - len(text.lstrip(BETWEEN + " "))
    return match.start() + left, match.start() + len(text.rstrip())


def _is_no_such(value: str, kind: Kind) -> bool:
    """Whether the value, or one of its words, is on the kind's list of words that only look like it."""
    if not kind.no_such:
        return False
    text = value.casefold()
    return text.replace(" ", "") in kind.no_such or any(word in kind.no_such for word in re.split(r"[^\w]+|_", text))


def _holds(match: re.Match[str], kind: Kind, pattern: Pattern) -> bool:
    """Whether the date in a number is one, and its check digit right, as far as the pattern asks for it."""
    groups = match.groupdict()
    if "month" in groups and not _is_date(groups, kind):
        return False
    return not pattern.checksum or _checks(re.sub(r"\D", "", match[0]), groups.get("century", ""), kind.checksum)


def _is_date(groups: Mapping[str, str], kind: Kind) -> bool:
    if "century" in groups and groups["century"] not in kind.centuries:
        return False
    year = int(groups["year"]) + kind.centuries.get(groups.get("century", ""), 0)
    try:
        date(year, int(groups["month"]), int(groups["day"]))
    except ValueError:
        return False
    return kind.years[0] <= year <= kind.years[1]


def _checks(digits: str, century: str, rule: Mapping[str, Any]) -> bool:
    """Whether the last digit is what the weighted sum of those before it leaves of a number of that century."""
    digits = digits[-1 - len(rule["weights"]) :]
    weighted = sum(int(digit) * weight for digit, weight in zip(digits[:-1], rule["weights"], strict=True))
    return int(digits[-1]) == (rule["minus"].get(century, 0) - weighted % rule["modulus"]) % 10
