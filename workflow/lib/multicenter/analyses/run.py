"""Running the protocol's analyses: one that cannot be estimated never hides the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from multicenter.analyses.result import Result, Rows, combine
from multicenter.errors import NotEstimable

Method = Callable[[Mapping, pd.DataFrame, pd.DataFrame], Result]


def run_analyses(
    entries: Iterable[Mapping], methods: Mapping[str, Method], adsl: pd.DataFrame, adtte: pd.DataFrame
) -> Result:
    """Run the protocol's entries one after another, each by the function that `methods` names, and stack their results.

    What the data do not determine becomes a row "not estimable" with its reason. Raises StudyError for what a person
    has to mend.
    """
    return combine(_run(entry, methods[entry["method"]], adsl, adtte) for entry in entries)


def _run(entry: Mapping, method: Method, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    try:
        return method(entry, adsl, adtte)
    except (NotEstimable, np.linalg.LinAlgError) as error:
        rows = Rows(entry, entry["method"])
        rows.refuse("analysis", str(error))
        return Result(rows.frame())
