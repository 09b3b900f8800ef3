"""What headers can mean: the dictionary's names and synonyms, and how well a header says one of them."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from multicenter.dictionary import Dictionary, Variable
from multicenter.draft.headers import Header, Lexicon, Units

Slot = tuple[str, str, str]
Bag = tuple[str, ...]
# Words that a variable's type says already.
OF_TYPE = {"date": {"date"}, "flag": {"yn", "done"}, "integer": {"number"}, "number": {"number"}}
COUNTED = ("integer", "number")  # small numbers are everywhere: a name that says number has to be said as a whole
ORDINAL = ("st", "nd", "rd", "th", "차", "번째", "회차")
SPELLED = {"first": 1, "second": 2, "third": 3, "첫": 1, "첫번째": 1, "두번째": 2, "세번째": 3}
MOST_ITEMS = 3
SAID, NEARLY, ALIKE = 1.0, 0.97, 0.85  # the header is the name; without a word such as date; it resembles the name
LEFT_OUT = 0.03  # for each word such as baseline that is passed over
ONLY_LEVEL = 0.6  # the header is a level alone (`6 months`), not what is meant at that level
ANOTHER = 0.8  # the upper header or a bracket holds a word that may change the meaning
PREFIX = 3  # letters of the shortest abbreviation that is looked for
ABBREVIATED = 0.85


@dataclass(frozen=True)
class Name:
    """How well a header names a slot: score 0 to 1, exact if nothing is left over, why in words.

    status: it is a header under which a bare yes or 1 may mean the opposite.
    """

    score: float
    exact: bool
    why: str
    status: bool = False


@dataclass(frozen=True)
class Phrase:
    """One way to say a variable. inside: only in a source of its own table."""

    address: str
    variable: Variable = field(compare=False)
    bag: Bag
    text: str
    inside: bool = False
    status: bool = False


@dataclass(frozen=True)
class Reading:
    """One way to read a header: its words without the item. context: words beside it that were passed over."""

    bag: Bag
    item: str = ""
    level: str = ""
    exact: bool = True
    context: frozenset[str] = frozenset()


@dataclass
class Hints:
    """What the dictionary says about recognizing a variable (the keys of `synonyms.tables.*.variables.*`)."""

    names: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    prefixes: str = ""
    readers: list[list[str]] = field(default_factory=list)
    told_by: str = ""
    looks_like: str = ""
    year_of: str = ""
    counted_ages: dict[str, str] = field(default_factory=dict)
    levels: dict[str, list[str]] = field(default_factory=dict)


class Vocabulary:
    """All names of all variables, and the words that the dictionary knows besides."""

    def __init__(self, document: Mapping[str, Any], dictionary: Dictionary):
        self.dictionary = dictionary
        self.spec: Mapping[str, Any] = document.get("synonyms", {})
        tables = self.spec.get("tables", {})
        self.hints = {
            variable.address: Hints(**tables.get(table.name, {}).get("variables", {}).get(variable.name, {}))
            for table in dictionary.tables.values()
            for variable in table.variables.values()
        }
        units = Units(dictionary.units, self.spec.get("units", {}))
        self.lexicon = Lexicon(self.spec.get("words", {}), self._texts(), self.spec.get("neutral", ()), units)
        self.context = {word for text in self.spec.get("context", ()) for word in self.lexicon.words(text)}
        self.course = {word for text in self.spec.get("course", ()) for word in self.lexicon.words(text)}
        self.table_words = {
            name: {word for text in tables.get(name, {}).get("names", ()) for word in self.lexicon.bag(text)}
            for name in dictionary.tables
        }
        self.ids = {self._key(self.lexicon.bag(text)) for text in self.spec.get("ids", ())}
        self.phrases = list(dict.fromkeys(self._phrases()))
        self.by_bag: dict[tuple[str, Bag], list[Phrase]] = {}
        for phrase in self.phrases:
            self.by_bag.setdefault((_kind(phrase.variable), phrase.bag), []).append(phrase)
        self.levels = self._levels()

    def header(self, text: str) -> Header:
        return self.lexicon.header(text)

    def is_id(self, header: Header) -> bool:
        """Whether a header is one of the names of the patient's id."""
        known = {self._key(header.words), *([self._key(header.rows[-1])] if header.rows else [])}
        return bool(known & self.ids)

    def is_known(self, header: Header) -> bool:
        """Whether a header says an id or a variable word for word, whatever table its rows belong to."""
        said = (
            name for table in self.dictionary.tables for r in self.readings(header) for _, name in self._said(r, table)
        )
        return self.is_id(header) or any(name.exact for name in said)

    def names(self, header: Header, row_is: str) -> dict[Slot, Name]:
        """How well a header names each slot of a source whose rows are records of a table; unlike ones are left out."""
        found: dict[Slot, Name] = {}
        readings = list(self.readings(header))
        for reading in readings:
            for phrase, name in self._said(reading, row_is):
                _keep(found, self._slot(phrase.variable, reading, row_is), name)
        for reading in readings:
            for phrase, name in self._resembling(reading, row_is):
                _keep(found, self._slot(phrase.variable, reading, row_is), name)
        for slot, name in self._only_level(header, row_is):
            _keep(found, slot, name)
        return {slot: name for slot, name in found.items() if slot[0]}

    def readings(self, header: Header) -> Iterator[Reading]:
        """The ways to read a header: whole or its last row, with or without a number or a level taken out."""
        parts = [Reading(header.words, exact=self._harmless(header.aside))]
        if len(header.rows) > 1:
            above = frozenset(word for row in header.rows[:-1] for word in row)
            parts.append(Reading(header.rows[-1], context=above, exact=parts[0].exact))
        for part in parts:
            yield part
            yield from _without_number(part)
            for level, bag in self.levels:
                rest = _minus(part.bag, bag)
                if rest is not None:
                    yield Reading(rest, level=level, exact=part.exact, context=part.context)

    def _said(self, reading: Reading, row_is: str) -> Iterator[tuple[Phrase, Name]]:
        """Phrases that a reading is, word for word; words of context may be passed over."""
        loose = [word for word in dict.fromkeys(reading.bag) if word in self.context | self.course]
        for n in range(min(len(loose), 3) + 1):
            for gone in itertools.combinations(loose, n):
                bag = _minus(reading.bag, gone) or ()
                for phrase in self._exactly(bag):
                    if self._fits(phrase, reading, row_is, gone):
                        yield phrase, self._name(phrase, reading, bag, n)

    def _exactly(self, bag: Bag) -> Iterator[Phrase]:
        """The phrases of these very words, with and without those that a type says already."""
        for kind in (*OF_TYPE, ""):
            for words in dict.fromkeys([_typed(bag, kind), self._key(bag)]):
                yield from self.by_bag.get((kind, words), ()) if words else ()

    def _only_level(self, header: Header, row_is: str) -> Iterator[tuple[Slot, Name]]:
        """A header that is nothing but a level, or a level and `date`: some variable of that level's record."""
        for table in self.dictionary.tables.values():
            levels = table.variables[table.item].levels if table.item and table.name != row_is else {}
            for level, bag in self.levels:
                dated = "date" in header.words and "date" not in bag
                if level in levels and self._key(header.words) == self._key((*bag, *(["date"] if dated else []))):
                    for variable in table.variables.values():
                        if (variable.type == "date") == dated and variable.name != table.item:
                            name = Name(
                                ONLY_LEVEL, False, f"the header only says {table.variables[table.item].levels[level]!r}"
                            )
                            yield (table.name, level, variable.name), name

    def _name(self, phrase: Phrase, reading: Reading, bag: Bag, passed: int) -> Name:
        numeric = phrase.variable.type in ("number", "integer")
        allowed = self.context | self.table_words[phrase.variable.table] | (set() if numeric else self.course)
        allowed |= {word for word in phrase.bag} | set(OF_TYPE.get(phrase.variable.type, ()))
        exact = reading.exact and reading.context <= allowed
        said = SAID if phrase.variable.type != "date" or "date" in bag else NEARLY
        score = (said - LEFT_OUT * (passed + bool(reading.context))) * (1 if exact else ANOTHER)
        why = f"the header says {phrase.text!r}" + ("" if exact else ", but with words that may change it")
        return Name(score, exact, why, phrase.status)

    def _fits(self, phrase: Phrase, reading: Reading, row_is: str, gone: Bag) -> bool:
        variable = phrase.variable
        if phrase.inside and variable.table != row_is:
            return False
        if variable.type in ("number", "integer") and set(gone) & (self.course - self.context):
            return False
        return bool(self._slot(variable, reading, row_is)[0])

    def _slot(self, variable: Variable, reading: Reading, row_is: str) -> Slot:
        """Where a variable goes under a reading; a slot without a table if it cannot."""
        table = self.dictionary.tables[variable.table]
        taken = reading.item or reading.level
        if table.name == row_is or not table.item:
            return ("", "", "") if taken else (table.name, "", variable.name)
        if variable.name == table.item:
            return "", "", ""
        if table.variables[table.item].type == "integer":
            return ("", "", "") if reading.level else (table.name, reading.item or "1", variable.name)
        return (table.name, reading.level, variable.name) if reading.level else ("", "", "")

    def _resembling(self, reading: Reading, row_is: str) -> Iterator[tuple[Phrase, Name]]:
        """Phrases that share words with a reading, weighed by how rare the words are."""
        words = {word: 1.0 for word in reading.bag}
        for word in reading.bag:
            if word not in self.rarity and len(word) >= PREFIX and word.isalpha():
                near = sorted(other for other in self.rarity if other.startswith(word))
                words |= {other: ABBREVIATED for other in near[:3]}
        shared = {phrase for word in words for phrase in self._with_word.get(word, ())}
        for phrase in sorted(shared, key=lambda p: (p.text, p.address)):
            if phrase.inside and phrase.variable.table != row_is:
                continue
            common = sum(self._weight(word) * words[word] for word in set(phrase.bag) if word in words)
            whole = sum(self._weight(word) for word in set(phrase.bag))
            own = sum(self._weight(word) for word in set(_typed(reading.bag, _kind(phrase.variable))))
            if common and own:
                score = ALIKE * 2 * common / (whole + own)
                yield phrase, Name(min(score, ALIKE), False, f"the header resembles {phrase.text!r}", phrase.status)

    @cached_property
    def rarity(self) -> dict[str, float]:
        """How much a shared word says: the rarer among the variables, the more."""
        owners = {(p.variable.address, word) for p in self.phrases for word in p.bag}
        counts = Counter(word for _, word in owners)
        total = len({p.variable.address for p in self.phrases})
        return {word: math.log(1 + total / n) for word, n in counts.items()}

    def _weight(self, word: str) -> float:
        return self.rarity.get(word, 2.0)

    @cached_property
    def _with_word(self) -> dict[str, list[Phrase]]:
        index: dict[str, list[Phrase]] = {}
        for phrase in self.phrases:
            for word in set(phrase.bag):
                index.setdefault(word, []).append(phrase)
        return index

    def _harmless(self, aside: Bag) -> bool:
        return all(word in self.rarity or word in self.context for word in aside)

    def _texts(self) -> Iterator[str]:
        for address, hints in self.hints.items():
            variable = self.dictionary.variable(address)
            yield from (variable.name, variable.label, *hints.names, *hints.inside, *hints.status)
            yield from (text for others in hints.levels.values() for text in others)
        for table in self.spec.get("tables", {}).values():
            yield from table.get("names", ())
        yield from (*self.spec.get("ids", ()), *self.spec.get("context", ()), *self.spec.get("course", ()), *SPELLED)
        yield from (word for word in ORDINAL if not word.isascii())

    def _phrases(self) -> Iterator[Phrase]:
        for address, hints in self.hints.items():
            variable = self.dictionary.variable(address)
            if variable.source == "delivery" or variable.name == "patient_id":
                continue
            table = self.dictionary.tables[variable.table]
            alone = [variable.name, *hints.names] if not table.item else hints.names
            if not table.item:
                alone = [*alone, variable.label]
            inside = hints.inside if not table.item else [variable.label, variable.name, *hints.inside]
            yield from (self._phrase(variable, text) for text in alone)
            yield from (self._phrase(variable, text, status=True) for text in hints.status)
            for text in inside:
                yield self._phrase(variable, text, inside=True)
                for name in self.spec.get("tables", {}).get(table.name, {}).get("names", ()):
                    yield self._phrase(variable, f"{name} {text}")

    def _phrase(self, variable: Variable, text: str, **more: bool) -> Phrase:
        bag = self._key(tuple(dict.fromkeys(self.lexicon.bag(text))))
        if _kind(variable) not in COUNTED:
            bag = _typed(bag, _kind(variable)) or bag
        return Phrase(variable.address, variable, bag, text, **more)

    def _levels(self) -> list[tuple[str, Bag]]:
        """Words of the levels that tell a patient's rows apart, the longest first."""
        found = {
            (level, self._key(self.lexicon.bag(text)))
            for table in self.dictionary.tables.values()
            if table.item and table.variables[table.item].levels
            for level, texts in self.hints[f"{table.name}.{table.item}"].levels.items()
            for text in texts
        }
        return sorted((pair for pair in found if pair[1]), key=lambda pair: (-len(pair[1]), pair))

    @staticmethod
    def _key(bag: Bag) -> Bag:
        return tuple(sorted(bag))


