"""Intervals agree with scipy and with published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from onevoice.domain.estimate import Refused
from onevoice.measure import interval


@given(st.lists(st.integers(0, 500), min_size=2, max_size=30), st.lists(st.integers(0, 500), min_size=2, max_size=30))
def test_welch_agrees_with_scipy(a, b):
    """The difference of two means and its interval are scipy's."""
    if len(set(a)) == len(set(b)) == 1:
        return  # scipy has no interval without variance
    groups = [interval.moments(len(g), float(sum(g)), float(sum(x * x for x in g))) for g in (a, b)]

    found = interval.welch(*groups)

    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert (expected.low, expected.high) == pytest.approx((found.low, found.high), rel=1e-6, abs=1e-6)
    assert np.mean(a) - np.mean(b) == pytest.approx(found.point)


def test_constant_groups_have_no_spread():
    """Without any variance the interval is the point."""
    same = interval.moments(3, 6.0, 12.0)

    assert (0.0, 0.0, 0.0) == (
        interval.welch(same, same).low,
        interval.welch(same, same).point,
        interval.welch(same, same).high,
    )


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(case):
    """The interval of a proportion is scipy's Wilson interval, and holds the proportion."""
    hits, n = case
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")

    low, high = interval.wilson(hits, n)

    assert (expected.low, expected.high) == pytest.approx((low, high), abs=1e-9)
    assert low <= hits / n <= high


@pytest.mark.parametrize(
    ("case", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 10), 0.6075, 1.0)],
)
def test_newcombe_matches_the_published_table(case, low, high):
    """Newcombe's own examples (1998, Table II, method 10) come out."""
    found = interval.newcombe(*case)

    assert (low, high) == pytest.approx((found.low, found.high), abs=0.0001)


def test_sample_ratio_matches_hillstrom():
    """The three arms of the Hillstrom test were split evenly: p about .9; a broken split is near zero."""
    assert interval.sample_ratio((21_306, 21_387), (50, 50)) == pytest.approx(stats.chisquare([21_306, 21_387]).pvalue)
    assert interval.sample_ratio((900, 100), (80, 20)) < 1e-10


def test_share_of_nobody_is_refused():
    """There is no proportion of an empty group."""
    assert isinstance(interval.proportion(0, 0), Refused)
