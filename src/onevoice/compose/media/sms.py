"""
Text messages: GSM-7 or UCS-2, counted in segments.

Alphabet: 3GPP TS 23.038 6.2.1 (default alphabet) and 6.2.1.1 (extension table, two septets a character). A single
character outside both turns the whole message into UCS-2.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
from liquid import BoundTemplate

from onevoice.compose import wording
from onevoice.compose.kit import Kit
from onevoice.compose.limits import limit
from onevoice.compose.personal import fill, template
from onevoice.domain.brand import Sender
from onevoice.domain.rendering import Addressee, Letter

SLUG = "sms"

#: The default alphabet in the order of its codes; ESC stands at 0x1B.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: The extension table: ESC and this code.
EXTENSION = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40,
             "€": 0x65}  # fmt: skip
ESCAPE = 0x1B
_CODES = {character: code for code, character in enumerate(BASIC) if code != ESCAPE}

#: Typography that a text message gains nothing from, and that would flip it to UCS-2.
PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"',
                       "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00ad": "", "\t": " "})  # fmt: skip


class Coded(msgspec.Struct, frozen=True, kw_only=True):
    """A text as it goes over the air."""

    coding: Literal["gsm-7", "ucs-2"]
    units: int  #: septets or UTF-16 units
    parts: tuple[str, ...]  #: the text of each segment; no escape or surrogate pair is split

    @property
    def segments(self) -> int:
        """How many messages are paid for."""
        return len(self.parts)


def septets(text: str) -> int | None:
    """Return how many septets a text takes, or None if GSM-7 cannot say it."""
    if any(character not in _CODES and character not in EXTENSION for character in text):
        return None
    return sum(2 if character in EXTENSION else 1 for character in text)


def code(text: str) -> Coded:
    """Choose the coding and cut the segments."""
    units = septets(text)
    if units is not None:
        parts = _cut(text, limit(SLUG, "gsm_single"), limit(SLUG, "gsm_part"), lambda c: 2 if c in EXTENSION else 1)
        return Coded(coding="gsm-7", units=units, parts=parts)
    units = len(text.encode("utf-16-be")) // 2
    parts = _cut(text, limit(SLUG, "ucs2_single"), limit(SLUG, "ucs2_part"), lambda c: 2 if ord(c) > 0xFFFF else 1)
    return Coded(coding="ucs-2", units=units, parts=parts)


def _cut(text: str, single: float, part: float, size: Callable[[str], int]) -> tuple[str, ...]:
    if sum(map(size, text)) <= single:
        return (text,)
    parts, run, room = [], "", part
    for character in text:
        if size(character) > room:
            parts.append(run)
            run, room = "", part
        run += character
        room -= size(character)
    return (*parts, run)


def encode(text: str, coding: str) -> bytes:
    """Return the bytes of one segment: one septet a byte (unpacked GSM-7), or UTF-16 big endian."""
    if coding == "ucs-2":
        return text.encode("utf-16-be")
    out = bytearray()
    for character in text:
        out += bytes((ESCAPE, EXTENSION[character])) if character in EXTENSION else bytes((_CODES[character],))
    return bytes(out)


def decode(data: bytes, coding: str) -> str:
    """Read the bytes of one segment back."""
    if coding == "ucs-2":
        return data.decode("utf-16-be")
    back = {code: character for character, code in EXTENSION.items()}
    codes = iter(data)
    return "".join(back[next(codes)] if one == ESCAPE else BASIC[one] for one in codes)


class Sms(msgspec.Struct, frozen=True, kw_only=True):
    """A brief as a text message."""

    kit: Kit
    words: BoundTemplate
    sender: Sender

    def letter(self, to: Addressee) -> Letter:
        """Address it to one person."""
        text = fill(self.words, self.kit.values(to)).translate(PLAIN)
        return Letter(
            medium=SLUG,
            piece=to.piece,
            to=to.to,
            name=to.name,
            sender=self.sender.name,
            sender_address=self.sender.address,
            text=text,
            code=to.code,
            link=to.link,
        )


def compile_brief(kit: Kit) -> Sms:
    """Write the message: brand and words, offer and code, prices, last day and terms, link, how to stop."""
    own = kit.brief.overrides.get(SLUG)
    said = own.body if own and own.body else kit.brief.words(SLUG).headline
    lines = (f"{kit.brand.title}: {_stop(said)}", *_facts(kit), "{{ link }}", wording.phrase("stop", kit.locale))
    words = template("\n".join(line for line in lines if line), kit.facts())
    return Sms(kit=kit, words=words, sender=kit.brand.senders.get(SLUG, Sender(name=kit.brand.title)))


def _facts(kit: Kit) -> tuple[str, ...]:
    facts = kit.facts()
    offer = f"{facts['offer']['text']} {facts['offer']['minimum']}".strip()
    code = f". {wording.phrase('code', kit.locale)}: {{{{ code }}}}" if kit.offer.code else "."
    until = _until(kit)
    return (
        offer + code,
        _stop(", ".join(_price(kit, each) for each in facts["prices"])),
        f"{_stop(until)} {kit.terms}".strip(),
    )


def _until(kit: Kit) -> str:
    """The last day; in figures where the month's name would flip the message to UCS-2 (août)."""
    named = wording.until_text(kit.offer, kit.locale, "medium")
    return named if septets(named.translate(PLAIN)) else wording.until_text(kit.offer, kit.locale, "short")


def _price(kit: Kit, price: dict[str, str]) -> str:
    was = f" ({wording.phrase('was', kit.locale).format(price['was'])})" if price["was"] else ""
    return f"{price['product']} {price['now']} {price['unit']}".rstrip() + was


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) or not text else f"{text}."
