"""The timeline pages stay put, and every event reads as a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier
from onevoice.profile.sentence import SENTENCES, money, say
from onevoice.profile.timeline import BadCursor, page, place
from onevoice.profile.vocabulary import KNOWN


def event(called: str, at: int = 1, context: dict[str, object] | None = None, /, **properties: object) -> Event:
    """Return one event."""
    identifiers = (Identifier("email", "a@example.com"),)
    return Event(
        id=f"m{at}",
        name=called,
        occurred_at=at,
        received_at=1,
        identifiers=identifiers,
        properties=properties,
        context=context or {},
    )


LIKE = {
    "a": {"kind": "loyalty_id", "value": "586"},
    "b": {"kind": "crm_id@desk", "value": "586-2"},
    "probability": 0.9863,
}
LIKELY = "Found likely to be the same person as"
WITHHELD = "Was left out of campaign Autumn by lot, to measure it"
BASKET = [{"product_id": "1", "quantity": 3, "price": 2}, {"product_id": "2", "quantity": 2, "price": 3.2}]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (
            event("Order Completed", 1, {"store": {"id": "330"}}, total=12.4, currency="USD", products=BASKET),
            "Bought 5 items for $12.40 at store 330",
        ),
        (event("Order Completed"), "Bought something"),
        (event("Order Completed", products=[{"price": 1}], currency="CHF"), "Bought 1 item for 1.00 CHF"),
        (event("Product Viewed", name="Red shoes"), "Viewed Red shoes"),
        (event("Product Viewed"), "Viewed a product"),
        (event("Coupon Redeemed", coupon="X1", campaign_id=8), "Redeemed the coupon X1 of campaign 8"),
        (event("Email Bounced", reason="mailbox full"), "The mail came back: mailbox full"),
        (event("Call Ended", duration_s=125, outcome="sold"), "A call ended after 2 min 5 s: sold"),
        (event("Note Added", 1, {"actor": "Kim"}, text="Likes {name} [tea]"), "Note by Kim: Likes {name} [tea]"),
        (event("Consent Granted", purpose="marketing", channel="sms"), "Agreed to marketing by sms"),
        (event("Email Sent", campaign_name="Autumn"), "Was sent the mail of campaign Autumn"),
        (event("Email Sent", email_subject="Ten off", campaign_name="Autumn"), "Was sent the mail “Ten off”"),
        (event("SMS Sent", campaign_name="Autumn"), "Was sent a text message of campaign Autumn"),
        (event("Message Withheld", campaign_name="Autumn", reason="holdout"), WITHHELD),
        (
            event("Message Withheld", campaign_name="Autumn", reason="too late"),
            "Was left out of campaign Autumn: too late",
        ),
        (event("Identity Linked", pairs=[LIKE]), f"{LIKELY} customer record 586-2 (98.6 %)"),
        (
            event("Identity Linked", pairs=[LIKE, LIKE | {"probability": 0.9}]),
            f"{LIKELY} customer record 586-2 and another (90.0 %)",
        ),
        (
            event("Identity Linked", pairs=[LIKE | {"probability": 0.9999}] * 3),
            f"{LIKELY} customer record 586-2 and 2 others (over 99.9 %)",
        ),
        (event("Identity Linked", pairs="?"), f"{LIKELY} somebody"),
        (
            event("Household Linked", shared={"kind": "phone", "value": "+1555"}),
            "Joined a household that shares the number +1555",
        ),
        (event("User Identified"), "Told us who they are"),
        (event("Warranty Registered"), "Warranty Registered"),
        (event("Products Searched", query="x" * 200), f"Searched for “{'x' * 79}…”"),
    ],
)
def test_events_read_as_sentences(given_: Event, expected: str) -> None:
    """A sentence says what the event says and leaves out what it does not."""
    assert expected == say(given_)


def test_every_known_event_has_a_sentence_that_stands_alone() -> None:
    """No name of the vocabulary is without words, and no sentence is empty or shows a brace when the event is bare."""
    assert set() == KNOWN - SENTENCES.keys()
    assert [] == [name for name in SENTENCES if not say(event(name)) or set("{}[]|") & set(say(event(name)))]


@pytest.mark.parametrize(
    ("micros", "currency", "expected"),
    [(12_400_000, "USD", "$12.40"), (-1_234_567_890_000, "EUR", "−€1,234,567.89"), (500_000_000, "JPY", "¥500")],
)
def test_money_is_written_as_people_write_it(micros: int, currency: str, expected: str) -> None:
    """Sign, symbol, thousands and the currency's own number of decimals."""
    assert expected == money(micros, currency)


@given(st.lists(st.integers(0, 8), max_size=30), st.integers(1, 7))
def test_pages_together_are_the_whole_newest_first(moments: list[int], limit: int) -> None:
    """Read page by page from two sources that overlap, every event appears once and in order."""
    rows = [(seq, event("Page Viewed", at)) for seq, at in enumerate(moments, 1)]
    seen: list[tuple[int, int]] = []
    after = ""
    while True:
        found = page([*rows, *rows[::2]], limit, place(after))
        seen += [(one.at, one.seq) for one in found.entries]
        after = found.after
        if not after:
            break

    assert sorted(((at, seq) for seq, at in enumerate(moments, 1)), reverse=True) == seen


def test_new_events_do_not_move_the_next_page() -> None:
    """What arrives after the first page was read does not shift the second."""
    rows = [(seq, event("Page Viewed", seq)) for seq in range(1, 7)]
    first = page(rows, 2)
    second = page([*rows, (7, event("Page Viewed", 99))], 2, place(first.after))

    assert [4, 3] == [one.seq for one in second.entries]


def test_a_made_up_cursor_is_refused() -> None:
    """A cursor that we did not write is an error that says what to do."""
    with pytest.raises(BadCursor, match="without a cursor"):
        place("1; drop")
