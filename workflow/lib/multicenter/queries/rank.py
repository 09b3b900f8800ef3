"""What a query can change, and in which order queries are asked: one rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from multicenter.dictionary import Dictionary
from multicenter.harmonize.check_rules import SEVERITIES, addresses_in
from multicenter.queries.reach import COVARIATE, ELIGIBILITY, EXPOSURE, Effect, Reach

EVERYTHING = "Everything about this patient"
PRIMARY_OR_WHO, GROUP, OTHER_ENDPOINT, ADJUSTMENT, NOTHING = range(5)


class Effects:
    """The effects of queries, by rule, table and variable; each is worked out once."""

    def __init__(self, protocol: Mapping[str, Any], dictionary: Dictionary):
        self._dictionary = dictionary
        tables = dictionary.tables.items()
        self._reach = Reach(
            protocol, {name: table.variables for name, table in tables}, {name: table.item for name, table in tables}
        )
        self._known: dict[tuple[str, ...], list[Effect]] = {}

    def of(self, check: Mapping[str, str], table: str, item: str, variable: str) -> list[Effect]:
        """Return what a query can change: through every variable that its rule reads, or all of a row's variables."""
        key = (check["id"], table, item, variable)
        if key not in self._known:
            if check["expression"]:
                addresses = addresses_in(check, self._dictionary)
            else:
                addresses = [f"{table}.{variable}"] if variable else self._reach.everything()
            if item:
                addresses = [re.sub(rf"^{table}\.", f"{table}[{item}].", address) for address in addresses]
            self._known[key] = self._reach.effects(addresses)
        return self._known[key]


def described(effects: Iterable[Effect], endpoints: Mapping[str, Mapping[str, Any]], exposure: str) -> str:
    """Return what the effects are called, for people: "Overall survival (event, censoring); eligibility"."""
    roles: dict[str, list[str]] = {}
    for effect in effects:
        roles.setdefault(effect.what, []).extend([effect.role] if effect.role else [])
    named = {ELIGIBILITY: "Who is in the study", EXPOSURE: exposure or "Exposure", COVARIATE: "A covariate"}
    order = [*endpoints, ELIGIBILITY, EXPOSURE, COVARIATE]
    parts = []
    for what in sorted(roles, key=order.index):
        label = named.get(what) or endpoints[what]["label"]
        parts.append(f"{label} ({', '.join(roles[what])})" if roles[what] else label)
    return EVERYTHING if len(roles) == len(order) else "; ".join(parts) or "No endpoint"


def rank_key(severity: str, effects: Iterable[Effect], impact: float | None, primary: str) -> tuple[int, int, float]:
    """Return the key by which open queries are sorted; smaller comes first.

    1. severity of the rule; 2. what it can change: the primary endpoint or who is in the study, the exposure, another
    endpoint, a covariate, nothing; 3. how far the primary log hazard ratio can move, furthest first (unknown last).
    """
    touched = {effect.what for effect in effects}
    if touched & {primary, ELIGIBILITY}:
        group = PRIMARY_OR_WHO
    elif EXPOSURE in touched:
        group = GROUP
    elif touched - {COVARIATE}:
        group = OTHER_ENDPOINT
    else:
        group = ADJUSTMENT if touched else NOTHING
    return (SEVERITIES.index(severity), group, -(impact or 0.0))
