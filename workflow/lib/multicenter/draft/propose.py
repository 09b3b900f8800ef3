"""Which column is which variable: names and values weighed together, each slot given once, doubts kept as questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from multicenter.dictionary import Variable
from multicenter.draft.code_evidence import explain_words, weigh_codes
from multicenter.draft.date_evidence import weigh_dates
from multicenter.draft.evidence import ALL, Fit, Question, Reader, place
from multicenter.draft.facts import Facts, shown_values
from multicenter.draft.headers import Header
from multicenter.draft.number_evidence import weigh_numbers
from multicenter.draft.vocabulary import Name, Slot

NAME_WEIGHT = 0.65
FEWEST_NAME = 0.3  # a header that resembles a name less says nothing
TRIED = 8  # so many of a column's best names are compared with its values
SHOWN = 3  # candidates of an open column
LEAST = 0.35  # confidence of a candidate worth showing
EXACT, UNASKED = (
    0.2,
    0.1,
)  # what a name word for word, and values without a question, weigh besides when slots are given
MARGIN = 0.08  # by which a sure proposal is ahead of every rival
BY_VALUES = 3  # distinct values, all in one specific list, that make a candidate whatever the header says
SPEAKING = 3  # letters of a value that speaks for itself


@dataclass
class Candidate:
    """One thing that a column may be, with its confidence and what speaks for it."""

    slot: Slot
    name: Name
    fit: Fit
    variable: Variable

    @property
    def confidence(self) -> float:
        return NAME_WEIGHT * self.name.score + (1 - NAME_WEIGHT) * self.fit.score


@dataclass
class Proposal:
    """What is proposed for a column. sure: nothing is left to ask. spec: the column as the center file would say it.

    ask: what has to be answered. candidates: best first; none if nothing in the dictionary resembles the column.
    """

    header: str
    sure: bool
    spec: Any
    confidence: float
    why: list[str]
    ask: list[str]
    candidates: list[Candidate] = field(default_factory=list)


def propose(columns: list[Facts], reader: Reader, row_is: str, usual: Mapping[str, float]) -> dict[str, Proposal]:
    """Propose what each column (but the id) of a source becomes, whose rows are records of the table `row_is`."""
    found = [_candidates(facts, reader, row_is, usual) for facts in columns]
    chosen = _assigned(found)
    proposals = {}
    for i, facts in enumerate(columns):
        best = chosen[i]
        others = sorted((c for c in found[i] if c is not best), key=lambda c: -c.confidence)
        order = ([best] if best else []) + [c for c in others if c.confidence >= LEAST][: SHOWN - bool(best)]
        rival = _rival(i, order[0], found) if order else (0.0, "")
        proposals[facts.header] = _proposal(facts, order, rival, best is not None)
    return proposals


def total(proposals: Mapping[str, Proposal]) -> float:
    """How well a source is explained as a whole: the confidences of its first candidates."""
    return sum(p.candidates[0].confidence * (1 if p.sure else 0.5) for p in proposals.values() if p.candidates)


def _candidates(facts: Facts, reader: Reader, row_is: str, usual: Mapping[str, float]) -> list[Candidate]:
    names = _names(facts, reader, row_is)
    best = sorted(names.items(), key=lambda pair: (-pair[1][0].exact, -pair[1][0].score, pair[0]))[:TRIED]
    found = []
    for slot, (name, header) in best:
        variable = reader.dictionary.tables[slot[0]].variables[slot[2]]
        fit = _fit(reader, Question(facts, header, variable, slot, row_is, name.status), usual)
        if fit:
            found.append(Candidate(slot, name, fit, variable))
    known = {candidate.slot for candidate in found}
    found += [c for c in _by_values(facts, reader, row_is) if c.slot not in known]
    return found


def _names(facts: Facts, reader: Reader, row_is: str) -> dict[Slot, tuple[Name, Header]]:
    """How well the header, or the label that the file gives it, names each slot."""
    found: dict[Slot, tuple[Name, Header]] = {}
    for text in dict.fromkeys(t for t in (facts.label, facts.name) if t):
        header = reader.vocabulary.header(text)
        for slot, name in reader.vocabulary.names(header, row_is).items():
            if name.score >= FEWEST_NAME and (slot not in found or name.score > found[slot][0].score):
                found[slot] = name, header
    return found


def _fit(reader: Reader, q: Question, usual: Mapping[str, float]) -> Fit | None:
    idle = reader.idle(q.facts)
    if len(idle) == len(q.facts.distinct):
        what = "nothing but missing codes" if idle else "no filled cell"
        return Fit(0.0, {"to": q.address}, [], [f"the column has {what}"])
    kind = q.variable.type
    if kind == "date":
        return _with_told_words(reader, q, weigh_dates(reader, q))
    if kind in ("number", "integer"):
        return weigh_numbers(reader, q, usual)
    if kind == "text":
        return _weigh_text(reader, q)
    return weigh_codes(reader, q)


def _weigh_text(reader: Reader, q: Question) -> Fit | None:
    """A text fits its form; one without a form fits anything, so it is asked."""
    kinds, facts = q.facts.kinds(), q.facts
    if kinds["text"] < 0.8 * facts.filled or facts.labels:
        return None
    idle = reader.idle(facts)
    spec: dict[str, Any] = {"to": q.address}
    if idle:
        spec["missing"] = [facts.distinct.text[i].strip() for i in idle]
    form = reader.hints(q.variable).looks_like
    if not form:
        return Fit(0.7, spec, ["texts"], ["a free text could be anything; is it this?"])
    import re

    live = [i for i in range(len(facts.distinct)) if i not in set(idle)]
    good = [i for i in live if re.fullmatch(form, facts.distinct.plain[i])]
    score = float(facts.counts[good].sum() / facts.counts[live].sum()) if live else 0.0
    if score < 0.5:
        return None
    lost = [i for i in live if i not in good]
    asks = [f"texts of another form: {', '.join(shown_values(facts, lost))}"] if lost else []
    return Fit(score, spec, [f"{score:.0%} of the texts look like it"], asks)


def _with_told_words(reader: Reader, q: Question, fit: Fit | None) -> Fit | None:
    """Words among dates that another variable of the record explains (`ongoing` in the column of the end)."""
    if not fit or not fit.words:
        return fit
    for variable in reader.dictionary.tables[q.slot[0]].variables.values():
        if reader.hints(variable).told_by != q.variable.name:
            continue
        spoken = {word for text in reader.hints(variable).inside for word in reader.vocabulary.lexicon.words(text)}
        words = [text for i in fit.words if (text := q.facts.distinct.text[i].strip()).isalpha()]
        if words and all(set(reader.vocabulary.lexicon.words(word)) <= spoken for word in words):
            address = Question(q.facts, q.header, variable, (*q.slot[:2], variable.name), q.row_is).address
            fit.spec = [
                {**fit.spec, "codes": dict.fromkeys(words)},
                {"to": address, "codes": dict.fromkeys(words, 1), "otherwise": 0},
            ]
    return fit


def _by_values(facts: Facts, reader: Reader, row_is: str) -> list[Candidate]:
    """Variables whose own code list holds every value, whatever the header says: a drug's name gives itself away."""
    words = [text for text in facts.texts if len(text.strip()) >= SPEAKING and not text.strip().isdigit()]
    if len(words) < BY_VALUES or not facts.are_levels:
        return []
    found = []
    for address, hints in reader.vocabulary.hints.items():
        variable = reader.dictionary.variable(address)
        table = reader.dictionary.tables[variable.table]
        if variable.type != "category" or not (hints.lists or variable.levels) or variable.name == table.item:
            continue
        item = "" if not table.item or table.name == row_is else "1"
        if table.item and item and table.variables[table.item].type != "integer":
            continue
        slot = (table.name, item, variable.name)
        fit = explain_words(reader, Question(facts, reader.vocabulary.header(facts.name), variable, slot, row_is))
        if fit and fit.score >= ALL:
            fit.ask.append("the header does not say so")
            found.append(Candidate(slot, Name(0.0, False, "the header says nothing known"), fit, variable))
    return found


