"""How a message names its person, and how far it is believed."""

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from onevoice.collect.address import email, is_card_number, phone
from onevoice.collect.identity import LONGEST_CLAIM, signature
from onevoice.collect.plan import RANKS, Plan
from onevoice.domain.identifier import Trust
from onevoice.domain.moment import SECOND
from tests.collect.speech import heard, names, refused
from tests.conftest import NOW

TRACK = {"event": "Tried", "userId": "u1", "anonymousId": "a1", "messageId": "m1"}
EXPIRES = NOW // SECOND + 60


def test_strongest_first_whatever_the_order_of_mention() -> None:
    """Identifiers are ordered by the strength of their kind, then by value."""
    context = {
        "externalIds": [
            {"id": "GA1.2", "type": "ga_client_id"},
            {"id": "L2", "type": "loyalty_id@till"},
            {"id": "L1", "type": "loyalty_id"},
            {"id": "x", "type": "shoe_size"},
        ],
        "device": {"id": "d1", "advertisingId": "AB-12", "token": "t1"},
        "traits": {"email": "Ann@Example.com", "phone": "(212) 555-0123"},
        "integrations": {"Google Analytics 4": {"clientId": "1.2"}},
    }
    expected = [
        ("user_id", "u1", "verified"),
        ("loyalty_id", "L1", "verified"),
        ("loyalty_id@till", "L2", "verified"),
        ("email", "ann@example.com", "verified"),
        ("phone", "+12125550123", "verified"),
        ("device_id", "d1", "claimed"),
        ("push_token", "t1", "claimed"),
        ("anonymous_id", "a1", "claimed"),
        ("ga_client_id", "1.2", "claimed"),
        ("ga_client_id", "GA1.2", "claimed"),
        ("ad_id", "ab-12", "claimed"),
    ]
    integrations = context.pop("integrations")
    item = TRACK | {"context": context, "integrations": integrations}

    assert expected == names(heard(item, trust=Trust.VERIFIED))


def test_public_keys_only_claim() -> None:
    """Through a public key everything is a claim."""
    assert {"claimed"} == {trust for _, _, trust in names(heard(TRACK | {"traits": {"email": "a@b.de"}}))}


def test_ranks_are_the_plans() -> None:
    """A plan may rank kinds otherwise, a kind with its system by itself."""
    plan = Plan(ranks={**RANKS, "anonymous_id": 0.5, "loyalty_id@till": 0.1})  # type: ignore[dict-item]
    item = TRACK | {"externalIds": [{"id": "L2", "type": "loyalty_id@till"}]}

    assert ["loyalty_id@till", "anonymous_id", "user_id"] == [kind for kind, _, _ in names(heard(item, plan))]


@pytest.mark.parametrize(
    ("device", "kinds"),
    [
        ({"advertisingId": "AB", "adTrackingEnabled": False}, []),
        ({"advertisingId": "00000000-0000-0000-0000-000000000000"}, []),
        ({"advertisingId": "AB", "adTrackingEnabled": True}, ["ad_id"]),
        ("phone", []),
    ],
)
def test_advertising_ids(device: Any, kinds: list[str]) -> None:
    """An advertising id counts only if its owner allows it, and never if it is all zeros."""
    found = [kind for kind, _, _ in names(heard(TRACK | {"context": {"device": device}}))]

    assert ["user_id", "anonymous_id", *kinds] == found


def test_an_invitee_is_not_the_inviter() -> None:
    """An e-mail address among the properties names the person only if nothing else does."""
    other = {"event": "Told Friend", "properties": {"email": "friend@example.com"}}

    assert [("user_id", "u1", "claimed")] == names(heard(other | {"userId": "u1"}))
    assert [("email", "friend@example.com", "claimed")] == names(heard(other))


@pytest.mark.parametrize(
    ("before", "kind"),
    [("a1", "anonymous_id"), ("0f5c1a9e-7d2b-4a3e-9d21-0123456789ab", "anonymous_id"), ("u0", "user_id")],
)
def test_alias(before: str, kind: str) -> None:
    """The earlier name of an alias is an anonymous id if it looks like one, else a user id."""
    event = heard({"userId": "u1", "previousId": before, "anonymousId": "a1"}, path="alias")

    assert (kind, before, "claimed") in names(event)
    assert before == event.properties["previous_id"]


def test_country_of_the_plan() -> None:
    """A number without a country code is one of the plan's country; what was typed stays among the traits."""
    event = heard({"event": "T", "traits": {"phone": "0151 12345678"}}, Plan(country="DE"))

    assert ([("phone", "+4915112345678", "claimed")], {"phone": "0151 12345678"}) == (names(event), event.traits)


@pytest.mark.parametrize(
    ("direction", "number"),
    [("inbound", "+12125550123"), ("outbound", "+442079460958")],
)
def test_calls_claim_the_other_side_only(direction: str, number: str) -> None:
    """A call names the customer's number, whichever side it is, and only ever claims it."""
    call = {"call_id": "c1", "direction": direction, "from": "+12125550123", "to": "+442079460958"}
    event = heard({"event": "Call Started", "properties": call}, trust=Trust.VERIFIED)

    assert [("phone", number, "claimed")] == names(event)


