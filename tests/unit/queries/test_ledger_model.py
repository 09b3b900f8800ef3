"""Any sequence of deliveries and answers: the ledger against a small model of what a query is."""

from dataclasses import dataclass, field

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from multicenter.queries.answers import Answered, Returned
from multicenter.queries.ids import KEY, query_id
from multicenter.queries.ledger import Standing, ask, settle
from multicenter.queries.match import match_answers
from multicenter.queries.words import CORRECTED, RIGHT, WITHDRAWN

ASKED = dict(zip(KEY, ("AA", "1", "patient", "", "hb", "not_numeric", ""), strict=True))
QUERY = query_id(ASKED)


@dataclass
class Model:
    """What a person would say of the query: asked about a value, closed by an answer to just that asking, or gone."""

    status: str = ""
    value: str = ""
    asking: int = 0
    history: list[str] = field(default_factory=list)

    def become(self, status):
        if status != self.status:
            self.status = status
            self.history.append(status)

    def deliver(self, value):
        if value is None:
            if self.status:
                self.become("RESOLVED")
        elif not self.status:
            self.asking += 1
            self.become("OPEN")
        elif self.status == "RESOLVED" or value != self.value:
            self.asking += 1
            if self.status in ("RESOLVED", "WAIVED"):
                self.become("REOPENED")
        self.value = value or self.value

    def answer(self, word, asking):
        if asking != self.asking or self.status in ("", "RESOLVED"):
            return
        if word is RIGHT:
            self.become("WAIVED")
        elif self.status == "WAIVED":
            self.asking += 1
            self.become("REOPENED")


FOUND = st.sampled_from([None, "high", "low"])
DELIVERIES = st.tuples(st.just("deliver"), FOUND)
REMAPPED = st.tuples(st.just("remap"), FOUND)  # the same delivery, found otherwise
ANSWERS = st.tuples(st.just("answer"), st.sampled_from([RIGHT, CORRECTED, WITHDRAWN]), st.integers(0, 1))


@settings(max_examples=40, deadline=None, database=None)
@given(st.lists(st.one_of(DELIVERIES, REMAPPED, ANSWERS), max_size=14))
def test_the_ledger_is_what_the_model_says(events):
    """Every returned workbook stays in the folder and is read again in each run."""
    model, ledger, folder, value = Model(), [], [], None
    workbooks = []  # what was sent, by the asking that it carries
    for day, event in enumerate([("deliver", None), *events], start=1):
        if event[0] != "answer":
            value = event[1]
            model.deliver(value)
        elif workbooks:
            _, word, older = event
            recorded, asking = workbooks[max(len(workbooks) - 1 - older, 0)]
            shown, letters = {"answered_by": "Kim"}, {}
            on = _day(day)
            folder.append(Answered(f"AA_{day:02d}.xlsx", "Queries", 3, QUERY, word, on, shown, letters, recorded))
            model.answer(word, asking)
        delivered = max(n for n, e in enumerate([("deliver",), *events][:day], start=1) if e[0] == "deliver")
        standing = {"AA": Standing(_day(delivered), str(delivered), frozenset({"1"}))}
        found = pd.DataFrame(
            [ASKED | {"value": value, "evidence": ""}] if value else [], columns=[*KEY, "value", "evidence"]
        )
        for _ in range(2):  # running twice changes nothing
            asked = ask(ledger, found, standing)
            ledger = settle(asked, match_answers(Returned(answered=folder), asked)).to_dict("records")
            (row,) = ledger or [{"status": "", "history": ""}]
            assert row["status"] == model.status
            entries = [entry for entry in row["history"].split("; ") if entry]
            assert [entry.split()[1] for entry in entries] == model.history
            assert entries == sorted(entries, key=lambda entry: entry[:10]), "in order"
        if ledger and row["status"] != "RESOLVED":
            workbooks.append(({**row}, model.asking))


def _day(day: int) -> str:
    return f"2024-01-{day:02d}"
