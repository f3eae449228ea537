"""Links are short, signed, and lead only where the campaign said."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.deliver import links
from onevoice.domain.identifier import Identifier, Trust
from tests.conftest import NOW
from tests.deliver.test_plan import SEND
from tests.deliver.test_rules import ROW

KEYS = st.text(min_size=1, max_size=70)


@given(KEYS, st.sampled_from("rou"))
def test_token_names_its_piece(key: str, kind: str) -> None:
    """A token is 19 characters fit for a URL and reads back as its piece."""
    piece = links.piece_of("secret", key)
    made = links.token("secret", kind, piece)  # type: ignore[arg-type]

    assert 19 == len(made)
    assert made.replace("-", "").replace("_", "").isalnum()
    assert piece == links.read("secret", kind, made)  # type: ignore[arg-type]


@given(KEYS, st.sampled_from("rou"), st.data())
def test_bent_token_is_refused(key: str, kind: str, data: st.DataObject) -> None:
    """Any changed character, another kind, and another workspace's secret are refused."""
    made = links.token("secret", kind, links.piece_of("secret", key))  # type: ignore[arg-type]
    at = data.draw(st.integers(0, 18))
    other = data.draw(st.sampled_from([one for one in "abcXYZ019-_" if one != made[at]]))
    for bent, of, secret in (
        (made[:at] + other + made[at + 1 :], kind, "secret"),
        (made, {"r": "o", "o": "u", "u": "r"}[kind], "secret"),
        (made, kind, "other"),
        (made + "x", kind, "secret"),
        (made[:-1], kind, "secret"),
    ):
        with pytest.raises(links.BadLink, match="copy all of it"):
            links.read(secret, of, bent)  # type: ignore[arg-type]


def test_target_carries_the_campaign_for_analytics() -> None:
    """The address is the campaign's own; what it carries already stays, and the campaign is named in lower case."""
    send = msgspec.structs.replace(SEND, target="https://shop.example/p?a=1&utm_source=own#top", campaign="Summer Sale")
    row = msgspec.structs.replace(ROW, channel="print")

    assert (
        "https://shop.example/p?a=1&utm_source=own&utm_medium=print&utm_campaign=summer-sale&utm_id=summer-sale"
        "&utm_content=b#top"
    ) == links.target(row, send)


def test_unsubscription_names_address_channel_and_purpose() -> None:
    """The event withdraws consent for the address it went to, and the same piece gives the same event."""
    row = msgspec.structs.replace(ROW, address="a@example.com", anchor_kind="crm_id", anchor_value="7")
    event = links.unsubscribed(row, SEND, now=NOW)

    assert ("Consent Withdrawn", "email", "marketing") == (
        event.name,
        event.properties["channel"],
        event.properties["purpose"],
    )
    assert Identifier("email", "a@example.com", Trust.VERIFIED) in event.identifiers
    assert event.id == links.unsubscribed(row, SEND, now=NOW + 1).id