def _assigned(found: list[list[Candidate]]) -> list[Candidate | None]:
    """Each slot to one column at most, so that the confidences together are highest."""
    slots = sorted({c.slot for candidates in found for c in candidates})
    chosen: list[Candidate | None] = [None] * len(found)
    if not slots:
        return chosen
    at = {slot: k for k, slot in enumerate(slots)}
    gain = np.zeros((len(found), len(slots) + len(found)))
    gain[:, len(slots) :] = LEAST - 1e-6
    for i, candidates in enumerate(found):
        for c in candidates:
            gain[i, at[c.slot]] = c.confidence + EXACT * c.name.exact + UNASKED * (c.name.exact and not c.fit.ask)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    for i, k in zip(rows, columns, strict=True):
        if k < len(slots):
            chosen[i] = next((c for c in found[i] if c.slot == slots[k]), None)
    return chosen


def _rival(i: int, best: Candidate, found: list[list[Candidate]]) -> tuple[float, str]:
    """The strongest other claim: on the column by another slot, or on the slot by another column."""
    claims = [(c.confidence, f"it may also be {_shown(c.slot)}") for c in found[i] if c is not best]
    claims += [
        (c.confidence, "another column claims it too")
        for k, cs in enumerate(found)
        if k != i
        for c in cs
        if c.slot == best.slot
    ]
    return max(claims, default=(0.0, ""))


def _proposal(facts: Facts, order: list[Candidate], rival: tuple[float, str], given: bool) -> Proposal:
    """given: whether the first candidate was given its slot; else another column has it."""
    if not order:
        return Proposal(facts.header, False, None, 0.0, [], ["nothing in the dictionary resembles it"])
    best = order[0]
    ask = list(best.fit.ask)
    if not best.name.exact:
        ask.append(best.name.why)
    if best.fit.score < ALL and not best.fit.ask:
        ask.append(f"only {best.fit.score:.0%} of the values fit")
    if (best.confidence - rival[0] < MARGIN or not given) and rival[1]:
        ask.append(f"{rival[1]} ({rival[0]:.2f})")
    why = [best.name.why, *best.fit.why] if best.name.exact else best.fit.why
    return Proposal(facts.header, given and not ask, best.fit.spec, best.confidence, why, ask, order)


def _shown(slot: Slot) -> str:
    return f"{place(slot)}.{slot[2]}"
