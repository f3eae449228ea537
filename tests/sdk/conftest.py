"""Fixtures of the SDK tests: a gateway, and the npm packages installed from the lock file."""

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event
from onevoice.domain.packet import Packet
from tests import servers
from tests.gateway.house import House, running

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield one running gateway."""
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(shared_house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Return the running gateway with an empty intake; SDKs reach it directly, whatever proxy is set."""
    shared_house.clear()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return shared_house


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the npm packages of the lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        servers.missing("Node.js with npm", "apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", ".npmrc", "send.mjs"):
        shutil.copy(NODE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip(f"npm ci failed, perhaps offline: {done.stderr[-300:]}")
    assert 0 == done.returncode, done.stderr
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a folder and the address at which it is a web site."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def events_of(house: House) -> list[Event]:
    """Return the events that the resolver will read from the intake; a reject fails the test."""
    found = []
    for key, trust, path, meta, body in house.rows():
        packet = Packet(seq=1, received_at=1_767_225_600_000_000, key=key, trust=trust, path=path, meta=meta, body=body)
        found += read(packet, Plan())
    assert [] == [one for one in found if not isinstance(one, Event)]
    return [one for one in found if isinstance(one, Event)]
