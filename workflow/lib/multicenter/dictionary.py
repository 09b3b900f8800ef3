"""The canonical data dictionary: variables.yaml as objects. Light: imports no data library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DTYPES = {
    "category": "string",
    "text": "string",
    "integer": "Int64",
    "flag": "Int64",
    "number": "float64",
    "date": "datetime64[ns]",
}
QUERY = "query"
SOURCE_DTYPES = {"src_file": "string", "src_sheet": "string", "src_row": "Int64"}


@dataclass(frozen=True)
class Suspect:
    """A zone of values that only fit another unit or another meaning: (above, up to] in canonical units."""

    above: float
    up_to: float
    kind: str
    hint: str


@dataclass(frozen=True)
class PartialDates:
    """What becomes of a date without its day (`month`) or without month and day (`year`).

    month: the day that is filled in (1 to 28, or "last"), or "query". year: month and day as MM-DD, or "query".
    """

    month: int | str = 15
    year: str = QUERY


@dataclass(frozen=True)
class Variable:
    """One variable of one canonical table."""

    table: str
    name: str
    label: str
    type: str
    unit: str = ""
    range: tuple[Any, Any] | None = None
    usual: tuple[Any, Any] | None = None
    typical: float | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    analyte: str = ""
    required: bool = False
    source: str = ""
    suspect: Suspect | None = None
    partial: PartialDates = PartialDates()

    @property
    def address(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def dtype(self) -> str:
        return DTYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One canonical table: its key and its variables in order."""

    name: str
    label: str
    key: tuple[str, ...]
    variables: Mapping[str, Variable]

    @property
    def item(self) -> str:
        """The key variable that tells a patient's rows apart ("" for one row a patient)."""
        return self.key[2] if len(self.key) > 2 else ""


@dataclass(frozen=True)
class DateOrder:
    """Dates that follow each other, with the longest plausible gap in days, and those that follow the last of them."""

    chain: tuple[str, ...] = ()
    max_gap: int = 1000
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dictionary:
    """All tables, the analytes' molar masses (g/mol), the units a center may declare and the order of dates."""

    tables: Mapping[str, Table]
    analytes: Mapping[str, float]
    units: Mapping[str, str]
    date_order: DateOrder

    def variable(self, address: str) -> Variable:
        """Return the variable of `table.name`; KeyError if there is none."""
        table, name = address.split(".", 1)
        return self.tables[table].variables[name]

    def addresses(self) -> Iterator[str]:
        for table in self.tables.values():
            for variable in table.variables.values():
                yield variable.address

    def dtypes(self, table: str) -> dict[str, str]:
        """The pandas dtype of each column of a harmonized table, in the table's order, patient_id included."""
        spec = self.tables[table]
        columns = {name: "string" for name in spec.key[:2]}
        columns.update({name: variable.dtype for name, variable in spec.variables.items()})
        return columns | SOURCE_DTYPES


def build_dictionary(document: Mapping[str, Any]) -> Dictionary:
    """Make the dictionary from the parsed variables.yaml (already valid against variables.schema.json)."""
    tables = {}
    partial = document.get("partial_dates", {})
    for name, spec in document["tables"].items():
        variables = {v: _variable(name, v, entry, partial) for v, entry in spec["variables"].items()}
        tables[name] = Table(name, spec["label"], tuple(spec["key"]), variables)
    order = document.get("date_order", {})
    return Dictionary(
        tables=tables,
        analytes={name: float(entry["molar_mass"]) for name, entry in document.get("analytes", {}).items()},
        units=dict(document.get("units", {})),
        date_order=DateOrder(
            tuple(order.get("chain", ())), int(order.get("max_gap_days", 1000)), tuple(order.get("after", ()))
        ),
    )


def dictionary_problems(document: Mapping[str, Any]) -> list[str]:
    """Return one line for each mistake of variables.yaml that its JSON schema cannot see."""
    return [
        f"tables.{name}.variables.{variable}.partial_dates: {variable} is a {entry['type']} and no date; leave it out."
        for name, spec in document["tables"].items()
        for variable, entry in spec["variables"].items()
        if "partial_dates" in entry and entry["type"] != "date"
    ]


def _variable(table: str, name: str, entry: Mapping[str, Any], partial: Mapping[str, Any]) -> Variable:
    suspect = entry.get("suspect")
    return Variable(
        table=table,
        name=name,
        label=str(entry["label"]),
        type=entry["type"],
        unit=entry.get("unit", ""),
        range=_pair(entry.get("range")),
        usual=_pair(entry.get("usual")),
        typical=entry.get("typical"),
        levels={str(k): str(v) for k, v in entry.get("levels", {}).items()},
        analyte=entry.get("analyte", ""),
        required=bool(entry.get("required", False)),
        source=entry.get("source", ""),
        suspect=Suspect(suspect["above"], suspect["up_to"], suspect.get("kind", "unit_suspect"), suspect["hint"])
        if suspect
        else None,
        partial=PartialDates(**{**partial, **entry.get("partial_dates", {})}),
    )


def _pair(value: list[Any] | None) -> tuple[Any, Any] | None:
    """Bounds as given; dates as ISO text, whichever way the yaml reader gave them."""
    if value is None:
        return None
    low, high = (v if isinstance(v, (int, float)) else str(v)[:10] for v in value)
    return low, high
