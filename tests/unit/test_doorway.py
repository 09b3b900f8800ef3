import time

import pytest

from multicenter.doorway import doorway, problems_since
from multicenter.errors import DataError, Place


def test_a_users_mistake_is_one_line_on_the_terminal_and_in_the_log(tmp_path, capsys):
    log = tmp_path / "logs" / "rule.log"
    with pytest.raises(SystemExit) as stop, doorway(str(log)):
        raise DataError(Place("a.xlsx", "Data", 7, "C"), "value 'x' is no date", "Correct the cell.")
    assert stop.value.code == 1
    line = "a.xlsx, sheet Data, row 7, column C: value 'x' is no date. Correct the cell.\n"
    assert capsys.readouterr().err == line
    assert log.read_text(encoding="utf-8") == f"Problem: {line}"


def test_any_other_error_names_its_log(tmp_path, capsys):
    log = tmp_path / "rule.log"
    with pytest.raises(SystemExit), doorway(str(log)):
        raise KeyError("AGE")
    assert capsys.readouterr().err == f"KeyError: 'AGE'. See {log}\n"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_what_a_script_prints_goes_to_the_log(tmp_path, capsys):
    log = tmp_path / "rule.log"
    with doorway(str(log)):
        print("43 rows")
    assert capsys.readouterr().out == ""
    assert log.read_text(encoding="utf-8") == "43 rows\n"


def test_the_problems_of_this_run_are_collected_from_the_logs(tmp_path):
    for name in ("b", "a"):
        with pytest.raises(SystemExit), doorway(str(tmp_path / "rule" / f"{name}.log")):
            raise DataError(Place(f"{name}.csv"), "it is empty", "Send it again.")
    with doorway(str(tmp_path / "rule" / "fine.log")):
        print("nothing to mend")
    assert problems_since(tmp_path, 0) == ["a.csv: it is empty. Send it again.", "b.csv: it is empty. Send it again."]
    assert problems_since(tmp_path, time.time() + 60) == []
