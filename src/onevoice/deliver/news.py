"""News for the log: what became of a delivery, under ids that repeat, so telling twice is telling once."""

from onevoice.deliver.links import identifiers
from onevoice.domain.delivery import Delivery, Send
from onevoice.domain.event import Event

SENT = {"email": "Email Sent", "sms": "SMS Sent", "print": "Mail Piece Sent"}
BOUNCED = {"email": "Email Bounced", "sms": "SMS Failed", "print": "Mail Piece Returned"}
WITHHELD = "Message Withheld"
PIECE_ID = {"email": "email_id", "sms": "message_id", "print": "piece_id"}


def event(row: Delivery, send: Send) -> Event | None:
    """Return the event of a row that reached a state worth telling; a suppressed row stays in the ledger only."""
    match row.state:
        case "accepted":
            return _event(row, send, SENT[row.channel], row.accepted_at)
        case "rejected":
            return _event(row, send, BOUNCED[row.channel], row.updated_at, reason=row.reason)
        case "withheld":
            return _event(row, send, WITHHELD, row.planned_at, reason=row.reason)
    return None


def _event(row: Delivery, send: Send, name: str, at: int, **more: str) -> Event:
    return Event(
        id=f"{row.state}:{row.piece}",
        name=name,
        channel=row.channel,
        occurred_at=at,
        received_at=at,
        identifiers=identifiers(row),
        properties={
            PIECE_ID[row.channel]: row.piece,
            "campaign_id": send.campaign,
            "campaign_name": send.title,
            "brief_id": send.brief,
            "offer_id": send.offer,
            **({"code": row.code} if row.code else {}),
            **more,
        },
        source="deliver",
    )
