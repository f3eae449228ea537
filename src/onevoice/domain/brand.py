"""A brand is how the company looks and speaks, in one document that every medium draws on."""

from typing import Any

import msgspec


class Sender(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a message comes from in one channel."""

    name: str
    address: str = ""  #: e-mail address, sender number, or empty for print
    reply_to: str = ""


class Logo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mark: always a text, and a drawing where there is one."""

    text: str
    svg: str = ""  #: inline SVG, without scripts or links


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word the brand does not use, and what it says instead."""

    word: str
    instead: str = ""
    why: str = ""


class Voice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the brand speaks."""

    tone: str = ""
    person: str = "you"  #: how readers are addressed
    banned: tuple[Term, ...] = ()
    required: tuple[str, ...] = ()


class Brand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One brand.

    `tokens` is a Design Tokens document (Community Group report 2025.10); the media read `color.ink`, `color.paper`,
    `color.muted`, `color.primary`, `color.on-primary`, `color.accent`, `color.dark.*` and `font.heading`, `font.body`.
    """

    title: str
    url: str
    logo: Logo
    tokens: dict[str, Any] = {}
    voice: Voice = Voice()
    senders: dict[str, Sender] = {}  #: by channel: email, sms, print
    legal: dict[str, tuple[str, ...]] = {}  #: lines by region (ISO 3166), `*` for everywhere
    address: tuple[str, ...] = ()  #: the postal address, line by line; the law wants it in marketing mail

    def lines(self, region: str) -> tuple[str, ...]:
        """The legal lines of a region: the common ones first."""
        return self.legal.get("*", ()) + self.legal.get(region, ())
