"""Whether a letter may go: consent, suppression and holdout, asked when it is planned and again when it is claimed."""

import hashlib
import hmac
from collections.abc import Set as AbstractSet

from onevoice.domain.consent import Decision
from onevoice.domain.recipient import Recipient

#: Channels in which marketing needs no earlier yes, only no earlier no (post).
OPT_OUT = frozenset({"print"})
#: Sent without having been asked for, unless it was withdrawn.
NECESSARY = frozenset({"transactional"})
EVERY_PURPOSE = "*"

Blocked = AbstractSet[tuple[str, str, str]]  #: channel, address, purpose


def refusal(recipient: Recipient, channel: str, purpose: str, blocked: Blocked) -> str:
    """Return why a person may not be written to, or nothing."""
    address = recipient.reach(channel)
    if not address:
        return f"no {channel} address"
    if {(channel, address, purpose), (channel, address, EVERY_PURPOSE)} & blocked:
        return "suppressed: the address asked for silence or is dead"
    return _without_consent(recipient.consent.get(channel), channel, purpose)


def _without_consent(decision: Decision | None, channel: str, purpose: str) -> str:
    if decision is not None and decision.allowed:
        return ""
    asked = decision is not None and decision.proof is not None
    if not asked and (channel in OPT_OUT or purpose in NECESSARY):
        return ""
    return f"consent: {decision.reason if decision else 'Never asked.'}"


def is_held_out(salt: str, assignment: str, percent: float) -> bool:
    """
    Tell whether a household (or a person without one) belongs to the group that hears nothing.

    HMAC-SHA-256 of the assignment id under the salt, modulo 10,000: stable over time, channels and versions, and a
    larger percentage only ever adds people.
    """
    drawn = hmac.new(salt.encode(), assignment.encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8], "big") % 10_000 < round(percent * 100)
