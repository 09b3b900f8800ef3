"""Every quotable number by a name that is its own."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from multicenter.analyses.result import Rows
from multicenter.errors import StudyError
from multicenter.manuscript.estimates import read_rows
from multicenter.manuscript.numbers import make_numbers, slug, write_numbers

FLOW = pd.DataFrame(
    [["", "age", "Too young", 520, 8, 512], ["SMC", "age", "Too young", 60, 1, 59]],
    columns=["center", "step", "label", "n_in", "n_excluded", "n_out"],
)


@pytest.fixture
def estimates() -> pd.DataFrame:
    curve = Rows({"id": "pfs_by_use"}, "kaplan_meier")
    curve.add("median_months", 44.14, group="Treatment", ci_low=38.25, n=153, n_events=80)
    curve.add("survival", 0.8349, group="Treatment", term="36 months", ci_low=0.79, ci_high=0.868)
    curve.add("logrank_chisq", 21.4, term="df=1", p_value=0.000004)
    curve.refuse("median_months", "survival stays above 0.5", group="None")
    models = Rows({"id": "cox"}, "cox multivariable")
    for method in ("cox univariable", "cox multivariable"):
        models.add("hazard_ratio", 0.6, method=method, term="CREAT: ≥2 vs <2", ci_low=0.4, ci_high=0.9, p_value=0.01)
    return pd.concat([curve.frame(), models.frame()])


def test_names_texts_units_and_source_rows(estimates):
    numbers = make_numbers(estimates, {"CREAT": "Creatinine"})["numbers"]
    median = numbers["pfs_by_use.treatment.median_months"]
    assert (median["value"], median["text"], median["unit"]) == (44.14, "44.1", "months")
    assert median["ci"] == [38.25, None]
    assert median["ci_text"] == "44.1 (38.3 to NR)"
    assert median["source"]["row"] == 1
    survival = numbers["pfs_by_use.treatment.36_months.survival"]
    assert (survival["text"], survival["ci_text"], survival["unit"]) == ("83", "83 (79 to 87)", "%")
    assert survival["value"] == pytest.approx(83.49)
    assert numbers["pfs_by_use.df_1.logrank_chisq"]["p_text"] == "P < 0.001"
    ratio = numbers["cox.cox_multivariable.creat_ge_2_vs_lt_2.hazard_ratio"]
    assert ratio["source"]["row"] == 6
    assert ratio["label"] == "cox, Creatinine: ≥2 vs <2, hazard_ratio"


def test_whole_numbers_are_printed_without_decimals():
    rows = Rows({"id": "base"}, "baseline")
    for group, years, ages in (
        ("", (2015, 2018.5, 2021), (41.5, 57, 70)),
        ("Treatment", (2016, 2018, 2021), (44, 57, 69)),
    ):
        for statistic, year, age in zip(("minimum", "median", "maximum"), years, ages, strict=True):
            rows.add(statistic, year, group=group, term="YEAR")
            rows.add(statistic, age, group=group, term="AGE")
    rows.add("wilcoxon_w", 29483.0, term="AGE", p_value=0.2)
    rows.add("wilcoxon_w", 28534.5, term="YEAR", p_value=0.2)
    rows.add("kruskal_h", 21.0, term="AGE", p_value=0.2)
    numbers = make_numbers(rows.frame(), {})["numbers"]
    texts = {name.removeprefix("base."): number["text"] for name, number in numbers.items()}
    assert [texts[f"treatment.year.{name}"] for name in ("minimum", "median", "maximum")] == ["2016", "2018", "2021"]
    assert texts["year.median"] == "2018.5"
    assert [texts[f"treatment.age.{name}"] for name in ("minimum", "median")] == ["44.0", "57.0"]
    assert (texts["age.wilcoxon_w"], texts["year.wilcoxon_w"]) == ("29,483", "28,534.5")
    assert texts["age.kruskal_h"] == "21.0"


def test_what_is_not_estimable_says_so(estimates):
    number = make_numbers(estimates, {})["numbers"]["pfs_by_use.none.median_months"]
    assert (number["value"], number["status"]) == (None, "not estimable")
    assert number["reason"] == "survival stays above 0.5"


def test_flow_is_quotable_in_all_and_by_center(estimates):
    numbers = make_numbers(estimates, {}, FLOW)["numbers"]
    assert numbers["flow.age.n_out"]["value"] == 512
    assert numbers["flow.age.smc.n_excluded"]["text"] == "1"
    read = FLOW.assign(center=[np.nan, "SMC"])
    assert make_numbers(estimates, {}, read)["numbers"]["flow.age.n_out"]["value"] == 512


def test_comparison_signs_keep_names_apart():
    assert slug("≥2 mg/dL") == "ge_2_mg_dl"
    assert slug("<2 mg/dL") == "lt_2_mg_dl"
    assert slug("Bortezomib or ixazomib") == "bortezomib_or_ixazomib"


def test_two_numbers_of_one_name_are_an_error(estimates):
    with pytest.raises(StudyError, match=r"two numbers have the name pfs_by_use\.treatment\.median_months"):
        make_numbers(pd.concat([estimates, estimates.head(1)]), {})


def test_file_is_json_sorted_and_survives_a_csv(estimates, tmp_path):
    write_numbers(estimates, {}, FLOW, tmp_path / "a.json", "Simulated data")
    estimates.to_csv(tmp_path / "estimates.csv", index=False)
    write_numbers(read_rows(tmp_path / "estimates.csv"), {}, FLOW, tmp_path / "b.json", "Simulated data")
    made = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert made["data"] == "Simulated data"
    assert list(made["numbers"]) == sorted(made["numbers"])
    assert made == json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
