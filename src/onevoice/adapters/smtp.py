"""The one SMTP sender: connections kept open and shared, every call under a deadline, every outcome a reply."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec

from onevoice.domain.delivery import Envelope, Reply
from onevoice.domain.errors import BadInput

Stage = Literal["connect", "mail", "rcpt", "data"]
PORTS = {"smtp": 25, "smtps": 465}
LETTERS = 500  #: letters over one connection before it is opened anew; servers limit this
CLOSED = 421  #: the server is closing the connection (RFC 5321 3.8)


class BadSmtpUrl(BadInput):
    """The mail server must be given as smtp://user:password@host:port, smtps://… or smtp://…?starttls=1."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed over."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False


def server(url: str) -> Server:
    """
    Read a mail server's URL.

    Raises:
        BadSmtpUrl: It is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadSmtpUrl
    return Server(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=parse_qs(parts.query).get("starttls", ["0"])[0] == "1",
    )


class Post:
    """
    A few open connections to one server.

    `send` runs on an event loop of its own; use one `Post` from one thread. A call never takes longer than *deadline*
    seconds, connection included.
    """

    def __init__(self, at: Server, *, connections: int = 4, deadline: float = 20.0) -> None:
        self._server = at
        self._deadline = deadline
        self.connections = connections
        self._lines = [_Line(at) for _ in range(connections)]
        self._runner = asyncio.Runner()

    def send(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        """Hand over letters, spread over the connections, and return the replies in order."""
        return self._runner.run(self._send(envelopes))

    async def _send(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        replies: list[Reply | None] = [None] * len(envelopes)

        async def work(line: "_Line", mine: range) -> None:
            for at in mine:
                replies[at] = await line.hand_over(envelopes[at], self._deadline)

        spread = [range(at, len(envelopes), self.connections) for at in range(self.connections)]
        await asyncio.gather(*(work(line, mine) for line, mine in zip(self._lines, spread, strict=True) if mine))
        return [reply for reply in replies if reply is not None]

    def close(self) -> None:
        """Say goodbye to the server."""
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        await asyncio.gather(*(line.hang_up() for line in self._lines))


class _Line:
    """One connection, opened when needed and opened anew after trouble."""

    def __init__(self, at: Server) -> None:
        self._server = at
        self._client: aiosmtplib.SMTP | None = None
        self._letters = 0
        self._stage: Stage = "connect"

    async def hand_over(self, envelope: Envelope, deadline: float) -> Reply:
        """Hand over one letter; silence and broken lines are replies with code 0."""
        self._stage = "connect"
        try:
            async with asyncio.timeout(deadline):
                return await self._talk(envelope)
        except aiosmtplib.SMTPResponseException as error:
            return await self._refused(error.code, error.message)
        except (TimeoutError, OSError, ssl.SSLError, aiosmtplib.SMTPException) as error:
            self._drop()
            return Reply(stage=self._stage, code=0, text=f"{type(error).__name__}: {error}"[:200])

    async def _talk(self, envelope: Envelope) -> Reply:
        client = await self._connected()
        self._stage = "mail"
        await client.mail(envelope.sender)
        self._stage = "rcpt"
        await client.rcpt(envelope.to)
        self._stage = "data"
        said = await client.data(envelope.data)
        self._letters += 1
        return Reply(stage="data", code=said.code, text=said.message)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected and self._letters < LETTERS:
            return self._client
        await self.hang_up()
        at = self._server
        self._client = aiosmtplib.SMTP(
            hostname=at.host, port=at.port, use_tls=at.tls, start_tls=at.starttls, timeout=None
        )
        await self._client.connect()
        if at.user:
            await self._client.login(at.user, at.password)
        self._letters = 0
        return self._client

    async def _refused(self, code: int, text: str) -> Reply:
        """Turn a refusal into a reply and make the line ready for the next letter."""
        stage = self._stage
        if code == CLOSED or self._client is None or not self._client.is_connected:
            self._drop()
        else:
            try:
                await self._client.rset()
            except (OSError, aiosmtplib.SMTPException):
                self._drop()
        return Reply(stage=stage, code=max(0, code), text=text[:300])

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    async def hang_up(self) -> None:
        """Close politely; a server that is gone already is no trouble."""
        if self._client is not None and self._client.is_connected:
            try:
                await asyncio.wait_for(self._client.quit(), 2)
            except (TimeoutError, OSError, aiosmtplib.SMTPException):
                self._client.close()
        self._client = None
