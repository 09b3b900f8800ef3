"""A re-extract against the accepted delivery: what stops the center, in which words, and what passes."""

from __future__ import annotations

import pandas as pd
import pytest
from center_over_time import Center, csv

from multicenter.harmonize.check import check_center
from multicenter.yamlfile import read_yaml

N = 12


@pytest.fixture
def small(tmp_path, dictionary, codes, checks) -> Center:
    """A csv of 12 patients, accepted."""
    columns = {
        "sex": {"to": "sex", "codes": {"1": "M", "2": "F"}},
        "pd": {"to": "pd_yn", "codes": {"0": 0, "1": 1}},
        "kappa": {"to": "flc_kappa", "unit": "mg/L"},
        "dx": "dx_date",
        "last": "last_fu_date",
        "when": "pd_date",
        "m6": {"to": "response[m6].response", "codes": "response"},
        "memo": {"drop": "free text"},
    }
    source = {"format": "csv", "encoding": "utf-8", "id": "id", "columns": columns}
    center = Center(tmp_path, "XX", {"center": "XX", "sources": {"main": source}}, dictionary, codes, checks)
    center.accept(center.receive("x.csv", csv(frame()), "2023-08-12"))
    return center


def frame() -> pd.DataFrame:
    at = range(N)
    return pd.DataFrame(
        {
            "id": [f"P{i:02d}" for i in at],
            "sex": [str(1 + (i % 3 == 0)) for i in at],
            "pd": [str(int(i % 4 == 0)) for i in at],
            "kappa": [f"{12.5 + 7 * i}" for i in at],
            "dx": [f"2019-{1 + i % 9:02d}-{2 + i % 9:02d}" for i in at],
            "last": [f"2023-0{1 + i % 6}-1{i % 9}" for i in at],
            "when": [f"2022-0{1 + i % 9}-05" if i % 4 == 0 else "" for i in at],
            "m6": ["CR" if i % 2 else "PR" for i in at],
            "memo": ["" for i in at],
        }
    )


ADVICE = (
    "Compared with the accepted delivery of 2023-08-12 (sha {}). What is right after all can be accepted in "
    "config/centers/XX.yaml (one entry a decision; leave out what is not; say why, who and when):"
)


def problems(center: Center, new: pd.DataFrame, **more) -> list[str]:
    """The lines about the delivery, without the summary and the advice."""
    lines = center.stopped_by("x.csv", csv(new), **more)
    advice = [i for i, line in enumerate(lines) if line.startswith("Compared with")]
    return lines[1 : advice[0] if advice else None]


def test_an_update_that_goes_on_passes_and_is_listed(small):
    new = frame()
    new["last"] = "2023-12-01"  # after the accepted data cut
    new.loc[1:5, ["pd", "when"]] = [["1", f"2023-09-0{i}"] for i in range(1, 6)]
    new.loc[3, "kappa"] = "99"
    new = pd.concat([new, new.tail(1).assign(id="P12")])
    done = small.receive("x.csv", csv(new), "2024-01-20", cut="2023-12-31")
    changes = done.changes.set_index(["variable", "patient_id"])
    assert (changes.loc["last_fu_date", "new"] == "2023-12-01").all()
    assert len(changes.loc["last_fu_date"]) == N
    assert changes.loc[("pd_date", "P01"), ["table", "item", "old", "new"]].tolist() == [
        "patient",
        "",
        "",
        "2023-09-01",
    ]
    assert changes.loc[("flc_kappa", "P03"), ["old", "new"]].tolist() == ["33.5", "99"]
    assert "P12" not in set(done.changes["patient_id"])
    assert done.receipt["replaces"] == small_sha(small)


def small_sha(center: Center) -> str:
    import hashlib

    return hashlib.sha256(csv(frame())).hexdigest()[:12]


def test_the_first_delivery_has_nothing_to_be_compared_with(small):
    assert (small.accepted / "changes.csv").read_text() == "table,variable,patient_id,item,old,new\n"


