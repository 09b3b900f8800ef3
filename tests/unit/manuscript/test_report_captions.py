"""The captions of `snakemake --report` are valid templates and valid reStructuredText for every kind of figure."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import docutils.utils
import pytest
from docutils.core import publish_parts
from jinja2 import Environment

from multicenter.manuscript.figures import KINDS

REPORT = Path(__file__).resolve().parents[3] / "workflow" / "report"


class Params(dict):
    """Parameters by name, as Snakemake hands them to a caption."""

    def __getattr__(self, name):
        return self[name]


def render(name: str, **params) -> str:
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    snakemake = SimpleNamespace(params=Params(params), config={})
    text = environment.from_string((REPORT / name).read_text(encoding="utf-8")).render(snakemake=snakemake)
    strict = {"halt_level": docutils.utils.Reporter.WARNING_LEVEL, "report_level": 5}
    return publish_parts(text, writer="html", settings_overrides=strict)["body"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_figure_has_a_caption_of_its_own(kind):
    figure = {"kind": kind, "caption": "Survival by use (95% CI)", "notes": ["One note.", "Another one."]}
    body = render("figure.rst", figure=figure)
    assert "<strong>Survival by use (95% CI).</strong>" in body
    assert "Another one." in body
    others = [render("figure.rst", figure={**figure, "kind": other}) for other in KINDS if other != kind]
    assert body not in others
    assert len(body) > 300


def test_captions_say_where_progression_stands_and_explain_a_p_value_only_if_there_is_one():
    states = " ".join(render("figure.rst", figure={"kind": "response_kinetics", "caption": "x"}).split())
    assert "Progression that is found at an assessment is a state in A" in states
    assert "already off study for progression are not assessed and stand in B" in states
    figure = {"kind": "cumulative_incidence", "caption": "x"}
    assert "P value" not in render("figure.rst", figure=figure)
    assert "P value above 0.05" in render("figure.rst", figure={**figure, "test": {"statistic": "fisher_p"}})


def test_tables_are_listed_with_their_titles():
    body = render("table.rst", tables=[{"id": "t1", "title": "Patients"}, {"id": "t2", "title": "Models"}])
    assert body.count("<li>") == 2 and "Models" in body
    assert "<li>" not in render("table.rst")


@pytest.mark.parametrize("name", sorted(path.name for path in REPORT.glob("*.rst")))
def test_every_caption_is_valid(name):
    assert render(name, figure={"kind": "", "caption": "x"}, tables=[])
