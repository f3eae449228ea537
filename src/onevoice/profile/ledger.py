"""The consent ledger: what each address granted or withdrew, and what that allows for the person behind it."""

from collections.abc import Callable, Iterable
from typing import Any

from onevoice.domain.consent import ALL, Consent, Decision, State
from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust

Find = Callable[[tuple[str, str]], int | None]

#: Event -> channel it speaks of ("": the event says), purpose assumed, and what it does.
NAMES: dict[str, tuple[str, str, State]] = {
    "Consent Granted": ("", "marketing", "granted"),
    "Consent Withdrawn": ("", "marketing", "withdrawn"),
    "Unsubscribed": ("email", "marketing", "withdrawn"),
    "Email Marked as Spam": ("email", "marketing", "withdrawn"),
    "SMS Opted Out": ("sms", "marketing", "withdrawn"),
    "SMS Opted In": ("sms", "marketing", "granted"),
}

#: Which identifiers are the addresses of a channel.
ADDRESSES = {
    "email": ("email",),
    "sms": ("phone",),
    "phone": ("phone",),
    "push": ("push_token", "device_id"),
    "print": ("address",),
    "social": ("social",),
}
#: May be sent without having been asked for, unless it was withdrawn.
NECESSARY = frozenset({"transactional", "service"})


def entries(event: Event, anchor: int, find: Find | None = None) -> list[Consent]:
    """
    Return the ledger entries of one event: one for each address it names in its channel, else one for its anchor.

    *find* gives the node of an identifier's key.
    """
    channel, purpose, state = NAMES[event.name]
    properties = event.properties
    channel = channel or _text(properties, "channel", ALL).lower()
    purpose = _text(properties, "purpose", purpose).lower()
    return [
        Consent(
            node=node,
            channel=channel,
            purpose=purpose,
            state=state,
            at=event.occurred_at,
            source=_text(properties, "source", event.source),
            event=event.id,
            text_version=_text(properties, "text_version", ""),
            actor=str(event.context.get("actor") or properties.get("actor") or ""),
            trust=trust,
        )
        for node, trust in _addressed(event, channel, anchor, find).items()
    ]


def _addressed(event: Event, channel: str, anchor: int, find: Find | None) -> dict[int, Trust]:
    """Return the nodes an event speaks for, each with how far it may be believed."""
    kinds = ADDRESSES.get(channel, ())
    pairs = [(find(one.key), one) for one in event.identifiers] if find is not None else []
    trusts = {node: one.trust for node, one in pairs if node is not None}
    named = {node: one.trust for node, one in pairs if node is not None and one.base in kinds}
    first = event.identifiers[0].trust if event.identifiers else Trust.CLAIMED
    return named or {anchor: trusts.get(anchor, first)}


def _text(properties: dict[str, Any], name: str, otherwise: str) -> str:
    found = properties.get(name)
    return str(found).strip() if found not in (None, "") else otherwise


def newest(consents: Iterable[Consent], *, known: bool) -> dict[int, Consent]:
    """
    Return what counts for each address, of entries of one channel and purpose: the newest by moment, then event.

    A mere claim (public key) never grants for a *known* person and never lifts a withdrawal, which always counts.
    """
    firm: dict[int, Consent] = {}
    claimed: dict[int, Consent] = {}
    for entry in consents:
        firmly = entry.state == "withdrawn" or entry.trust >= Trust.VERIFIED
        kept = firm if firmly else claimed
        if entry.node not in kept or _rank(kept[entry.node]) < _rank(entry):
            kept[entry.node] = entry
    return firm if known else {**claimed, **firm}


def _rank(entry: Consent) -> tuple[int, bool, str]:
    """Newest wins; of two words at one moment the withdrawal does."""
    return (entry.at, entry.state == "withdrawn", entry.event)


def allowed(
    consents: Iterable[Consent], channel: str, purpose: str, *, known: bool = True, address: int | None = None
) -> Decision:
    """
    Decide whether a person may be written to in a channel for a purpose, from the entries of all their nodes.

    The most restrictive address wins until it is asked again. With *address* (a node) the grant must be that address's
    own, or one given by a node that is no address (an account).
    """
    fitting = [one for one in consents if one.channel in (channel, ALL) and one.purpose in (purpose, ALL)]
    standing = newest(fitting, known=known)
    withdrawn = [one for one in standing.values() if one.state == "withdrawn"]
    if withdrawn:
        proof = max(withdrawn, key=_rank)
        return Decision(allowed=False, reason=f"Withdrawn through {proof.source or 'an unnamed source'}.", proof=proof)
    granted = [one for one in standing.values() if address is None or one.node == address]
    if granted:
        proof = max(granted, key=_rank)
        sure = "" if proof.trust >= Trust.VERIFIED else ", not confirmed"
        return Decision(
            allowed=True, reason=f"Granted through {proof.source or 'an unnamed source'}{sure}.", proof=proof
        )
    if purpose in NECESSARY:
        return Decision(allowed=True, reason=f"No consent is needed for {purpose} messages.")
    if standing:
        return Decision(allowed=False, reason="Granted for another address only.", proof=next(iter(standing.values())))
    claims = [one for one in fitting if one.state == "granted"]
    if claims:
        return Decision(
            allowed=False, reason="Only claimed through a public key, never confirmed.", proof=max(claims, key=_rank)
        )
    return Decision(allowed=False, reason="Never asked.")


def summary(consents: Iterable[Consent], *, known: bool = True, purpose: str = "marketing") -> dict[str, State]:
    """Return the state of each channel the ledger speaks of, for one purpose."""
    given = list(consents)
    channels = sorted({one.channel for one in given} - {ALL})
    return {
        channel: "granted" if allowed(given, channel, purpose, known=known).allowed else "withdrawn"
        for channel in channels
    }
