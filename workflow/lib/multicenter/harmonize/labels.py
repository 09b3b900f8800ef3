"""What a statistical file says about its own codes, value labels and missing values, against the center file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from multicenter.dictionary import Dictionary, Variable
from multicenter.harmonize.cells import Distinct
from multicenter.harmonize.delivery import Delivery, Sheet, shown_column
from multicenter.harmonize.spec import Column, Target, canonical
from multicenter.harmonize.words import key
from multicenter.intake.table import RawTable

NOTHING = "~"
ASK = "Correct the codes in {mapping}, or ask the center and say why under 'labels_checked'."


@dataclass(frozen=True)
class _Label:
    """One labelled code of one column that feeds one variable: what the file calls it, what it is mapped to."""

    sheet: Sheet
    header: str
    target: Target
    code: str
    text: str
    level: Any

    @property
    def plainly(self) -> bool:
        """Whether the level is the code itself: a flag whose 1 is mapped to 0 asks the opposite question on purpose."""
        return self.target.variable.type == "category" or self.code == str(self.level)

    @property
    def column(self) -> str:
        return shown_column(self.sheet.raw, self.header)


def with_declared_missing(column: Column, distinct: Distinct, raw: RawTable) -> Column:
    """Add what the file itself declares missing (SPSS user-missing, extended missings) to a column's missing codes."""
    extended = raw.facts.get("extended_missing", {}).get(column.header, ())
    found = _declared(column.header, distinct, raw) | {key(value) for value in extended}
    targets = tuple(replace(t, missing=t.missing | (found - t.not_missing)) for t in column.targets)
    return replace(column, targets=targets) if found else column


def check_labels(delivery: Delivery, dictionary: Dictionary, codes: Mapping[str, Any]) -> None:
    """Note as problems where a file's labels or missing values contradict the center file or each other.

    codes: the shared code lists; their words, and the dictionary's levels and labels, tell what a label means. A label
    that no list knows is compared with the file's other labels alone.
    """
    lists = codes.get("lists", {})
    choices = [v for table in dictionary.tables.values() for v in table.variables.values() if v.type == "category"]
    for sheet in delivery.sheets.values():
        _check_missing(delivery, sheet)
        by_column: dict[tuple[str, tuple[str, str, str]], list[_Label]] = {}
        for label in _labels(sheet):
            by_column.setdefault((label.header, label.target.slot), []).append(label)
        for labels in by_column.values():
            _check_meaning(delivery, labels, lists)
            _check_foreign(delivery, labels, choices, lists)
            _check_twice(delivery, labels)
        _check_swapped(delivery, [label for labels in by_column.values() for label in labels])


def _declared(header: str, distinct: Distinct, raw: RawTable) -> set[str]:
    """The column's values (comparable form) that lie in one of the file's user-missing ranges."""
    found = set()
    for low, high in raw.facts.get("declared_missing", {}).get(header, ()):
        for word, number in zip(distinct.key, distinct.number, strict=True):
            if word == key(str(low)) or (not np.isnan(number) and float(low) <= number <= float(high)):
                found.add(word)
    return found


def _check_missing(delivery: Delivery, sheet: Sheet) -> None:
    """A code that the file declares missing and the center file maps to a level."""
    for header, column in sheet.source.columns.items():
        if header not in sheet.raw.facts.get("declared_missing", {}):
            continue
        declared = _declared(header, sheet.distinct[header], sheet.raw)
        for target in column.targets:
            for code in sorted(declared - target.not_missing):
                if target.codes.get(code) is not None:
                    place = sheet.raw.place(None, shown_column(sheet.raw, header))
                    what = f"the file declares {code} as missing, and the mapping makes it {target.codes[code]}"
                    fix = "List it under 'missing' or 'not_missing' of this column"
                    delivery.problem(place, what, f"{fix} in {delivery.mapping}.")


