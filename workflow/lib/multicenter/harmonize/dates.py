"""Dates: declared text formats, the date systems of spreadsheets and statistical packages, partial dates."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pandas as pd

from multicenter.dictionary import QUERY, PartialDates, Variable
from multicenter.harmonize.cells import MAPPED, OPEN, UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.spec import Dates

TOKENS = {
    "YYYY": r"(?P<y>\d{4})",
    "YY": r"(?P<yy>\d{2})",
    "MM": r"(?P<m>\d{1,2})",
    "M": r"(?P<m>\d{1,2})",
    "Mon": r"(?P<mon>[a-z]{3})",
    "DD": r"(?P<d>\d{1,2})",
    "D": r"(?P<d>\d{1,2})",
}
MONTHS = {name: i for i, name in enumerate(("jan feb mar apr may jun jul aug sep oct nov dec").split(" "), start=1)}  # noqa: SIM905
YEAR_FIRST = ("YYYY-MM-DD", "YYYY.MM.DD", "YYYY/MM/DD", "YYYY년 MM월 DD일")
PARTIAL = ("YYYY-MM", "YYYY.MM", "YYYY/MM", "YYYY년 MM월", "YYYY", "YYYY년")
EPOCHS = {"excel1900": "1899-12-30", "excel1904": "1904-01-01", "sas": "1960-01-01", "stata": "1960-01-01"}
SPSS_EPOCH = pd.Timestamp("1582-10-14").to_numpy().astype("datetime64[s]").astype("int64")
YEARS = (1700, 2200)  # what is no year of these is no date of a person, and 64-bit nanoseconds end in 2262
FIRST_DAY, END_DAY = (int(np.datetime64(f"{y}-01-01", "D").astype("int64")) for y in (YEARS[0], YEARS[1] + 1))
SYSTEMS = (*EPOCHS, "spss", "yyyymmdd")
DIGIT = re.compile(r"\d")
FITTING_SHARE = 0.95  # so many of a column's numbers must be possible dates in a system that is named as fitting
LAST = "last"
# What was filled in of a date, in the terms of CDISC's date imputation flags: the day, or month and day.
IMPUTED = {"date_month_only": "D", "date_year_imputed": "M"}
POINT_MONTH = "YYYY.MM"
YEAR_POINT_MONTH = re.compile(r"\d{4}\.\d{1,2}")
# The time of day behind a date, which is left out as that of a date cell is. One of another time zone (Z, +09:00) may
# belong to another day: such a date is asked.
CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
TIME = rf"(?:[t:]|\s+)(?:(?:오전|오후|am|pm)\s*)?{CLOCK}(?:\s*(?:am|pm))?"
TIME_BEHIND = re.compile(rf"{TIME}$")
TWO_DIGIT_PARTS = re.compile(rf"^\d{{1,2}}[-./ ]\d{{1,2}}[-./ ]\d{{2,4}}(?:{TIME})?$")


def settle_dates(distinct: Distinct, outcome: Outcome, dates: Dates, variable: Variable) -> None:
    """Decide every open value of a date column (in place).

    Formats are made of YYYY YY MM M Mon DD D. Texts with a four-digit year first are read without a declaration; all
    others need one: what is left and looks like a date in an undeclared order is UNMAPPED (it stops the center), other
    texts with digits are date_format. What is written right but stands in no calendar is date_impossible. Typed dates
    are taken as they are, bare numbers by the declared system.
    Dates without day or month become what the variable's rule for partial dates says, with their bounds in the note.
    """
    left = outcome.status == OPEN
    stamps = left & distinct.is_stamp
    if stamps.any():
        _stamps(distinct, outcome, np.flatnonzero(stamps))
    numbers = left & ~np.isnan(distinct.number)
    if numbers.any():
        _numbers(distinct, outcome, numbers, dates, variable)
    texts = np.flatnonzero((outcome.status == OPEN) & left)
    if len(texts):
        in_cells = _are_date_cells(distinct, stamps | numbers, texts)
        _texts(distinct, outcome, texts, dates, in_cells, variable.partial)
    outcome.by_class |= left & (outcome.status == MAPPED)


def _stamps(distinct: Distinct, outcome: Outcome, at: np.ndarray) -> None:
    """Typed dates, as they are; what lies outside YEARS is no date of a person (SPSS counts from 1582)."""
    sane = np.array([YEARS[0] <= distinct.stamps[i].year <= YEARS[1] for i in at])
    days = pd.Series([distinct.stamps[i] for i in at[sane]], dtype="datetime64[ns]").dt.normalize()
    outcome.value[at[sane]] = days.to_numpy(dtype="datetime64[ns]")
    outcome.status[at[sane]] = MAPPED
    for i in at[~sane]:
        outcome.query(int(i), Note("date_impossible"))


def _are_date_cells(distinct: Distinct, typed: np.ndarray, texts: np.ndarray) -> bool:
    """Whether most cells of the column are typed dates or serials, so that a text among them is worth a note."""
    counts = distinct.counts()
    return counts[typed].sum() > counts[texts].sum()


def from_numbers(numbers: np.ndarray, system: str) -> np.ndarray:
    """(n,) float → datetime64[ns] midnight in a date system; NaT for what is no date of YEARS in it."""
    if system == "yyyymmdd":
        whole = np.where(np.abs(numbers) < 1e9, numbers, 0).astype("int64")
        return _calendar(whole // 10000, whole // 100 % 100, whole % 100)
    if system == "spss":
        days = np.floor(numbers / 86400) + SPSS_EPOCH // 86400
    else:
        days = np.floor(numbers) + np.datetime64(EPOCHS[system], "D").astype("int64")
    sane = (days >= FIRST_DAY) & (days < END_DAY)
    found = np.where(sane, days, 0).astype("int64").astype("datetime64[D]").astype("datetime64[ns]")
    found[~sane] = np.datetime64("NaT")
    return found


def _numbers(distinct: Distinct, outcome: Outcome, numbers: np.ndarray, dates: Dates, variable: Variable) -> None:
    at = np.flatnonzero(numbers)
    values = distinct.number[at]
    written_years = dates.system in ("", "yyyymmdd", "excel1900", "excel1904")
    unknown = "" if dates.system else f"a number in a date column; declare dates.system ({_fitting(values, variable)})"
    for i, value in zip(at, values, strict=True) if written_years else ():
        if value.is_integer() and 1900 <= value <= 2100:
            _settle_year(outcome, i, int(value), variable.partial)
        elif 1900 <= value <= 2100 and YEAR_POINT_MONTH.fullmatch(distinct.key[i]):
            _settle_point_month(outcome, i, distinct.key[i], variable.partial)
        elif 190001 <= value <= 210012 and value.is_integer() and 1 <= value % 100 <= 12:
            _settle_month(outcome, i, int(value) // 100, int(value) % 100, variable.partial)
        elif unknown:
            outcome.settle(i, np.datetime64("NaT"), UNMAPPED, reason=unknown)
    open_ = outcome.status[at] == OPEN
    at, values = at[open_], values[open_]
    if not len(at):
        return
    found = from_numbers(values, dates.system)
    outcome.value[at] = found
    outcome.status[at] = MAPPED
    for i in at[np.isnat(found)]:
        outcome.query(i, Note("date_impossible", detail=f"no date in the {dates.system} system"))


def _fitting(values: np.ndarray, variable: Variable) -> str:
    """The systems in which (nearly) all of a column's numbers are possible dates, with what they say."""
    days = [np.datetime64(day) for day in variable.range or (f"{YEARS[0]}-01-01", f"{YEARS[1]}-12-31")]
    found: dict[str, list[str]] = {}
    for system in SYSTEMS:
        read = from_numbers(values, system)
        fits = (read >= days[0]) & (read <= days[1])
        if fits.mean() >= FITTING_SHARE:
            said = " to ".join(dict.fromkeys(str(day)[:10] for day in (read[fits].min(), read[fits].max())))
            found.setdefault(said, []).append(system)
    told = "; ".join(f"{' or '.join(systems)}: {said}" for said, systems in found.items())
    return told or "none that is known fits"


