"""
Coupon codes: unguessable, checked, and easy to read aloud.

A code is an HMAC of who holds it, in Crockford's base 32 (no I, L, O, U), and ends in one check character. The check is
Damm's scheme over GF(32): `interim = 2 * (interim ^ symbol)` with x^5 + x^2 + 1, a weakly totally anti-symmetric
quasigroup, so every single wrong character and every swap of neighbours is noticed.
"""

import hashlib
import hmac

from onevoice.domain.errors import BadInput

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_SPOKEN = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": "", "\u00a0": "", "_": ""})
GROUP = 5  #: characters between hyphens


class BadCode(BadInput):
    """This is no code of ours: a character is wrong or missing; read it again."""


def mint(secret: bytes, offer: str, holder: str, *, length: int = 10, attempt: int = 0) -> str:
    """
    Return the characters of a holder's code, check character included; the same holder always gets the same.

    Ten characters are 50 bits: one guess in 10^15. *attempt* gives another code where two holders collide.
    """
    digest = hmac.new(secret, f"{offer}\x1f{holder}\x1f{attempt}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest, "big")
    body = "".join(ALPHABET[(number >> (5 * at)) & 31] for at in range(length))
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the check character of a body of canonical characters."""
    interim = 0
    for character in body:
        interim = _double(interim ^ _VALUE[character])
    return ALPHABET[interim]


def _double(value: int) -> int:
    shifted = value << 1
    return shifted ^ 0x25 if shifted & 0x20 else shifted


def is_sound(code: str, prefix: str = "") -> bool:
    """Tell whether a canonical code ends in its check character."""
    body = code.removeprefix(canonical(prefix))
    return len(body) > 1 and set(body) <= set(ALPHABET) and check_character(body[:-1]) == body[-1]


def canonical(text: str) -> str:
    """Return a code as the store keeps it: upper case, no hyphens, and I, L, O read as the digits they look like."""
    return text.strip().upper().translate(_SPOKEN)


def shown(code: str, prefix: str = "") -> str:
    """Return a code as people read it: `FRESH-7K3QD-M2XVP-T`."""
    lead = canonical(prefix)
    body = code.removeprefix(lead)
    groups = [body[at : at + GROUP] for at in range(0, len(body), GROUP)]
    return "-".join([prefix.upper(), *groups] if prefix else groups)


def read(text: str, prefix: str = "") -> str:
    """
    Return the canonical code of what somebody typed.

    Raises:
        BadCode: The check character is wrong.
    """
    code = canonical(text)
    if not is_sound(code, prefix):
        raise BadCode
    return code
