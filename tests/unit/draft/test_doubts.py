"""What must never be guessed stays open, and says why."""

from __future__ import annotations

import pytest

from multicenter.dictionary import Variable
from multicenter.draft.evidence import Fit
from multicenter.draft.facts import split_legend
from multicenter.draft.headers import Units
from multicenter.draft.propose import Candidate, Proposal
from multicenter.draft.vocabulary import Name
from multicenter.draft.yamltext import column_lines

DAYS = ["03/05/19", "04/06/19", "07/08/18", "11/12/17", "01/02/18", "09/10/19"]
WORDS = ["yes", "no", "yes", "no", "no", "yes"]


def cycle(values: list[str], n: int = 30) -> list[str]:
    return [values[i % len(values)] for i in range(n)]


def numbers(start: float, step: float, n: int = 30, digits: int = 1) -> list[str]:
    return [f"{start + step * (7 * i % n):.{digits}f}" for i in range(n)]


def test_sex_coded_without_a_code_book_is_never_guessed(column):
    found = column("성별", cycle(["1", "2"]))
    assert not found.sure
    assert found.candidates[0].slot == ("patient", "", "sex")
    assert found.spec == {"to": "sex", "codes": {"1": "?", "2": "?"}}
    assert found.ask == ["codes without a code book: 1 (15), 2 (15); what do they mean?"]


@pytest.mark.parametrize(
    "header",
    [
        "성별 (남=1/여=2)",
        "성별 (남=1, 여=2)",
        "성별 (남=1 / 여=2)",
        "Sex (M=1/F=2)",
        "Sex [male: 1 | female: 2]",
        "Sex M=1 F=2",
        "sex (1:male / 2:female)",
    ],
)
def test_a_code_book_in_the_header_counts_whichever_side_the_codes_stand_on(column, header):
    found = column(header, cycle(["1", "2"]))
    assert found.sure
    assert found.spec == {"to": "sex", "codes": {"1": "M", "2": "F"}}


@pytest.mark.parametrize("header", ["성별 (남=1, 여=1)", "성별 (1:남, 1:여)", "성별 (남=1)"])
def test_half_a_code_book_is_none(header):
    assert split_legend(header) == (header, {})


def test_a_chain_of_codes_is_read_from_the_side_that_explains_more():
    assert split_legend("성별 (남=1:여=2:기타=3)") == ("성별", {"1": "남", "2": "여", "3": "기타"})
    assert split_legend("성별 (1=남:2=여:3=기타)") == ("성별", {"1": "남", "2": "여", "3": "기타"})


@pytest.mark.parametrize("codes", [["M", "F"], ["남", "여"], ["Male", "female"]])
def test_sex_in_words_is_sure(column, codes):
    found = column("Gender", cycle(codes))
    assert found.sure
    assert found.spec["to"] == "sex"


def test_one_unknown_code_among_known_ones_leaves_the_column_open(column):
    found = column("sex", [*cycle(["M", "F"], 26), "U", "U", "U", "U"])
    assert not found.sure
    assert found.spec == {"to": "sex", "codes": ["sex", {"U": "?"}]}
    assert "values that nothing explains: U (4)" in found.ask[0]


def test_dates_whose_order_nothing_proves_are_open(column):
    found = column("진단일", cycle(DAYS))
    assert not found.sure
    assert any(ask.startswith("the dates can be read as ") and "DD/MM/YY or MM/DD/YY" in ask for ask in found.ask)
    ways = [found.spec, *found.candidates[0].fit.others]
    assert [way["dates"]["formats"] for way in ways][:2] == [["DD/MM/YY"], ["MM/DD/YY"]]


def test_days_beyond_twelve_prove_the_order(column):
    found = column("진단일", [f"{1 + 7 * i % 28:02d}/{1 + i % 12:02d}/{2015 + i % 6}" for i in range(40)])
    assert found.sure
    assert found.spec == {"to": "dx_date", "dates": {"formats": ["DD/MM/YYYY"]}}


@pytest.mark.parametrize("clock", [" 00:00:00", "T00:00:00", "T00:00:00.000", " 0:00"])
@pytest.mark.parametrize(
    ("form", "way"), [("{y}-{m:02d}-{d:02d}", {}), ("{m}/{d}/{y}", {"dates": {"formats": ["MM/DD/YYYY"]}})]
)
def test_a_time_behind_the_dates_hides_nothing(column, form, way, clock):
    days = [form.format(y=2015 + i % 6, m=1 + i % 12, d=1 + 7 * i % 28) + clock for i in range(40)]
    found = column("Dx date", days)
    assert found.sure
    assert found.spec == {"to": "dx_date", **way}


