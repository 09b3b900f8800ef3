"""Categories and flags: every distinct value has to be explained by a shared list, a level or the file's own label."""

from __future__ import annotations

from typing import Any

from multicenter.draft.evidence import Fit, Question, Reader, words_for_missing
from multicenter.draft.facts import may_be_shown, shown_values
from multicenter.draft.text_evidence import weigh_texts
from multicenter.harmonize.spec import canonical, code_map
from multicenter.harmonize.words import key

BARE = {"0", "1"}  # a list that holds these answers yes or no to whatever the header says
ONE_SIDED = 0.3  # blank cells beyond which a flag of one value only may mean its opposite by a blank
PLENTY = 2  # times the levels: more unexplained values than that are no codes of this variable
HARDLY = 0.1


def weigh_codes(reader: Reader, q: Question) -> Fit | None:
    """How the values of a column fit a category or a flag; None if they cannot be its codes."""
    facts, variable = q.facts, q.variable
    if not len(facts.distinct) or facts.kinds()["date"]:
        return None
    known = _known(reader, q)
    fit = _explained(reader, q, known)
    if fit and not fit.ask:
        return fit
    told = weigh_texts(reader, q)
    if told and (not fit or told.score >= fit.score):
        return told
    unknown = [i for i in range(len(facts.distinct)) if _meaning(q, i, known) is None]
    if fit and (not facts.are_levels or len(unknown) > PLENTY * max(len(variable.levels), 2) + 2):
        return None
    return fit


def explain_words(reader: Reader, q: Question) -> Fit | None:
    """As weigh_codes, without readers of free text; for a variable that another one's column also tells."""
    return _explained(reader, q, _known(reader, q))


def _known(reader: Reader, q: Question) -> dict[str, tuple[Any, str]]:
    """What is understood: word → (level, the list that says so; "" for the dictionary's own, "~" for a label alone)."""
    variable, hints = q.variable, reader.hints(q.variable)
    known: dict[str, tuple[Any, str]] = {}
    for level, label in variable.levels.items():
        known.setdefault(key(label), (level, "~"))
    for level, others in hints.levels.items():
        known.update({key(other): (level, "~") for other in others})
    for level in ([] if q.status else ["0", "1"]) if variable.type == "flag" else variable.levels:
        known[key(level)] = (canonical(level, variable), "")
    for name in reversed(hints.lists):
        words, ambiguous = code_map(name, variable, reader.lists)
        if q.status and words.keys() & BARE:
            continue
        known.update({word: (level, name) for word, level in words.items()})
        known.update({word: ("?", name) for word in ambiguous})
    return known


def _meaning(q: Question, i: int, known: dict[str, tuple[Any, str]]) -> tuple[Any, str] | None:
    """The level of a distinct value and where it is from: of a labeled code, its label's."""
    raw = q.facts.distinct.text[i].strip()
    if q.facts.labels:
        label = q.facts.labels.get(raw)
        found = known.get(key(label)) if label is not None else None
        return (found[0], "~") if found else (known.get(key(raw)) if label is None and not _number(raw) else None)
    return known.get(q.facts.distinct.key[i])


def _explained(reader: Reader, q: Question, known: dict[str, tuple[Any, str]]) -> Fit | None:
    facts = q.facts
    idle = set(reader.idle(facts))
    meanings = {i: _meaning(q, i, known) for i in range(len(facts.distinct))}
    idle -= {i for i, meaning in meanings.items() if meaning and not facts.is_declared_missing(i)}
    explained = {i: m for i, m in meanings.items() if m and i not in idle}
    unknown = [i for i in meanings if i not in explained and i not in idle]
    if q.variable.type == "flag" and any(_number(facts.distinct.text[i]) for i in unknown) and not facts.labels:
        unknown = [i for i in meanings if i not in idle and (i in unknown or _number(facts.distinct.text[i]))]
        explained = {i: m for i, m in explained.items() if i not in unknown}  # beside a 2, a 1 may be either
    cells = int(facts.counts[[*explained, *unknown]].sum()) if explained or unknown else 0
    if not cells:
        return None
    score = float(facts.counts[list(explained)].sum()) / cells if explained else HARDLY
    unsure, ask = _level_or_missing(reader, q, known, sorted(idle), explained)
    fit = Fit(score, _spec(q, explained, [*unknown, *unsure], words_for_missing(facts, sorted(idle - set(unsure)))))
    if explained:
        fit.why.append(
            f"{len(explained)} of {len(explained) + len(unknown)} values are {_sources(explained, facts.labels)}"
        )
    if unknown:
        bare = all(_number(facts.distinct.text[i]) for i in unknown) and not facts.labels
        what = "codes without a code book" if bare else "values that nothing explains"
        fit.ask.append(f"{what}: {', '.join(shown_values(facts, unknown))}; what do they mean?")
    blanks = _one_sided(q, explained)
    if blanks:
        fit.spec["empty"] = "?"
    fit.ask += [*blanks, *ask]
    return fit


