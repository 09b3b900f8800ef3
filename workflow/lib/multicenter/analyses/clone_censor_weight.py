"""Two treatment strategies of a protocol compared by cloning, censoring and weighting, with bootstrap intervals."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from multicenter.analyses.design import complete, covariate, variable
from multicenter.analyses.guard import landmark_day
from multicenter.analyses.kaplan_meier import milestone
from multicenter.analyses.result import CURVE_TYPES, RISK_TYPES, Result, Rows, typed
from multicenter.analyses.subjects import require_columns, select
from multicenter.analyses.time_axis import day_of
from multicenter.durations import DAYS_PER_MONTH
from multicenter.errors import NotEstimable
from multicenter.survival import kaplan_meier as km
from multicenter.survival.clone_censor_weight import Arm, CloneCensorWeight, Comparison, resampled
from multicenter.survival.intervals import Z95

METHOD = "clone_censor_weight"
CENTER = "SITEID"
ARMS = ("start", "none")
# a bootstrap standard error needs few samples where there are many patients
MOST_DRAWN, FEWEST = 20_000_000, 20
CERTAIN = 1e-12


def run(spec: Mapping, adsl: pd.DataFrame, adtte: pd.DataFrame) -> Result:
    """Compare the protocol's `strategies` among complete cases (see survival.clone_censor_weight).

    First the differences: survival_difference at each milestone, restricted_mean_difference (months) at the horizon,
    then the marginal hazard_ratio; all "start" against "none". By strategy: clones, events, survival, restricted mean,
    weights and their effective sample size. Intervals and P values are normal, with the standard error of `bootstraps`
    samples of patients within centers, each with its own weights. `truncate`: once more with weights cut there.
    """
    entries = list(spec["covariates"])
    require_columns(spec, adsl, [*map(variable, entries), CENTER, spec["strategies"]["start"]])
    starts = adtte.loc[adtte["PARAMCD"] == spec["endpoint"]].drop_duplicates("USUBJID").set_index("USUBJID")["STARTDT"]
    patients = select(spec, adsl, adtte)
    patients = patients.assign(STARTDT=patients["USUBJID"].map(starts))
    frame = complete(patients, entries, [CENTER])
    rows = Rows(spec, METHOD)
    rows.add("dropped_missing", len(patients) - len(frame), n=len(frame), n_events=int(frame["event"].sum()))
    try:
        data = _data(spec, frame, entries)
        found = _Bootstrap(spec, data, frame[CENTER])
    except NotEstimable as error:
        rows.refuse("survival_difference", str(error), n=len(frame), n_events=int(frame["event"].sum()))
        return Result(rows.frame())
    _Report(spec, rows, data, frame).estimates(found)
    return Result(rows.frame(), _curves(spec, data, found), _risk_table(spec, data))


def _data(spec: Mapping, frame: pd.DataFrame, entries: list) -> CloneCensorWeight:
    design = pd.concat([covariate(spec, entry, frame).design for entry in entries], axis=1)
    start = day_of(spec, frame, spec["strategies"]["start"])
    grace = landmark_day(spec["strategies"]["grace_months"])
    center = np.unique(frame[CENTER], return_inverse=True)[1]
    return CloneCensorWeight(frame["time"], frame["event"], start, grace, design.to_numpy(float), center)


class _Bootstrap:
    """The comparison, the same with weights cut at `truncate`, and what became of both in samples of patients."""

    def __init__(self, spec: Mapping, data: CloneCensorWeight, center: pd.Series):
        self.spec = spec
        self.whole = data.compare()
        self._check_followed(data)
        self.cut = data.compare(truncate=spec["truncate"]) if "truncate" in spec else None
        self.statistics = dict(_statistics(spec, self.whole))
        self.of_cut = dict(_statistics(spec, self.cut)) if self.cut else {}
        self.errors, self.errors_of_cut, self.curve_errors = self._errors(
            data, np.unique(center, return_inverse=True)[1]
        )

    def _check_followed(self, data: CloneCensorWeight) -> None:
        until = landmark_day(self.spec["horizon_months"])
        for arm in ARMS:
            last = float(data.risk_sets(arm)[0].max())
            if last < until:
                label = self.spec["strategies"]["labels"][arm]
                raise NotEstimable(f"{label}: nobody is followed to {milestone(self.spec['horizon_months'])}")

    def _errors(self, data: CloneCensorWeight, center: NDArray) -> tuple[dict, dict, list[NDArray]]:
        rng = np.random.default_rng([self.spec["seed"], zlib.crc32(self.spec["id"].encode())])
        wanted = min(self.spec["bootstraps"], max(FEWEST, MOST_DRAWN // len(center)))
        drawn, drawn_cut, curves = [], [], []
        for _ in range(wanted):
            weight = resampled(center, rng)
            try:
                one = data.compare(weight)
                drawn.append(list(dict(_statistics(self.spec, one)).values()))
                if self.cut:
                    other = data.compare(weight, self.spec["truncate"])
                    drawn_cut.append(list(dict(_statistics(self.spec, other)).values()))
                curves.append([_loglog(arm.survival) for arm in (one.start, one.none)])
            except (NotEstimable, np.linalg.LinAlgError):
                continue
        self.samples = len(curves)
        if self.samples < FEWEST:
            raise NotEstimable(f"only {self.samples} of {wanted} bootstrap samples could be estimated")
        errors, of_cut = (
            dict(zip(self.statistics, np.std(kept, axis=0, ddof=1), strict=True)) if kept else {}
            for kept in (drawn, drawn_cut)
        )
        return errors, of_cut, list(np.std(np.array(curves), axis=0, ddof=1))


def _statistics(spec: Mapping, found: Comparison) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Yield ((statistic, term, arm), value): differences first; survival on the log-log, ratios on the log scale."""
    horizon, until = milestone(spec["horizon_months"]), spec["horizon_months"] * DAYS_PER_MONTH
    for months in spec["milestones"]:
        yield ("survival_difference", milestone(months), ""), found.survival_difference(months * DAYS_PER_MONTH)
    yield (
        ("restricted_mean_difference", horizon, ""),
        found.restricted_mean_difference(until) / DAYS_PER_MONTH,
    )
    yield ("hazard_ratio", "", ""), found.log_hazard_ratio()
    for arm in ARMS:
        side: Arm = getattr(found, arm)
        for months in spec["milestones"]:
            yield (
                ("survival", milestone(months), arm),
                float(_loglog(found.survival_at(side, months * DAYS_PER_MONTH))),
            )
        yield ("restricted_mean_months", horizon, arm), found.restricted_mean(side, until) / DAYS_PER_MONTH


