"""How a query workbook is laid out: sheets, columns, what is locked. The writer and the reader share it."""

from __future__ import annotations

from dataclasses import dataclass

INSTRUCTIONS, QUERIES, CLOSED, RECORD = "Instructions", "Queries", "Closed", "Record"
HEADER_ROW = 2  # of the sheets Queries and Closed; the row above says which study, center and day
# Row 1 of the sheet Record holds this mark, study, center and as_of; row 2 the columns.
RECORD_MARK = "multicenter queries 2"
TO_BE_ANSWERED = 1000  # queries in one workbook, the most important first


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its field, its headings, its width in characters, and whether a center fills it in."""

    field: str
    english: str
    local: str
    width: int
    typed: bool = False

    @property
    def heading(self) -> str:
        return f"{self.english}\n{self.local}"


QUERY = Column("query", "Query", "질의 번호", 17)
ANSWER = Column("answer", "Answer", "답변", 20, typed=True)
COMMENT = Column("comment", "Comment", "의견", 20, typed=True)
BY = Column("answered_by", "Answered by", "답변자", 11, typed=True)
ON = Column("answered_on", "Date", "답변일", 11, typed=True)
PATIENT = Column("patient_id", "Patient", "환자 번호", 11)
FIELD = Column("field", "Field", "항목", 22)
VALUE = Column("value", "Value as delivered", "제출된 값", 14)
CELL = Column("cell", "Source cell", "원자료 위치", 20)
QUESTION_EN = Column("question_en", "Question", "질의 (영어)", 36)
QUESTION_KO = Column("question_ko", "Question (한국어)", "질의", 36)

QUERY_SHEET = (
    QUERY,
    Column("rank", "Rank", "순위", 6),
    Column("severity", "Severity", "중요도", 9),
    Column("status", "Status", "상태", 11),
    Column("age_days", "Age, days", "경과일", 7),
    PATIENT, FIELD, VALUE, CELL, QUESTION_EN, QUESTION_KO,
    Column("can_change", "What it can change", "영향을 받는 항목", 22),
    Column("remark", "Remark", "비고", 15),
    ANSWER, COMMENT, BY, ON,
)  # fmt: skip
CLOSED_SHEET = (
    QUERY,
    Column("status", "Status", "상태", 12),
    Column("status_since", "Since", "종료일", 12),
    PATIENT, FIELD, VALUE,
    Column("remark", "Remark", "비고", 30),
    ANSWER, COMMENT, BY, ON,
)  # fmt: skip
# What the hidden sheet Record remembers of each query of the workbook.
RECORD_COLUMNS = (
    "query", "center", "patient_id", "table", "item", "variable", "kind", "which", "value", "evidence", "first_asked",
    "asked_on", "round", "question_en", "question_ko",
)  # fmt: skip
