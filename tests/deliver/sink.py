"""A mail server that misbehaves on demand and keeps its own log: the oracle of the delivery tests."""

import asyncio
import threading

from aiosmtpd.smtp import SMTP, Envelope, Session

from onevoice.adapters.mailbox import Listener


class Misbehaving:
    """
    Takes mail and logs the piece of each message it took.

    `plan` maps an address to what happens: `drop` (take it, then cut the line), `busy` (450 once), `dead` (550 5.1.1),
    `policy` (554 5.7.1 after DATA), `cut` (cut the line before DATA, once).
    """

    def __init__(self, plan: dict[str, str] | None = None, slow: float = 0.0) -> None:
        self.plan = plan or {}
        self.slow = slow
        self.took: list[str] = []
        self.bytes: list[bytes] = []
        self._lock = threading.Lock()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        fate = self.plan.get(address, "")
        if fate == "dead":
            return "550 5.1.1 no such user"
        if fate == "busy":
            self.plan[address] = ""
            return "450 4.2.0 try again"
        if fate == "cut":
            self.plan[address] = ""
            assert server.transport is not None
            server.transport.abort()
            return "421 bye"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer the final dot."""
        fate = self.plan.get(envelope.rcpt_tos[0], "")
        if fate == "policy":
            return "554 5.7.1 rejected as spam"
        if self.slow:
            await asyncio.sleep(self.slow)
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        piece = next(line for line in data.split(b"\r\n") if line.startswith(b"X-Onevoice-Piece"))
        with self._lock:
            self.took.append(piece.split(b": ")[1].decode())
            self.bytes.append(data)
        if fate == "drop":
            assert server.transport is not None
            server.transport.abort()
        return "250 2.0.0 taken"


class Sink:
    """Runs the server on a free port."""

    def __init__(self, plan: dict[str, str] | None = None, slow: float = 0.0) -> None:
        self.handler = Misbehaving(plan, slow)
        self._listener = Listener(self.handler)

    def __enter__(self) -> "Sink":
        self.url = f"smtp://127.0.0.1:{self._listener.start()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()
