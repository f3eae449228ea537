"""The rehearsal mailbox: a real SMTP server on this machine that keeps every message in a Maildir."""

import asyncio
import email
import email.policy
import hashlib
import itertools
import os
import threading
import time
from email.message import EmailMessage
from pathlib import Path

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from onevoice.domain.errors import NotFound, Unavailable

MOST = 10 * 1024 * 1024  #: largest message taken, bytes
_count = itertools.count()


class MessageNotFound(NotFound):
    """There is no such message in the mailbox."""


class PortTaken(Unavailable):
    """The mailbox cannot listen; another program uses the port."""


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


class Listener:
    """An SMTP server in a thread of its own; port 0 takes a free one."""

    def __init__(self, handler: object, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handler = handler
        self._host, self._port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)

    def start(self) -> int:
        """
        Listen, and return the port.

        Raises:
            PortTaken: Something else listens there.
        """
        self._thread.start()
        opening = self._loop.create_server(self._protocol, self._host, self._port)
        try:
            self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        except OSError as error:
            self.stop()
            raise PortTaken(f"The mailbox cannot listen on port {self._port}: {error.strerror}.") from error
        return int(self._server.sockets[0].getsockname()[1])

    def _protocol(self) -> SMTP:
        return SMTP(self._handler, hostname="localhost", data_size_limit=MOST, loop=self._loop, enable_SMTPUTF8=True)

    def stop(self) -> None:
        """Stop listening and end open talks."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        if not self._loop.is_running():
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()


def listen(mailbox: Mailbox, *, host: str = "127.0.0.1", port: int = 0) -> Listener:
    """Return a server that keeps what it is sent in a mailbox; `start` it."""
    return Listener(_Keep(mailbox), host=host, port=port)


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
