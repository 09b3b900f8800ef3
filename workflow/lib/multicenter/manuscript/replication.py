"""What a publication prints, beside what this run gives: the difference, and whether the two agree by a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal

import pandas as pd

from multicenter.errors import StudyError
from multicenter.manuscript.estimates import find, named
from multicenter.manuscript.formats import format_of
from multicenter.manuscript.rounding import MISSING, format_number, format_p, half_up, is_number
from multicenter.manuscript.table import Column, Row, Table

LEVEL = 0.05
COLUMNS = ("name", "statement", "printed", "ours", "difference", "rule", "agrees", "note")
DIRECTIONS = ("below 1", "above 1", "no difference")


def compare(facts: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Return one row a fact: name, statement, printed, ours, difference, rule, agrees (yes | no), note.

    `facts`: name, statement, printed (text), value (number, or missing for a claim in words), unit, rule, analysis,
    method, group, term, statistic, percent_of, note. The five names choose a row of `estimates`; with `percent_of` (the
    name of another fact) ours is that row's value as a percentage of the other's. Rules: `exact`; `rounded` (ours,
    rounded half-up to the printed places, is the printed number); `within X`; for claims in words `below 1` and
    `above 1` (that side of 1 with P < 0.05) and `no difference` (P >= 0.05). Raises StudyError for a fact whose row
    does not exist, a rule that is not known, or a `percent_of` that names no fact.
    """
    facts, estimates = _texts(facts), named(estimates)
    rows = {fact["name"]: _row(fact, estimates) for _, fact in facts.iterrows()}
    compared = [_compare(fact, rows, facts) for _, fact in facts.iterrows()]
    return pd.DataFrame(compared, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS, "string"))


def make_replication_table(spec: Mapping, estimates: pd.DataFrame, facts: pd.DataFrame, simulated: str) -> Table:
    """Return the table of `spec` {id, title, notes?}: one row a fact."""
    compared = compare(facts, estimates)
    columns = [Column(text) for text in ("Printed", "This run", "Difference", "Rule", "Agrees")]
    columns.append(Column("Note", is_text=True))
    rows = [
        Row(row.statement, [row.printed, row.ours, row.difference, row.rule, row.agrees, row.note])
        for row in compared.itertuples()
    ]
    agreed = int((compared["agrees"] == "yes").sum())
    count = f"{agreed} of {len(compared)} statements agree by their rules."
    return Table(
        id=spec["id"],
        title=spec["title"],
        first_heading="Statement",
        columns=columns,
        rows=rows,
        notes=[count, *spec.get("notes", ())],
        abbreviations=spec.get("abbreviations", {}),
        simulated=simulated,
    )


def _texts(facts: pd.DataFrame) -> pd.DataFrame:
    texts = [column for column in facts.columns if column != "value"]
    return facts.astype(dict.fromkeys(texts, "string")).fillna(dict.fromkeys(texts, ""))


def _row(fact: pd.Series, estimates: pd.DataFrame) -> pd.Series:
    names = {name: fact[name] for name in ("analysis", "statistic", "group", "term", "method")}
    row = find(estimates, **names)
    if row is None:
        what = ", ".join(f"{name} {value!r}" for name, value in names.items() if value)
        raise StudyError(f"published fact {fact['name']}: the estimates have no row with {what}")
    return row


def _compare(fact: pd.Series, rows: Mapping[str, pd.Series], facts: pd.DataFrame) -> tuple[str, ...]:
    row, rule = rows[fact["name"]], fact["rule"]
    head = (fact["name"], fact["statement"], fact["printed"])
    if rule in DIRECTIONS:
        return (*head, _claim_text(row), MISSING, rule, _yes(_holds(rule, row)), fact["note"])
    ours, exact = _ours(fact, rows, facts)
    if not is_number(ours):
        return (*head, "not estimable", MISSING, rule, "no", fact["note"] or row["reason"])
    places = max(0, -Decimal(fact["printed"].replace(",", "")).as_tuple().exponent)
    difference = half_up(ours - float(fact["value"]), 2 if exact else places)
    shown = format_number(float(difference), 2 if exact and difference != int(difference) else places)
    note = "; ".join(text for text in (_truncation(fact, ours, places), fact["note"]) if text)
    agrees = _agrees(rule, fact["name"])(ours, float(fact["value"]), places)
    return (*head, _ours_text(ours, places, exact), shown, rule, _yes(agrees), note)


def _ours(fact: pd.Series, rows: Mapping[str, pd.Series], facts: pd.DataFrame) -> tuple[float, bool]:
    """Our number, and whether it is a percentage made of two counts (shown with two more places)."""
    row = rows[fact["name"]]
    if not fact["percent_of"]:
        return row["value"] * format_of(row["statistic"]).scale, False
    if fact["percent_of"] not in rows:
        raise StudyError(f"published fact {fact['name']}: percent_of names {fact['percent_of']!r}, which is no fact")
    return 100 * row["value"] / rows[fact["percent_of"]]["value"], True


def _ours_text(ours: float, places: int, exact: bool) -> str:
    rounded = format_number(ours, places)
    return f"{rounded} ({format_number(ours, places + 2)})" if exact else rounded


def _truncation(fact: pd.Series, ours: float, places: int) -> str:
    """A note if the printed number is ours cut off instead of rounded."""
    cut = Decimal(repr(float(ours))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
    rounded = half_up(ours, places)
    if cut != rounded and cut == half_up(float(fact["value"]), places):
        return f"printed {fact['printed']} is cut off: {format_number(ours, places + 2)} rounds to {rounded}"
    return ""


def _agrees(rule: str, name: str) -> Callable[[float, float, int], bool]:
    if rule == "exact":
        return lambda ours, printed, places: ours == printed
    if rule == "rounded":
        return lambda ours, printed, places: half_up(ours, places) == half_up(printed, places)
    if rule.startswith("within "):
        most = float(rule.removeprefix("within "))
        return lambda ours, printed, places: abs(ours - printed) <= most + 1e-9
    raise StudyError(
        f"published fact {name}: there is no rule {rule!r}; known are exact, rounded, within X, {DIRECTIONS}"
    )


def _holds(rule: str, row: pd.Series) -> bool:
    if not is_number(row["p_value"]):
        return False
    if rule == "no difference":
        return bool(row["p_value"] >= LEVEL)
    side = row["value"] < 1 if rule == "below 1" else row["value"] > 1
    return bool(side and row["p_value"] < LEVEL)


def _claim_text(row: pd.Series) -> str:
    p = format_p(row["p_value"], prefix=True)
    return f"HR {format_number(row['value'], 2)}, {p}" if row["statistic"] == "hazard_ratio" else p


def _yes(agrees: bool) -> str:
    return "yes" if agrees else "no"
