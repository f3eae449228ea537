"""A real gateway process on loopback, with a workspace of its own, for tests that need the whole door."""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from onevoice.adapters.database import Row
from onevoice.adapters.state.keys import Keys
from onevoice.wiring.settings import FILE, Settings, read
from onevoice.wiring.workspace import open_intake, open_state
from tests import servers
from tests.conftest import NOW

#: The server as `onevoice gateway` starts it.
SERVER = ["-m", "granian", "--interface", "asgi", "--factory", "--no-ws", "--no-log"]


class House:
    """A workspace folder with a write key and a secret key, and perhaps a running gateway."""

    def __init__(self, home: Path, **settings: Any) -> None:
        home.mkdir(parents=True, exist_ok=True)
        values = {"workspace": "shop", "port": servers.free_port(), "log_format": "text", **settings}
        (home / FILE).write_bytes(msgspec.json.encode(values))  # JSON is YAML
        self.settings: Settings = read(home, {})
        self.state = open_state(self.settings)
        self.intake = open_intake(self.settings)
        keys = Keys(self.state)
        self.write_key, self.write = keys.add("website", "write", now=NOW)
        self.secret_key, self.secret = keys.add("server", "secret", now=NOW)
        self.keys = keys
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self.settings.url

    @property
    def pid(self) -> int:
        """The server's process group."""
        assert self._server is not None
        return self._server.pid

    def start(self) -> None:
        """Start the gateway and wait until it listens."""
        self._server = subprocess.Popen(
            [sys.executable, *SERVER, "--port", str(self.settings.port), "onevoice.gateway.app:make"],
            env={**os.environ, "ONEVOICE_HOME": str(self.settings.home)},
            start_new_session=True,
        )
        self._wait(30)

    def _wait(self, seconds: float) -> None:
        """Wait until the gateway answers; a socket alone may listen before its worker does."""
        assert self._server is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._server.poll() is None:
            with contextlib.suppress(httpx.TransportError), client(self) as http:
                if http.get("/health").status_code == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"the gateway does not answer; its process says {self._server.poll()}")

    def kill(self) -> None:
        """End the gateway and its workers at once, as a power cut would."""
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait(20)
            self._server = None

    def stop(self) -> None:
        """Ask the gateway to end."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(20)
            finally:
                self.kill()

    def rows(self) -> list[Row]:
        """Return what the intake holds: key, trust, path, meta, body."""
        return [
            (key, trust, path, msgspec.json.decode(bytes(meta)), bytes(body))
            for key, trust, path, meta, body in self.intake.query(
                "SELECT key, trust, path, meta, body FROM intake ORDER BY seq"
            )
        ]

    def clear(self) -> None:
        """Empty the intake."""
        self.intake.execute("DELETE FROM intake")


def basic(token: str) -> dict[str, str]:
    """Return the header that SDKs send: the key as user name, no password."""
    return {"authorization": "Basic " + base64.b64encode(f"{token}:".encode()).decode()}


@contextlib.contextmanager
def running(home: Path, **settings: Any) -> Iterator[House]:
    """Yield a house whose gateway runs."""
    house = House(home, **settings)
    try:
        house.start()
        yield house
    finally:
        house.stop()


def client(house: House) -> httpx.Client:
    """Return a client of a house, without any proxy of the environment."""
    return httpx.Client(base_url=house.url, trust_env=False, timeout=20)
