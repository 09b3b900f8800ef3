"""The pages of the shipped study: well-formed, self-contained, complete, and silent about other centers."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from multicenter.overview.build import build_overview
from multicenter.overview.check import check_overview
from multicenter.overview.completeness import COLUMNS, COMPLETE, IMPOSSIBLE, NONE, PARTIAL, center_completeness
from multicenter.overview.deliveries import age_group
from multicenter.overview.pages import write_pages
from multicenter.overview.svg import Scale, apart, shown

CLONE = Path(__file__).resolve().parents[3]
TEMPLATES = CLONE / "workflow" / "report" / "overview"
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Tree(HTMLParser):
    """Collects what is open, and what is wrong."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids, self.tags, self.links = [], [], [], set(), []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src", "xlink:href") if name in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


@pytest.fixture(scope="module")
def overview(study_run, study_folder, tmp_path_factory):
    restricted = study_folder / "results" / "restricted"
    queries = tmp_path_factory.mktemp("queries") / "queries.csv"
    _open_queries(restricted, study_run).to_csv(queries, index=False)
    return build_overview(
        folders={center: restricted / "harmonized" / center for center in study_run.centers},
        cohort={
            "adsl": restricted / "cohort" / "adsl.parquet",
            "adtte": restricted / "cohort" / "adtte.parquet",
            "deliveries": restricted / "cohort" / "deliveries.csv",
            "queries": queries,
            "status": study_folder / "results" / "release" / "data_status.json",
        },
        dictionary=study_run.dictionary,
        protocol=study_run.overview_protocol,
    )


def _open_queries(restricted: Path, run) -> pd.DataFrame:
    """Every finding of the centers that is a query, as if it had been open for 100 days; one is waived."""
    rules = {rule["id"]: rule for rule in run.checks}
    found = pd.concat(
        [pd.read_parquet(path) for path in sorted((restricted / "harmonized").glob("*/findings.parquet"))]
    )
    found = found[found["outcome"] == "query"].reset_index(drop=True)
    columns = {name: [rules[kind][name] for kind in found["kind"]] for name in ("severity", "category")}
    return found[["center", "kind"]].assign(**columns, age_days=100, status=["WAIVED", *["OPEN"] * (len(found) - 1)])


@pytest.fixture(scope="module")
def pages(overview, tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    write_pages(overview, TEMPLATES, folder)
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}


def test_there_is_a_page_for_the_study_and_one_for_every_center(pages, study_run):
    assert set(pages) == {"index", *study_run.centers}


def test_pages_are_well_formed_and_need_nothing_else(pages):
    for name, text in pages.items():
        tree = Tree()
        tree.feed(text)
        assert tree.wrong == [] and tree.open == [], name
        assert not tree.tags & {"script", "link", "iframe", "object", "embed"}
        assert len(tree.ids) == len(set(tree.ids))
        assert all(re.fullmatch(r"#[a-z]+|[A-Z]+\.html", link) for link in tree.links), name
        assert all(link[1:] in tree.ids for link in tree.links if link.startswith("#"))
        assert not re.search(r"(?:https?:)?//|@import|url\(", text), name
        assert "nan" not in re.findall(r"\b\w+\b", text.lower()), name
        assert not re.search(r"[\"\s]-?\d+e[-+]?\d+", text)


def test_pictures_say_in_words_what_they_show(pages):
    for text in pages.values():
        pictures = re.findall(r"<svg[^>]*>", text)
        assert len(pictures) > 15
        assert all('role="img"' in picture and 'aria-label="' in picture for picture in pictures)
    assert "Outside the 95 % limits: " in pages["index"]
    assert "SNUBH 68.6 (far above)" in pages["index"]
    assert "SNUBH: 68.6, far above the limits." in pages["SNUBH"]


def test_every_page_says_that_the_data_are_simulated(pages, overview):
    assert all('<div class="notice">Simulated data</div>' in text for text in pages.values())
    real = {code: row | {"simulated": code == "NCC"} for code, row in overview.deliveries.items()}
    from multicenter.overview.pages import center_page, study_page

    mixed = replace(overview, deliveries=real)
    assert study_page(mixed)["notice"] == "Includes simulated data: NCC"
    assert center_page(mixed, "NCC")["notice"] == "Simulated data"
    assert center_page(mixed, "SMC")["notice"] == "" and center_page(mixed, "SMC")["pooled_notice"]


