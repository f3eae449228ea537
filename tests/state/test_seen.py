"""The index of taken keys: what merging two sorted runs keeps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onevoice.adapters.state.seen import Run, merged

RUNS = st.lists(st.integers(0, 30), max_size=40)


def run(keys: list[int], first: int) -> Run:
    """Return sorted keys with events numbered from *first* on."""
    return np.array(sorted(keys), dtype=np.uint64), np.arange(first, first + len(keys), dtype=np.int64)


@given(RUNS, RUNS)
def test_merging_is_a_stable_sort_of_both(one: list[int], two: list[int]) -> None:
    """Two runs become one in the order of their keys; where keys are equal the earlier run's events stay first."""
    a, b = run(one, 1), run(two, 1_000)
    pairs = [*zip(*map(np.ndarray.tolist, a), strict=True), *zip(*map(np.ndarray.tolist, b), strict=True)]

    keys, seqs = merged(a, b)

    assert sorted(pairs, key=lambda pair: pair[0]) == list(zip(keys.tolist(), seqs.tolist(), strict=True))
