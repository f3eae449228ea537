"""Dedupe keys: two events sharing any of them are one fact."""

import hashlib
from binascii import b2a_base64

from onevoice.domain.event import Event

#: From the standard to the URL-safe base64 alphabet.
URLSAFE = bytes.maketrans(b"+/", b"-_")
WIDTH = 22  #: characters of 128 bits in base64 without padding


def hashed(text: bytes) -> str:
    """Return 128 bits of BLAKE2b as 22 URL-safe characters."""
    digest = hashlib.blake2b(text, digest_size=16, usedforsecurity=False).digest()
    return b2a_base64(digest).translate(URLSAFE)[:WIDTH].decode("ascii")


def keys_of(event: Event) -> tuple[str, ...]:
    """
    Return every key of an event: its message key first (source and message id), then its business keys.

    A message key is bound to its source, so two senders may use one id; a business key is not, so the same sale from
    till, shop and import is one.
    """
    message = hashed(f"m\0{event.source}\0{event.id}".encode())
    if not event.keys:
        return (message,)
    return (message, *[hashed(f"b\0{key}".encode()) for key in event.keys])
