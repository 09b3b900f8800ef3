"""The overview as pages: what the templates show of the study and of each center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from multicenter.harmonize.check_rules import SEVERITIES
from multicenter.overview.box_plot import ALL_NAME, distribution_plot, level_shade
from multicenter.overview.completeness import overall, pooled_completeness
from multicenter.overview.deliveries import oldest
from multicenter.overview.distributions import ALL, Distribution
from multicenter.overview.funnel import FAR_HIGH, FAR_LOW, HIGH, INSIDE, LOW
from multicenter.overview.funnel_plot import CLASSES, funnel_plot
from multicenter.overview.rates import Rate
from multicenter.overview.svg import shown
from multicenter.overview.timeline_plot import timeline_plot
from multicenter.overview.views import completeness_matrix, own_completeness, own_counts, query_counts

SIGNS = {INSIDE: "", LOW: "▽", HIGH: "△", FAR_LOW: "▼", FAR_HIGH: "▲"}


@dataclass(frozen=True)
class Overview:
    """Everything that the pages are made of.

    title: of the study. centers: codes in order. deliveries: one a center. status: data_status.json. completeness: of
    all centers. queries: the open ones. rates, distributions: what the protocol compares. tables: labels of
    the dictionary's tables.
    """

    title: str
    centers: Sequence[str]
    deliveries: Mapping[str, Mapping[str, Any]]
    status: Mapping[str, Any]
    completeness: pd.DataFrame
    queries: pd.DataFrame
    rates: Sequence[Rate]
    distributions: Sequence[Distribution]
    tables: Mapping[str, str]

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """Completeness of all centers together."""
        return pooled_completeness(self.completeness)


def write_pages(overview: Overview, templates: Path, folder: Path) -> None:
    """Write index.html and one page a center into a folder, from the templates (index.html, center.html, style.css)."""
    loader = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = Markup((templates / "style.css").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"index": ("index.html", study_page(overview))}
    pages |= {center: ("center.html", center_page(overview, center)) for center in overview.centers}
    for name, (template, context) in pages.items():
        text = loader.get_template(template).render(style=style, **context)
        (folder / f"{name}.html").write_text(text, encoding="utf-8", newline="\n")


def study_page(overview: Overview) -> dict[str, Any]:
    """What index.html shows."""
    deliveries = [overview.deliveries[center] for center in overview.centers]
    names = {ALL: ALL_NAME} | {center: center for center in overview.centers}
    return {
        "title": overview.title,
        "notice": _study_notice(overview),
        "tiles": _tiles(overview, list(overview.centers)),
        "centers": overview.centers,
        "rates": [_rate(rate) for rate in overview.rates],
        "glance": _glance(overview),
        "totals": _totals(overview),
        "funnels": [Markup(funnel_plot(rate)) for rate in overview.rates],
        "completeness": completeness_matrix(overview.completeness, overview.pooled, overview.centers, overview.tables),
        "deliveries": [row | {"eligible": _eligible(overview, row["center"])} for row in deliveries],
        "timeline": Markup(timeline_plot(deliveries)),
        "queries": query_counts(overview.queries, overview.centers),
        "distributions": [_distribution(one, names) for one in overview.distributions],
    }


def center_page(overview: Overview, center: str) -> dict[str, Any]:
    """What a center's page shows: its own numbers, the others only pooled or as anonymous dots."""
    delivery = overview.deliveries[center]
    queries = overview.queries[overview.queries["center"] == center]
    names = {ALL: ALL_NAME, center: center}
    return {
        "title": overview.title,
        "center": center,
        "delivery": delivery | {"eligible": _eligible(overview, center)},
        "notice": "Simulated data" if delivery["simulated"] else "",
        "pooled_notice": any(row["simulated"] for row in overview.deliveries.values()) and not delivery["simulated"],
        "tiles": _tiles(overview, [center]),
        "rates": [_own_rate(rate, center) for rate in overview.rates],
        "completeness": own_completeness(overview.completeness, overview.pooled, center, overview.tables),
        **own_counts(queries),
        "distributions": [_distribution(one, names) for one in overview.distributions],
    }


def _study_notice(overview: Overview) -> str:
    simulated = [center for center in overview.centers if overview.deliveries[center]["simulated"]]
    if not simulated:
        return ""
    whole = len(simulated) == len(overview.centers)
    return "Simulated data" if whole else f"Includes simulated data: {', '.join(simulated)}"