def test_two_digit_years_that_could_be_days_are_open(column):
    found = column("dx date", [f"{13 + i % 6:02d}/{1 + i % 12:02d}/{13 + (i + 2) % 6:02d}" for i in range(40)])
    assert not found.sure


def test_year_first_needs_no_declaration(column):
    found = column("Date of diagnosis", [f"{2013 + i % 7}.{1 + i % 12}.{1 + i % 28}" for i in range(30)])
    assert found.sure
    assert found.spec == {"to": "dx_date"}


@pytest.mark.parametrize(("system", "first"), [("excel1900", 42500), ("sas", 20500), ("yyyymmdd", 20160101)])
def test_serials_are_told_by_the_only_system_that_fits(column, system, first):
    found = column(
        "Date of transplantation", [str(first + 61 * i % 1800 if first < 1e6 else first + i % 28) for i in range(40)]
    )
    assert found.spec["dates"] in ({"system": system}, {"formats": [system.upper()]})


def test_serials_that_fit_two_systems_are_open(column):
    found = column("last visit", [str(43000 + i) for i in range(40)])  # 2017, or 2021 in the other system
    assert not found.sure
    assert "the dates can be read as numbers of excel1900 or numbers of excel1904" in found.ask


@pytest.mark.parametrize("header", ["생존여부", "Vital status", "Alive"])
@pytest.mark.parametrize("codes", [["0", "1"], ["Y", "N"]])
def test_a_status_in_bare_codes_could_mean_the_opposite(column, header, codes):
    found = column(header, cycle(codes))
    assert not found.sure
    assert found.candidates[0].slot == ("patient", "", "death_yn")
    assert set(found.spec["codes"].values()) == {"?"}


def test_a_status_in_words_speaks_for_itself(column):
    found = column("생존여부", cycle(["생존", "생존", "사망"]))
    assert found.sure
    assert found.spec == {"to": "death_yn", "codes": "vital_status"}


def test_a_flag_that_only_says_yes_may_mean_no_by_a_blank(column):
    found = column("SPM", ["Y", *[""] * 29])
    assert not found.sure
    assert found.ask == ["only yes and 29 blank cells: does a blank mean no (then add empty: 0)?"]


@pytest.mark.parametrize(
    "header",
    [
        "Hb at relapse (g/dL)",
        "last Hb (g/dL)",
        "Hb (g/dL) day 100",
        "donor Hb (g/dL)",
        "추적관찰 Hb(g/dL)",
        "Hb2 (g/dL)",
    ],
)
def test_another_time_or_person_is_never_the_baseline_value(column, header):
    assert not column(header, numbers(8, 0.2)).sure


@pytest.mark.parametrize(
    "header", ["Hb (g/dL)", "hgb_g_dl", "혈색소(g/dL)", "Hemoglobin at diagnosis [g/dL]", "Baseline Hb, g/dL"]
)
def test_the_baseline_value_by_many_names(column, header):
    found = column(header, numbers(8, 0.2))
    assert found.sure, found.ask
    assert found.spec == {"to": "hb", "unit": "g/dL"}


def test_the_unit_of_the_header_counts_before_the_distribution(column):
    assert column("Hb (g/L)", numbers(80, 2, digits=0)).spec == {"to": "hb", "unit": "g/L"}


def test_a_header_unit_that_the_distribution_contradicts_is_open(column):
    found = column("Hb (g/L)", numbers(8, 0.2))
    assert not found.sure
    assert "the header says g/L, which does not fit the distribution (g/dL would fit)" in found.ask


def test_no_unit_but_one_that_fits(column):
    assert column("Albumin", numbers(30, 0.5)).spec == {"to": "alb", "unit": "g/L"}


def test_no_unit_and_nothing_to_compare_with_is_open(column):
    found = column("FLC kappa", numbers(10, 40))
    assert not found.sure
    assert found.spec == {"to": "flc_kappa", "unit": "?"}
    assert found.ask[0].startswith("no unit in the header, and nothing to compare with: it may be mg/L or ")


