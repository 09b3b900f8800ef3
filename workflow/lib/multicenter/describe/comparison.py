"""Tests that compare groups in a baseline table, equal to R's wilcox.test, kruskal.test, chisq.test and fisher.test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from multicenter.survival.fisher import fisher_exact

EXACT_RANK_SUM_LIMIT = 50
MIN_EXPECTED = 5


@dataclass(frozen=True)
class TestResult:
    """A test: its name in the analysis-results table, its statistic (for Fisher the P value itself) and P value."""

    __test__ = False

    name: str
    statistic: float
    p_value: float


def rank_sum(first: np.ndarray, second: np.ndarray) -> TestResult:
    """Wilcoxon rank-sum test, two-sided, by R's rule: exact for two samples below 50 without ties, else normal
    approximation with tie and continuity correction. The statistic is R's W (Mann-Whitney U of `first`).

    Source: Hollander & Wolfe, Nonparametric Statistical Methods; R stats::wilcox.test.
    """
    pooled = np.concatenate([first, second])
    if np.ptp(pooled) == 0:
        return TestResult("wilcoxon_w", len(first) * len(second) / 2, 1.0)
    exact = max(len(first), len(second)) < EXACT_RANK_SUM_LIMIT and len(np.unique(pooled)) == len(pooled)
    test = stats.mannwhitneyu(first, second, use_continuity=True, method="exact" if exact else "asymptotic")
    return TestResult("wilcoxon_exact_w" if exact else "wilcoxon_w", float(test.statistic), float(test.pvalue))


def kruskal_wallis(samples: Sequence[np.ndarray]) -> TestResult:
    """Kruskal-Wallis rank test with tie correction; the statistic is chi-square with len(samples) - 1 df."""
    if np.ptp(np.concatenate(samples)) == 0:
        return TestResult("kruskal_h", 0.0, 1.0)
    test = stats.kruskal(*samples)
    return TestResult("kruskal_h", float(test.statistic), float(test.pvalue))


def compare_counts(table: np.ndarray, seed: int = 0) -> TestResult:
    """Pearson's chi-square without continuity correction, or Fisher's exact test when an expected count is below 5.

    `table`: counts, one row a level, one column a group; empty rows and columns are left out.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.int64)
    if min(table.shape) < 2:
        raise ValueError("a comparison needs two groups and two levels")
    test = stats.chi2_contingency(table, correction=False)
    if test.expected_freq.min() < MIN_EXPECTED:
        p, exact = fisher_exact(table, seed)
        return TestResult("fisher_p" if exact else "fisher_monte_carlo_p", p, p)
    return TestResult("pearson_chisq", float(test.statistic), float(test.pvalue))
