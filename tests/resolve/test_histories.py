"""Who is who depends on what was said, never on when it arrived: properties over thousands of generated histories."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.resolve.rules import Rules
from tests.resolve.histories import RULES, STRICT, Oracle, histories, homes, persons, replay

SHUFFLES = 4


@settings(max_examples=800)
@given(histories(), st.sampled_from([RULES, STRICT]), st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nobody(history: list[Event], rules: Rules, chance: random.Random) -> None:
    """Any shuffle of a history gives the same persons and the same households."""
    graph, _ = replay(history, rules)
    for _ in range(SHUFFLES):
        other = chance.sample(history, len(history))
        shuffled, _ = replay(other, rules)
        assert persons(shuffled) == persons(graph)
        assert homes(shuffled) == homes(graph)


@settings(max_examples=1_200)
@given(histories(most=35), st.sampled_from([RULES, STRICT]))
def test_streaming_equals_deciding_at_once(history: list[Event], rules: Rules) -> None:
    """Attaching events one by one gives what a naive oracle decides from the set of them."""
    graph, _ = replay(history, rules)
    assert persons(graph) == Oracle(history, rules).partition()
