"""Consent belongs to an address, the most restrictive word wins, and a mere claim never grants."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.domain.consent import Consent, State
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.profile.ledger import allowed, entries, summary


def entry(at: int, state: State, node: int = 1, trust: Trust = Trust.VERIFIED, **given_: str) -> Consent:
    """Return one ledger entry about mail for marketing."""
    fields = {"channel": "email", "purpose": "marketing", "source": "form", "event": f"m{at}", **given_}
    return Consent(node=node, state=state, at=at, trust=trust, **fields)  # type: ignore[arg-type]


def test_nobody_who_was_never_asked_is_written_to() -> None:
    """Silence is no consent, except for what is necessary."""
    assert (False, "Never asked.") == (
        allowed([], "email", "marketing").allowed,
        allowed([], "email", "marketing").reason,
    )
    assert allowed([], "email", "transactional").allowed


def test_newest_word_of_an_address_counts() -> None:
    """Withdrawn and asked again is granted; the entry that decided is given as proof."""
    ledger = [entry(3, "granted"), entry(2, "withdrawn"), entry(1, "granted")]

    assert allowed(ledger, "email", "marketing").allowed
    assert "m3" == allowed(ledger, "email", "marketing").proof.event
    assert not allowed(ledger[1:], "email", "marketing").allowed


def test_most_restrictive_address_wins_when_people_are_joined() -> None:
    """An opt-out of one address holds for the joined person until that address is asked again."""
    ledger = [entry(1, "withdrawn", node=1), entry(5, "granted", node=2)]

    assert not allowed(ledger, "email", "marketing").allowed
    assert allowed([*ledger, entry(6, "granted", node=1)], "email", "marketing").allowed


def test_opt_out_survives_a_split() -> None:
    """Parted again, each has their own record."""
    ledger = [entry(1, "granted", node=1), entry(1, "granted", node=2), entry(2, "withdrawn", node=1)]

    assert not allowed([one for one in ledger if one.node == 1], "email", "marketing").allowed
    assert allowed([one for one in ledger if one.node == 2], "email", "marketing").allowed


def test_a_claim_never_grants_for_a_known_person() -> None:
    """A public key grants for an unknown visitor only, and lifts nobody's withdrawal."""
    claim = entry(9, "granted", trust=Trust.CLAIMED)

    assert not allowed([claim], "email", "marketing", known=True).allowed
    assert "public key" in allowed([claim], "email", "marketing", known=True).reason
    assert allowed([claim], "email", "marketing", known=False).allowed
    assert not allowed([entry(1, "withdrawn"), claim], "email", "marketing", known=False).allowed


def test_a_claimed_withdrawal_always_counts() -> None:
    """Whoever asks for less is believed."""
    ledger = [entry(1, "granted"), entry(2, "withdrawn", trust=Trust.CLAIMED)]

    assert not allowed(ledger, "email", "marketing").allowed


def test_withdrawal_for_all_channels_and_purposes_counts_everywhere() -> None:
    """`all` fits every channel and purpose, and a later grant for one of them lifts it there only."""
    ledger = [entry(1, "withdrawn", channel="all", purpose="all"), entry(2, "granted", channel="sms")]

    assert not allowed(ledger, "email", "transactional").allowed
    assert allowed(ledger, "sms", "marketing").allowed


def test_another_address_needs_its_own_grant() -> None:
    """Consent for one mailbox says nothing about another."""
    decision = allowed([entry(1, "granted", node=1)], "email", "marketing", address=2)

    assert (False, "Granted for another address only.") == (decision.allowed, decision.reason)


@given(
    st.lists(
        st.builds(
            entry,
            st.integers(0, 5),
            st.sampled_from(["granted", "withdrawn"]),
            st.integers(1, 3),
            st.sampled_from([Trust.CLAIMED, Trust.VERIFIED]),
            channel=st.sampled_from(["email", "sms", "all"]),
            source=st.sampled_from(["form", "till"]),
        ),
        max_size=10,
    ),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_decisions_do_not_depend_on_the_order_of_arrival(
    ledger: list[Consent], known: bool, chance: random.Random
) -> None:
    """A shuffled ledger allows the same; adding a withdrawal never allows more."""
    shuffled = list(ledger)
    chance.shuffle(shuffled)
    before = {channel: allowed(ledger, channel, "marketing", known=known).allowed for channel in ("email", "sms")}

    assert before == {
        channel: allowed(shuffled, channel, "marketing", known=known).allowed for channel in ("email", "sms")
    }
    assert not allowed([*ledger, entry(9, "withdrawn")], "email", "marketing", known=known).allowed


EMAIL = Identifier("email", "ann@example.com", Trust.VERIFIED)
OTHER = Identifier("email", "lee@example.com", Trust.CLAIMED)
USER = Identifier("user_id", "u1", Trust.VERIFIED)
NODES = {EMAIL.key: 10, OTHER.key: 11, USER.key: 12}


def consent_event(name: str, *identifiers: Identifier, **properties: str) -> Event:
    """Return an event that speaks of consent."""
    return Event(
        id="m1",
        name=name,
        occurred_at=7,
        received_at=7,
        identifiers=identifiers,
        properties=properties,
        context={"actor": "kim"},
        source="website",
    )


def test_entry_belongs_to_the_addresses_named_and_keeps_the_proof() -> None:
    """An event under a user id speaks for the addresses in it, each with its own trust."""
    event = consent_event("Consent Granted", USER, EMAIL, OTHER, channel="Email", source="checkout", text_version="v3")
    found = entries(event, 12, NODES.get)

    assert [(10, Trust.VERIFIED), (11, Trust.CLAIMED)] == [(one.node, one.trust) for one in found]
    proof = found[0]
    assert ("email", "marketing", "granted", 7, "checkout", "m1", "v3", "kim") == (
        *(proof.channel, proof.purpose, proof.state, proof.at),
        *(proof.source, proof.event, proof.text_version, proof.actor),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Unsubscribed", ("email", "withdrawn")),
        ("Email Marked as Spam", ("email", "withdrawn")),
        ("SMS Opted Out", ("sms", "withdrawn")),
        ("SMS Opted In", ("sms", "granted")),
        ("Consent Withdrawn", ("all", "withdrawn")),
    ],
)
def test_events_that_imply_consent(name: str, expected: tuple[str, str]) -> None:
    """Unsubscribes, spam reports and text replies write the ledger, under the anchor where no address is named."""
    found = entries(consent_event(name, USER), 12, NODES.get)

    assert [(12, *expected)] == [(one.node, one.channel, one.state) for one in found]


def test_summary_names_each_channel_spoken_of() -> None:
    """The list of people shows one state a channel."""
    ledger = [entry(1, "granted"), entry(1, "withdrawn", channel="sms")]

    assert {"email": "granted", "sms": "withdrawn"} == summary(ledger)
