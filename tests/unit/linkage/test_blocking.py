"""Neighborhoods: who meets whom, what is left out where too many meet, and that the cost grows with the records."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from multicenter.linkage.blocking import find_candidates
from multicenter.linkage.compare import compare
from multicenter.linkage.records import read_records


def candidates(make, frame, **spec):
    return find_candidates(read_records(frame, make.spec | spec))


def pairs(found):
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


def test_with_room_for_all_every_close_pair_of_intervals_meets(make):
    frame = make.invented(80)
    days = np.column_stack(
        [(frame[name] - pd.Timestamp("1970-01-01")).dt.days.to_numpy(dtype=float) for name in make.dates]
    )
    wanted = set()
    for a, b in combinations(range(len(frame)), 2):
        difference = days[b] - days[a]
        gaps = [y - x for x, y in combinations(difference, 2)]
        if any(abs(gap) <= 3 for gap in [*difference, *gaps]):
            wanted.add((a, b))
    found = candidates(make, frame, most_neighbors=1000)
    assert pairs(found) == wanted
    assert (found.keys["neighbors"] == found.keys["compared"]).all()


def test_what_is_too_common_is_bounded_and_counted(make):
    frame = make.invented(60)
    day = pd.Timestamp("2018-01-01")
    same = frame.assign(**{name: day + pd.Timedelta(days=i) for i, name in enumerate(make.dates)})
    found = candidates(make, same, most_neighbors=5)
    # every pair of the 60 is close by every key; each record meets the five behind it
    assert found.keys["neighbors"].tolist() == [60 * 59 // 2] * 10
    assert found.keys["compared"].tolist() == [5 * 55 + 10] * 10
    assert len(found.left) <= 10 * 285


def test_crowded_records_meet_those_that_agree_in_a_further_date(make):
    frame = make.invented(400)
    crowd = frame.assign(second=frame["first"] + pd.Timedelta(days=7))  # the same interval in all
    frame = pd.concat([crowd, make.named(make.shifted(crowd.iloc[[5]], 200), "B", ["1"])])
    assert (5, 400) in pairs(candidates(make, frame, most_neighbors=3))


def test_copies_meet_whatever_their_shift(make):
    frame = make.invented(2000)
    rng = np.random.default_rng(2)
    copies = make.shifted(frame.iloc[:200], rng.integers(-4000, 4000, 200))
    frame = pd.concat([frame, make.named(copies, "B", [str(i) for i in range(200)])])
    met = pairs(candidates(make, frame))
    assert all((i, 2000 + i) in met for i in range(200))


def test_candidates_grow_with_the_records_and_not_with_their_square(make):
    counts = {n: len(candidates(make, make.invented(n), most_neighbors=3).left) for n in (4000, 16000)}
    assert counts[16000] < 4 * counts[4000] * 1.1
    assert counts[16000] < 16000 * 3 * 10


def test_no_pair_of_a_likely_score_is_lost_by_blocking(make):
    frame = make.invented(500)
    frame = pd.concat([frame, make.named(make.shifted(frame.iloc[:40], 90), "B", [str(i) for i in range(40)])])
    records = read_records(frame, make.spec)
    left, right = np.triu_indices(len(frame), 1)
    likely = compare(records, left, right).score >= 12
    met = pairs(find_candidates(records))
    assert likely.sum() >= 40
    assert not [pair for pair in zip(left[likely].tolist(), right[likely].tolist(), strict=True) if pair not in met]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_handful_of_records(make, n):
    found = candidates(make, make.invented(5).iloc[:n])
    assert len(found.left) <= 1
    assert list(found.keys.columns) == ["key", "records", "neighbors", "compared"]
    assert found.keys["key"].tolist()[:5] == ["first", "second", "third", "fourth", "first to second"]