def test_a_centers_page_holds_nothing_of_another_center(pages, study_run, study_folder):
    adsl = pd.read_parquet(study_folder / "results/restricted/cohort/adsl.parquet", columns=["USUBJID", "SITEID"])
    files = {path.name for center in study_run.centers.values() for path in center.extracts}
    for center, known in study_run.centers.items():
        text = pages[center]
        words = set(re.findall(r"[\w-]+", text))
        own_files = {path.name for path in known.extracts}
        assert not words & (set(study_run.centers) - {center})
        assert not [other.name for code, other in study_run.centers.items() if code != center and other.name in text]
        assert not words & set(adsl["USUBJID"])
        assert not [name for name in files - own_files if name in text]
        assert center in words and all(name in text for name in own_files)


def test_the_same_bytes_every_time(overview, pages, tmp_path):
    write_pages(overview, TEMPLATES, tmp_path)
    assert {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html")} == pages


def test_completeness_classes_of_known_centers(overview):
    parts = overview.completeness.set_index(["center", "table", "variable"])
    assert list(overview.completeness.columns) == COLUMNS
    fish = parts.loc[("WKUH", "patient", "del17p")]
    assert (fish["state"], fish["reason"]) == (IMPOSSIBLE, "no such column in the extract")
    hb = parts.loc[("SMC", "patient", "hb")]
    assert (hb["state"], hb["n"], hb["emptied"]) == (PARTIAL, 95, 2)
    assert hb["reason"] == f"{95 - hb['known']} of 95 missing; 2 set missing by queries"
    assert hb["source"] == "Laboratory at diagnosis / Hb"
    assert parts.loc[("SMC", "patient", "sex"), "state"] == COMPLETE
    assert parts.loc[("HPH", "malignancy", "spm_date"), "state"] == NONE
    assert parts.loc[("SNUH", "assessment", "assess_date"), "state"] == COMPLETE
    assert parts.loc[("SMC", "assessment", "assess_date"), "state"] == IMPOSSIBLE


def test_completeness_agrees_with_the_truth_about_what_was_sent(overview, study_folder):
    truth = pd.read_parquet(study_folder / "resources/simulated/truth/expected.parquet")
    sent = truth.groupby(["center", "table", "variable"])["status"].agg(lambda s: set(s) != {"not_sent"})
    for row in overview.completeness.to_dict("records"):
        key = (row["center"], row["table"], row["variable"])
        if key in sent.index and not row["source"].startswith("("):
            assert sent[key] or row["state"] == IMPOSSIBLE, key


def test_denominators_are_the_rows_that_can_have_a_value(overview, study_folder):
    parts = overview.completeness.set_index(["center", "table", "variable"])
    patients = pd.read_parquet(study_folder / "results/restricted/harmonized/NCC/patient.parquet")
    assert parts.loc[("NCC", "patient", "death_date"), "n"] == (patients["death_yn"] == 1).sum()
    assert parts.loc[("NCC", "patient", "sex"), "n"] == len(patients)
    episodes = pd.read_parquet(study_folder / "results/restricted/harmonized/NCC/maintenance.parquet")
    assert parts.loc[("NCC", "maintenance", "drug"), "n"] == len(episodes) < len(patients)


def test_a_condition_may_ask_for_the_patient_of_a_row(study_run, study_folder):
    folder = study_folder / "results/restricted/harmonized/NCC"
    among = {"maintenance.dose": 'sex == "F"'}
    found = center_completeness("NCC", folder, study_run.dictionary["tables"], among).set_index(["table", "variable"])
    patients = pd.read_parquet(folder / "patient.parquet").set_index("patient_id")["sex"]
    episodes = pd.read_parquet(folder / "maintenance.parquet")
    assert found.loc[("maintenance", "dose"), "n"] == (episodes["patient_id"].map(patients) == "F").sum()


def test_numbers_at_the_head(pages, overview):
    tiles = re.findall(r"<b>([^<]+)</b><span>([^<]+)</span>", pages["index"])
    assert ("15", "centers, none held") in tiles
    assert ("580", "patients delivered") in tiles and ("512", "in the study") in tiles
    assert (str(len(overview.queries)), "open queries") in tiles


def test_centers_that_stand_out_come_first(pages):
    rows = re.findall(r'<tr><th scope="row"><a href="(\w+)\.html">', pages["index"])
    assert rows[:3] == ["SNUBH", "SNUH", "WKUH"]
    assert len(rows) == 30  # at a glance, and the list of deliveries


def test_a_study_without_the_section_and_without_queries(overview, tmp_path):
    bare = replace(overview, rates=[], distributions=[], queries=overview.queries.iloc[:0])
    write_pages(bare, TEMPLATES, tmp_path)
    assert "No open query." in (tmp_path / "NCC.html").read_text(encoding="utf-8")


def test_a_held_center_says_so(overview, tmp_path):
    held = overview.deliveries["NCC"] | {"state": "held", "reason": "codes to be clarified"}
    write_pages(replace(overview, deliveries=overview.deliveries | {"NCC": held}), TEMPLATES, tmp_path)
    assert "<b>Held at this delivery: codes to be clarified.</b>" in (tmp_path / "NCC.html").read_text(encoding="utf-8")
    assert "held: codes to be clarified" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "codes to be clarified" not in (tmp_path / "SMC.html").read_text(encoding="utf-8")


def test_texts_of_a_delivery_are_escaped(overview, tmp_path):
    named = overview.deliveries["NCC"] | {"files": ["<script>alert(1)</script>.csv"], "name": "A & B <i>"}
    write_pages(replace(overview, deliveries=overview.deliveries | {"NCC": named}), TEMPLATES, tmp_path)
    for name in ("index", "NCC"):
        text = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert "<script>" not in text and "&lt;script&gt;" in text


def test_mistakes_in_the_section_are_named(study_run):
    wrong = {
        "rates": [
            {"id": "a", "kind": "share", "label": "A", "when": "missing(CITO)"},
            {"id": "a", "kind": "events", "label": "B", "endpoint": "PSF"},
            {"id": "c", "kind": "events", "label": "C", "endpoint": "PFS", "event": "Progresion"},
        ],
        "completeness": {"among": {"patient.pd_dat": "pd_yn == 1", "patient.pd_date": "pd_ny == 1"}},
        "distributions": ["AGGE"],
    }
    assert check_overview({**study_run.study, "overview": wrong}, study_run.dictionary) == [
        "overview.distributions: column 'AGGE' does not exist. Did you mean 'AGE'?",
        "overview.rates.a: when: 'missing(CITO)' names 'CITO', which does not exist. Did you mean 'CYTO'?",
        "overview.rates.a: endpoint 'PSF' does not exist. Did you mean 'PFS'?",
        "overview.rates.c: event 'Progresion' is none of PFS. Did you mean 'Progression'? Events: Progression, Death.",
        "overview.rates.a: this id is used twice. Give each its own.",
        "overview.completeness.among.patient.pd_dat: the variable does not exist. Did you mean 'patient.pd_date'?",
        "overview.completeness.among.patient.pd_date: 'pd_ny == 1' names 'pd_ny', which does not exist. "
        "Did you mean 'pd_yn'?",
    ]


def test_small_helpers():
    ages = {0: "up to 30", 30: "up to 30", 31: "31–90", 365: "181–365", 366: "over 365"}
    assert {days: age_group(days) for days in ages} == ages
    numbers = {0: "0", 0.195: "0.195", 27.49: "27.5", 100.0: "100", 1234.0: "1234"}
    assert {value: shown(value) for value in numbers} == numbers
    assert shown(float("nan")) == "–"
    assert Scale(0, 97, 0, 1).ticks() == [0, 50]
    assert Scale(3, 3, 0, 10)(3) == 5
    assert apart([5, 6, 7], 10, 0, 100) == [5, 15, 25]
    assert apart([95, 96], 10, 0, 100) == [90, 100]
    assert json.dumps(apart([], 10, 0, 100)) == "[]"
