"""What decides before the first job whether queries are written again."""

from multicenter.queries.state import answer_files, ledger_state, write_state


def test_a_ledger_as_it_was_left_counts_as_what_it_was(tmp_path):
    ledger, state = tmp_path / "ledger.csv", tmp_path / "state.json"
    assert ledger_state(ledger, state) == ""
    ledger.write_text("made")
    write_state(ledger, state, "")
    assert ledger_state(ledger, state) == ""


def test_a_changed_ledger_makes_the_job_run_once(tmp_path):
    ledger, state = tmp_path / "ledger.csv", tmp_path / "state.json"
    ledger.write_text("made")
    write_state(ledger, state, "")
    ledger.write_text("edited")
    parameter = ledger_state(ledger, state)
    assert parameter
    ledger.write_text("made again")
    write_state(ledger, state, parameter)
    assert ledger_state(ledger, state) == parameter
    for damaged in ("", "[]", "{}"):
        state.write_text(damaged)
        assert ledger_state(ledger, state) not in ("", parameter)


def test_what_lies_in_the_folder_of_answers(tmp_path):
    for name in ("B.xlsx", "A.csv", ".hidden.xlsx", "~$B.xlsx"):
        (tmp_path / name).write_text("")
    (tmp_path / "old").mkdir()
    assert [path.name for path in answer_files(tmp_path)] == ["A.csv", "B.xlsx"]
    assert answer_files(tmp_path / "none") == []
