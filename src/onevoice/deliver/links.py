"""
Links of a piece: short, made for one person and one piece, and signed, so that none can be guessed or bent.

A token is 12 characters of piece id and 7 characters of signature (base64url; 72 and 42 bits of HMAC-SHA-256). The
signature covers the kind, so an opening can never be turned into an unsubscription. Where a click leads comes from the
ledger alone, never from the address that was called.
"""

import base64
import hashlib
import hmac
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from onevoice.domain.delivery import Delivery, Send, Suppression
from onevoice.domain.errors import NotFound
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust

Kind = Literal["r", "o", "u"]  #: redirect, open, unsubscribe

PIECE = 12
SIGNATURE = 7
#: utm_medium by channel; the ones Google Analytics knows by default, and `print`.
UTM_MEDIUM = {"email": "email", "sms": "sms", "print": "print"}
CLICKED = {"email": "Email Link Clicked", "sms": "SMS Link Clicked", "print": "Mail Code Scanned"}


class BadLink(NotFound):
    """This link is not complete; copy all of it and try again."""


class PieceLinks(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses made for one piece."""

    link: str
    pixel: str
    unsubscribe: str


def piece_of(secret: str, send_key: str) -> str:
    """Return the public id of a piece: derived, so that planning twice names it once, and not to be guessed."""
    return _sign(secret, f"piece\x1f{send_key}", PIECE)


def token(secret: str, kind: Kind, piece: str) -> str:
    """Return the signed token of a piece."""
    return piece + _sign(secret, f"{kind}\x1f{piece}", SIGNATURE)


def read(secret: str, kind: Kind, given: str) -> str:
    """
    Return the piece that a token names.

    Raises:
        BadLink: The signature does not fit.
    """
    piece = given[:PIECE]
    if not hmac.compare_digest(token(secret, kind, piece).encode(), given.encode()):
        raise BadLink
    return piece


def _sign(secret: str, text: str, length: int) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest)[:length].decode()


def links(base: str, secret: str, piece: str) -> PieceLinks:
    """Return the addresses of a piece under the public address of the house."""
    return PieceLinks(
        link=f"{base}/r/{token(secret, 'r', piece)}",
        pixel=f"{base}/o/{token(secret, 'o', piece)}.gif",
        unsubscribe=f"{base}/u/{token(secret, 'u', piece)}",
    )


def target(row: Delivery, send: Send) -> str:
    """Return where a click leads: the campaign's own address, with the campaign named for analytics."""
    parts = urlsplit(send.target)
    named = {
        "utm_source": _word(send.brand),
        "utm_medium": UTM_MEDIUM.get(row.channel, row.channel),
        "utm_campaign": _word(send.campaign),
        "utm_id": _word(send.campaign),
        "utm_content": _word(send.brief),
    }
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = [*given, *((name, value) for name, value in named.items() if name not in dict(given))]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _word(text: str) -> str:
    return "-".join(text.lower().split())


def clicked(row: Delivery, send: Send, *, now: int, agent: str = "") -> Event:
    """Return the event of a followed link or a scanned code."""
    return _event(
        row,
        CLICKED[row.channel],
        f"click:{row.piece}:{now}",
        now,
        {"link_url": send.target, **_named(row, send)},
        agent,
    )


def opened(row: Delivery, send: Send, *, now: int, agent: str = "") -> Event:
    """Return the event of an opened e-mail: that its picture was fetched, by a person or a machine."""
    return _event(row, "Email Opened", f"open:{row.piece}:{now}", now, _named(row, send), agent)


def unsubscribed(row: Delivery, send: Send, *, now: int, agent: str = "") -> Event:
    """Return the event of a withdrawal through the link of a piece; the same piece withdraws once."""
    properties = {
        "channel": row.channel,
        "purpose": row.purpose,
        "source": "unsubscribe link",
        **_named(row, send),
    }
    return _event(row, "Consent Withdrawn", f"unsubscribe:{row.piece}", now, properties, agent)


def suppression(row: Delivery, event: Event) -> Suppression:
    """Return what stops letters to an address from the moment of the withdrawal, before the log is resolved."""
    return Suppression(
        channel=row.channel,
        address=row.address,
        purpose=row.purpose,
        reason="unsubscribed",
        at=event.occurred_at,
        event=event.id,
    )


def _named(row: Delivery, send: Send) -> dict[str, str]:
    names = {"email": "email_id", "sms": "message_id", "print": "piece_id"}
    return {
        names.get(row.channel, "message_id"): row.piece,
        "campaign_id": send.campaign,
        "campaign_name": send.title,
        **({"code": row.code} if row.code else {}),
    }


def _event(row: Delivery, name: str, key: str, now: int, properties: dict[str, str], agent: str) -> Event:
    return Event(
        id=key,
        name=name,
        channel=row.channel,
        occurred_at=now,
        received_at=now,
        identifiers=identifiers(row),
        properties=properties,
        context={"user_agent": agent} if agent else {},
        source="deliver",
    )


def identifiers(row: Delivery) -> tuple[Identifier, ...]:
    """Return under which names an event about a piece enters the log: the address it went to, then the person's own."""
    own = Identifier(row.anchor_kind, row.anchor_value, Trust.VERIFIED)
    kind = {"email": "email", "sms": "phone"}.get(row.channel)
    address = Identifier(kind, row.address, Trust.VERIFIED) if kind and row.address else own
    return (own,) if address.key == own.key else (own, address)
