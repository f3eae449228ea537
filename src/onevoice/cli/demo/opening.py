"""Opens the demo's console, signed in as its owner."""

import http.client
import subprocess
import threading
import time
from collections.abc import Callable

from onevoice import console
from onevoice.cli.demo.house import Demo
from onevoice.cli.supervisor import command
from onevoice.console import entrance
from onevoice.wiring import settings as settings_of
from onevoice.wiring.workspace import secret_of

OWNER = "owner@market.example.com"


def open_house(house: Demo, *, port: int, show: Callable[[str], object] | None) -> None:
    """Serve the workspace until Ctrl-C; when it is ready, print (and *show*) a link that signs the owner in once."""
    settings = settings_of.read(house.folder)
    console.setup(house.stores, settings, secret_of(settings))
    console.migrate()
    if OWNER not in {email for email, *_ in entrance.members()}:
        entrance.add(OWNER, "owner", "Owner of the demo")
    link = entrance.link(OWNER)
    server = subprocess.Popen(command("serve", "--port", str(port)))  # noqa: S603  # our own command line
    threading.Thread(target=_announce, args=(port, link, show), daemon=True).start()
    try:
        server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait(30)


def _announce(port: int, link: str, show: Callable[[str], object] | None) -> None:
    while not _ready(port):
        time.sleep(0.3)
    print(f"\nThe console, signed in: {link}\n", flush=True)
    if show is not None:
        show(link)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