def test_a_changed_mapping_of_the_same_delivery_is_no_drift_and_keeps_what_was_said(small):
    new = frame()
    new.loc[3, "kappa"] = "99"
    first = small.accept(small.receive("x.csv", csv(new)))
    small.config["sources"]["main"]["columns"]["sex"]["codes"] = {"1": "F", "2": "M"}
    again = small.receive("x.csv", csv(new))
    assert again.changes.to_numpy().tolist() == first.changes.to_numpy().tolist() != []
    assert again.receipt["replaces"] == first.receipt["replaces"] == small_sha(small)


def test_an_accepted_delivery_that_is_not_complete_cannot_be_compared_with(small):
    (small.accepted / "patient.parquet").unlink()
    new = frame().drop(index=[2])
    assert small.stopped_by("x.csv", csv(new)) == [
        f"{small.accepted}: patient.parquet of the accepted delivery of 2023-08-12 (sha {small_sha(small)}) is "
        "missing. Bring it back, or remove the folder to accept without comparing"
    ]
    assert small.receive("x.csv", csv(frame())).changes.empty


def test_lost_patients(small):
    lines = small.stopped_by("x.csv", csv(frame().drop(index=[2, 5])))
    assert lines[:3] == [
        "XX: 1 problem stops this delivery",
        "x.csv, column id: 2 of the 12 accepted patients are gone: P02, P05. Ask the center for them.",
        ADVICE.format(small_sha(small)),
    ]
    assert lines[3:5] == ["accepted_changes:", f'  - delivery: "{sha(frame().drop(index=[2, 5]))}"']
    assert lines[5:] == ["    change: lost_patients", '    ids: ["P02", "P05"]', "    reason:", "    decided_by:",
                         "    decided_on:"]  # fmt: skip


def sha(new: pd.DataFrame) -> str:
    import hashlib

    return hashlib.sha256(csv(new)).hexdigest()[:12]


def test_ids_in_another_form(small):
    new = frame()
    new["id"] = new["id"].str.removeprefix("P").str.lstrip("0").replace("", "0")
    assert problems(small, new.iloc[1:]) == [
        "x.csv, column id: 12 of the 12 accepted patients are gone: P00, P01, P02, P03, P04 and 7 more. "
        "Ask the center for them. Or are the ids written in another way (P01 as 1)? Then declare id.pattern or id.pad."
    ]


def test_a_renamed_column_is_found_by_its_content(small):
    new = frame().rename(columns={"kappa": "FLC K", "dx": "Dx date"})
    new.loc[4, "FLC K"] = "1"
    assert problems(small, new) == [
        "x.csv, column Dx date: column 'dx' is gone; new column 'Dx date' holds the same values in 100 % of the "
        "patients (12 of 12). If it is the same, write 'Dx date' for 'dx' in config/centers/XX.yaml.",
        "x.csv, column FLC K: column 'kappa' is gone; new column 'FLC K' holds the same values in 91 % of the "
        "patients (11 of 12). If it is the same, write 'FLC K' for 'kappa' in config/centers/XX.yaml.",
    ]


def test_a_mapping_that_follows_the_new_name_is_all_that_a_renamed_column_needs(small):
    columns = small.config["sources"]["main"]["columns"]
    columns["FLC K"] = columns.pop("kappa")
    assert small.receive("x.csv", csv(frame().rename(columns={"kappa": "FLC K"}))).changes.empty


def test_added_and_removed_columns_without_a_match(small):
    new = frame().drop(columns="kappa").assign(note="x")
    assert problems(small, new) == [
        "x.csv, column kappa: the column is missing; the accepted delivery has 12 filled cells in it. "
        "Correct the name in config/centers/XX.yaml or ask the center.",
        "x.csv, column note: the column (12 filled cells) is not mapped. "
        "Map it or drop it with a reason in config/centers/XX.yaml.",
    ]