def _texts(
    distinct: Distinct, outcome: Outcome, texts: np.ndarray, dates: Dates, in_cells: bool, partial: PartialDates
) -> None:
    words = pd.Series([distinct.key[i] for i in texts], index=texts)
    impossible: set[int] = set()
    for form in dict.fromkeys((*dates.formats, *YEAR_FIRST, *PARTIAL)):
        if words.empty:
            break
        found = words.str.extract(_regex(form))
        hit = found.notna().all(axis=1)
        if not hit.any():
            continue
        _settle_form(outcome, found[hit], form, dates, partial, impossible)
        done = outcome.status[words.index] != OPEN
        if in_cells:
            for i in words.index[done]:
                outcome.notes.setdefault(int(i), Note("date_text"))
        words = words[~done]
    serial = _serials(words, dates)
    if len(serial):
        outcome.value[serial.index] = from_numbers(serial.to_numpy(), dates.system)
        outcome.status[serial.index] = MAPPED
        words = words.drop(serial.index)
    for i, word in words.items():
        _settle_rest(outcome, int(i), word, impossible, dates)


def _serials(words: pd.Series, dates: Dates) -> pd.Series:
    """Texts that are bare serial numbers of the declared system (a number stored as text)."""
    if not dates.system or words.empty:
        return pd.Series(dtype="float64")
    numbers = pd.to_numeric(words[words.str.fullmatch(r"\d{5,11}(?:\.0)?")])
    good = ~np.isnat(from_numbers(numbers.to_numpy(dtype="float64"), dates.system)) if len(numbers) else []
    return numbers[good].astype("float64")


def _settle_rest(outcome: Outcome, i: int, word: str, impossible: set[int], dates: Dates) -> None:
    if i in impossible:
        outcome.query(i, Note("date_impossible"))
    elif not DIGIT.search(word):
        outcome.settle(i, np.datetime64("NaT"), UNMAPPED, reason="a word in a date column")
    elif TWO_DIGIT_PARTS.match(word) and not dates.formats:
        outcome.settle(
            i, np.datetime64("NaT"), UNMAPPED, reason="day, month and year are not told apart; declare dates.formats"
        )
    else:
        outcome.query(i, Note("date_format", detail=_expected(dates)))


