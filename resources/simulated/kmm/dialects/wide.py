"""Wide sheets told by their headers: a center's style says how each kind of value is written, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import words
from .fields import Encoder, as_text, coded, integer, number
from .layout import aside, drug, ended, fish_text, ig_type, site, told
from .sheets import Form

DATES = {
    "birth_date",
    "dx_date",
    "ind_start",
    "ind_end",
    "pd_date",
    "next_tx_date",
    "death_date",
    "last_assess_date",
    "last_fu_date",
    "asct_date",
    "maint_start",
    "maint_end",
    "response_date",
    "spm_date",
    "assess_date",
}
DIGITS = {
    "age_dx": 1,
    "age_asct": 1,
    "mprot_serum": 1,
    "mprot_urine": 0,
    "flc_kappa": 1,
    "flc_lambda": 1,
    "bmpc": 0,
    "hb": 1,
    "plt": 0,
    "ca": 1,
    "cr": 2,
    "alb": 1,
    "b2m": 1,
    "ldh": 0,
    "ldh_uln": 0,
    "mel_dose": 0,
    "dose": 1,
}
CUTS = {"cr": (2.0,), "alb": (3.5,), "b2m": (3.5, 5.5)}
INTEGERS = {"birth_year", "ecog", "vtd_cycles", "pn_grade"}
TEXTS = {"next_tx", "icd10"}


@dataclass
class Style:
    """How one center fills its main sheet.

    headers: {key: header} in the order of the columns. A key is `variable` or `table.item.variable`, or one of
    `isotype`, `fish`, `response.<time>`, `maintenance.<n>.text`, `maintenance.<n>.ended`, `malignancy.<n>.site`, or
    `~name` for a column that carries nothing (`asides`). words: {variable: {level: word}}. means: what the note says
    of a key or variable. digits, factors, templates: by variable. special: {key: function(form, header)}.
    """

    headers: Mapping[str, str]
    blank: object
    day: Encoder
    words: Mapping[str, Mapping[object, object]]
    text: bool = True
    yes: Mapping[object, object] = field(default_factory=lambda: {1: "Y", 0: "N"})
    digits: Mapping[str, int] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    asides: Mapping[str, Callable[[int], object]] = field(default_factory=dict)
    isotype: tuple[str, Mapping[str, str], Mapping[str, str]] = ("-", {}, words.LETTER)
    fish: Mapping[str, object] = field(default_factory=dict)
    drugs: Mapping[str, object] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=lambda: words.SITE_EN)
    ongoing: object = "ongoing"
    special: Mapping[str, Callable[[Form, str], None]] = field(default_factory=dict)
    numbers_blank: object = "same"
    everywhere: tuple[str, ...] = ()


def fill(f: Form, style: Style) -> None:
    """Add all columns of the style to the form."""
    for key, header in style.headers.items():
        _add(f, style, key, header)


def _add(f: Form, style: Style, key: str, header: str) -> None:
    variable = key.split(".")[-1]
    means = style.means.get(key, style.means.get(variable, ""))
    if key in style.special:
        style.special[key](f, header)
    elif key == "id":
        f.extra(header, f.sheet.ids, means=means, everywhere=True)
    elif key.startswith("~"):
        aside(f, header, style.asides[key](len(f)), means or "not needed")
    elif key == "isotype":
        ig_type(f, header, *style.isotype, style.blank, means)
    elif key == "fish":
        fish_text(f, header, **style.fish, means=means)
    elif key.startswith("response.") and key.count(".") == 1:
        named = style.words["response"]
        raw = words.response(f.get(key + ".response"), f.get(key + ".scr"), named, style.blank, named.get("sCR", "sCR"))
        told(f, header, raw, words.response_keys(key + "."), means or _list(named))
    elif key.startswith("maintenance.") and variable == "text":
        drug(f, header, key.removesuffix("text"), style.drugs, style.blank, means or _list(style.drugs))
    elif key.startswith("maintenance.") and variable == "ended":
        ended(f, header, key.removesuffix("ended"), style.day, style.ongoing, means or f"{style.ongoing} = still given")
    elif variable == "site":
        site(f, header, style.sites, style.blank, means or "site in words")
    else:
        encode, auto = _encoder(style, variable)
        f.put(header, key, encode, means=means or auto)


def _encoder(style: Style, variable: str) -> tuple[Encoder, str]:
    """Return how a variable is written, and what its words mean."""
    blank = style.blank if style.numbers_blank == "same" else style.numbers_blank
    if variable in DATES:
        return style.day, ""
    if variable in style.words:
        return coded(style.words[variable], style.blank), _list(style.words[variable])
    if variable in INTEGERS:
        return integer(style.templates.get(variable, ""), style.blank), ""
    if variable in TEXTS:
        return as_text(style.blank), ""
    if variable in DIGITS:
        digits = style.digits.get(variable, DIGITS[variable])
        return number(digits, style.factors.get(variable, 1.0), blank, style.text, CUTS.get(variable, ())), ""
    return coded(style.yes, style.blank), _list(style.yes)


def _list(words_: Mapping[object, object]) -> str:
    """Return the words of a mapping and their levels, for the cover note."""
    parts = []
    for level, word in words_.items():
        spelled = ", ".join(f"`{str(w).strip()}`" for w in word) if isinstance(word, list) else f"`{word}`"
        parts.append(f"{spelled} = {level}")
    return "; ".join(parts)
