"""What a center is asked, in English and in its own language, from a finding's message and its rule in checks.csv."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

# What is asked after the message says what was found, by what happened to the value.
ASKED = {
    "set_missing": (
        "It cannot be used as it stands. What is the right value?",
        "이대로는 사용할 수 없습니다. 올바른 값은 무엇입니까?",
    ),
    "row_dropped": ("The later row is used. Is that right?", "최신 행을 사용합니다. 맞습니까?"),
}
ASKED_OTHERWISE = (
    "Is it right as it stands? If not, what is right?",
    "이 값이 맞습니까? 아니라면 올바른 값은 무엇입니까?",
)


@dataclass(frozen=True)
class Question:
    """A question in both languages; `evidence` holds the values that it shows ("a=1; b=2"), whatever the wording."""

    english: str
    local: str
    evidence: str


def question(message: str, check: Mapping[str, str]) -> Question:
    """Return the question of a finding.

    Findings hold the English message alone: the values that it shows are read back from it by the rule's own template
    and put into the other one. A remark behind the message ("(…)", "; …") follows both. `check`: message_en, message_ko
    and action.
    """
    values, remark = _values(message, check["message_en"])
    local = message if values is None else check["message_ko"].format_map(values) + remark
    ask_english, ask_local = ASKED.get(check["action"], ASKED_OTHERWISE)
    return Question(
        english=f"{_sentence(message)} {ask_english}",
        local=f"{_sentence(local)} {ask_local}",
        evidence="; ".join(f"{name}={value}" for name, value in (values or {}).items()),
    )


def _values(message: str, template: str) -> tuple[dict[str, str] | None, str]:
    """The values in a message by placeholder, and what follows the template; None if it is no message of this rule."""
    found = _pattern(template).fullmatch(message)
    if not found:
        return None, ""
    values = found.groupdict()
    return values, values.pop("_remark") or ""


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts, seen = [], set()
    for text, name, _, _ in Formatter().parse(template):
        parts.append(re.escape(text))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
            seen.add(name)
    return re.compile("".join(parts) + r"(?P<_remark> \(.*\)|; .*)?", re.DOTALL)


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