def _expected(dates: Dates) -> str:
    """How the dates of a column are to be written."""
    system = (f"numbers of the {dates.system} system",) if dates.system else ()
    return ", ".join(dates.formats or system or YEAR_FIRST[:1])


def _settle_form(
    outcome: Outcome,
    found: pd.DataFrame,
    form: str,
    dates: Dates,
    partial: PartialDates,
    impossible: set[int],
) -> None:
    years = _years(found, dates)
    if "m" not in found and "mon" not in found:
        for i, year in zip(found.index, years, strict=True):
            _settle_year(outcome, int(i), int(year), partial)
        return
    months = found["mon"].map(MONTHS).fillna(0) if "mon" in found else found["m"]
    months = months.astype("int64").to_numpy()
    days = found["d"].astype("int64").to_numpy() if "d" in found else np.full(len(found), 15)
    stamps = _calendar(years, months, days)
    good = ~np.isnat(stamps)
    at = found.index.to_numpy()
    if "d" in found:
        outcome.value[at[good]] = stamps[good]
        outcome.status[at[good]] = MAPPED
    else:
        short = found["m"].eq("1").to_numpy() if form == POINT_MONTH else np.zeros(len(found), dtype=bool)
        for i, year, month, doubtful in zip(at[good], years[good], months[good], short[good], strict=True):
            if doubtful:
                outcome.query(int(i), _lost_zero(int(year)))
            else:
                _settle_month(outcome, int(i), int(year), int(month), partial)
    impossible.update(at[~good].tolist())


def _years(found: pd.DataFrame, dates: Dates) -> np.ndarray:
    if "y" in found:
        return found["y"].astype("int64").to_numpy()
    first = dates.two_digit_years
    if first is None:
        raise ValueError("a two-digit year needs dates.two_digit_years")
    short = found["yy"].astype("int64").to_numpy()
    return first + (short - first) % 100


def _calendar(years: np.ndarray, months: np.ndarray, days: np.ndarray) -> np.ndarray:
    parts = pd.DataFrame({"year": years, "month": months, "day": days})
    sane = parts.year.between(*YEARS) & parts.month.between(1, 12) & parts.day.between(1, 31)
    stamps = pd.to_datetime(parts.where(sane, 0), errors="coerce")
    return stamps.to_numpy(dtype="datetime64[ns]")


def _settle_point_month(outcome: Outcome, i: int, word: str, partial: PartialDates) -> None:
    """A number such as 2018.02: year and month, typed into a cell that took them for a number."""
    year, month = word.split(".")
    if month == "1":
        outcome.query(i, _lost_zero(int(year)))
    elif 1 <= int(month) <= 12:
        _settle_month(outcome, i, int(year), int(month), partial)
    else:
        outcome.query(i, Note("date_impossible"))


def _lost_zero(year: int) -> Note:
    """Of 2018.10 a spreadsheet makes the number 2018.1."""
    return Note("date_month_query", f"{year}-01-01", f"{year}-10-31", "January, or October that has lost its zero")


def _settle_month(outcome: Outcome, i: int, year: int, month: int, partial: PartialDates) -> None:
    last = pd.Timestamp(year, month, 1).days_in_month
    bounds = f"{year:04d}-{month:02d}-01", f"{year:04d}-{month:02d}-{last}"
    if partial.month == QUERY:
        outcome.query(i, Note("date_month_query", *bounds))
        return
    day = last if partial.month == LAST else int(partial.month)
    chosen = f"{year:04d}-{month:02d}-{day:02d}"
    outcome.settle(i, np.datetime64(chosen), MAPPED, Note("date_month_only", *bounds, chosen))


def _settle_year(outcome: Outcome, i: int, year: int, partial: PartialDates) -> None:
    bounds = f"{year:04d}-01-01", f"{year:04d}-12-31"
    if partial.year == QUERY or not YEARS[0] <= year <= YEARS[1]:
        outcome.query(i, Note("date_year_only", *bounds))
        return
    chosen = f"{year:04d}-{partial.year}"
    outcome.settle(i, np.datetime64(chosen), MAPPED, Note("date_year_imputed", *bounds, chosen))


@lru_cache(maxsize=64)
def _regex(form: str) -> re.Pattern[str]:
    """A format as a regular expression on plain, case-folded text; blanks around separators do not matter.

    A time of day may stand behind a whole date.
    """
    adjacent = not re.search(r"[^A-Za-z]", form)
    pieces = []
    for token in re.findall(r"YYYY|YY|Mon|MM|DD|M|D|\s+|.", form):
        if token in TOKENS:
            piece = TOKENS[token]
            pieces.append(piece.replace(r"\d{1,2}", r"\d{2}") if adjacent else piece)
        elif token.isspace():
            pieces.append(r"\s*")
        else:
            pieces.append(rf"\s*{re.escape(token)}\s*")
    time = f"(?:{TIME})?" if "D" in form else ""
    return re.compile("^" + "".join(pieces) + rf"\.?{time}$")
