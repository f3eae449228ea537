"""Every source's newest value is kept, and the one that counts is chosen on read."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Facet, Trait
from onevoice.profile.facet import Facets, fold, merged
from onevoice.profile.trait import TEXT, Strategy
from onevoice.profile.view import traits

START = 1_700_000_000_000_000


def said(at: int, trait: str, value: object, source: str = "shop", trust: Trust = Trust.CLAIMED) -> Event:
    """Return an identify that says one trait."""
    return Event(
        id=f"m{at}",
        name="Identify",
        occurred_at=START + at,
        received_at=START,
        identifiers=(Identifier("anonymous_id", "a", trust),),
        traits={trait: value},
        source=source,
    )


def read(*events: Event, strategies: dict[str, Strategy] | None = None, firm: bool = False) -> dict[str, Trait]:
    """Return the traits that some events leave, each folded into a node of its own and merged."""
    facets = Facets()
    for node, event in enumerate(events, 1):
        facets.put(node, Facet())
        fold(facets, node, event)
    return traits(merged(facets.loaded.values()), strategies or {}, firm=firm)


def test_verified_beats_newest() -> None:
    """A later claim does not replace what a trusted source said, but it is kept beside it."""
    city = read(said(1, "city", "Rome", "till", Trust.VERIFIED), said(2, "city", "Oslo"))["city"]

    assert ("Rome", "till", Trust.VERIFIED, "m1") == (city.value, city.source, city.trust, city.event)
    assert [("Oslo", "shop")] == [(one.value, one.source) for one in city.others]


def test_newest_wins_among_equals() -> None:
    """Between sources of one trust the later word counts, whatever order they come in."""
    assert "Oslo" == read(said(2, "city", "Oslo", "b"), said(1, "city", "Rome", "a"))["city"].value


def test_null_deletes_and_blank_does_not() -> None:
    """A null takes the trait away; an empty text leaves it as it was."""
    assert {} == read(said(1, "city", "Rome"), said(2, "city", None))
    assert "Rome" == read(said(1, "city", "Rome"), said(2, "city", ""))["city"].value


def test_a_claimed_null_does_not_delete_a_verified_value() -> None:
    """A public key cannot take away what a trusted source said."""
    assert "Rome" == read(said(1, "city", "Rome", trust=Trust.VERIFIED), said(2, "city", None))["city"].value


def test_strategies_choose_differently() -> None:
    """A trait may go by the newest, oldest, highest, lowest or longest value instead."""
    events = (said(1, "n", 5, "a", Trust.VERIFIED), said(2, "n", 9, "b", Trust.VERIFIED), said(3, "n", 7, "c"))
    wanted: dict[Strategy, int] = {"verified": 9, "newest": 7, "oldest": 5, "highest": 9, "lowest": 5}

    assert wanted == {strategy: read(*events, strategies={"n": strategy})["n"].value for strategy in wanted}
    names = (said(1, "name", "Ann Marie Lee", "a"), said(2, "name", "Ann", "b"))
    assert "Ann Marie Lee" == read(*names, strategies={"name": "longest"})["name"].value


def test_a_value_too_large_stays_on_its_event() -> None:
    """Nobody can make every read of a profile slow with one huge trait."""
    assert {} == read(said(1, "bio", "x" * (TEXT + 1)), said(2, "list", ["x" * TEXT]))


def test_a_claimed_address_is_no_trait_of_a_known_person() -> None:
    """A forged identify cannot change where somebody known is reached, nor can it be read back."""
    forged = said(2, "phone", "+15550100", trust=Trust.CLAIMED)

    assert {} == read(forged, firm=True)
    assert "+15550100" == read(forged, firm=False)["phone"].value
    assert "Rome" == read(said(1, "city", "Rome"), firm=True)["city"].value


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["Rome", "Oslo", None, ""]), st.sampled_from("abc")), max_size=12
    ),
    st.randoms(use_true_random=False),
)
def test_traits_do_not_depend_on_the_order_of_arrival(
    words: list[tuple[int, str | None, str]], chance: random.Random
) -> None:
    """Shuffled events choose the same values with the same provenance."""
    trusts = {"a": Trust.CLAIMED, "b": Trust.VERIFIED, "c": Trust.CLAIMED}
    events = [
        msgspec.structs.replace(said(at, "city", value, source, trusts[source]), id=f"m{number}")
        for number, (at, value, source) in enumerate(words)
    ]
    shuffled = list(events)
    chance.shuffle(shuffled)

    folded = Facets()
    for event in shuffled:
        fold(folded, 1, event)
    assert read(*events) == (traits(folded.loaded[1], {}) if events else {})