def test_a_column_that_is_taken_out_of_the_mapping_has_to_be_meant(small):
    del small.config["sources"]["main"]["columns"]["kappa"]
    assert problems(small, frame().drop(columns="kappa")) == [
        "config/centers/XX.yaml, column kappa: patient.flc_kappa: no column gives it any more; 12 known values would "
        "be lost. Map a column to it, or ask the center."
    ]


def test_an_added_code_is_named_with_what_its_patients_had_before(small):
    new = frame()
    new["sex"] = new["sex"].replace("2", "W")
    assert problems(small, new) == [
        "x.csv, row 2, column sex: the value 'W' (4 cells) is not mapped. Add it to this column in "
        "config/centers/XX.yaml. The accepted delivery has 'F' for 4 of the 4 patients with it who are known there."
    ]


def test_exchanged_codes(small):
    new = frame()
    new["pd"] = new["pd"].map({"0": "1", "1": "0"})
    assert problems(small, new) == [
        "x.csv, column pd: 3 of 3 rows are contradictory against 'when' (progression_date_against_status), as of P00: "
        "no progression is stated, but a date of progression (2022-01-05) is given; until this is answered, the date "
        "counts. So many are no errors of patients: is a column mapped to the wrong variable, or are its codes or "
        "dates read in the wrong way? Correct the mapping, or ask the center.",
        "x.csv, column pd: patient.pd_yn: two codes are exchanged: '0' is now '1' in 9 of 9, '1' is now '0' in 3 of 3 "
        "known patients. Correct the codes of this column, or ask the center.",
    ]


def test_a_code_that_means_another_level(small):
    new = frame()
    new["m6"] = new["m6"].replace("PR", "SD")
    assert problems(small, new) == [
        "x.csv, column m6: response.response: codes mean something else: 'PR' is now 'SD' in 6 of 6 known patients. "
        "Correct the codes of this column, or ask the center."
    ]


def test_another_unit_where_the_usual_median_is_not_known(small):
    new = frame()
    new["kappa"] = [f"{float(k) / 10:.3g}" for k in new["kappa"]]
    assert problems(small, new) == [
        "x.csv, column kappa: patient.flc_kappa: the numbers of 12 of 12 known patients are 1/10 of the accepted ones: "
        "mg/dL, not mg/L. Declare unit: mg/dL for this column, or ask the center."
    ]
    small.config["sources"]["main"]["columns"]["kappa"]["unit"] = "mg/dL"
    assert len(small.receive("x.csv", csv(new)).changes) < 3  # what rounding took away


def test_a_factor_that_is_no_known_unit(small):
    new = frame()
    new["kappa"] = [f"{float(k) * 2.5:.6g}" for k in new["kappa"]]
    assert problems(small, new) == [
        "x.csv, column kappa: patient.flc_kappa: the numbers of 12 of 12 known patients are 2.5 times the accepted "
        "ones; no unit in variables.yaml fits. Ask the center for the unit and declare it."
    ]


def days_later(dates: pd.Series, days: int) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in pd.to_datetime(dates) + pd.Timedelta(days=days)]


def test_another_date_system(small):
    new = frame()
    new["dx"] = days_later(new["dx"], -1462)
    assert problems(small, new)[0] == (
        "x.csv, column dx: patient.dx_date: 12 of 12 known dates lie 1462 days earlier, the distance of the date "
        "systems excel1900 and excel1904. Declare dates.system as the file has it, or ask the center."
    )


def test_another_date_system_that_leaves_the_range(small):
    new = frame()
    new["dx"] = days_later(new["dx"], 1462)
    assert problems(small, new) == [
        "x.csv, column dx: 12 of 12 filled cells cannot be read as dx_date (out_of_range): '2023-01-03' (row 2), "
        "'2023-02-04' (row 3), '2023-03-05' (row 4). Declare how they are written in config/centers/XX.yaml, or ask "
        "the center. In the patients known before it is 1462 days later than accepted (12 of 12), the distance of the "
        "date systems excel1900 and excel1904."
    ]


