"""The rehearsal mailbox: a real SMTP server on this machine that keeps every message in a Maildir."""

import email
import email.policy
import hashlib
import itertools
import os
import time
from email.message import EmailMessage
from pathlib import Path

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from onevoice.domain.errors import NotFound

MOST = 10 * 1024 * 1024  #: largest message taken, bytes
_count = itertools.count()


class MessageNotFound(NotFound):
    """There is no such message in the mailbox."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it was received."""

    id: str
    at: int
    sender: str
    to: str
    subject: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]
    piece: str
    size: int


class Mailbox:
    """A Maildir; the file name carries a hash of the piece, so that a piece's message is found without reading all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for folder in ("tmp", "new", "cur"):
            (path / folder).mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Store one message durably and return its id."""
        piece = _piece(data)
        name = f"{time.time_ns()}.{os.getpid()}_{next(_count)}.{_mark(piece)}"
        waiting = self.path / "tmp" / name
        with waiting.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        waiting.rename(self.path / "new" / name)
        return name

    def count(self) -> int:
        """Return how many messages there are."""
        return len(self._files())

    def newest(self, limit: int = 50, offset: int = 0) -> list[Mail]:
        """Return messages, newest first."""
        return [_read(path) for path in sorted(self._files(), reverse=True)[offset : offset + limit]]

    def get(self, message_id: str) -> bytes:
        """
        Return the bytes of a message.

        Raises:
            MessageNotFound: No such message.
        """
        path = self.path / "new" / message_id
        if Path(message_id).name != message_id or not path.is_file():
            raise MessageNotFound
        return path.read_bytes()

    def read(self, message_id: str) -> Mail:
        """
        Return a message as a reader sees it.

        Raises:
            MessageNotFound: No such message.
        """
        self.get(message_id)
        return _read(self.path / "new" / message_id)

    def of_piece(self, piece: str) -> list[Mail]:
        """Return what arrived of a piece: one message, unless it was sent twice."""
        return [_read(path) for path in sorted((self.path / "new").glob(f"*.{_mark(piece)}"))]

    def _files(self) -> list[Path]:
        return [path for path in (self.path / "new").iterdir() if path.is_file()]


class Sink:
    """The SMTP server in front of a mailbox; `start` returns the port it listens on."""

    def __init__(self, mailbox: Mailbox, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.mailbox = mailbox
        self._controller = Controller(_Keep(mailbox), hostname=host, port=port, data_size_limit=MOST)

    def start(self) -> int:
        """Listen, and return the port."""
        self._controller.start()
        server = self._controller.server
        return int(server.sockets[0].getsockname()[1]) if server else 0

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()


class _Keep:
    """What the server does with a message."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message and say so only when it is on disk."""
        data = envelope.content or b""
        kept = self._mailbox.put(data if isinstance(data, bytes) else data.encode())
        return f"250 2.0.0 Ok: kept as {kept}"


def _piece(data: bytes) -> str:
    head = data.split(b"\r\n\r\n", 1)[0]
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"x-onevoice-piece:"):
            return line.split(b":", 1)[1].strip().decode("ascii", "replace")
    return ""


def _mark(piece: str) -> str:
    return hashlib.sha256(piece.encode()).hexdigest()[:20]


def _read(path: Path) -> Mail:
    data = path.read_bytes()
    message: EmailMessage = email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    return Mail(
        id=path.name,
        at=int(path.name.split(".", 1)[0]) // 1_000,
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        html=str(html.get_content()) if html else "",
        text=str(text.get_content()) if text else "",
        headers=tuple((name, str(value)) for name, value in message.items()),
        piece=str(message["X-Onevoice-Piece"] or ""),
        size=len(data),
    )
