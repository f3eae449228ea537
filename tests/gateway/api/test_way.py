"""The way from one identifier to another, over the links of a person."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domain.identifier import Identifier
from onevoice.domain.person import Link
from onevoice.gateway.api.people import way


def link(a: int, b: int) -> Link:
    """Return a link between two numbered identifiers."""
    return Link(
        a=Identifier("user_id", str(a)),
        b=Identifier("user_id", str(b)),
        rule="r",
        sentence="s",
        count=1,
        first_at=1,
        last_at=1,
    )


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] != pair[1]), max_size=14))
def test_fewest_links(pairs: list[tuple[int, int]]) -> None:
    """It has as many links as the shortest path, each leads on from the one before, and without a path it is empty."""
    graph = nx.Graph([(str(a), str(b)) for a, b in pairs] + [("0", "0"), ("1", "1")])

    found = way([link(a, b) for a, b in pairs], ("user_id", "0"), ("user_id", "1"))

    length = nx.shortest_path_length(graph, "0", "1") if nx.has_path(graph, "0", "1") else 0
    assert length == len(found)
    here = "0"
    for one in found:
        assert here in {one.a.value, one.b.value}
        here = one.b.value if here == one.a.value else one.a.value
    assert here == ("1" if found else "0")