def _eligible(overview: Overview, center: str) -> int:
    return next(row["patients"] for row in overview.status["centers"] if row["center"] == center)


def _tiles(overview: Overview, centers: Sequence[str]) -> list[tuple[str, str]]:
    """Numbers at the head of a page: (number, what it counts)."""
    rows = [overview.deliveries[center] for center in centers]
    queries = overview.queries[overview.queries["center"].isin(list(centers))]
    held = sum(row["state"] == "held" for row in rows)
    ages = queries["age_days"].dropna()
    tiles = [
        (_count(sum(row["patients"] for row in rows)), "patients delivered"),
        (_count(sum(_eligible(overview, center) for center in centers)), "in the study"),
        (_count(len(queries)), "open queries"),
        (_count(int((queries["severity"] == SEVERITIES[0]).sum())), "of them critical"),
        (f"{int(ages.max())} d" if len(ages) else "–", "oldest query"),
    ]
    if len(centers) == 1:
        return tiles
    return [(str(len(centers)), f"centers, {held} held" if held else "centers, none held"), *tiles]


def _count(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _rate(rate: Rate) -> dict[str, Any]:
    return {"label": rate.label, "unit": rate.unit, "pooled": _like(rate.pooled, rate.pooled)}


def _like(pooled: float, value: float) -> str:
    """A rate with the decimals of its column: those that the rate of all centers needs to show two digits."""
    decimals = 0 if pooled >= 10 else 1 if pooled >= 1 else 2
    return "–" if value != value else f"{value:.{decimals}f}"


def _own_rate(rate: Rate, center: str) -> dict[str, Any]:
    row = rate.centers.loc[center]
    return _rate(rate) | {
        "value": _like(rate.pooled, row["value"]),
        "size": f"{row['count']} of {shown(row['size'])} {rate.size_label}",
        "sign": SIGNS[row["standing"]],
        "class": CLASSES[row["standing"]],
        "standing": row["standing"],
        "plot": Markup(funnel_plot(rate, center)),
    }


def _glance(overview: Overview) -> list[dict[str, Any]]:
    """A row a center, those that stand out most first: each rate with its sign, completeness, queries."""
    ages, whole = oldest(overview.queries), overall(overview.completeness)
    rows = []
    for center in overview.centers:
        standings = [rate.centers.loc[center, "standing"] for rate in overview.rates]
        cells = [
            {
                "value": _like(rate.pooled, rate.centers.loc[center, "value"]),
                "sign": SIGNS[there],
                "class": CLASSES[there],
                "standing": there,
            }
            for rate, there in zip(overview.rates, standings, strict=True)
        ]
        far = sum(there in (FAR_LOW, FAR_HIGH) for there in standings)
        share = whole["share"].get(center, np.nan)
        rows.append(
            {
                "center": center,
                "state": overview.deliveries[center]["state"],
                "reason": overview.deliveries[center]["reason"],
                "patients": _eligible(overview, center),
                "cells": cells,
                "known": _percent(share),
                "impossible": int(whole["impossible"].get(center, 0)),
                "queries": int((overview.queries["center"] == center).sum()),
                "oldest": ages.get(center, ""),
                "order": (-far, -sum(there != INSIDE for there in standings), center),
            }
        )
    return sorted(rows, key=lambda row: row["order"])


def _percent(share: float) -> str:
    return "–" if share != share else f"{share:.1f}"


def _totals(overview: Overview) -> dict[str, Any]:
    """The last row of the table at a glance: all centers."""
    whole, ages = overview.pooled, overview.queries["age_days"].dropna()
    return {
        "patients": sum(_eligible(overview, center) for center in overview.centers),
        "known": _percent((100 * whole["known"] / whole["n"]).mean()),
        "queries": len(overview.queries),
        "oldest": int(ages.max()) if len(ages) else "",
    }


def _distribution(one: Distribution, names: Mapping[str, str]) -> dict[str, Any]:
    levels = [(level, level_shade(i, len(one.levels))) for i, level in enumerate(one.levels)]
    return {
        "label": one.label,
        "plot": Markup(distribution_plot(one, names)),
        "levels": levels if one.kind == "bars" else [],
        "kind": one.kind,
    }
