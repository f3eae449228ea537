"""A rendering is a brief in one medium; a letter is a rendering addressed to one person."""

from typing import Any

import msgspec


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """The person a letter is for, and the links and code made for that person and piece alone."""

    to: str  #: e-mail address, phone number; empty for print
    name: str = ""
    traits: dict[str, Any] = {}  #: what Liquid knows as `person`
    address: tuple[str, ...] = ()  #: postal address, line by line
    piece: str  #: the piece's public id
    code: str = ""
    link: str = ""  #: personal short link of the call to action
    unsubscribe: str = ""
    pixel: str = ""  #: picture that tells of an opening


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What one person gets, complete; only the channel's envelope is missing."""

    medium: str
    piece: str
    to: str
    name: str = ""
    sender: str = ""  #: display name
    sender_address: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: dict[str, str] = {}
    page: dict[str, Any] = {}  #: what a typesetter needs to set the piece
    code: str = ""
    link: str = ""
