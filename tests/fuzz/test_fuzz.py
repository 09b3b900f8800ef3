"""Some mutations, judged (`make fuzz` judges thousands); and the judge, who has to see what is wrong."""

from __future__ import annotations

import os
from types import SimpleNamespace

import judge
import mutate
import pytest
import run

import extracts
from multicenter.errors import DataError, Place

CENTERS = ("KUASH", "WKUH", "DAUH", "DSMC", "NCC", "KUGH")
KINDS = sorted(mutate.all_kinds())


@pytest.fixture(autouse=True)
def few_centers(monkeypatch):
    """One center a format, for the sake of time."""
    few = extracts.centers().loc[list(CENTERS)]
    monkeypatch.setattr(mutate, "centers", lambda: few)


def test_there_are_enough_kinds():
    assert len(KINDS) >= 20
    assert {mutate.KINDS[name].rule for name in KINDS} == {mutate.RECOVER, mutate.NOTICE, mutate.TRUTH}


def test_a_kind_and_a_seed_make_the_same_mutation_again():
    one, two = mutate.make("typo", 3), mutate.make("typo", 3)
    assert (one.told, one.typed, one.row) == (two.told, two.typed, two.row)
    assert one.told != mutate.make("typo", 4).told


def test_mutations_are_recovered_or_noticed(monkeypatch):
    monkeypatch.setattr(os, "nice", lambda _: 0)
    rows = list(run.judged([(name, 1) for name in KINDS[::3]], jobs=1))
    assert len(rows) == len(KINDS[::3])
    assert [row for row in rows if row["outcome"] == judge.ESCAPE] == []


def judged(monkeypatch, change) -> judge.Verdict:
    """What the judge says of a typo in a cell if harmonization did `change` to its result."""
    mutation = mutate.make("other_case", 1, "KUASH")
    judge.base("KUASH")
    real = judge.harmonize
    monkeypatch.setattr(judge, "harmonize", lambda *delivery: change(real(*delivery)))
    return judge.judge(mutation)


def changed(done, table: str, row: int, column: str, value):
    done.tables[table].loc[row, column] = value
    return done


def test_the_judge_sees_a_changed_value(monkeypatch):
    assert judged(monkeypatch, lambda done: done).outcome == judge.RECOVERED
    verdict = judged(monkeypatch, lambda done: changed(done, "patient", 3, "hb", 7.25))
    assert verdict.outcome == judge.ESCAPE
    assert "hb" in verdict.detail and "-> '7.25'" in verdict.detail


def test_the_judge_sees_a_lost_value_and_a_lost_patient(monkeypatch):
    assert judged(monkeypatch, lambda done: changed(done, "patient", 3, "sex", None)).outcome == judge.ESCAPE

    def drop(done):
        done.tables["patient"] = done.tables["patient"].drop(index=2)
        return done

    assert judged(monkeypatch, drop).outcome == judge.ESCAPE


def test_the_judge_sees_a_traceback_and_an_error_without_a_place(monkeypatch):
    def fail(error):
        def change(_):
            raise error

        return change

    assert judged(monkeypatch, fail(KeyError("x"))).detail == "traceback: KeyError: 'x'"
    other = DataError(Place("other.xlsx"), "it is damaged", "Mend it")
    assert judged(monkeypatch, fail(other)).outcome == judge.ESCAPE


def test_the_judge_asks_for_every_change_of_what_was_accepted(monkeypatch):
    mutation = mutate.make("other_code", 1, "KUASH")
    judge.accepted("KUASH")
    real = judge.harmonize
    assert judge.judge(mutation).outcome == judge.LISTED

    def unlisted(*delivery):
        done = real(*delivery)
        done.changes = done.changes.iloc[:0]
        return done

    monkeypatch.setattr(judge, "harmonize", unlisted)
    verdict = judge.judge(mutation)
    assert verdict.outcome == judge.ESCAPE
    assert verdict.detail.startswith("not a listed change: [('")


def test_a_process_that_dies_is_an_escape(monkeypatch):
    monkeypatch.setattr(
        run, "one", lambda name, seed: os._exit(7) if name == "typo" else {"kind": name, "outcome": "x"}
    )
    rows = list(run.judged([("typo", 1), ("near_miss", 1), ("typo", 2)], jobs=1))
    assert [(row["kind"], row["outcome"]) for row in rows] == [
        ("typo", "ESCAPE"),
        ("near_miss", "x"),
        ("typo", "ESCAPE"),
    ]
    assert rows[0]["detail"] == "the process died (exit code 7)"


def test_names_and_numbers_of_places():
    mutation = SimpleNamespace(
        header="Hb", row=7, file="f.csv", sheet="", swapped=("", ""), extract=extracts.load("KUGH"), lost=[]
    )
    assert judge.names_place("f.csv, row 7, column Hb: not a number", mutation)
    assert not judge.names_place("f.csv, row 17, column Hb: not a number", mutation)
    assert not judge.names_place("f.csv, row 7: not a number", mutation)