def test_an_unknown_unit_is_open(column):
    found = column("B2M (mIU/mL)", numbers(2, 0.3))
    assert not found.sure
    assert "the header's unit 'mIU/mL' is not one that mg/L can be made of" in found.ask


def test_a_heap_of_99_is_asked(column):
    found = column("BM plasma cell (%)", [*numbers(10, 2, 24, 0), *["99"] * 6])
    assert not found.sure
    assert "does 99 (in 6 cells) mean missing?" in found.ask


def test_words_for_missing_and_below_detection_are_declared(column):
    found = column("Serum M protein (g/dL)", [*numbers(1, 0.2, 20), "trace", "ND", "ND", "N/A"])
    assert found.sure
    assert found.spec == {"to": "mprot_serum", "missing": ["ND", "N/A"], "below_detection": ["trace"], "unit": "g/dL"}


def test_a_word_for_missing_that_may_be_a_level_is_asked(column):
    found = column("Cause of death", [*cycle(["MM", "infection"], 20), "모름", "모름", "모름"])
    assert not found.sure
    assert found.ask == ["모름 (3): missing, or the level unknown?"]


def test_an_age_that_does_not_say_when_is_open(column):
    found = column("Age", numbers(45, 1, digits=0))
    assert not found.sure


def test_drugs_give_themselves_away_but_are_not_sure_by_that(column):
    found = column("M1", cycle(["레블리미드", "탈리도마이드", "벨케이드", "닌라로"]))
    assert not found.sure
    assert found.candidates[0].slot == ("maintenance", "1", "drug")


def test_what_no_free_text_mentions_is_asked(column):
    signed = ["17p del (-), t(4;14) (+), t(14;16) (-)", "17p del (-), t(4;14) (-), t(14;16) (+)", "미시행"]
    found = column("FISH 결과", [f'"{text}"' for text in cycle(signed)])
    assert found.sure
    assert found.spec == {"read": ["fish_words", "fish_main"]}
    found = column("FISH 결과", [f'"{text}"' for text in cycle(["t(4;14) (+)", "all negative", "1q gain 3 copies"])])
    assert not found.sure
    assert found.spec == {"read": ["fish_words", "fish_main", "fish_other"]}
    silent = "del17p = 0, t_14_16 = 0, t_14_20 = 0, t_11_14 = 0, del13q = 0"
    assert found.ask == [f"no text mentions them, and the reader would take {silent}; is that so?"]


def test_texts_that_no_reader_understands_are_asked(column):
    found = column(
        "유지약제", [*cycle(["레블리미드 10mg", "탈리도마이드 50mg +dexa"], 28), "신약 임상시험", "벨케이드 주 1회"]
    )
    assert not found.sure
    assert "texts that the reader does not understand: like 가+ 가 9가 (1), like 가+ 가+ (1)" in found.ask


def test_two_columns_of_one_meaning_are_both_open(drafted):
    cells = numbers(8, 0.2)
    lines = ["ID,Hb (g/dL),Hemoglobin (g/dL)", *(f"P{100 + i},{c},{c}" for i, c in enumerate(cells))]
    found = drafted("\n".join(lines) + "\n").sources[0].proposals
    assert [p.sure for p in found.values()] == [False, False]


