"""
The delivery ledger: which states there are, which moves are allowed, and what follows from each answer.

Every rule is a pure function of a row and the moment; the store applies the moves by compare-and-set on the fence.
"""

import hashlib

from onevoice.domain.delivery import Accepted, Delivery, Later, Move, Receipt, Refused, State, Unknown
from onevoice.domain.errors import NotAllowed
from onevoice.domain.moment import DAY, HOUR, MINUTE, SECOND

#: State -> states that may follow.
NEXT: dict[State, frozenset[State]] = {
    "planned": frozenset({"held", "claimed", "withheld", "suppressed", "revoked", "expired"}),
    "held": frozenset({"planned", "expired", "revoked"}),
    "claimed": frozenset({"submitting", "planned", "held", "suppressed", "revoked", "expired"}),
    "submitting": frozenset({"accepted", "rejected", "planned", "unknown"}),
    "accepted": frozenset({"delivered", "bounced", "complained", "returned", "revoked"}),
    "unknown": frozenset({"accepted", "rejected", "planned", "unknown_final"}),
    "delivered": frozenset({"bounced", "complained", "returned"}),  # late proof corrects
    "unknown_final": frozenset({"accepted", "delivered", "bounced", "complained"}),  # late proof corrects
}
#: Nothing more is done for these; `accepted` joins them past its horizon.
TERMINAL: frozenset[State] = frozenset(
    {
        "withheld",
        "suppressed",
        "revoked",
        "expired",
        "rejected",
        "delivered",
        "bounced",
        "complained",
        "returned",
        "unknown_final",
    }
)

LEASE = 60 * SECOND  #: how long a claim lasts
DEADLINE = 20 * SECOND  #: how long one call may take; always less than the lease
MARGIN = 10 * SECOND  #: how much longer than the lease the sweeper waits
RETRY_FIRST = 30 * SECOND
RETRY_LONGEST = HOUR
#: How long an unknown outcome waits for proof before the policy decides.
UNKNOWN_HORIZON = 2 * MINUTE
#: How long bad news may still come after a letter was accepted.
ACCEPTED_HORIZON = {"email": 5 * DAY, "sms": 3 * DAY, "print": 30 * DAY}


class NotAMove(NotAllowed):
    """The ledger does not allow this step."""


def check(before: State, after: State) -> None:
    """
    Refuse a step that the ledger does not know.

    Raises:
        NotAMove: There is no such step.
    """
    if after not in NEXT.get(before, frozenset()):
        raise NotAMove(f"A delivery that is {before} cannot become {after}.")


def answered(row: Delivery, receipt: Receipt, now: int) -> Move:
    """Return what follows from a channel's answer to a letter that was being submitted."""
    match receipt:
        case Accepted(provider_id):
            return Move(state="accepted", provider_id=provider_id)
        case Refused(reason):
            return Move(state="rejected", reason=reason)
        case Later(reason):
            return Move(state="planned", reason=reason, wake_at=now + delay(row))
        case Unknown(reason):
            return Move(state="unknown", reason=reason, wake_at=now + UNKNOWN_HORIZON)


def delay(row: Delivery) -> int:
    """Return how long to wait after a temporary refusal: doubling, with a spread drawn from the row's own key."""
    base = min(RETRY_LONGEST, RETRY_FIRST << min(row.attempts, 16))
    drawn = hashlib.sha256(f"{row.send_key}\x1f{row.attempts}".encode()).digest()
    return base // 2 + (base * int.from_bytes(drawn[:4], "big") >> 33)


def lapsed(row: Delivery, now: int) -> Move | None:
    """Return what time alone has done to a row: leases end, offers expire, unknown outcomes fall due."""
    if row.state == "claimed" and row.lease_until + MARGIN <= now:
        return Move(state="planned", reason="the worker went away before sending", wake_at=now)
    if row.state == "submitting" and row.lease_until + MARGIN <= now:
        return Move(state="unknown", reason="the worker went away while sending", wake_at=now + UNKNOWN_HORIZON)
    if row.state in {"planned", "held"} and row.expires_at <= now:
        return Move(state="expired", reason=row.reason or "the offer ended first")
    return None


def resolved(row: Delivery, now: int, *, proof: Receipt | None = None) -> Move | None:
    """
    Return how an unknown outcome ends.

    *proof* is what the channel could tell when asked (a lookup by our id, never a resend). Without proof, and past the
    horizon: marketing is never sent again, transactional mail is sent once more under the same Message-ID.
    """
    if row.state != "unknown":
        return None
    match proof:
        case Accepted(provider_id):
            return Move(state="accepted", provider_id=provider_id, reason="found at the channel")
        case Refused(reason):
            return Move(state="rejected", reason=reason)
        case Later():
            return Move(state="planned", reason="proved not sent", wake_at=now)
    if row.wake_at > now:
        return None
    if row.purpose == "transactional" and row.resends == 0:
        return Move(state="planned", reason="sent again once: transactional", wake_at=now, resent=True)
    return Move(state="unknown_final", reason=row.reason or "the outcome was never learnt")


def is_terminal(row: Delivery, now: int) -> bool:
    """Tell whether nothing more will be done for a row."""
    if row.state == "accepted":
        return row.accepted_at + ACCEPTED_HORIZON.get(row.channel, 0) <= now
    return row.state in TERMINAL


def is_finished(planned: int, terminal: int) -> bool:
    """Tell whether a campaign is finished: every planned row has ended."""
    return planned == terminal
