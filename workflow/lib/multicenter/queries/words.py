"""The answers that a center can choose, in both languages, and what each does to its query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One answer: as it is chosen, what it does, and `remark`, what is said of a query that it leaves open."""

    english: str
    local: str
    does_english: str
    does_local: str
    closes: bool = False
    remark: str = ""

    @property
    def choice(self) -> str:
        """The text in the drop-down."""
        return f"{self.english} / {self.local}"


CORRECTED = Word(
    "Corrected in the re-extract",
    "재추출 자료에서 수정함",
    "You corrected the source. The query closes when the new extract no longer shows it.",
    "원자료를 수정했습니다. 새 추출 자료에서 더 이상 발견되지 않으면 질의가 종료됩니다.",
)
RIGHT = Word(
    "Value is right as it stands",
    "현재 값이 맞음",
    "You checked the source and the value is right. Closes the query; needs a name and a date.",
    "원자료를 확인했고 값이 맞습니다. 질의가 종료됩니다. 답변자 이름과 날짜가 필요합니다.",
    closes=True,
)
UNKNOWN = Word(
    "Not known, cannot be obtained",
    "알 수 없음, 확인 불가",
    "The right value cannot be found. Closes the query; needs a name and a date.",
    "올바른 값을 확인할 수 없습니다. 질의가 종료됩니다. 답변자 이름과 날짜가 필요합니다.",
    closes=True,
)
NOT_OURS = Word(
    "Not our patient",
    "본원 환자가 아님",
    "The row is not of a patient of yours. The coordinating center decides and comes back to you.",
    "귀 기관의 환자가 아닙니다. 조정센터에서 결정한 후 연락드립니다.",
    remark="answered as not our patient: to be decided by the coordinating center",
)
COMMENT = Word(
    "See comment",
    "의견란 참조",
    "None of the above; write in the comment. The query stays open until it is decided.",
    "위 항목에 해당하지 않습니다. 의견란에 적어 주십시오. 결정될 때까지 질의가 유지됩니다.",
    remark="answered in the comment: to be decided by the coordinating center",
)
WITHDRAWN = Word(
    "Earlier answer withdrawn",
    "이전 답변 철회",
    "You take an answer back that closed a query; choose it on the sheet “Closed”, with a new date. It is asked again.",
    "질의를 종료한 이전 답변을 철회합니다. “Closed” 시트에서 선택하고 새 날짜를 적어 주십시오. 다시 질의합니다.",
    remark="the earlier answer was withdrawn",
)
WORDS = (CORRECTED, RIGHT, UNKNOWN, NOT_OURS, COMMENT, WITHDRAWN)


@dataclass(frozen=True)
class Answer:
    """What a returned workbook says of a query: the answer's English text, who, when (ISO; "" if unknown), the file."""

    answer: str
    comment: str
    by: str
    on: str
    file: str


def word_of(text: str) -> Word | None:
    """Return the answer that a text means: the whole choice, its part in either language; None for another text."""
    plain = _plain(text)
    return next((word for word in WORDS if plain in map(_plain, (word.choice, word.english, word.local))), None)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
