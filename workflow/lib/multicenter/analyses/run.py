"""Running the protocol's analyses: one that cannot be estimated never hides the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.guard import guard_problems
from multicenter.analyses.result import Result, Rows, combine
from multicenter.analyses.subjects import candidates
from multicenter.analyses.time_axis import excluded_rows
from multicenter.errors import NotEstimable, StudyError

Method = Callable[[Mapping, pd.DataFrame, pd.DataFrame], Result]


def run_analyses(
    entries: Iterable[Mapping], methods: Mapping[str, Method], adsl: pd.DataFrame, adtte: pd.DataFrame
) -> Result:
    """Run the protocol's entries one after another, each by the function that `methods` names, and stack their results.

    What the data do not determine becomes a row "not estimable" with its reason. An analysis from a landmark also says
    who is not in it. Raises StudyError for what a person has to mend, and for an analysis that the guard refuses.
    """
    entries = list(entries)
    refused = [problem for entry in entries for problem in guard_problems(entry)]
    if refused:
        raise StudyError("\n".join(refused))
    return combine(_run(entry, methods[entry["method"]], adsl, adtte) for entry in entries)


def _run(entry: Mapping, method: Method, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    try:
        found = method(entry, adsl, adtte)
        if not entry.get("landmark"):
            return found
        return combine([Result(excluded_rows(entry, candidates(entry, adsl, adtte))), found])
    except (NotEstimable, np.linalg.LinAlgError) as error:
        rows = Rows(entry, entry["method"])
        rows.refuse("analysis", str(error))
        return Result(rows.frame())
