"""The ways to one audience, one campaign, and one message."""

from functools import cache
from pathlib import Path

import msgspec
from django.conf import settings as django_conf

from onevoice.adapters.campaigns.documents import Pinned, pin
from onevoice.adapters.campaigns.planner import Planner
from onevoice.adapters.mailbox import Mail, Mailbox, MessageNotFound
from onevoice.adapters.state.definitions import DocumentNotFound
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.members import Members
from onevoice.adapters.state.recipients import RecipientStore
from onevoice.console import house
from onevoice.domain.audience import Audience
from onevoice.domain.delivery import Delivery
from onevoice.domain.document import Document


def ledger() -> Ledger:
    """Return the delivery ledger."""
    return Ledger(house.stores().state)


def members() -> Members:
    """Return who is in which audience."""
    return Members(house.stores().state)


@cache
def _planner(state: int) -> Planner:
    settings, database = house.settings(), house.stores().state
    recipients = RecipientStore(database)
    return Planner(database, recipients, base=settings.url, secret=django_conf.SECRET_KEY, mail_from=settings.mail_from)


def planner() -> Planner:
    """Return the planner, which loads its fonts once."""
    return _planner(id(house.stores().state))


def document(kind: str, name: str) -> Document:
    """
    Return the newest version of a document.

    Raises:
        DocumentNotFound: There is none of that name.
    """
    found = house.stores().definitions.find(kind, name)
    if found is None:
        raise DocumentNotFound(f"There is no {kind} named {name!r}.", kind=kind, name=name)
    return found


def audience(name: str) -> Audience:
    """
    Return an audience.

    Raises:
        DocumentNotFound: There is none of that name.
    """
    return msgspec.json.decode(bytes(document("audience", name).body), type=Audience)


def campaign(name: str) -> Pinned:
    """
    Return a campaign with the newest version of all that it names.

    Raises:
        DocumentNotFound: It, its brief, its offer or its brand is missing.
    """
    return pin(house.stores().definitions, name)


def mailbox() -> Mailbox | None:
    """Return the rehearsal mailbox, if this workspace has one."""
    settings = house.settings()
    path = Path(settings.home) / settings.mailbox
    return Mailbox(path) if settings.mailbox and path.is_dir() else None


def delivery(campaign: str, piece: str) -> Delivery:
    """
    Return one delivery of a campaign.

    Raises:
        MessageNotFound: The campaign has no such piece.
    """
    found = ledger().piece(piece)
    if found is None or found.campaign != campaign:
        raise MessageNotFound
    return found


def message(campaign: str, piece: str) -> Mail:
    """
    Return a campaign's message as it was received.

    Raises:
        MessageNotFound: It has not arrived in the rehearsal mailbox.
    """
    box = mailbox()
    found = box.of_piece(delivery(campaign, piece).piece) if box else []
    if not found:
        raise MessageNotFound
    return found[0]
