"""Facets are sums that no order of arrival and no way of merging can change."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.profile.events import START, histories

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Facet
from onevoice.profile import facet as facets_of
from onevoice.profile.facet import Facets, fold, merge, merged


def folded(events: list[Event]) -> Facet:
    """Return the facet that a history leaves."""
    facets = Facets()
    facets.put(1, Facet())
    for event in events:
        fold(facets, 1, event)
    facets.dirty.add(1)
    return dict(facets.changed())[1]


@given(histories(), st.randoms(use_true_random=False))
def test_facet_does_not_depend_on_the_order_of_arrival(history: list[Event], chance: random.Random) -> None:
    """A shuffled history leaves the same facet."""
    shuffled = list(history)
    chance.shuffle(shuffled)

    assert folded(history) == folded(shuffled)


@given(histories(), st.data())
def test_fold_equals_the_merge_of_any_split(history: list[Event], data: st.DataObject) -> None:
    """However a history is dealt to three nodes, their merged facets equal the facet of the whole."""
    dealt: list[list[Event]] = [[], [], []]
    for event in history:
        dealt[data.draw(st.integers(0, 2))].append(event)

    assert folded(history) == merged(folded(part) for part in dealt)


@given(histories(12), histories(12), histories(12))
def test_merge_is_commutative_and_associative_with_a_zero(a: list[Event], b: list[Event], c: list[Event]) -> None:
    """Facets form a commutative monoid, so people can be joined in any order."""
    one, two, three = folded(a), folded(_renamed(b, "b")), folded(_renamed(c, "c"))

    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, Facet()) == one


def _renamed(history: list[Event], prefix: str) -> list[Event]:
    return [msgspec.structs.replace(event, id=prefix + event.id) for event in history]


@given(histories(12), histories(12))
def test_merge_leaves_its_parts_unchanged(a: list[Event], b: list[Event]) -> None:
    """Joining two people does not touch what their nodes hold, so parting them restores both."""
    one, two = folded(a), folded(_renamed(b, "b"))
    before = msgspec.msgpack.encode((one, two))

    merge(one, two)

    assert before == msgspec.msgpack.encode((one, two))


def _event(number: int, name: str = "Page Viewed", **given_: object) -> Event:
    fields = {"channel": "web", "occurred_at": START + number, "received_at": START, "source": "shop"}
    identifiers = (Identifier("anonymous_id", "a1", Trust.CLAIMED),)
    return Event(**{"id": f"m{number}", "name": name, "identifiers": identifiers, **fields, **given_})  # type: ignore[arg-type]


@given(st.randoms(use_true_random=False))
def test_limits_keep_the_same_entries_in_any_order(chance: random.Random) -> None:
    """Past the limits, which names, orders, tags, notes and values are kept depends on the set of events alone."""
    history = [_event(number, f"Own {number:04}") for number in range(450)]
    history += [
        _event(number, "Order Completed", properties={"order_id": str(number), "total": 1}) for number in range(1_100)
    ]
    history += [_event(number, "Tag Added", properties={"tag": f"t{number}"}) for number in range(450)]
    history += [_event(number, "Note Added", properties={"text": "x"}) for number in range(250)]
    history += [_event(number, "Identify", traits={"city": "Rome"}, source=f"s{number}") for number in range(60)]
    history = _distinct(history)
    shuffled = list(history)
    chance.shuffle(shuffled)
    half = len(history) // 2

    expected = folded(history)

    assert expected == folded(shuffled)
    assert expected == merge(folded(shuffled[:half]), folded(shuffled[half:]))
    assert facets_of.OPEN_ORDERS == len(expected.open_orders)
    assert "1099" in expected.open_orders
    assert 1_100 == expected.names["Order Completed"].count
    assert "Own 0199" in expected.names
    assert "Own 0200" not in expected.names


def _distinct(history: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, id=f"m{at}") for at, event in enumerate(history)]


def test_derived_events_are_not_folded() -> None:
    """What the house derived itself leaves no trace: it depends on the order of arrival."""
    assert Facet() == folded([_event(1, "Person Merged", derived=True)])


def test_what_the_company_does_is_no_act_of_the_person() -> None:
    """A mail sent or a note written counts as an event but moves no first, last, channel or touch."""
    facet = folded([_event(1, "Email Sent", channel="email"), _event(2, "Note Added", properties={"text": "hello"})])

    assert 2 == facet.count
    assert (0, 0, {}, None) == (facet.first, facet.last, facet.channels, facet.last_touch)
    assert ["hello"] == [note.text for note in facet.notes.values()]


def test_touches_carry_their_campaign() -> None:
    """The first and the last act are kept with the campaign that led there."""
    campaign = {"campaign": {"source": "google", "medium": "cpc", "name": "spring"}}
    facet = folded([_event(3), _event(1, context=campaign), _event(2)])

    assert ("m1", "web", "google", "cpc", "spring") == (
        facet.first_touch.event,
        facet.first_touch.channel,
        facet.first_touch.source,
        facet.first_touch.medium,
        facet.first_touch.campaign,
    )
    assert "m3" == facet.last_touch.event


def test_a_failed_transaction_can_be_forgotten() -> None:
    """After `clear` nothing is at work, so the store is read again."""
    facets = Facets()
    fold(facets, 7, _event(1))
    facets.clear()

    assert {7} == facets.missing([7])
    assert [] == list(facets.changed())


def test_trim_lets_go_of_unchanged_facets_only() -> None:
    """Memory is bounded, and what is not stored yet stays."""
    facets = Facets()
    for node in range(1, 6):
        facets.put(node, Facet())
    fold(facets, 1, _event(1))
    facets.trim(2)

    assert {1, 5} == set(facets.loaded)
