"""What a receipt says of a delivery, and where a stopped center can be held."""

import hashlib
import json
import os
from pathlib import Path

from multicenter.deliveries import delivery_name, delivery_sha, hold_hints, read_receipt
from multicenter.doorway import PROBLEM, stopped_since

A, B = "a" * 64, "b" * 64


def receipt(*digests: str, received: str = "") -> dict:
    return {"received": received, "files": [{"file": f"{i}.csv", "sha256": sha} for i, sha in enumerate(digests)]}


def test_a_delivery_of_one_file_is_known_by_its_file_and_of_several_by_all_in_any_order():
    assert delivery_sha(receipt(A)) == A
    assert (
        delivery_sha(receipt(B, A)) == delivery_sha(receipt(A, B)) == hashlib.sha256(f"{A}\n{B}".encode()).hexdigest()
    )


def test_a_delivery_is_named_by_its_day_if_that_is_known():
    assert delivery_name(receipt(A, received="2023-08-12")) == "delivery of 2023-08-12 (sha aaaaaaaaaaaa)"
    assert delivery_name(receipt(A)) == "delivery (sha aaaaaaaaaaaa)"


def test_a_folder_without_a_readable_receipt_holds_no_accepted_delivery(tmp_path):
    assert read_receipt(tmp_path) is None
    (tmp_path / "receipt.json").write_text("{")
    assert read_receipt(tmp_path) is None


def test_what_to_do_about_a_stopped_center_depends_on_whether_one_was_accepted(tmp_path):
    folder = tmp_path / "results/restricted/harmonized/KUGH"
    folder.mkdir(parents=True)
    (folder / "receipt.json").write_text(json.dumps(receipt(A, received="2023-08-12")))
    assert hold_hints(["KUGH", "HPH"], tmp_path, Path("config/centers.tsv")) == [
        "KUGH: mend its delivery or its mapping, or hold it at its delivery of 2023-08-12 (sha aaaaaaaaaaaa): "
        "set hold in config/centers.tsv.",
        "HPH: mend its delivery or its mapping. None was accepted yet that it could be held at.",
    ]


def test_the_centers_that_stopped_in_this_run_are_those_with_a_problem_in_a_new_log(tmp_path):
    for name, text in {"A": f"{PROBLEM}x", "B": "fine", "C": f"{PROBLEM}old"}.items():
        (tmp_path / f"{name}.log").write_text(text)
    os.utime(tmp_path / "C.log", (1000, 1000))
    assert stopped_since(tmp_path, 2000) == ["A"]
