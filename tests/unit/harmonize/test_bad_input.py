"""What stops a center: one line each, where, what, what to do; all of them together."""

from __future__ import annotations

import pytest

from multicenter.errors import DataError, StudyError
from multicenter.harmonize.run import Arrival

SEX = "sex: {to: sex, codes: {1: M, 2: F}}"


def message(deliver, *args, **kwargs) -> str:
    with pytest.raises(StudyError) as error:
        deliver(*args, **kwargs)
    return str(error.value)


def test_empty_file(deliver):
    assert message(deliver, b"", SEX) == ("extract.csv: the file is empty. Ask the center for the delivery again")


def test_header_without_rows(deliver):
    assert message(deliver, "id,sex\n", SEX) == "extract.csv: holds no data rows. Ask the center for the delivery again"


def test_wrong_encoding(deliver):
    data = "id,sex\n1,1\n2,남\n".encode("cp949")
    assert message(deliver, data, SEX) == (
        "extract.csv, row 3: the bytes b3 b2 0a are not utf-8. "
        "Declare the encoding that the file has, or ask for the file in the declared one"
    )


def test_lossy_decode(deliver):
    assert message(deliver, "id,sex\n1,ab\ufffd\n", SEX) == (
        "extract.csv, row 2: the text was damaged before it came here (U+FFFD after 'id,sex\\n1,ab'). "
        "Ask the center to export the file again"
    )


def test_duplicate_id(deliver):
    assert message(deliver, "id,sex\n7,1\n8,2\n7,2\n", SEX) == (
        "XX: 1 problem stops this delivery\n"
        "extract.csv, row 2: 2 rows share an id and differ (id 7; rows 2, 4). "
        "Ask the center which row is right, then record the decision under 'duplicates' (exact, differing)."
    )


def test_a_row_that_stands_twice_is_told_once(deliver):
    decide = "Ask the center which row is right, then record the decision under 'duplicates' (exact, differing)."
    assert message(deliver, "id,sex\n7,1\n8,2\n7,1\n", SEX) == (
        "XX: 1 problem stops this delivery\n"
        f"extract.csv, row 4: 1 row(s) repeat an earlier row exactly (id 7). {decide}"
    )
    assert message(deliver, "id,sex\n7,1\n7,1\n7,2\n", SEX) == (
        "XX: 2 problems stop this delivery\n"
        f"extract.csv, row 3: 1 row(s) repeat an earlier row exactly (id 7). {decide}\n"
        f"extract.csv, row 2: 2 rows share an id and differ (id 7; rows 2, 4). {decide}"
    )


def test_impossible_date_is_a_query_not_a_stop(deliver):
    done = deliver("id,sex,dx\n1,1,2019-02-30\n", f"{SEX}\ndx: dx_date")
    found = done.findings.iloc[0]
    assert found["message"] == "there is no such date"
    assert (found["file"], found["row"], found["column"], found["value"], found["kind"], found["outcome"]) == (
        "extract.csv", 2, "dx", "2019-02-30", "date_impossible", "query",
    )  # fmt: skip


def test_unknown_code(deliver):
    assert message(deliver, "id,sex\n1,남\n2,남성\n3,남성\n", "sex: {to: sex, codes: {남자: M, 남: M, 여: F}}") == (
        "XX: 1 problem stops this delivery\n"
        "extract.csv, row 3, column sex: the value '남성' (2 cells) is not mapped. "
        "Add it to this column in config/centers/XX.yaml. Did you mean '남'?"
    )


def test_the_center_file_is_named_where_it_lies(deliver):
    elsewhere = Arrival(mapping="../study/maps/XX.yaml")
    assert message(deliver, "id,sex\n1,남\n", "sex: {to: sex, codes: {1: M}}", arrival=elsewhere) == (
        "XX: 1 problem stops this delivery\n"
        "extract.csv, row 2, column sex: the value '남' (1 cell) is not mapped. "
        "Add it to this column in ../study/maps/XX.yaml."
    )


def test_renamed_column(deliver):
    assert message(deliver, "id,gender_\n1,1\n", "gender: {to: sex, codes: {1: M}}") == (
        "XX: 2 problems stop this delivery\n"
        "extract.csv, column gender: the column is missing. "
        "Correct the name in config/centers/XX.yaml or ask the center. Did you mean 'gender_'?\n"
        "extract.csv, column gender_: the column (1 filled cells) is not mapped. "
        "Map it or drop it with a reason in config/centers/XX.yaml. Did you mean 'gender'?"
    )


def test_ragged_line(deliver):
    assert message(deliver, "id,sex,memo\n1,1,a,b\n", f"{SEX}\nmemo: {{drop: free text}}") == (
        "extract.csv, row 2: the line has 4 cells where the header has 3. "
        "Quote the text that holds the separator, or declare 'ragged' with the free-text column"
    )


def test_declared_ragged_line_is_joined(deliver):
    done = deliver(
        "id,memo,tx,sex\n1,x,a,b,1\n", f"{SEX}\nmemo: {{drop: free text}}\ntx: next_tx", source="ragged: {into: tx}"
    )
    assert done.tables["patient"]["next_tx"].tolist() == ["a,b"]


def test_duplicate_header(deliver):
    assert message(deliver, "id,sex,sex\n1,1,1\n", SEX) == (
        "extract.csv, column sex, sex: the header 'sex' stands 2 times. Rename one of the columns in the file"
    )


def test_row_without_id(deliver):
    assert "extract.csv, row 3, column id: the row has no patient id. Fill the id in or remove the row." in message(
        deliver, "id,sex\n1,1\n,2\n", SEX
    )


def test_all_problems_come_together_and_are_capped(deliver):
    more = ",".join(f"column{i}" for i in range(30))
    text = message(deliver, f"id,sex,{more}\n1,1{',x' * 30}\n", SEX)
    assert text.splitlines()[0] == "XX: 30 problems stop this delivery"
    assert len(text.splitlines()) == 22
    assert text.splitlines()[-1] == "… and 10 more of the same kind"


def test_the_column_that_decides_between_rows_is_missing(deliver):
    keep = "duplicates: {differing: {keep_latest: last_fu_date}, reason: r, decided_by: n, decided_on: '2024-01-01'}"
    lines = message(deliver, "id,sex\n1,1\n1,2\n", f"{SEX}\nlast: last_fu_date", source=keep).splitlines()
    assert lines[1:] == [
        "extract.csv, column last: the column is missing. Correct the name in config/centers/XX.yaml or ask the center."
    ]


def test_missing_file(tmp_path, dictionary, codes, checks):
    from multicenter.harmonize.run import harmonize_center

    config = {"center": "XX", "sources": {"a": {"format": "csv", "encoding": "utf-8", "id": "id", "columns": {}}}}
    with pytest.raises(
        DataError, match=r"^gone\.csv: the file is missing\. Put it where config\.yaml says extracts lie$"
    ):
        harmonize_center("XX", [tmp_path / "gone.csv"], config, dictionary, codes, checks, "2022-12-31")
