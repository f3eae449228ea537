"""One workspace with a console for the whole test run: Django can be configured only once in a process."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from onevoice import console
from onevoice.wiring import settings as settings_of
from onevoice.wiring.stores import Stores
from tests import servers
from tests.console import seed

ROLES = ("owner", "admin", "marketer", "sales", "service", "analyst")


class Quiet(WSGIRequestHandler):
    """Serves without a line for every request."""

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return a furnished console: stores, settings, one member of each role, and some customers."""
    home = tmp_path_factory.mktemp("console")
    (home / "onevoice.yaml").write_text("workspace: corner-shop\nmailbox: mailbox\n")
    settings = settings_of.read(home, {})
    stores = Stores.open(settings)
    console.setup(stores, settings, seed.SECRET)
    console.migrate()
    members = {role: seed.member(role) for role in ROLES}
    seed.customers(stores, settings)
    seed.campaign(stores, settings)
    return SimpleNamespace(stores=stores, settings=settings, members=members)


@pytest.fixture
def client(workspace: SimpleNamespace) -> Any:
    """Return a browser that has not signed in; it insists on CSRF tokens as a real one must."""
    from django.test import Client

    return Client(enforce_csrf_checks=False, SERVER_NAME="localhost")


@pytest.fixture
def signed_in(workspace: SimpleNamespace) -> Any:
    """Return a function that gives a browser signed in with a role."""
    from django.test import Client

    def sign_in(role: str = "owner", *, strict: bool = False) -> Any:
        browser = Client(enforce_csrf_checks=strict, SERVER_NAME="localhost")
        browser.force_login(workspace.members[role])
        return browser

    return sign_in


@pytest.fixture(scope="session")
def site(workspace: SimpleNamespace) -> Iterator[str]:
    """Serve the console on a local port, with threads as the real server has them."""
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer

    from onevoice.console.wsgi import application

    class Threaded(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    port = servers.free_port()
    server = make_server("127.0.0.1", port, application, server_class=Threaded, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.shutdown()


@pytest.fixture(scope="session")
def chromium(cookies: dict[str, str]) -> Iterator[Any]:
    """Yield a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=servers.chromium_path(), args=servers.CHROMIUM_FLAGS, headless=True
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies(workspace: SimpleNamespace) -> dict[str, str]:
    """Return a session cookie for each role; made before Chromium, whose event loop Django would refuse to run in."""
    from django.test import Client

    made = {}
    for role in ROLES:
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(workspace.members[role])
        made[role] = browser.cookies["onevoice_session"].value
    return made
