"""Generated events of one small shop, for the properties of facets and consent."""

from typing import Any

from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust

DAY = 86_400_000_000
START = 1_700_000_000_000_000

moments = st.integers(0, 30).map(lambda day: START + day * DAY)
trusts = st.sampled_from([Trust.CLAIMED, Trust.VERIFIED])
amounts = st.integers(0, 50_000).map(lambda cents: cents / 100)
lines = st.fixed_dictionaries(
    {"category": st.sampled_from(["dairy", "bread", "wine"]), "price": amounts, "quantity": st.integers(1, 4)}
)


@st.composite
def events(draw: st.DrawFn, node: int = 1) -> Event:
    """Draw one event without an id: `history` numbers them."""
    name = draw(
        st.sampled_from(["Product Viewed", "Page Viewed", "Order", "Identify", "Tag", "Note Added", "Email Sent"])
    )
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    if name == "Order":
        name = draw(st.sampled_from(["Order Completed", "Order Refunded", "Order Updated", "Order Cancelled"]))
        properties = {
            "order_id": draw(st.sampled_from(["o1", "o2", "o3"])),
            "currency": draw(st.sampled_from(["USD", "EUR"])),
        }
        if draw(st.booleans()):
            properties["total"] = draw(amounts)
        else:
            properties["products"] = draw(st.lists(lines, max_size=3))
    elif name == "Tag":
        name = draw(st.sampled_from(["Tag Added", "Tag Removed"]))
        properties = {"tag": draw(st.sampled_from(["vip", "press"]))}
    elif name == "Note Added":
        properties = {"text": draw(st.text(min_size=1, max_size=8))}
    elif name == "Identify":
        traits = draw(
            st.dictionaries(
                st.sampled_from(["city", "name", "age"]),
                st.one_of(st.none(), st.just(""), st.sampled_from(["Rome", "Oslo"]), st.integers(0, 9)),
                max_size=3,
            )
        )
    context = draw(st.sampled_from([{}, {"campaign": {"source": "google", "name": "spring"}}]))
    return Event(
        id="",
        name=name,
        channel=draw(st.sampled_from(["store", "web", "app"])),
        occurred_at=draw(moments),
        received_at=START,
        identifiers=(Identifier("anonymous_id", f"a{node}", draw(trusts)),),
        traits=traits,
        properties=properties,
        context=context,
        source=draw(st.sampled_from(["shop", "till"])),
    )


def numbered(found: list[Event]) -> list[Event]:
    """Give each event an id of its own."""
    return [
        Event(**{**{name: getattr(one, name) for name in Event.__struct_fields__}, "id": f"m{at}"})
        for at, one in enumerate(found)
    ]


def histories(most: int = 25) -> st.SearchStrategy[list[Event]]:
    """Histories of fresh events, in order of arrival."""
    return st.lists(events(), max_size=most).map(numbered)
