"""Free texts: a reader of codes.yaml has to understand every one, and what no text mentions is asked."""

from __future__ import annotations

from typing import Any

from multicenter.draft.evidence import Fit, Question, Reader, place, words_for_missing
from multicenter.draft.facts import shown_values
from multicenter.harmonize.cells import MAPPED, UNMAPPED

TOLD = 0.6  # of the texts that a reader must understand to be a candidate


def weigh_texts(reader: Reader, q: Question) -> Fit | None:
    """The readers of free text that understand most of a column; of equals the fewest. None if none does."""
    if q.facts.labels or not q.facts.kinds()["text"]:
        return None
    fits = [_read_by(reader, q, names) for names in sorted(reader.hints(q.variable).readers, key=len)]
    return max((fit for fit in fits if fit.score >= TOLD), key=lambda fit: round(fit.score, 9), default=None)


def _read_by(reader: Reader, q: Question, names: list[str]) -> Fit:
    facts = q.facts
    spec: dict[str, Any] = {"read": names if len(names) > 1 else names[0]}
    if place(q.slot) != q.row_is:
        spec["to"] = place(q.slot)
    unread = _unread(reader, q, spec)
    missing = [i for i in reader.idle(facts) if i in unread]
    if missing:
        spec["missing"] = words_for_missing(facts, missing)
        unread = _unread(reader, q, spec)
    cells = facts.filled - int(facts.counts[missing].sum())
    score = 1 - float(facts.counts[sorted(unread)].sum()) / cells if cells else 0.0
    fit = Fit(score, spec, [f"the reader {' + '.join(names)} understands {score:.0%} of the texts"])
    if unread:
        fit.ask.append(f"texts that the reader does not understand: {', '.join(shown_values(facts, sorted(unread)))}")
    elif score >= TOLD:
        fit.ask += _assumed(reader, q, spec, names)
    return fit


def _assumed(reader: Reader, q: Question, spec: dict[str, Any], names: list[str]) -> list[str]:
    """What the reader would take from its defaults alone, since no text of the column ever mentions it."""
    plain = [{key: part for key, part in reader.codes["readers"][name].items() if key != "defaults"} for name in names]
    said = {slot[2] for slot, o in reader.read(q.facts, {**spec, "read": plain}, q.row_is).items() if _fills(o)}
    defaults = {name: value for r in names for name, value in reader.codes["readers"][r].get("defaults", {}).items()}
    silent = [f"{name} = {value}" for name, value in defaults.items() if name not in said and name != q.variable.name]
    return [f"no text mentions them, and the reader would take {', '.join(silent)}; is that so?"] if silent else []


def _fills(outcome: Any) -> bool:
    return bool((outcome.status == MAPPED).any())


def _unread(reader: Reader, q: Question, spec: dict[str, Any]) -> set[int]:
    """The distinct texts that a reader leaves unread in any of its slots; all of them if it fills nothing."""
    outcomes = list(reader.read(q.facts, spec, q.row_is).values())
    everything = range(len(q.facts.distinct))
    unread = {i for outcome in outcomes for i in everything if outcome.status[i] == UNMAPPED}
    return unread if any(_fills(outcome) for outcome in outcomes) else set(everything)
