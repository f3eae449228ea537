"""A client that costs little: raw sockets, keep-alive, one request at a time on each connection."""

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop


class Connection(asyncio.Protocol):
    """Sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, until: float, took: list[float], bad: list[bytes]) -> None:
        self.request = request
        self.until = until
        self.took = took
        self.bad = bad
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.at = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        # Every answer here is far smaller than a segment, so one read holds all of it.
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


async def run(port: int, request: bytes, connections: int, seconds: float) -> dict[str, object]:
    """Return how many requests were answered in how many seconds, and the latencies in ms at some percentiles."""
    took: list[float] = []
    bad: list[bytes] = []
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: Connection(request, started + seconds, took, bad), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.done for one in made))
    spent = time.perf_counter() - started
    took.sort()
    at = {f"p{part}": round(took[int(len(took) * part / 100)] * 1000, 3) for part in (50, 90, 99)} if took else {}
    return {"answered": len(took), "seconds": spent, "bad": len(bad), "first_bad": bad[0].decode() if bad else "", **at}


if __name__ == "__main__":
    print(
        json.dumps(
            uvloop.run(run(int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), float(sys.argv[4])))
        )
    )