class _Report:
    """The rows of a comparison."""

    def __init__(self, spec: Mapping, rows: Rows, data: CloneCensorWeight, frame: pd.DataFrame):
        self.spec, self.rows, self.data = spec, rows, data
        self.labels = spec["strategies"]["labels"]
        self.counts = {"n": len(frame), "n_events": int(frame["event"].sum())}

    def estimates(self, found: _Bootstrap) -> None:
        self._add_all(found.statistics, found.errors, METHOD)
        for arm in ARMS:
            until, event = self.data.risk_sets(arm)
            self._weights(getattr(found.whole, arm), arm, METHOD, {"n": len(until), "n_events": int(event.sum())})
        self.rows.add("bootstraps", found.samples, **self.counts)
        if found.cut:
            method = f"{METHOD}, weights cut at {self.spec['truncate']:.0%}"
            kept = {key: value for key, value in found.of_cut.items() if not key[2]}
            self._add_all(kept, found.errors_of_cut, method)

    def _add_all(self, values: Mapping, errors: Mapping, method: str) -> None:
        for key, value in values.items():
            statistic, term, arm = key
            half, cells = Z95 * errors[key], {**self.counts, "method": method, "group": self.labels.get(arm, "")}
            if statistic == "survival":
                limits = [float(_from_loglog(limit)) for limit in (value + half, value - half)]
                self.rows.add(statistic, float(_from_loglog(value)), term=term, **_limits(*limits), **cells)
                continue
            low, high = value - half, value + half
            if statistic != "restricted_mean_months":
                cells["p_value"] = float(2 * norm.sf(abs(value) / errors[key])) if errors[key] > 0 else np.nan
            if statistic == "hazard_ratio":
                term = f"{self.labels['start']} vs {self.labels['none']}"
                value, low, high = np.exp(value), np.exp(low), np.exp(high)
            self.rows.add(statistic, float(value), term=term, **_limits(low, high), **cells)

    def _weights(self, arm: Arm, name: str, method: str, counts: Mapping) -> None:
        cells = {**counts, "method": method, "group": self.labels[name]}
        self.rows.add("patients", counts["n"], **cells)
        self.rows.add("events", counts["n_events"], **cells)
        self.rows.add("followed_after_grace", len(arm.weights), **cells)
        self.rows.add("effective_sample_size", arm.effective_size, **cells)
        for statistic, value in (
            ("weight_mean", arm.weights.mean()),
            ("weight_99th_percentile", np.quantile(arm.weights, 0.99)),
            ("weight_maximum", arm.weights.max()),
        ):
            self.rows.add(statistic, float(value), **cells)


