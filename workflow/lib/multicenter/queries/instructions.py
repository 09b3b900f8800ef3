"""The text of a workbook's first sheet, in English and in the centers' language."""

from __future__ import annotations

SIMULATED = ("SIMULATED DATA: no patient of this workbook exists.", "모의 자료: 이 파일의 환자는 실재하지 않습니다.")
NOTHING_OPEN = (
    "There is no open query. Nothing has to be answered.",
    "미해결 질의가 없습니다. 답변하실 것이 없습니다.",
)
STEPS = (
    (
        "The sheet “Queries” has one row a query, the most important first. “Source cell” is in your own file.",
        "“Queries” 시트에는 질의가 한 행에 하나씩, 중요한 순서로 있습니다. “원자료 위치”는 보내 주신 파일의 셀입니다.",
    ),
    (
        "Look each one up in the patient's record. Choose an answer from the list, and write your name and the date. "
        "Only the yellow cells can be filled in.",
        "환자 기록에서 확인한 후 목록에서 답변을 고르고 이름과 날짜를 적어 주십시오. 노란색 셀만 입력할 수 있습니다.",
    ),
    (
        "Do not write a corrected value here: correct it at the source and send a new extract. Nothing in the data is "
        "changed by an answer alone.",
        "수정한 값을 이 파일에 적지 마십시오. 원자료를 수정하고 새 추출 자료를 보내 주십시오. "
        "답변만으로는 자료가 변경되지 않습니다.",
    ),
    (
        "Leave a row empty if you cannot say yet; it is asked again. Write nothing that identifies a patient.",
        "아직 답할 수 없으면 비워 두십시오. 다음에 다시 질의합니다. 환자를 식별할 수 있는 내용은 적지 마십시오.",
    ),
    (
        "Save as an Excel workbook (.xlsx), keep the center's code in front of the file name, and send it back.",
        "Excel 통합 문서(.xlsx)로 저장하고 파일 이름 앞의 기관 코드를 유지하여 보내 주십시오.",
    ),
)
STATES = (
    ("OPEN", "asked, not answered yet, or answered and still found", "질의함. 미답변이거나 답변 후에도 여전히 발견됨"),
    (
        "REOPENED",
        "was closed, and is found again, has another value, or its answer was withdrawn",
        "종료 후 다시 발견되었거나, 값이 달라졌거나, 답변이 철회됨",
    ),
    ("RESOLVED", "no longer found in your new extract", "새 추출 자료에서 더 이상 발견되지 않음"),
    ("WAIVED", "closed by your answer; the value stays as it is", "답변에 따라 종료됨. 값은 그대로 유지됨"),
)
HEADINGS = {
    "title": ("Data queries", "자료 질의서"),
    "steps": ("What to do", "작성 방법"),
    "answers": ("Answers to choose from", "선택할 수 있는 답변"),
    "states": ("Status of a query", "질의 상태"),
    "closed": (
        "Closed queries stand on the sheet “Closed”. To take an answer back, choose “Earlier answer withdrawn” there "
        "and write the day of it.",
        "종료된 질의는 “Closed” 시트에 있습니다. 답변을 철회하려면 그곳에서 “이전 답변 철회”를 선택하고 "
        "날짜를 적어 주십시오.",
    ),
}
MORE = (
    "{shown} of {all} open queries are in this workbook: the most important ones. The others follow.",
    "미해결 질의 {all}건 중 중요한 {shown}건이 이 파일에 있습니다. 나머지는 이후에 보내 드립니다.",
)
CHOOSE = ("Answer", "Please choose one of the answers in the list; anything else belongs in the comment.")
A_DATE = ("Date", "Please write a date as YYYY-MM-DD.")
