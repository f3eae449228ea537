"""Which channel an event belongs to: what it says itself, else its name, else the library that sent it."""

from functools import lru_cache
from typing import Any

from onevoice.domain.event import CHANNELS

#: Other words for our channels.
WORDS = {
    "pos": "store",
    "till": "store",
    "retail": "store",
    "shop": "store",
    "browser": "web",
    "website": "web",
    "mobile": "app",
    "ios": "app",
    "android": "app",
    "mail": "email",
    "e-mail": "email",
    "text": "sms",
    "direct_mail": "print",
    "direct mail": "print",
    "post": "print",
    "call": "phone",
    "voice": "phone",
    "fair": "exhibition",
    "event": "exhibition",
    "crm": "sales",
    "messenger": "chat",
    "live_chat": "chat",
    "livechat": "chat",
    "backend": "server",
}
WORDS |= {channel: channel for channel in CHANNELS}

#: Parts of the names of libraries that run at the person's own device, to their channel.
CLIENTS = {
    "analytics.js": "web",
    "analytics-next": "web",
    "rudderlabs javascript": "web",
    "rudderanalytics": "web",
    "rudder-js": "web",
    "analytics-android": "app",
    "analytics-ios": "app",
    "analytics-kotlin": "app",
    "analytics-swift": "app",
    "analytics-csharp": "app",
    "analytics-react-native": "app",
    "analytics_flutter": "app",
    "rudder-android": "app",
    "rudder-ios": "app",
    "rudder-react-native": "app",
    "rudder-flutter": "app",
}


@lru_cache(maxsize=4_096)
def of_library(name: str) -> str:
    """Return the channel of a client library, or "" for one that runs on a server or is unknown."""
    lowered = name.lower()
    return next((channel for part, channel in CLIENTS.items() if part in lowered), "")


def of_word(word: Any) -> str:
    """Return the channel that a word names, or ""."""
    return WORDS.get(word.strip().lower(), "") if isinstance(word, str) else ""


#: What is left to go by when neither event, name nor library tells.
BY_TYPE = {"page": "web", "screen": "app"}


def infer(context: dict[str, Any], *, schema: str, library: str, kind: str, pixel: bool) -> str:
    """Return the channel of an event."""
    if "channel" in context and (told := of_word(context["channel"])):
        return told
    return schema or of_library(library) or ("web" if pixel else BY_TYPE.get(kind, "server"))
