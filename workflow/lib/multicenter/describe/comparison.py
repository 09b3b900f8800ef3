"""Tests that compare groups in a baseline table, equal to R's wilcox.test, kruskal.test, chisq.test and fisher.test.

Only scipy.special is used: the whole of scipy.stats would cost a second of import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr

from multicenter.describe.fisher import fisher_exact

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
    n1, n2 = len(first), len(second)
    ranks = pd.Series(np.concatenate([first, second])).rank().to_numpy()
    w = float(ranks[:n1].sum() - n1 * (n1 + 1) / 2)
    ties = np.unique(ranks, return_counts=True)[1]
    if max(n1, n2) < EXACT_RANK_SUM_LIMIT and ties.max() == 1:
        return TestResult("wilcoxon_exact_w", w, _exact_rank_sum_p(w, n1, n2))
    n = n1 + n2
    variance = n1 * n2 / 12 * ((n + 1) - float((ties**3 - ties).sum()) / (n * (n - 1)))
    shift = w - n1 * n2 / 2
    if variance == 0:
        return TestResult("wilcoxon_w", w, 1.0)
    z = (shift - np.sign(shift) * 0.5) / np.sqrt(variance)
    return TestResult("wilcoxon_w", w, float(min(1.0, 2 * min(ndtr(z), ndtr(-z)))))


def _exact_rank_sum_p(w: float, n1: int, n2: int) -> float:
    """Two-sided exact P of U = w: the number of subsets by generating function (Gaussian binomial coefficient)."""
    counts = np.zeros(n1 * n2 + 1)
    counts[0] = 1.0
    for i in range(1, n1 + 1):
        rising = counts.copy()
        for step in range(n2 + i, len(counts)):
            rising[step] -= counts[step - n2 - i]
        for step in range(i, len(counts)):
            rising[step] += rising[step - i]
        counts = rising
    total = counts.sum()
    tail = counts[: int(w) + 1].sum() if w <= n1 * n2 / 2 else counts[int(np.ceil(w)) :].sum()
    return float(min(1.0, 2 * tail / total))


def kruskal_wallis(samples: Sequence[np.ndarray]) -> TestResult:
    """Kruskal-Wallis rank test with tie correction; the statistic is chi-square with len(samples) - 1 df."""
    sizes = np.array([len(sample) for sample in samples])
    ranks = pd.Series(np.concatenate(samples)).rank().to_numpy()
    n = len(ranks)
    sums = np.array([part.sum() for part in np.split(ranks, np.cumsum(sizes)[:-1])])
    ties = np.unique(ranks, return_counts=True)[1]
    correction = 1 - float((ties**3 - ties).sum()) / (n**3 - n)
    if correction == 0:
        return TestResult("kruskal_h", 0.0, 1.0)
    h = (12 / (n * (n + 1)) * float((sums**2 / sizes).sum()) - 3 * (n + 1)) / correction
    return TestResult("kruskal_h", h, float(chdtrc(len(samples) - 1, h)))


def compare_counts(table: np.ndarray, seed: int = 0) -> TestResult:
    """Pearson's chi-square without continuity correction, or Fisher's exact test when an expected count is below 5.

    `table`: counts, one row a level, one column a group; empty rows and columns are left out.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.int64)
    if min(table.shape) < 2:
        raise ValueError("a comparison needs two groups and two levels")
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if expected.min() < MIN_EXPECTED:
        p, exact = fisher_exact(table, seed)
        return TestResult("fisher_p" if exact else "fisher_monte_carlo_p", p, p)
    chisq = float(((table - expected) ** 2 / expected).sum())
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    return TestResult("pearson_chisq", chisq, float(chdtrc(df, chisq)))
