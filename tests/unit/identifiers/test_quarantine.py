"""What a data manager is told, what a recorded decision lets pass, and what is refused before the first job."""

from pathlib import Path

import pytest

from multicenter.errors import DeliveryError
from multicenter.harmonize.run import harmonize_center
from multicenter.identifiers.names import check_identifiers, exception_problems, names_problems
from multicenter.identifiers.quarantine import quarantine
from multicenter.yamlfile import read_yaml

CONFIG = Path(__file__).resolve().parents[3] / "config"
SOURCES = {"main": {"format": "csv", "encoding": "utf-8", "columns": {}}}
DECISION = {"reason": "drugs", "decided_by": "KJ", "decided_on": "2024-01-02"}


@pytest.fixture
def delivery(tmp_path):
    def write(text, name="XX_list.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return [path]

    return write


def stopped(files, detector, *exceptions):
    with pytest.raises(DeliveryError) as stop:
        quarantine("XX", files, {"sources": SOURCES, "not_identifiers": exceptions}, detector)
    return str(stop.value).splitlines()


def test_the_center_file_is_named_where_it_lies(delivery, detector):
    with pytest.raises(DeliveryError, match=r"not_identifiers in other/maps/XX\.yaml$"):
        quarantine("XX", delivery("ID,성명\n1,홍길동\n"), {"sources": SOURCES}, detector, "other/maps/XX.yaml")


def test_the_message_says_where_how_many_and_what_to_do_and_shows_nothing(delivery, detector):
    rows = "\n".join(f"X-{i},{name},M" for i, name in enumerate(["홍길동", "김철수", "이영희"], start=1))
    lines = stopped(delivery(f"ID,성명,주민\n{rows}\nX-4,박민수,800101-1234560\n"), detector)
    assert lines == [
        "XX: this delivery is quarantined: 2 places in it identify persons; nothing of it was written",
        "XX_list.csv, column 성명: 4 cells with a person's name, first at row 2: 홍*동. Have the hospital send it "
        "again without, or if it is none, say so under not_identifiers in config/centers/XX.yaml",
        "XX_list.csv, column 주민: 1 cell with a resident registration number, first at row 5: 80****-*******. Have "
        "the hospital send it again without, or if it is none, say so under not_identifiers in config/centers/XX.yaml",
    ]


def test_what_is_only_probable_is_said_to_be(delivery, detector):
    (_, line) = stopped(delivery("ID,a\nX-1,201105-3012345\n"), detector)
    assert line.startswith(
        "XX_list.csv, column a: 1 cell with probably a resident registration number, first at row 2: 20****-*******."
    )


def test_a_header_that_is_a_name_is_masked_in_its_own_place(delivery, detector):
    (_, line) = stopped(delivery("ID,홍길동\nX-1,M\n"), detector)
    assert line.startswith("XX_list.csv, column 홍*동: a person's name, row 1: 홍*동.")


@pytest.mark.parametrize(
    "named",
    [
        {"column": "drug"},
        {"column": "drug", "file": "XX_*.csv"},
        {"column": "drug", "place": "cells", "sheet": ""},
        {"place": "cells"},
    ],
)
def test_a_decision_lets_pass_what_it_names(delivery, detector, named):
    files = delivery("ID,drug\nX-1,홍길동\n")
    quarantine("XX", files, {"sources": SOURCES, "not_identifiers": [DECISION | {"kind": "name"} | named]}, detector)


@pytest.mark.parametrize(
    "named",
    [
        {"kind": "phone", "column": "drug"},
        {"kind": "name", "column": "ID"},
        {"kind": "name", "column": "drug", "file": "YY*"},
        {"kind": "name", "column": "drug", "sheet": "list"},
        {"kind": "name", "place": "headers"},
    ],
)
def test_a_decision_lets_nothing_else_pass(delivery, detector, named):
    assert len(stopped(delivery("ID,drug\nX-1,홍길동\n"), detector, DECISION | named)) == 2


def test_a_decision_on_one_column_does_not_cover_another(delivery, detector):
    files = delivery("ID,drug,memo\nX-1,홍길동,김철수\n")
    (_, line) = stopped(files, detector, DECISION | {"kind": "name", "column": "drug"})
    assert "column memo" in line and "김*수" in line


@pytest.mark.parametrize(
    "text",
    [
        "ID,홍길동,홍길동\nX-1,M,F\n",  # a header twice: the reader's message would quote it
        "ID,a\nX-1,홍길동,1,2,3\n",  # a ragged line
        'ID,a\nX-1,"홍길동\n',  # an open quotation mark
        "홍길동\nID,a\nX-1,M\n",  # a title in the header's place
        "ID;a\nX-1;홍길동\n",  # another separator than declared
        "ID,a\nX-1,환자 홍길동\ufffd\n",  # text damaged before it came
    ],
)
def test_what_cannot_be_read_is_searched_before_the_reader_speaks(delivery, detector, text):
    assert all("홍길동" not in line for line in stopped(delivery(text), detector))


def test_harmonizing_stops_before_it_reads(delivery, detector, monkeypatch):
    monkeypatch.setattr("multicenter.harmonize.run.read_sources", lambda *_: pytest.fail("was read"))
    dictionary = read_yaml(CONFIG / "variables.yaml")
    with pytest.raises(DeliveryError, match="quarantined"):
        harmonize_center("XX", delivery("ID,a\nX-1,홍길동\n"), {"sources": SOURCES}, dictionary, {}, None, "2022-12-31",
                         detector=detector)  # fmt: skip


def test_the_names_of_files_headers_and_sheets_are_refused_before_the_first_job(detector):
    mapping = {
        "sources": {
            "main": {"id": {"column": "김철수"}, "sheet": "홍길동", "columns": {"이영희 검사일": "x", "성별": "sex"}},
            "more": {"id": "ID", "columns": {"010-1234-5678": "x"}, "ignore_sheets": {"박민수": "why"}},
        }
    }
    problems = names_problems("XX", [Path("in/20220101_홍길동.xlsx")], mapping, Path("c/XX.yaml"), detector)
    assert problems[0] == (
        "center XX: the name of the extract '20220101_홍*동.xlsx' holds a person's name. Rename the file."
    )
    assert problems[1] == (
        "c/XX.yaml: the header '김*수' is a person's name. Have the hospital send it again without, "
        "or if it is none, say so under not_identifiers there."
    )
    assert len(problems) == 6
    told = "".join(problems)
    assert not any(name in told for name in ("홍길동", "김철수", "이영희", "010-1234-5678", "박민수"))
    decided = [DECISION | {"kind": kind, "place": place} for kind, place in [
        ("name", "headers"), ("name", "sheet name"), ("name", "file name"), ("phone", "headers")]]  # fmt: skip
    assert (
        names_problems("XX", [Path("홍길동.xlsx")], mapping | {"not_identifiers": decided}, Path("c"), detector) == []
    )


def test_a_folder_that_centers_tsv_names_is_checked_as_the_file_is_and_the_machines_own_folders_are_not(detector):
    home = Path("/home/홍길동/extracts")
    files = [home / "김철수" / "XX_data.xlsx", home / "2023" / "XX_more.csv"]
    assert names_problems("XX", files, {}, Path("c/XX.yaml"), detector, home) == [
        "center XX: the name of the extract's folder '김*수' holds a person's name. Rename the folder."
    ]
    (problem,) = names_problems("XX", [Path("/old/이영희/XX.csv")], {}, Path("c/XX.yaml"), detector, home)
    assert "'이*희'" in problem


def test_a_decision_on_a_kind_that_does_not_exist_is_a_mistake(detector):
    mapping = {"not_identifiers": [DECISION | {"kind": "names", "column": "a"}]}
    assert exception_problems(mapping, Path("XX.yaml"), detector) == [
        "XX.yaml: not_identifiers: there is no kind 'names'. Did you mean 'name'?"
    ]


def test_mistakes_of_the_patterns_are_named():
    kind = {"label": "x", "mask": {}, "not": "nomes"}
    patterns = [{"find": "{surnames}"}, {"find": "("}, {"find": "a", "checksum": True}]
    config = {
        "encodings": ["utf-9"],
        "words": {"surname": "a", "names": "b"},
        "kinds": {"k": kind | {"patterns": patterns}},
    }
    assert check_identifiers(config) == [
        "encodings: there is no encoding 'utf-9'.",
        "kinds.k.not: there is no list 'nomes'. Did you mean 'names'?",
        "kinds.k.patterns[0]: there is no list 'surnames'. Did you mean 'surname'?",
        "kinds.k.patterns[1]: the regular expression is not valid (missing ), unterminated subpattern at position 0).",
        "kinds.k.patterns[2]: the kind has no checksum.",
    ]
    config["parts"] = {"p": "{surname}", "q": "{nomes}"}
    assert check_identifiers(config) == ["parts: there is no list 'nomes'. Did you mean 'names'?"]
    del config["parts"]["q"]
    config["kinds"]["k"] = {"label": "x", "mask": {}, "harmless": "{pp}", "patterns": [{"find": "{p}"}]}
    assert check_identifiers(config)[1:] == ["kinds.k.harmless: there is no list 'pp'. Did you mean 'p'?"]
    assert check_identifiers(read_yaml(CONFIG / "identifiers.yaml")) == []
