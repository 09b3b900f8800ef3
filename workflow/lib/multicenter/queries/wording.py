"""What a center is asked, in English and in its own language, from a finding and its rule in checks.csv."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from multicenter.actions import ROW_DROPPED, SET_MISSING

# What is asked after the message says what was found, by what happened to the value. A message that asks is enough.
ASKED = {
    SET_MISSING: (
        "It cannot be used as it stands. What is the right value?",
        "이대로는 사용할 수 없습니다. 올바른 값은 무엇입니까?",
    ),
    ROW_DROPPED: ("The later row is used. Is that right?", "최신 행을 사용합니다. 맞습니까?"),
}
ASKED_OTHERWISE = (
    "Is it right as it stands? If not, what is right?",
    "이 값이 맞습니까? 아니라면 올바른 값은 무엇입니까?",
)


@dataclass(frozen=True)
class Question:
    """A question in both languages; `evidence` holds the values that the finding depends on ("a=1; b=2")."""

    english: str
    local: str
    evidence: str


def question(message: str, remark: str, values: str, check: Mapping[str, str]) -> Question:
    """Return the question of a finding: its English message as found, and the same values in the rule's other one.

    remark, values: of the finding (values as JSON, "" for none). check: its row of checks.csv. A rule that has since
    come to show other values than the finding holds is asked in English alone.
    """
    known: dict[str, str] = json.loads(values) if values else {}
    try:
        local = check["message_ko"].format_map(known) + (f" ({remark})" if remark else "")
    except KeyError:
        local = message
    asks = check["message_en"].endswith("?")
    ask_english, ask_local = ("", "") if asks else ASKED.get(check["action"], ASKED_OTHERWISE)
    return Question(
        english=f"{_sentence(message)} {ask_english}".strip(),
        local=f"{_sentence(local)} {ask_local}".strip(),
        evidence="; ".join(f"{name}={value}" for name, value in known.items()),
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