def _one_sided(q: Question, explained: dict[int, tuple[Any, str]]) -> list[str]:
    """A flag that only ever says yes, with blanks: do they say no?"""
    said = {level for level, _ in explained.values()}
    blank = 1 - q.facts.filled / q.facts.n
    if q.variable.type == "flag" and said == {1} and blank > ONE_SIDED:
        return [f"only yes and {q.facts.n - q.facts.filled} blank cells: does a blank mean no (then add empty: 0)?"]
    return []


def _level_or_missing(
    reader: Reader,
    q: Question,
    known: dict[str, tuple[Any, str]],
    idle: list[int],
    explained: dict[int, tuple[Any, str]],
) -> tuple[list[int], list[str]]:
    """Words for missing that may be a level: its own (`unknown`), or the no of a flag that says nothing else for it."""
    said = {level for level, _ in explained.values()}
    levels = {
        str(level)
        for word, (level, _) in known.items()
        if word in reader.missing and any(map(str.isalpha, word)) and level not in (None, "?")
    }
    words = [i for i in idle if not q.facts.is_declared_missing(i) and any(map(str.isalpha, q.facts.texts[i]))]
    if q.variable.type == "flag" and 0 not in said:
        levels = {"no"}
    if not levels or not words:
        return [], []
    return words, [f"{', '.join(shown_values(q.facts, words))}: missing, or the level {' or '.join(sorted(levels))}?"]


def _spec(q: Question, explained: dict[int, tuple[Any, str]], unknown: list[int], missing: list[str]) -> dict[str, Any]:
    """The column's specification: lists by name, what the dictionary's own levels cannot say as a map of codes."""
    texts = [text.strip() for text in q.facts.distinct.text]
    lists = list(dict.fromkeys(source for _, source in explained.values() if source not in ("", "~")))
    own = {key(level) for level in (["0", "1"] if q.variable.type == "flag" and not q.status else q.variable.levels)}
    if not unknown and all(
        key(texts[i]) in own and key(str(level)) == key(texts[i]) for i, (level, _) in explained.items()
    ):
        lists = []
    by_hand = {texts[i]: level for i, (level, source) in explained.items() if source == "~"}
    by_hand |= {texts[i]: "?" for i in unknown if may_be_shown(q.facts, i)}
    if all(key(raw) == key(str(level)) for raw, level in by_hand.items()):
        by_hand = {}
    if by_hand or lists:
        by_hand |= {texts[i]: level for i, (level, source) in explained.items() if source == ""}
    parts: list[Any] = [*lists, *([dict(sorted(by_hand.items()))] if by_hand else [])]
    spec: dict[str, Any] = {"to": q.address}
    if parts:
        spec["codes"] = parts[0] if len(parts) == 1 else parts
    if missing:
        spec["missing"] = missing
    return spec


def _sources(explained: dict[int, tuple[Any, str]], labels: dict[str, str]) -> str:
    names = list(dict.fromkeys(source for _, source in explained.values()))
    shown = {"": "levels of the dictionary", "~": "explained by the file's labels" if labels else "known words"}
    return " or ".join(shown.get(name, f"in the list {name}") for name in names)


def _number(text: str) -> bool:
    return text.strip().lstrip("-").replace(".", "", 1).isdigit()
