"""Planning gives everybody a row, and each row that will not be sent says why."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.deliver import policy
from onevoice.deliver.plan import Order, rows
from onevoice.domain.campaign import Campaign
from onevoice.domain.delivery import Delivery, Send
from onevoice.domain.recipient import Recipient
from tests.conftest import NOW
from tests.deliver.people import NEVER, NO, person

SEND = Send(id="s1", campaign="summer", version=1, title="Summer", brief="b", brief_version=1, offer="o",
            offer_version=1, brand="h", brand_version=1, target="https://x.example", planned_at=NOW)  # fmt: skip
CAMPAIGN = Campaign(title="Summer", brief="b", audience="all", channels=("email", "sms", "print"))


def planned(
    people: list[Recipient], blocked: frozenset[tuple[str, str, str]] = frozenset(), **changes: object
) -> list[Delivery]:
    """Plan some people."""
    campaign = msgspec.structs.replace(CAMPAIGN, **changes)
    send = msgspec.structs.replace(SEND, purpose=campaign.purpose)
    order = Order(send=send, campaign=campaign, secret="s", expires_at=NOW + 1)
    return rows(order, people, blocked, set(), NOW)


def fates(found: list[Delivery]) -> dict[str, tuple[str, str]]:
    """Return state and reason by channel."""
    return {row.channel: (row.state, row.reason) for row in found}


def test_everybody_gets_a_row_in_every_channel() -> None:
    """Rows are people times channels, each with its own key and piece."""
    found = planned([person(number) for number in range(10)])

    assert 30 == len(found) == len({row.send_key for row in found}) == len({row.piece for row in found})
    assert {"planned"} == {row.state for row in found}


def test_refused_consent_is_told_apart_from_never_asked() -> None:
    """E-mail without a yes is suppressed; post needs only the absence of a no."""
    silent = person(1, consent={"email": NEVER, "sms": NEVER, "print": NEVER})
    angry = person(2, consent={"email": NO, "sms": NO, "print": NO})

    assert {
        "email": ("suppressed", "consent: Never asked."),
        "sms": ("suppressed", "consent: Never asked."),
        "print": ("planned", ""),
    } == fates(planned([silent]))
    assert {("suppressed", "consent: Withdrawn through form.")} == set(fates(planned([angry])).values())


def test_transactional_needs_no_yes_but_obeys_a_no() -> None:
    """A transactional letter goes to whoever was never asked, and not to whoever refused it."""
    silent = person(1, consent={})
    angry = person(2, consent={"email": NO})

    assert "planned" == fates(planned([silent], purpose="transactional"))["email"][0]
    assert "suppressed" == fates(planned([angry], purpose="transactional"))["email"][0]


def test_missing_address_is_a_reason() -> None:
    """Somebody without a telephone has a row for it that says so."""
    assert ("suppressed", "no sms address") == fates(planned([person(1, phone="")]))["sms"]


def test_suppressed_address_is_not_written_to() -> None:
    """A suppression of every purpose stops the channel, one of another purpose does not."""
    every = frozenset({("email", "p1@example.com", "*")})
    other = frozenset({("email", "p1@example.com", "sales")})

    assert "suppressed" == fates(planned([person(1)], every))["email"][0]
    assert "planned" == fates(planned([person(1)], other))["email"][0]


def test_one_address_gets_one_letter() -> None:
    """Of two people with one mailbox, in whatever letters they wrote it, the second is spared."""
    found = planned([person(1), person(2, email="P1@example.com")], channels=("email",))

    assert ["planned", "suppressed"] == [row.state for row in found]
    assert 2 == len({row.guard for row in found})


def test_holdout_is_of_households_and_of_those_who_could_be_reached() -> None:
    """A household is held out whole and in every channel; whoever refused is suppressed, not held out."""
    people = [person(number) for number in range(2_000)]
    found = planned(people, holdout=20.0)
    withheld = {row.person for row in found if row.state == "withheld"}
    households = {one.household for one in people if one.person in withheld}

    assert {one.person for one in people if one.household in households} == withheld
    assert 3 * len(withheld) == sum(row.state == "withheld" for row in found)
    assert 320 <= len(withheld) <= 480  # 20 % of 2,000, five standard deviations either way
    refused = planned(
        [msgspec.structs.replace(one, consent={"email": NO}) for one in people], holdout=20.0, channels=("email",)
    )
    assert {"suppressed"} == {row.state for row in refused}


@given(st.text(min_size=1), st.floats(0, 90), st.floats(0, 90))
def test_larger_holdout_only_adds(assignment: str, one: float, other: float) -> None:
    """Whoever is held out at a percentage is held out at every larger one."""
    small, large = sorted((one, other))

    assert not policy.is_held_out("salt", assignment, small) or policy.is_held_out("salt", assignment, large)


@pytest.mark.parametrize("field", ["occurrence", "campaign"])
def test_another_occasion_is_another_key(field: str) -> None:
    """Only campaign, person, channel and occurrence make the key: versions, times and addresses do not."""
    order = Order(send=SEND, campaign=CAMPAIGN, secret="s", expires_at=NOW + 1)
    later = Order(
        send=msgspec.structs.replace(SEND, version=9, brief_version=9), campaign=CAMPAIGN, secret="s", expires_at=9
    )
    other = Order(send=msgspec.structs.replace(SEND, **{field: "x"}), campaign=CAMPAIGN, secret="s", expires_at=NOW + 1)
    keys = [
        [row.send_key for row in rows(one, [person(1, email=mail)], frozenset(), set(), at)]
        for one, mail, at in ((order, "a@example.com", 1), (later, "b@example.com", 2), (other, "a@example.com", 1))
    ]

    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])
