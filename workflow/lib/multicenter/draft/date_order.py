"""Dates that contradict each other: columns read or named wrongly, whatever their headers say."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from multicenter.dictionary import DateOrder
from multicenter.draft.date_evidence import read_dates
from multicenter.draft.facts import Facts
from multicenter.draft.propose import Proposal

CONTRADICTED = 0.2  # of the rows with both dates; single patients come in another order
FEWEST_ROWS = 5
SLACK = np.timedelta64(60, "D")  # an assessment just before a treatment counts as its own


def doubt_disorder(columns: list[Facts], proposals: Mapping[str, Proposal], order: DateOrder) -> None:
    """Leave sure date columns open (in place) that stand in the wrong order in too many rows.

    Of a pair of the chain either may be wrong, so both are asked; of a date that has to come after the chain, it alone.
    """
    days = {}
    for facts in columns:
        proposal = proposals.get(facts.header)
        best = proposal.candidates[0] if proposal and proposal.sure else None
        if best and best.variable.type == "date" and facts.filled:
            way = (
                best.fit.spec.get("dates", {}) if isinstance(best.fit.spec, dict) else best.fit.spec[0].get("dates", {})
            )
            table, item, name = best.slot
            address = f"{table}[{item}].{name}" if item else f"{table}.{name}"
            days[address] = proposal, read_dates(facts, way).take(facts.distinct.codes)
    for first, second in pairwise(order.chain):
        _doubt(days, first, second, both=True)
    if order.chain:
        for address in days:
            if f"{address.split('[')[0].split('.')[0]}.{address.split('.')[1]}" in order.after:
                _doubt(days, order.chain[-1], address, both=False)


def _doubt(days: Mapping[str, tuple[Proposal, np.ndarray]], first: str, second: str, both: bool) -> None:
    if first not in days or second not in days:
        return
    (one, earlier), (other, later) = days[first], days[second]
    known = ~(np.isnat(earlier) | np.isnat(later))
    against = float((later < earlier - SLACK)[known].mean()) if known.sum() >= FEWEST_ROWS else 0.0
    if against > CONTRADICTED:
        for proposal in [one, other] if both else [other]:
            proposal.sure = False
            proposal.ask.append(f"{second} is before {first} in {against:.0%} of the rows")
