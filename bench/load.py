"""A client that costs little: raw sockets, keep-alive, one request of a list at a time on each connection."""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the one before is answered."""

    def __init__(self, requests: Iterator[bytes], until: float, took: list[float], bad: list[bytes]) -> None:
        self.requests = requests
        self.until = until
        self.took = took
        self.bad = bad
        self.seen = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.at = time.perf_counter()
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.seen += data
        if not _whole(self.seen):
            return
        data, self.seen = self.seen, b""
        now = time.perf_counter()
        if data.startswith(b"HTTP/1.1 200"):
            self.took.append(now - self.at)
        else:
            self.bad.append(data)
        if now < self.until:
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _whole(data: bytes) -> bool:
    """Tell whether an answer has arrived to its last byte."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n")


async def run(port: int, requests: list[bytes], connections: int, seconds: float) -> dict[str, object]:
    """Return how many requests were answered in how many seconds, and the latencies in ms at some percentiles."""
    took: list[float] = []
    bad: list[bytes] = []
    loop = asyncio.get_running_loop()
    turns = itertools.cycle(requests)
    started = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: Connection(turns, started + seconds, took, bad), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.done for one in made))
    spent = time.perf_counter() - started
    took.sort()
    at = {f"p{part}": round(took[int(len(took) * part / 100)] * 1000, 3) for part in (50, 90, 99)} if took else {}
    return {"answered": len(took), "seconds": spent, "bad": len(bad), "first_bad": bad[0].decode() if bad else "", **at}


def main(port: str, file: str, connections: str, seconds: str) -> None:
    """Read the requests from a file, a JSON list of Latin-1 texts, and print what came of them."""
    requests = [text.encode("latin-1") for text in json.loads(Path(file).read_bytes())]
    print(json.dumps(uvloop.run(run(int(port), requests, int(connections), float(seconds)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
