"""Intervals: Welch for means, Wilson for one proportion, Newcombe for the difference of two."""

import math

import msgspec
from scipy import stats

from onevoice.domain.estimate import Answer, Estimate, Refused

LEVEL = 0.95

#: The normal quantile of a two-sided 95 % interval.
Z = float(stats.norm.ppf(0.5 + LEVEL / 2))


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """How many values there are, their mean and their sample variance."""

    n: int
    mean: float
    variance: float


def moments(n: int, total: float, squares: float) -> Moments:
    """Return the moments of *n* values from their sum and their sum of squares."""
    mean = total / n if n else 0.0
    return Moments(n=n, mean=mean, variance=max(0.0, (squares - n * mean * mean) / (n - 1)) if n > 1 else 0.0)


def error(a: Moments, b: Moments) -> float:
    """Return the standard error of the difference of two means with unequal variances."""
    return math.sqrt(a.variance / a.n + b.variance / b.n)


def student(degrees: float) -> float:
    """Return Student's quantile of a two-sided 95 % interval."""
    return float(stats.t.ppf(0.5 + LEVEL / 2, degrees))


def welch(a: Moments, b: Moments, *, method: str = "Welch", assumptions: tuple[str, ...] = ()) -> Estimate:
    """Return the difference of two means with Welch's t interval; both groups hold at least two."""
    point, spread = a.mean - b.mean, error(a, b)
    if spread == 0:
        half = 0.0
    else:
        left, right = a.variance / a.n, b.variance / b.n
        degrees = (left + right) ** 2 / (left**2 / (a.n - 1) + right**2 / (b.n - 1))
        half = student(degrees) * spread
    return Estimate(
        point=point, low=point - half, high=point + half, n=a.n + b.n, method=method, assumptions=assumptions
    )


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the Wilson interval of a proportion."""
    share = hits / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    # At the ends the interval touches 0 and 1 exactly; rounding must not push it past the proportion itself.
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)


def proportion(hits: int, n: int) -> Answer:
    """Return a proportion with its Wilson interval; of nobody there is none."""
    if n == 0:
        return Refused(reason="Nobody is in this group.", needs="At least one person.")
    low, high = wilson(hits, n)
    return Estimate(point=hits / n, low=low, high=high, n=n, method="Wilson")


def newcombe(hits_a: int, n_a: int, hits_b: int, n_b: int) -> Estimate:
    """Return the difference of two proportions (Newcombe 1998, method 10: hybrid of two Wilson intervals)."""
    a, b = hits_a / n_a, hits_b / n_b
    (low_a, high_a), (low_b, high_b) = wilson(hits_a, n_a), wilson(hits_b, n_b)
    return Estimate(
        point=a - b,
        low=a - b - math.hypot(a - low_a, high_b - b),
        high=a - b + math.hypot(high_a - a, b - low_b),
        n=n_a + n_b,
        method="Newcombe",
    )


def sample_ratio(counts: tuple[int, int], shares: tuple[float, float]) -> float:
    """Return the p value of observing these group sizes if people were split in these shares (chi-squared)."""
    total = sum(counts)
    expected = [total * share / sum(shares) for share in shares]
    return float(stats.chisquare(counts, expected).pvalue)