def _kind(variable: Variable) -> str:
    return variable.type if variable.type in OF_TYPE else ""


def _typed(bag: Bag, kind: str) -> Bag:
    """A bag without what the type says already; sorted, so that order does not matter."""
    return tuple(sorted(word for word in bag if word not in OF_TYPE.get(kind, ())))


def _minus(bag: Bag, gone: Bag) -> Bag | None:
    """A bag without some words, each once; None if one is not there or nothing is left."""
    left = list(bag)
    for word in gone:
        if word not in left:
            return None
        left.remove(word)
    return tuple(left) or None


def _without_number(part: Reading) -> Iterator[Reading]:
    for i, word in enumerate(part.bag):
        number = int(word) if word.isdigit() and len(word) == 1 else SPELLED.get(word, 0)
        if not 1 <= number <= MOST_ITEMS:
            continue
        after = i + 1 + (i + 1 < len(part.bag) and part.bag[i + 1] in ORDINAL)
        rest = (*part.bag[:i], *part.bag[after:])
        if rest:
            context = frozenset(w for w in part.context if w not in (word, *ORDINAL))
            yield Reading(rest, item=str(number), exact=part.exact, context=context)
    if part.context and not any(w.isdigit() for w in part.bag):
        numbers = [w for w in part.context if w.isdigit() and 1 <= int(w) <= MOST_ITEMS]
        if len(numbers) == 1:
            context = frozenset(w for w in part.context if w not in (*numbers, *ORDINAL))
            yield Reading(part.bag, item=numbers[0], exact=part.exact, context=context)


def _keep(found: dict[Slot, Name], slot: Slot, name: Name) -> None:
    known = found.get(slot)
    if slot[0] and (known is None or (name.exact, name.score) > (known.exact, known.score)):
        found[slot] = name
