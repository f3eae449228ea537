"""How the console names what machines name shortly: channels, identifier kinds, and what an event did."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHANNELS: dict[str, Promise] = {
    "store": _("Store"),
    "web": _("Web"),
    "app": _("App"),
    "email": _("E-mail"),
    "sms": _("SMS"),
    "push": _("Push"),
    "social": _("Social"),
    "print": _("Print"),
    "phone": _("Phone"),
    "exhibition": _("Exhibition"),
    "sales": _("Sales"),
    "chat": _("Chat"),
    "review": _("Review"),
    "server": _("Server"),
}

CHANNEL_ICONS = {
    "store": "building-store",
    "web": "world",
    "app": "device-mobile",
    "email": "mail",
    "sms": "message-2",
    "push": "bell",
    "social": "share-2",
    "print": "printer",
    "phone": "phone",
    "exhibition": "building-pavilion",
    "sales": "briefcase",
    "chat": "messages",
    "review": "star",
    "server": "server-2",
}

KINDS: dict[str, Promise] = {
    "user_id": _("User ID"),
    "crm_id": _("CRM number"),
    "loyalty_id": _("Loyalty card"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "card_alias": _("Payment card"),
    "device_id": _("Device"),
    "push_token": _("Push token"),
    "anonymous_id": _("Anonymous browser"),
    "ga_client_id": _("Analytics browser"),
    "ad_id": _("Advertising ID"),
    "social": _("Social account"),
    "badge_id": _("Badge"),
    "address": _("Postal address"),
}

KIND_ICONS = {
    "user_id": "id",
    "crm_id": "id",
    "loyalty_id": "id",
    "email": "at",
    "phone": "phone",
    "card_alias": "credit-card",
    "device_id": "device-mobile",
    "push_token": "bell",
    "anonymous_id": "fingerprint",
    "ga_client_id": "fingerprint",
    "ad_id": "fingerprint",
    "social": "share-2",
    "badge_id": "building-pavilion",
    "address": "map-pin",
}


def channel_name(channel: str) -> str:
    """Return a channel's name in the reader's language."""
    return str(CHANNELS.get(channel, channel.replace("_", " ").capitalize()))


def kind_name(kind: str) -> str:
    """Return an identifier kind's name, with the system that issued it."""
    base, _at, system = kind.partition("@")
    called = str(KINDS.get(base, base.replace("_", " ").capitalize()))
    return f"{called} ({system})" if system else called


def kind_icon(kind: str) -> str:
    """Return the icon of an identifier kind."""
    return KIND_ICONS.get(kind.partition("@")[0], "hash")