def test_dates_in_the_wrong_order_are_open(drafted):
    days = [f"2018-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(20)]
    later = [f"2019-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(20)]
    rows = [f"P{100 + i},{b},{a}" for i, (a, b) in enumerate(zip(days, later, strict=True))]
    found = drafted("\n".join(["ID,Date of diagnosis,Induction start", *rows]) + "\n").sources[0].proposals
    ask = "in 100% of the rows diagnosis is after the start of induction"
    assert [(p.sure, p.ask) for p in found.values()] == [(False, [ask]), (False, [ask])]


def test_an_empty_column_is_open(column):
    found = column("사망일", [""] * 20)
    assert not found.sure
    assert found.ask[0] == "the column has no filled cell"


def test_nothing_known_is_open(column):
    found = column("보험종류", cycle(["건강보험", "의료급여"]))
    assert (found.sure, found.candidates, found.ask) == (False, [], ["nothing in the dictionary resembles it"])


@pytest.mark.parametrize(
    ("header", "rest", "units", "shown"),
    [
        ("Hb (g/dL)", "Hb  ", ("g/dL",), "g/dL"),
        ("ldh_u_l", "ldh_", ("U/L", "/uL"), "u/l"),
        ("PLT x10^9/L", "PLT ", ("10^9/L",), "x10^9/L"),
        ("혈소판(천/㎕)", "혈소판 ", ("10^3/uL",), "천/μl"),
        ("골수형질세포%", "골수형질세포", ("%",), "%"),
        ("t(4;14)", "t(4;14)", (), ""),
        ("Last F/U", "Last F/U", (), ""),
        ("birth year", "birth year", (), ""),
        ("Age (years)", "Age  ", ("year",), "years"),
        ("dose_mg", "dose_", (), "mg"),
    ],
)
def test_units_in_headers(desk, header, rest, units, shown):
    assert isinstance(desk.vocabulary.lexicon.units, Units)
    assert desk.vocabulary.lexicon.units.take(header) == (rest, units, shown)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("유지시작일2", ("maintenance", "start", "date", "2")),
        ("dxDate", ("diagnosis", "date")),
        ("last_fu_dt", ("last", "fu", "date")),
        ("Date of 2nd ASCT", ("date", "2", "nd", "transplantation")),
        ("FLC κ(mg/L)", ("flc", "kappa")),
        ("사망일자", ("death", "date")),
        ("most recent LDH", ("most", "recent", "ldh")),
    ],
)
def test_the_words_of_headers(desk, header, words):
    assert desk.vocabulary.header(header).words == words


@pytest.mark.parametrize(
    ("header", "slot"),
    [
        ("RES_3M", ("response", "m3", "response")),
        ("6개월 반응", ("response", "m6", "response")),
        ("Resp m12", ("response", "m12", "response")),
        ("ASCT2 date", ("transplant", "2", "asct_date")),
        ("2차이식일", ("transplant", "2", "asct_date")),
        ("maint drug 2", ("maintenance", "2", "drug")),
        ("1st ASCT / Conditioning", ("transplant", "1", "conditioning")),
        ("이식후 반응 평가일", ("response", "post_asct", "response_date")),
        ("Best response", ("response", "best", "response")),
        ("FISH / 17p del", ("patient", "", "del17p")),
        ("Laboratory at diagnosis / Cr", ("patient", "", "cr")),
        ("Date of second transplantation", ("transplant", "2", "asct_date")),
    ],
)
def test_wide_headers_name_their_record(desk, header, slot):
    names = desk.vocabulary.names(desk.vocabulary.header(header), "patient")
    best = max(names, key=lambda s: (names[s].exact, names[s].score))
    assert (best, names[best].exact) == (slot, True)


def test_high_risk_by_sign_is_offered(column):
    found = column("HR_FISH", cycle(["neg", "pos", "neg"]))
    assert found.candidates[0].slot == ("patient", "", "cyto_high")
    assert found.spec == {"to": "cyto_high", "codes": "sign"}


@pytest.mark.parametrize("header", ["Hb (g/L)", "Hb g/L"])
def test_a_number_is_outside_only_in_its_own_unit(column, header):
    found = column(header, [*numbers(90, 1.0, 29), "99.0"])
    assert found.sure
    assert found.spec == {"to": "hb", "unit": "g/L"}


def test_a_number_outside_in_every_unit_is_asked(column):
    found = column("Hb (g/L)", [*numbers(90, 1.0, 29), "999"])
    assert "does 999 (in 1 cells) mean missing?" in found.ask


def test_a_bracket_around_more_than_the_unit_is_none_of_it(column):
    found = column("Albumin (serum, g/L)", numbers(30, 0.4))
    assert found.sure
    assert "the header gives g/L" in found.why


def test_what_a_column_may_be_stands_in_the_order_of_its_score():
    def candidate(name, score):
        fit, variable = Fit(score, {"to": name}), Variable(table="patient", name=name, label="", type="flag")
        return Candidate(("patient", "", name), Name(score, False, "alike"), fit, variable)

    weak, strong = candidate("weak", 0.6), candidate("strong", 0.8)
    proposal = Proposal("x", False, {"to": "weak", "codes": {"1": "?"}}, 0.6, [], ["which?"], [weak, strong])
    assert column_lines("x", proposal) == [
        "      # open: which?",
        "      x:",
        "        open:",
        "          - strong  # 0.80 alike",
        "          - {to: weak, codes: {'1': '?'}}  # 0.60 alike",
        "          - {drop: 'why?'}",
    ]
