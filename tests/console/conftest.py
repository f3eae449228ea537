"""One workspace with a console for the whole test run: Django can be configured only once in a process."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.test.utils import setup_test_environment

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
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Yield a furnished console: stores, settings, one member of each role, some customers, and a worker at work."""
    home = tmp_path_factory.mktemp("console")
    (home / "onevoice.yaml").write_text("workspace: corner-shop\nmailbox: mailbox\n")
    settings = settings_of.read(home, {})
    stores = Stores.open(settings)
    console.setup(stores, settings, seed.SECRET)
    setup_test_environment()  # lets a test see what a template was given
    console.migrate()
    members = {role: seed.member(role) for role in ROLES}
    seed.customers(stores, settings)
    seed.campaign(stores, settings)
    stop = threading.Event()
    worker = threading.Thread(target=seed.keep_resolving, args=(stores, settings, stop), daemon=True)
    worker.start()
    yield SimpleNamespace(stores=stores, settings=settings, members=members)
    stop.set()
    worker.join(10)


@pytest.fixture
def client(workspace: SimpleNamespace) -> Any:
    """Return a browser that has not signed in."""
    from django.core.cache import cache
    from django.test import Client

    cache.clear()
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def person(workspace: SimpleNamespace) -> str:
    """Return the id of a customer whom no other test changes."""
    return str(workspace.stores.graph.person("email", "ada.lovelace0@example.com"))


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


@pytest.fixture(scope="module")
def chromium(cookies: dict[str, str]) -> Iterator[Any]:
    """Yield a headless Chromium; while it lives, its event loop keeps Django out of this thread."""
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
