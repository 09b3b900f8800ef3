"""From the cohort and the accepted deliveries to the overview's pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.overview.completeness import center_completeness
from multicenter.overview.deliveries import read_deliveries, read_open_queries
from multicenter.overview.distributions import build_distributions
from multicenter.overview.pages import Overview
from multicenter.overview.rates import build_rates


def build_overview(
    folders: Mapping[str, Path],
    cohort: Mapping[str, Path],
    dictionary: Mapping[str, Any],
    protocol: Mapping[str, Any],
) -> Overview:
    """Read what a run has made and compute what the pages show.

    folders: center → its accepted delivery. cohort: adsl, adtte, deliveries, queries, status → file. dictionary: the
    parsed variables.yaml. protocol: title, variables and overview of study.yaml.
    """
    adsl, adtte = pd.read_parquet(cohort["adsl"]), pd.read_parquet(cohort["adtte"])
    deliveries = {row["center"]: row for row in read_deliveries(cohort["deliveries"])}
    queries, centers, wanted = read_open_queries(cohort["queries"]), sorted(deliveries), protocol["overview"]
    among = wanted.get("completeness", {}).get("among", {})
    parts = [center_completeness(center, folders[center], dictionary["tables"], among) for center in centers]
    patients = {center: deliveries[center]["patients"] for center in centers}
    return Overview(
        title=protocol["title"],
        centers=centers,
        deliveries=deliveries,
        status=json.loads(Path(cohort["status"]).read_text(encoding="utf-8")),
        completeness=pd.concat(parts, ignore_index=True),
        queries=queries,
        rates=build_rates(wanted.get("rates", []), centers, adsl, adtte, queries, patients),
        distributions=build_distributions(wanted.get("distributions", []), protocol["variables"], adsl, centers),
        tables={name: table["label"] for name, table in dictionary["tables"].items()},
    )
