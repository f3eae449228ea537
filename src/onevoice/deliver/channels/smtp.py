"""E-mail through any SMTP server: the letter becomes bytes, the server's reply becomes a receipt. No socket here."""

import binascii
import re
from email.header import Header
from email.utils import format_datetime, formataddr
from typing import ClassVar

import msgspec

from onevoice.domain.delivery import Accepted, Envelope, Later, Receipt, Refused, Reply, Unknown
from onevoice.domain.moment import to_datetime
from onevoice.domain.rendering import Letter

CRLF = "\r\n"
#: Enhanced codes (RFC 3463) that say the address itself is dead: bad mailbox, bad domain, moved, no mail host.
DEAD = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")
STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """One sending identity."""

    slug: ClassVar[str] = "smtp"
    channel: ClassVar[str] = "email"

    sender: str  #: address in From where the brand names none
    bounce: str = ""  #: return path; empty: the sender

    def envelope(self, letter: Letter, *, at: int) -> Envelope:
        """Write the message; the same letter at the same moment gives the same bytes."""
        sender = letter.sender_address or self.sender
        boundary = f"=_{letter.piece}_part"
        lines = [*_headers(letter, sender, at, boundary), "", *_body(letter, boundary), ""]
        return Envelope(sender=self.bounce or sender, to=letter.to, data=CRLF.join(lines).encode("ascii"))

    def receipt(self, reply: Reply) -> Receipt:
        """
        Read the server's answer.

        Before the final dot nothing was sent, so silence there is `Later`; between the dot and the reply it is
        undecidable (RFC 5321 4.5.3.2.6), so silence there is `Unknown`.
        """
        if reply.code == 0:
            return Unknown(reply.text) if reply.stage == "data" else Later(reply.text)
        if 200 <= reply.code < 300:
            return Accepted(provider_id=reply.text[:200])
        if reply.code < 500 or reply.stage in {"connect", "mail"}:
            return Later(f"{reply.code} {reply.text}")
        return Refused(f"{reply.code} {reply.text}"[:300], suppress=_is_dead(reply))


def _is_dead(reply: Reply) -> bool:
    """Tell whether a refusal means the address: 5.7.x is policy and 5.2.x a full or closed box, not a dead address."""
    if reply.stage != "rcpt":
        return False
    if STATUS.search(reply.text):
        return bool(DEAD.search(reply.text))
    return reply.code in {550, 551, 553} and "unknown" in reply.text.lower()


def message_id(piece: str, sender: str) -> str:
    """Return the Message-ID of a piece: the same for every attempt."""
    return f"<{piece}@{sender.rpartition('@')[2] or 'localhost'}>"


def _headers(letter: Letter, sender: str, at: int, boundary: str) -> list[str]:
    given = {
        "From": _address(letter.sender, sender),
        "To": _address(letter.name, letter.to),
        **({"Reply-To": _clean(letter.reply_to)} if letter.reply_to else {}),
        "Subject": _text(letter.subject, len("Subject: ")),
        "Date": format_datetime(to_datetime(at)),
        "Message-ID": message_id(letter.piece, sender),
        "MIME-Version": "1.0",
        **{name: _text(value, len(name) + 2) for name, value in letter.headers.items()},
        "X-Onevoice-Piece": letter.piece,
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    return [f"{name}: {value}" for name, value in given.items()]


def _clean(text: str) -> str:
    """Return header text without line breaks, so that no value can start a header of its own."""
    return " ".join(text.split())


def _address(name: str, address: str) -> str:
    return formataddr((_clean(name), _clean(address)))


def _text(text: str, used: int) -> str:
    clean = _clean(text)
    if clean.isascii():
        return clean
    return Header(clean, "utf-8", header_name=" " * used).encode(linesep=CRLF)


def _body(letter: Letter, boundary: str) -> list[str]:
    return [
        f"--{boundary}",
        *_part("text/plain", letter.text),
        f"--{boundary}",
        *_part("text/html", letter.html),
        f"--{boundary}--",
    ]


def _part(kind: str, text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").encode()
    # Quoted-printable in C; a line that starts with a dot is doubled by the SMTP client, not here.
    coded = binascii.b2a_qp(lines, istext=True).decode("ascii").replace("\n", CRLF)
    return [f'Content-Type: {kind}; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable", "", coded]