def test_exchanged_day_and_month(small):
    new = frame()
    new["dx"] = [f"{d:%Y-%d-%m}" for d in pd.to_datetime(new["dx"])]
    assert problems(small, new) == [
        "x.csv, column dx: patient.dx_date: day and month are exchanged in 12 of 12 known dates: "
        "P00 2019-01-02 → 2019-02-01. Declare dates.formats as the file has them, or ask the center."
    ]


def test_many_changed_values(small):
    new = frame()
    new.loc[[1, 4, 8], "kappa"] = ["77", "3", ""]
    assert problems(small, new) == [
        "x.csv, column kappa: patient.flc_kappa: 3 of 12 known values (25 %) changed, in no common way: P01 19.5 → "
        "77, P04 40.5 → 3, P08 68.5 → blank. Ask the center why."
    ]
    done = small.receive("x.csv", csv(new), share=0.3)
    assert done.changes["new"].tolist() == ["77", "3", ""]
    assert small.receive("x.csv", csv(new), cells=4).changes["old"].tolist() == ["19.5", "40.5", "68.5"]


def test_lost_records(small):
    new = frame()
    new.loc[:4, "m6"] = ""
    assert problems(small, new) == [
        "x.csv: 5 of 12 records response[m6] of known patients are gone, of P00, P01, P02, P03, P04. "
        "Ask the center for them."
    ]


def test_records_whose_column_is_taken_out_of_the_mapping_are_lost_too(small):
    del small.config["sources"]["main"]["columns"]["m6"]
    assert problems(small, frame().drop(columns="m6")) == [
        "x.csv: 12 of 12 records response[m6] of known patients are gone, of P00, P01, P02, P03, P04 and 7 more. "
        "Ask the center for them."
    ]


def test_a_change_passes_if_just_it_is_accepted_for_just_this_delivery(small):
    new = frame().drop(index=[2, 5])
    new.loc[[1, 4, 8], "kappa"] = ["77", "3", ""]
    who = {"reason": "withdrew consent", "decided_by": "N. N.", "decided_on": "2024-02-01"}
    lost = {"delivery": sha(new), "change": "lost_patients", "ids": ["P02", "P05"], **who}
    values = {"delivery": sha(new), "change": "values", "columns": ["kappa"], **who}
    other = {"delivery": "0" * 12, **{key: entry for key, entry in values.items() if key != "delivery"}}
    for accepted, kinds in (
        ([], ["lost_patients", "values"]),
        ([lost], ["values"]),
        ([lost, other], ["values"]),
        ([lost, {**values, "columns": ["dx"]}], ["values"]),
        ([{**lost, "ids": ["P02"]}, values], ["lost_patients"]),
    ):
        small.config["accepted_changes"] = accepted
        lines = small.stopped_by("x.csv", csv(new))
        assert [line.split()[1] for line in lines if line.startswith("    change:")] == kinds
    small.config["accepted_changes"] = [lost, values]
    assert len(small.receive("x.csv", csv(new)).tables["patient"]) == 10


def test_what_is_printed_can_be_pasted_once_it_is_signed(small, tmp_path, dictionary, codes):
    lines = small.stopped_by("x.csv", csv(frame().drop(index=[2, 5])))
    text = "\n".join(lines[lines.index("accepted_changes:") :])
    pasted = tmp_path / "pasted.yaml"
    signed = text.replace("reason:", "reason: moved").replace("by:", "by: N. N.").replace("on:", "on: 2024-02-01")
    pasted.write_text(signed.replace("reas2024-02-01", "reason"), encoding="utf-8")
    small.config |= read_yaml(pasted)
    assert len(small.receive("x.csv", csv(frame().drop(index=[2, 5]))).tables["patient"]) == 10


def test_an_accepted_change_that_names_nothing_is_a_mistake(small):
    dictionary, codes, _ = small.known
    small.config["accepted_changes"] = [{"delivery": "0" * 12, "change": "unit", "ids": ["P01"]}]
    assert check_center(small.config, dictionary, codes) == [
        "accepted_changes, entry 1: unit needs 'columns'; paste it as printed."
    ]