def _labels(sheet: Sheet) -> Iterator[_Label]:
    for header, texts in sheet.raw.facts.get("value_labels", {}).items():
        column = sheet.source.columns.get(header)
        for target in column.targets if column else ():
            if target.variable.type not in ("category", "flag") or target.labels_checked:
                continue
            for code, text in texts.items():
                level = target.codes.get(key(code))
                if level is not None and key(code) not in target.missing:
                    yield _Label(sheet, header, target, code, text, level)


def _check_meaning(delivery: Delivery, labels: list[_Label], lists: Mapping[str, Any]) -> None:
    variable = labels[0].target.variable
    meaning = _vocabulary(variable, lists, {key(label.text) for label in labels})
    for label in labels:
        said = meaning.get(key(label.text), set())
        if len(said) == 1 and label.level not in said and label.plainly:
            what = (
                f"the file labels {label.code} as {label.text!r} ({said.pop()}), and the mapping makes it {label.level}"
            )
            _tell(delivery, label, what)


def _check_foreign(
    delivery: Delivery, labels: list[_Label], choices: Sequence[Variable], lists: Mapping[str, Any]
) -> None:
    """Two or more labels that all name levels of another variable, none of them one of the column's own."""
    words = {key(label.text) for label in labels}
    if len(words) < 2 or not all(label.plainly for label in labels):
        return
    own = labels[0].target.variable
    if words & set(_vocabulary(own, lists, words)):
        return
    others = [v for v in choices if words <= set(_vocabulary(v, lists, words))]
    if others:
        said = ", ".join(f"{label.code} {label.text!r}" for label in labels)
        names = " or ".join(dict.fromkeys(v.name for v in others))
        what = f"the file's value labels ({said}) are those of {names}, and the column is mapped to {own.name}"
        place = labels[0].sheet.raw.place(None, labels[0].column)
        fix = f"Map the column to what it holds in {delivery.mapping}"
        delivery.problem(place, what, f"{fix}, or ask the center and say why under 'labels_checked'.")


def _vocabulary(variable: Variable, lists: Mapping[str, Any], words: set[str]) -> dict[str, set[Any]]:
    """Words → the levels of a variable that they can mean, by the dictionary and by shared lists of the same levels.

    For a flag a list counts only if it knows all of the column's words: yes and no mean something, CR alone does not.
    """
    found: dict[str, set[Any]] = {}
    for level, text in variable.levels.items():
        for word in (level, text):
            found.setdefault(key(word), set()).add(level)
    known = set(variable.levels) if variable.type == "category" else {"0", "1"}
    for entry in lists.values():
        levels = {level: raws for level, raws in entry["codes"].items() if level != NOTHING}
        spelled = {key(str(raw)): level for level, raws in levels.items() for raw in raws}
        if set(levels) <= known and (variable.type == "category" or words <= set(spelled)):
            for word, level in spelled.items():
                found.setdefault(word, set()).add(canonical(level, variable))
    return found


def _check_twice(delivery: Delivery, labels: list[_Label]) -> None:
    seen: dict[str, _Label] = {}
    for label in labels:
        other = seen.setdefault(key(label.text), label)
        if other.level != label.level:
            codes = f"{other.code} and {label.code} the same label {label.text!r}"
            _tell(
                delivery, label, f"the file gives {codes}, and the mapping makes them {other.level} and {label.level}"
            )


def _check_swapped(delivery: Delivery, labels: list[_Label]) -> None:
    """A label that means one level in one column and another level in a similar column of the same file."""
    seen: dict[tuple[Any, str], _Label] = {}
    for label in labels:
        if not label.plainly:
            continue
        variable = label.target.variable
        alike = variable.address if variable.type == "category" else "flag"
        other = seen.setdefault((alike, key(label.text)), label)
        if other.level != label.level and other.header != label.header:
            what = f"the label {label.text!r} stands for {label.level} here and for {other.level} in {other.column}"
            _tell(delivery, label, f"{what}: one of them is swapped")


def _tell(delivery: Delivery, label: _Label, what: str) -> None:
    delivery.problem(label.sheet.raw.place(None, label.column), what, ASK.format(mapping=delivery.mapping))
