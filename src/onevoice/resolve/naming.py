"""Ids made from their reason: the same log gives the same ids, wherever and however often it is read."""

import hashlib
from base64 import b32encode


def derived(*parts: str) -> str:
    """Return 26 characters of lower-case base 32: 128 bits of BLAKE2b over the parts."""
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return b32encode(digest).decode().rstrip("=").lower()


def weight(kind: str, value: str) -> int:
    """Return a number that orders identifiers by nothing but themselves: 64 bits of BLAKE2b."""
    plain = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(plain, digest_size=8).digest(), "big")
