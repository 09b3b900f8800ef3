"""Figures as files: size, text size, overlaps, fonts, the mark, the cut, the alignment, the same bytes twice."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader

from multicenter.errors import StudyError
from multicenter.manuscript import style
from multicenter.manuscript.figures import draw_figure, figure_sources, write_figure

BASE = {"x_label": "Months from start", "y_label": "Event-free survival (%)", "width_mm": 170, "height_mm": 115}
KEY = [{"label": "At 60 months, % (95% CI)", "statistic": "cumulative_incidence", "term": "60 months", "scale": 100}]
SPECS = {
    "two": {**BASE, "kind": "kaplan_meier", "analysis": "by_use"},
    "four": {**BASE, "kind": "kaplan_meier", "analysis": "by_type", "height_mm": 140},
    "narrow": {**BASE, "kind": "kaplan_meier", "analysis": "by_use", "width_mm": 85, "ticks": [0, 24, 48, 72, 96]},
    "panels": {
        **BASE,
        "kind": "kaplan_meier",
        "height_mm": 220,
        "panels": [{"analysis": "by_use"}, {"analysis": "by_type"}],
    },
    "incidence": {
        **BASE,
        "kind": "cumulative_incidence",
        "analysis": "cuminc",
        "key": KEY,
        "test": {"statistic": "fisher_p", "label": "Fisher's exact test"},
    },
    "states": {
        **BASE,
        "kind": "response_kinetics",
        "analysis": "kinetics",
        "height_mm": 150,
        "y_label_all": "All patients (n)",
    },
}
SPECS = {name: {"id": name, **spec} for name, spec in SPECS.items()}
MARK = "Simulated data"


@pytest.fixture
def draw(tables, kinetics):
    def figure(name: str, simulated: str = MARK, **changes):
        spec = {**SPECS[name], **changes}
        return draw_figure(spec, tables.curves, tables.risk, tables.estimates, kinetics, {}, simulated)

    return figure


def texts(figure) -> list:
    figure.canvas.draw()
    return [
        text
        for text in figure.findobj(mpl.text.Text)
        if text.get_text().strip() and text.get_visible() and text.get_window_extent().width > 0
    ]


def drawn_texts(figure) -> list:
    """Texts that are really drawn: a tick beyond its axis is not."""
    unused = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        used = {id(tick.label1) for tick in axis._update_ticks()}
        unused |= {id(tick.label1) for tick in axis.majorTicks} - used
    return [text for text in texts(figure) if id(text) not in unused]


@pytest.mark.parametrize("name", SPECS)
def test_every_text_is_at_least_8_pt(draw, name):
    sizes = {text.get_text(): text.get_fontsize() for text in drawn_texts(draw(name))}
    assert len(sizes) > 10
    assert min(sizes.values()) >= 8, sizes


@pytest.mark.parametrize("name", SPECS)
def test_no_text_overlaps_another_or_leaves_the_figure(draw, name):
    assert_nothing_overlaps(draw(name, simulated="Includes simulated data: AAAA, BBBB, CCCC, DDDD, EEEE, FFFF"))


def assert_nothing_overlaps(figure) -> None:
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn_texts(figure)]
    for (first, a), (second, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(width, height) <= 0.5, f"{first!r} and {second!r} overlap"
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text


@pytest.mark.parametrize("name", SPECS)
def test_files_have_the_size_embedded_fonts_and_600_dpi(draw, name, tmp_path):
    pdf, svg, png = style.save_figure(draw(name), tmp_path / name)
    page = PdfReader(pdf).pages[0]
    spec = SPECS[name]
    size = [float(points) / 72 * 25.4 for points in page.mediabox[2:]]
    assert size == pytest.approx([spec["width_mm"], spec["height_mm"]], abs=0.2)
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor
    assert MARK in page.extract_text().replace("\n", " ")
    text = svg.read_text(encoding="utf-8")
    assert "<text" in text and style.FONT in text
    with Image.open(png) as image:
        assert image.size == pytest.approx([millimeters / 25.4 * 600 for millimeters in size], abs=2)
        assert image.info["dpi"] == pytest.approx((600, 600), abs=0.1)


@pytest.mark.parametrize("name", ["four", "states"])
def test_two_drawings_have_the_same_bytes_and_leave_settings_alone(draw, name, tmp_path):
    before = dict(mpl.rcParams)
    first = style.save_figure(draw(name), tmp_path / "first")
    second = style.save_figure(draw(name), tmp_path / "second")
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.suffix
    assert dict(mpl.rcParams) == before
    assert not re.search(rb"/(CreationDate|ModDate)", first[0].read_bytes())


def test_a_reader_s_own_settings_do_not_change_the_figure(draw, tmp_path):
    plain = style.save_figure(draw("two"), tmp_path / "plain")
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "path"}):
        other = style.save_figure(draw("two"), tmp_path / "other")
    assert plain[1].read_bytes() == other[1].read_bytes()


@pytest.mark.parametrize("name", SPECS)
def test_no_mark_without_simulated_data_and_no_title_inside(draw, name):
    figure = draw(name, simulated="")
    assert not any("imulated" in text.get_text() for text in texts(figure))
    assert all(not axes.get_title() for axes in figure.axes)


def lines(axes, group_count: int) -> list:
    return [line for line in axes.get_lines() if line.get_drawstyle() == "steps-post"][:group_count]


def test_curves_are_cut_where_fewer_than_five_are_at_risk(draw, tables):
    own = tables.curves[tables.curves["analysis"] == "by_type"]
    for minimum in (5, 12):
        drawn = lines(draw("four", min_at_risk=minimum).axes[0], 4)
        for (_, curve), line in zip(own.groupby("group", sort=False), drawn, strict=True):
            last = curve.loc[curve["n_risk"] >= minimum, "time"].max() / 30.4375
            assert line.get_xdata()[-1] == pytest.approx(last)


def test_a_column_shown_decides_what_is_cut(tables, kinetics):
    curves = tables.curves.assign(shown=tables.curves["time"] < 400)
    figure = draw_figure(SPECS["two"], curves, tables.risk, tables.estimates, kinetics, {}, "")
    assert max(line.get_xdata().max() for line in lines(figure.axes[0], 2)) < 400 / 30.4375


def test_axis_starts_at_zero_and_curves_differ_in_color_and_dashes(draw):
    for name in ("two", "four", "incidence"):
        axes = draw(name).axes[0]
        assert axes.get_ylim()[0] == 0
        drawn = lines(axes, 4)
        assert len({line.get_color() for line in drawn}) == len(drawn)
        assert len({str(line._unscaled_dash_pattern) for line in drawn}) == len(drawn)


def test_numbers_at_risk_and_events_stand_under_their_ticks(draw, tables):
    figure = draw("two")
    axes = figure.axes[0]
    figure.canvas.draw()
    ticks = [label.get_window_extent() for label in axes.get_xticklabels()]
    centers = np.array([(box.x0 + box.x1) / 2 for box in ticks])
    below = [
        (text.get_text(), text.get_window_extent())
        for text in drawn_texts(figure)
        if text.get_text().isdigit() and text.get_window_extent().y1 < ticks[0].y0 - 5
    ]
    rows: dict[int, list[tuple[float, str]]] = {}
    for text, box in below:
        middle = (box.x0 + box.x1) / 2
        assert np.abs(centers - middle).min() < 1.5
        rows.setdefault(round(box.y0), []).append((middle, text))
    printed = [[int(text) for _, text in sorted(row)] for _, row in sorted(rows.items(), reverse=True)]
    own = tables.risk[(tables.risk["analysis"] == "by_use") & (tables.risk["time"] <= axes.get_xlim()[1])]
    groups = [part for _, part in own.groupby("group", sort=False)]
    expected = [part[column].to_list() for column in ("n_risk", "cum_events") for part in groups]
    assert printed == expected


def test_key_shows_events_medians_and_the_p_value(draw):
    shown = [text.get_text() for text in drawn_texts(draw("two"))]
    assert "Log-rank P < 0.001" in shown
    assert any(re.fullmatch(r"\d+ / 359", text) for text in shown)
    assert any(re.fullmatch(r"\d+\.\d \(\d+\.\d to NR\)", text) for text in shown)
    assert "Overall log-rank P < 0.001" in [text.get_text() for text in drawn_texts(draw("four"))]


def test_an_effect_has_a_line_with_its_own_p_value(tables, kinetics):
    effect = {"analysis": "cox", "statistic": "hazard_ratio", "term": "X: b vs a", "label": "Adjusted HR"}
    row = {"analysis": "cox", "group": "", "term": "X: b vs a", "statistic": "hazard_ratio", "value": 0.78, "n": 452}
    limits = {"ci_low": 0.49, "ci_high": 1.25, "p_value": 0.3}
    estimates = pd.concat([tables.estimates, pd.DataFrame([row | limits])])
    for name in ("two", "narrow"):
        spec = {**SPECS[name], "effect": effect}
        figure = draw_figure(spec, tables.curves, tables.risk, estimates, kinetics, {}, MARK)
        expected = "Adjusted HR 0.78 (95% CI 0.49 to 1.25), P = 0.30, n = 452\nLog-rank P < 0.001"
        shown = [text.get_text() for text in drawn_texts(figure)]
        assert any(" ".join(text.split()) == " ".join(expected.split()) for text in shown)
        assert name == "narrow" or expected in shown
        assert_nothing_overlaps(figure)


@pytest.mark.parametrize(("name", "statistic"), [("four", "median_months"), ("incidence", "cumulative_incidence")])
def test_a_value_read_where_few_are_at_risk_bears_a_dagger(tables, kinetics, name, statistic):
    rows = tables.estimates
    few = (rows["statistic"] == statistic) & rows["group"].isin(["Third or another drug", "Treatment"])
    none = (rows["statistic"] == statistic) & (rows["group"] == "No treatment")
    reasons = np.select([few, none], ["fewer than 5 at risk (3)", "no event so far: no confidence interval"], "")
    marked = rows.assign(status="ok", reason=reasons)
    figure = draw_figure(SPECS[name], tables.curves, tables.risk, marked, kinetics, {}, MARK)
    shown = [text.get_text() for text in drawn_texts(figure)]
    assert sum(text.endswith("‡") for text in shown) == sum(text.endswith("†") for text in shown) == 1
    remark = next(text for text in shown if "P " in text)
    assert remark.splitlines()[1:] == ["† no event so far: no confidence interval", "‡ fewer than 5 at risk"]
    assert_nothing_overlaps(figure)
    assert min(text.get_fontsize() for text in drawn_texts(figure)) >= 8


def test_states_show_the_denominator_of_every_bar_and_no_state_is_lost(draw, kinetics):
    figure = draw("states")
    shown = [text.get_text() for text in drawn_texts(figure)]
    seen = kinetics[kinetics["assessed"]].groupby("timepoint", sort=False)["n"].sum()
    assert all(shown.count(str(n)) >= 1 for n in seen)
    for axes, total in zip(figure.axes, (100, 153), strict=True):
        tops: dict[float, float] = {}
        for patch in axes.patches:
            x = round(patch.get_x(), 3)
            tops[x] = max(tops.get(x, 0), patch.get_y() + patch.get_height())
        assert len(tops) == 7
        assert list(tops.values()) == pytest.approx([total] * 7)


def test_a_state_keeps_its_look_when_another_does_not_occur(tables, kinetics):
    def look(rows: pd.DataFrame) -> dict:
        figure = draw_figure(SPECS["states"], None, None, tables.estimates, rows, {}, "")
        swatches = [artist for artist in figure.artists if isinstance(artist, mpl.patches.Rectangle)]
        names = [text.get_text() for text in figure.texts if text.get_text() in set(rows["state"]) | {"Assessed"}]
        looks = [(patch.get_facecolor(), patch.get_hatch()) for patch in swatches]
        return dict(zip(names, looks, strict=True))

    without = kinetics.assign(n=kinetics["n"].where(kinetics["state"] != "Died", 0))
    full, partial = look(kinetics), look(without)
    assert "Died" in full and "Died" not in partial
    assert partial == {state: full[state] for state in partial}


def test_words_that_do_not_fit_are_an_error_that_says_so(draw, tables, kinetics):
    with pytest.raises(StudyError, match="too wide; give it a shorter label"):
        draw("states", labels={"m3": "incomprehensibilities"})
    with pytest.raises(StudyError, match="wider than its panel"):
        draw("narrow", labels={"Treatment": "A treatment with a very long name that nobody can print"})
    with pytest.raises(StudyError, match="no room for the curves"):
        draw("four", height_mm=60)
    with pytest.raises(ValueError, match="at most"):
        draw("four", width_mm=300)


def test_unknown_analysis_or_kind_is_an_error(draw):
    with pytest.raises(StudyError, match="'by_user'"):
        draw("two", analysis="by_user")
    with pytest.raises(StudyError, match=r"figure two: there is no kind 'kaplan_maier'\. Did you mean 'kaplan_meier'"):
        draw("two", kind="kaplan_maier")


def test_written_files_and_the_tables_behind_them(tables, kinetics, tmp_path):
    spec = SPECS["panels"]
    paths = write_figure(spec, tables.curves, tables.risk, tables.estimates, kinetics, {}, MARK, tmp_path)
    names = ["panels.pdf", "panels.svg", "panels.png", "panels.csv", "panels_numbers.csv"]
    assert [path.name for path in paths] == names
    behind = pd.read_csv(tmp_path / "panels.csv")
    assert set(behind["analysis"]) == {"by_use", "by_type"}
    sources = figure_sources(SPECS["states"], None, None, tables.estimates, kinetics)
    assert list(sources) == ["", "_numbers"]


def test_csv_readers_missing_groups_are_read_as_no_group(tables, kinetics):
    raw = tables.estimates.assign(group=tables.estimates["group"].replace("", np.nan))
    figure = draw_figure(SPECS["two"], tables.curves, tables.risk, raw, kinetics, {}, "")
    assert "Log-rank P < 0.001" in [text.get_text() for text in drawn_texts(figure)]


def test_grey_print_keeps_ordered_states_apart():
    def lightness(color: str) -> float:
        return float(np.dot(mpl.colors.to_rgb(color), (0.2126, 0.7152, 0.0722)))

    ramp = [lightness(color) for color in style.STATE_COLORS]
    assert all(later - earlier > 0.08 for earlier, later in pairwise(ramp))
    assert all(abs(lightness(style.WORST_COLOR) - step) > 0.08 for step in ramp)


def test_the_worst_state_has_a_bold_dark_outline(draw):
    bars = [patch for patch in draw("states").axes[0].patches if patch.get_hatch() == style.WORST_HATCH]
    assert bars
    assert {patch.get_edgecolor() for patch in bars} == {mpl.colors.to_rgba(style.WORST_EDGE)}
    assert min(patch.get_linewidth() for patch in bars) >= 1
