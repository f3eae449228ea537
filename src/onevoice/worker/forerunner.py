"""
The forerunner: a process of its own that reads the intake while the resolver is busy with what it read before.

Reading is a pure function of packets and plan, so who does it changes nothing; the cursor stays with the resolver. It
is asked for one portion after another over a pipe and ends when that closes, also when the resolver was killed.
"""

import contextlib
import logging
import os
import select
import signal
import struct
import subprocess
import sys
from typing import IO, TypeVar, cast

import msgspec

from onevoice.adapters.state.intake import Intake
from onevoice.domain.event import Event, Rejected
from onevoice.wiring import logs
from onevoice.wiring.plan import PlanKeeper, Stamp
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_intake, open_state, secret_of
from onevoice.worker.collector import relax_collector
from onevoice.worker.reading import Portion, Reader

log = logging.getLogger("onevoice.worker")

#: Seconds after which a forerunner that does not answer is given up.
PATIENCE = 60.0

#: Each message is preceded by its length.
LENGTH = struct.Struct("<Q")

Message = TypeVar("Message")


class Ask(msgspec.Struct, array_like=True):
    """Read this many events after this packet."""

    after: int
    events: int


class Answer(msgspec.Struct, array_like=True):
    """What was read; `usable` is False when the resolver must read it itself."""

    after: int
    stamp: Stamp = ()  #: of the plan by which it was read
    last: int = 0
    full: bool = False
    bodies: list[bytes] = []
    keys: list[tuple[str, ...]] = []
    refused: list[Rejected] = []
    usable: bool = False


_encode = msgspec.msgpack.Encoder().encode
_event = msgspec.json.Decoder(Event).decode


def put(file: IO[bytes], packed: bytes) -> None:
    """Write one message."""
    file.write(LENGTH.pack(len(packed)))
    file.write(packed)
    file.flush()


def get(file: IO[bytes], kind: type[Message]) -> Message | None:
    """Return the next message, or None when the other side has gone."""
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    packed = file.read(size)
    return msgspec.msgpack.decode(packed, type=kind) if len(packed) == size else None


class Forerunner:
    """The resolver's end of the pipe."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-m", "onevoice.worker.forerunner"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  # ours
        self._asks = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._ready = False
        self.asked = False
        self.lost = False
        self._send(settings)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ready(self) -> bool:
        """Tell whether it has started up; never waits."""
        if not self._ready and not self.lost and self._comes(0):
            self._ready = self._receive() is not None
        return self._ready and not self.lost

    def ask(self, after: int, events: int) -> None:
        """Let it read a portion; fetch it with `answer`."""
        self.asked = True
        self._send(Ask(after, events))

    def answer(self, after: int, stamp: Stamp) -> Portion | None:
        """Return the portion asked for, None if it is of no use: of another place or plan, unreadable, lost, empty."""
        self.asked = False
        if not self.lost and not self._comes(PATIENCE):
            self._lose("does not answer")
        found = self._receive()
        if found is None or not found.usable or (found.after, found.stamp) != (after, stamp):
            return None
        told = [(_event(body), keys, body) for keys, body in zip(found.keys, found.bodies, strict=True)]
        return Portion(told, found.refused, found.last, found.full)

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self.lost = True
        self._process.kill()
        for pipe in (self._asks, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()

    def _comes(self, seconds: float) -> bool:
        return bool(select.select([self._answers], [], [], seconds)[0])

    def _send(self, message: object) -> None:
        if not self.lost:
            try:
                put(self._asks, _encode(message))
            except OSError:
                self._lose("has ended")

    def _receive(self) -> Answer | None:
        found = None if self.lost else get(self._answers, Answer)
        if found is None:
            self._lose("has ended")
        return found

    def _lose(self, why: str) -> None:
        if not self.lost:
            log.warning("The forerunner %s; the resolver reads for itself", why)
            self.close()


def answered(reader: Reader, keeper: PlanKeeper, ask: Ask) -> bytes:
    """Read a portion for the resolver; whatever goes wrong is left to the resolver to meet and to report."""
    try:
        plan = keeper.plan()
        return _encode(_answer(ask.after, reader.portion(ask.after, plan, ask.events), keeper.stamp))
    except Exception as error:
        log.debug("The forerunner leaves a portion to the resolver", exc_info=error)
        reader.forget()
        return _encode(Answer(ask.after))


def _answer(after: int, found: Portion | None, stamp: Stamp) -> Answer:
    if found is None or not all(body for _, _, body in found.said):
        return Answer(after)
    bodies, keys = [body for _, _, body in found.said], [keys for _, keys, _ in found.said]
    return Answer(after, stamp, found.last, found.full, bodies, keys, found.refused, usable=True)


def main() -> None:
    """Answer the resolver until it has gone; stopping is its business, so signals to the group are left to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asks, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may speak on the pipe
    settings = get(asks, Settings)
    if settings is None:
        return
    logs.configure(settings)
    relax_collector()
    reader = Reader(Intake(open_intake(settings)))
    keeper = PlanKeeper(settings, open_state(settings), secret_of(settings))
    with contextlib.suppress(BrokenPipeError):
        put(answers, _encode(Answer(0)))
        while ask := get(asks, Ask):
            put(answers, answered(reader, keeper, ask))


if __name__ == "__main__":
    main()
