"""Planning: a campaign and its people become rows of the ledger; a row that will not be sent says why."""

import hashlib
from collections.abc import Iterable

import msgspec

from onevoice.deliver import policy
from onevoice.deliver.links import piece_of
from onevoice.deliver.policy import Blocked
from onevoice.domain.campaign import Campaign
from onevoice.domain.delivery import Delivery, Send, State
from onevoice.domain.intent import Intent
from onevoice.domain.recipient import Recipient


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What planning needs to know of a campaign."""

    send: Send
    campaign: Campaign
    secret: str
    expires_at: int

    @property
    def salt(self) -> str:
        """The salt of the holdout."""
        return self.campaign.salt or self.send.campaign


def send_id(campaign: str, occurrence: str) -> str:
    """Return the id of one run of a campaign."""
    return hashlib.sha256(f"{campaign}\x1f{occurrence}".encode()).hexdigest()[:16]


def rows(
    order: Order,
    recipients: Iterable[Recipient],
    blocked: Blocked,
    taken: set[str],
    now: int,
) -> list[Delivery]:
    """
    Return a row for every person and channel.

    *taken* holds the guards already given; it grows, so that of two people with one address only the first is written
    to and the other's row says so.
    """
    return [
        _row(order, recipient, channel, blocked, taken, now)
        for recipient in recipients
        for channel in order.campaign.channels
    ]


def _row(
    order: Order,
    recipient: Recipient,
    channel: str,
    blocked: Blocked,
    taken: set[str],
    now: int,
) -> Delivery:
    send = order.send
    intent = Intent(campaign=send.campaign, person=recipient.person, channel=channel, occurrence=send.occurrence)
    key = intent.send_key
    state, reason = _fate(order, recipient, channel, blocked)
    guard = guard_of(send.id, channel, recipient.reach(channel))
    if state == "planned" and guard in taken:
        state, reason = "suppressed", "another person at this address is written to"
    if state == "planned":
        taken.add(guard)
    return Delivery(
        send_key=key,
        piece=piece_of(order.secret, key),
        send=send.id,
        campaign=send.campaign,
        channel=channel,
        person=recipient.person,
        household=recipient.household,
        anchor_kind=recipient.anchor.kind,
        anchor_value=recipient.anchor.value,
        address=recipient.reach(channel),
        guard=guard if state == "planned" else key,
        purpose=send.purpose,
        state=state,
        reason=reason,
        wake_at=max(now, order.campaign.schedule.starts_at),
        expires_at=order.expires_at,
        planned_at=now,
        updated_at=now,
    )


def guard_of(send: str, channel: str, address: str) -> str:
    """Return what lets one address have one letter of a run only."""
    return hashlib.sha256(f"{send}\x1f{channel}\x1f{address.casefold()}".encode()).hexdigest()


def _fate(order: Order, recipient: Recipient, channel: str, blocked: Blocked) -> tuple[State, str]:
    """Decide a row's first state; only who could have been written to may be held out, so the groups compare."""
    reason = policy.refusal(recipient, channel, order.send.purpose, blocked)
    if reason:
        return "suppressed", reason
    unit = recipient.household or recipient.person
    if policy.is_held_out(order.salt, unit, order.campaign.holdout):
        return "withheld", "holdout"
    return "planned", ""
