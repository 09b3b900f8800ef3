"""What decides before the first job whether queries are written again."""

from pathlib import Path

from multicenter.queries.state import answer_files, ledger_state, write_state
from multicenter.yamlfile import read_yaml

IDENTIFIERS = read_yaml(Path(__file__).parents[3] / "config" / "identifiers.yaml")


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
    files, unread = answer_files(tmp_path, IDENTIFIERS)
    assert [path.name for path in files] == ["A.csv", "B.xlsx"] and unread == []
    assert answer_files(tmp_path / "none", IDENTIFIERS) == ([], [])


def test_a_file_whose_name_identifies_a_person_is_known_by_its_masked_name_alone(tmp_path):
    for name in ("SMC_홍길동.xlsx", "SMC_010-1234-5678.xlsx", "SMC_2024-03.xlsx"):
        (tmp_path / name).write_text("")
    files, unread = answer_files(tmp_path, IDENTIFIERS)
    assert [path.name for path in files] == ["SMC_2024-03.xlsx"]
    assert unread == ["SMC_010-****-****.xlsx", "SMC_홍*동.xlsx"]
