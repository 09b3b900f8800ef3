"""Three hospitals that make it hard: what a draft proposes for them, and that nothing sure is wrong."""

from __future__ import annotations

from typing import Any

import dialect_hostile
import pytest
from scoring import Score, columns_of, judge

from multicenter.harmonize.spec import parse_address
from multicenter.yamlfile import read_yaml

BUILDERS = [dialect_hostile.build_package, dialect_hostile.build_long_headers, dialect_hostile.build_long]
RIGHT = 0.85


@pytest.fixture(scope="module", params=BUILDERS, ids=lambda build: build.__name__)
def case(request, desk, tmp_path_factory) -> tuple[Any, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hostile")
    extract = request.param(folder)
    out = folder / f"{extract.center}.yaml"
    desk.write(desk.draft(extract.center, desk.read(extract.files)), out)
    return extract, read_yaml(out)


def test_most_columns_are_proposed_right_and_no_sure_one_is_wrong(case):
    extract, draft = case
    known = {(s.file, c.header): (c, s) for s in extract.sheets for c in s.columns}
    score = Score()
    for _, row_is, header, spec, source in columns_of(draft):
        column, sheet = known.pop((source.get("file", extract.sheets[0].file), header))
        slots = [[parse_address(a, sheet.row_is) for a in some] for some in (column.means[:1], column.also)]
        judge(score, header, spec, row_is, *slots)
    print(f"\n{extract.center}: {score}", *score.wrong_sure, "--", *score.wrong_first, sep="\n")
    assert not known
    assert score.wrong_sure == []
    assert score.right >= RIGHT
    assert score.useless_open == score.useless > 0