def _curves(spec: Mapping, data: CloneCensorWeight, found: _Bootstrap) -> pd.DataFrame:
    """Return the weighted curves with pointwise limits; the numbers are of clones, not weighted."""
    least, parts = spec.get("min_at_risk") or 0, []
    for arm, errors in zip(ARMS, found.curve_errors, strict=True):
        until, event = data.risk_sets(arm)
        side, time = getattr(found.whole, arm), found.whole.time
        table = km.risk_table(until, event, time)
        counted = np.searchsorted(np.sort(until[event]), time, "right") - table.cum_events
        gone = np.diff(np.concatenate([table.cum_censored, [int((~event).sum())]]))
        value = _loglog(side.survival)
        low, high = (_from_loglog(value + sign * Z95 * errors) for sign in (1, -1))
        columns = (time, side.survival, low, high, table.n_risk, counted, gone)
        names = ("time", "estimate", "ci_low", "ci_high", "n_risk", "n_event", "n_censor")
        fixed = {"analysis": spec["id"], "method": METHOD, "group": spec["strategies"]["labels"][arm]}
        first = dict(zip(names, (0.0, 1.0, None, None, len(until), 0, 0), strict=True))
        rows = [first, *(dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))]
        parts += [{**fixed, **row, "shown": row["n_risk"] >= least} for row in rows]
    return typed(parts, CURVE_TYPES)


def _risk_table(spec: Mapping, data: CloneCensorWeight) -> pd.DataFrame:
    parts, ticks = [], list(spec.get("ticks") or [])
    for arm in ARMS:
        table = km.risk_table(*data.risk_sets(arm), np.array(ticks, dtype=float) * DAYS_PER_MONTH)
        fixed = {"analysis": spec["id"], "method": METHOD, "group": spec["strategies"]["labels"][arm]}
        parts += [
            {**fixed, "time": tick, "n_risk": risk, "cum_events": events, "cum_censored": censored}
            for tick, risk, events, censored in zip(
                ticks, table.n_risk, table.cum_events, table.cum_censored, strict=True
            )
        ]
    return typed(parts, RISK_TYPES)


def _loglog(survival: NDArray | float) -> NDArray:
    return np.log(-np.log(np.clip(survival, CERTAIN, 1 - CERTAIN)))


def _from_loglog(value: NDArray | float) -> NDArray:
    return np.exp(-np.exp(value))


def _limits(low: float, high: float) -> dict[str, float]:
    return {"ci_low": float(low), "ci_high": float(high)}
