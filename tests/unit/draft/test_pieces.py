"""The text of a draft, the pooled data as reference, shapes of values."""

from __future__ import annotations

from types import SimpleNamespace
from unicodedata import normalize

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from multicenter.draft.desk import Drafting
from multicenter.draft.facts import shape
from multicenter.draft.yamltext import center_file, flow
from multicenter.yamlfile import read_yaml

PRINTED = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).map(
    lambda text: normalize("NFC", " ".join(text.split()))
)


@given(header=PRINTED.filter(bool), codes=st.dictionaries(PRINTED, st.sampled_from(["M", "?", None, 1]), max_size=4))
def test_any_header_and_code_survives_the_way_through_yaml(tmp_path_factory, header, codes):
    path = tmp_path_factory.mktemp("yaml") / "x.yaml"
    path.write_text(f"columns:\n  {flow(header)}: {flow({'to': 'sex', 'codes': codes})}\n", encoding="utf-8")
    assert read_yaml(path)["columns"] == {header: {"to": "sex", "codes": codes}}


@pytest.mark.parametrize(
    "word", ["no", "1", "~", "null", "2019-01-01", "예", "t(4;14)", "FISH: del(17p)", "#", "- x", "a, b"]
)
def test_words_that_yaml_would_take_for_something_else(word):
    assert yaml.safe_load(flow([word])) == [word]


@pytest.mark.parametrize(
    ("text", "form"),
    [("P001-23", "A9+-9+"), ("홍길동 010-1234-5678", "가+ 9+-9+-9+"), ("IgG", "A+"), ("남", "가"), ("1.5", "9.9")],
)
def test_the_shape_of_a_value(text, form):
    assert shape(text) == form


def test_pooled_data_are_the_reference_where_they_are_narrow(clone, tmp_path):
    folder = tmp_path / "results" / "restricted" / "harmonized" / "AA"
    folder.mkdir(parents=True)
    config = read_yaml(clone / "config" / "config.yaml")
    desk = Drafting(SimpleNamespace(clone=clone, workspace=tmp_path, config=config, config_folders=[]))
    before = desk.usual()
    numbers = [v.name for v in desk.dictionary.tables["patient"].variables.values() if v.type == "number" and v.unit]
    table = pd.DataFrame({name: pd.Series([1.0, 2.0, 400.0] * 20) for name in numbers})
    table["alb"] = [4.0, 4.2, 4.4] * 20
    table.to_parquet(folder / "patient.parquet")
    after = desk.usual()
    assert (before["patient.alb"], after["patient.alb"]) == (3.7, 4.2)
    assert before["patient.hb"] == after["patient.hb"]  # too wide to tell a unit
    assert "patient.flc_kappa" not in after


def test_what_cannot_be_printed_is_no_part_of_a_comment(drafted):
    delivery = drafted("ID,sex\n" + "".join(f"P{i},{'M' if i % 2 else chr(7)}\n" for i in range(20)))
    document = yaml.safe_load(center_file(delivery))
    assert document["sources"]["main"]["columns"]["sex"]["open"][0]["codes"] == ["sex", {"\x07": "?"}]