@pytest.mark.parametrize(
    ("event", "properties", "expected"),
    [
        (
            "Badge Scanned",
            {"exhibition_id": "e1", "booth_id": "b", "consent": True, "badge_id": "7"},
            ("badge_id", "e1:7"),
        ),
        (
            "Social Comment Received",
            {"network": "x", "page_id": "p", "item_id": "i", "url": "u", "user_id": "9", "display_name": "Ann"},
            ("social", "x:p:9"),
        ),
        ("SMS Received", {"message_id": "1", "from": "+12125550123", "to": "24680"}, ("phone", "+12125550123")),
        ("SMS Sent", {"message_id": "1", "to": "+12125550123", "from": "24680"}, ("phone", "+12125550123")),
        (
            "Mail Piece Sent",
            {"piece_id": "1", "campaign_id": "c", "address_key": "10115|main 1"},
            ("address", "10115|main 1"),
        ),
        ("Tried", {"loyalty_id": 77}, ("loyalty_id", "77")),
    ],
)
def test_schemas_name_people(event: str, properties: dict[str, Any], expected: tuple[str, str]) -> None:
    """The schema of an event says which of its properties name the person."""
    assert [expected] == [(kind, value) for kind, value, _ in names(heard({"event": event, "properties": properties}))]


def claim(secret: bytes = b"s", user: str = "u1", browser: str = "a1", expires: int = EXPIRES) -> dict[str, Any]:
    """Return the context of a signed claim."""
    return {"identity": {"signature": signature(secret, user, browser, expires), "expires": expires}}


def trust_of(context: dict[str, Any], secret: bytes = b"s") -> tuple[str, dict[str, Any]]:
    """Return how far the user id of an event with this context is believed, and what is left of the context."""
    event = heard(TRACK | {"context": context}, Plan(secret=secret))
    return names(event)[0][2], event.context


def test_signed_claims_verify_the_user_id_only() -> None:
    """A good signature makes the user id verified, and nothing else; it is not kept."""
    event = heard(TRACK | {"context": claim()}, Plan(secret=b"s"))

    assert [("user_id", "u1", "verified"), ("anonymous_id", "a1", "claimed")] == names(event)
    assert {} == event.context


@pytest.mark.parametrize(
    "context",
    [
        claim(secret=b"other"),
        claim(user="u2"),
        claim(browser="a2"),
        claim(expires=NOW // SECOND - 1),
        claim(expires=(NOW + LONGEST_CLAIM) // SECOND + 1),
        {"identity": {"signature": "é", "expires": EXPIRES}},
        {"identity": {"signature": signature(b"s", "u1", "a1", EXPIRES), "expires": EXPIRES + 1}},
        {"identity": {"signature": None, "expires": EXPIRES}},
        {"identity": {"signature": signature(b"s", "u1", "a1", 1), "expires": True}},
        {"identity": "trust me"},
    ],
    ids=[
        "forged",
        "for another",
        "replayed elsewhere",
        "expired",
        "for too long",
        "odd",
        "stretched",
        "none",
        "bool",
        "text",
    ],
)
def test_bad_signatures_claim(context: dict[str, Any]) -> None:
    """A bad, expired or replayed signature leaves a claim, and no trace."""
    assert ("claimed", {}) == trust_of(context)


def test_without_a_secret_nothing_is_signed() -> None:
    """A workspace without a secret believes no signature, not even one made with an empty secret."""
    assert ("claimed", {}) == trust_of(claim(secret=b""), secret=b"")


LOCAL = st.text("abz09._%+-'", min_size=1, max_size=20)
DOMAIN = st.text("abz09-.", min_size=1, max_size=20)
TOPS = st.sampled_from([".com", ".de", ".co.uk", ".example", ".test", ".local", "", ".c", ".xn--p1ai"])


@given(LOCAL, DOMAIN, TOPS)
@example("a.b+c", "example", ".com")
@example("a", "xn--a", ".com")
def test_emails_follow_email_validator(local: str, domain: str, top: str) -> None:
    """The quick way and the library agree on every address."""
    written = f" {local}@{domain}{top}".upper()
    try:
        expected = validate_email(written.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        expected = ""

    assert expected == email(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Ann.Lee+x@GMail.com", "ann.lee+x@gmail.com"),
        ("jörg@münchen.de", "jörg@münchen.de"),
        ("nobody", ""),
        ("a@localhost", ""),
        ("a@" + "b" * 64 + ".com", ""),
        ("", ""),
    ],
)
def test_emails(written: str, expected: str) -> None:
    """Addresses are lower-cased, never shortened to what a mailbox provider thinks is the same."""
    assert expected == email(written)


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "DE", "+12125550123"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("12345", "US", ""),
        ("call me", "US", ""),
        ("0151 12345678", "", ""),
        ("0151 12345678", "XX", ""),
    ],
)
def test_phones(written: str, country: str, expected: str) -> None:
    """Numbers are E.164 by the rules of their country; impossible ones are none."""
    assert expected == phone(written, country)


@given(st.text(max_size=30))
def test_addresses_never_fail(written: str) -> None:
    """No text makes the normalisers fail, and what they return stays what it is."""
    for found in (email(written), phone(written, "US")):
        assert "" == found or found in {email(found), phone(found, "US")}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4111 1111 1111 1111", True),
        ("4111111111111112", False),
        ("tok_4111", False),
        ("378282246310005", True),
        ("12", False),
    ],
)
def test_card_numbers(written: str, expected: bool) -> None:
    """A payment card number is known by its length and its Luhn sum."""
    assert expected is is_card_number(written)


def test_card_number_as_alias_is_refused() -> None:
    """A card number sent as an alias is refused, and its digits are not kept; a provider's alias names its owner."""
    reject = refused({"event": "Tried", "properties": {"card_alias": "4111111111111111"}})

    assert ("schema_violation", "$.properties.card_alias") == (reject.reason, reject.path)
    assert b"4111" not in reject.raw
    assert [("card_alias", "pay_9x", "claimed")] == names(heard({"event": "T", "properties": {"card_alias": "pay_9x"}}))
