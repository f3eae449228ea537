"""The console's own tables live in the state store, whichever it is, and the shell can add members."""

import subprocess
import sys
from pathlib import Path

import pytest

from onevoice.adapters.database import BadStoreUrl
from onevoice.wiring import settings as settings_of

#: Django is configured once in a process, so another store needs another process.
VISIT = """
import sys
from onevoice import console
from onevoice.wiring import settings as settings_of
from onevoice.wiring.stores import Stores
settings = settings_of.read(sys.argv[1])
stores = Stores.open(settings)
console.setup(stores, settings, "a secret that is long enough for Django to accept it here")
console.migrate()
console.migrate()
from django.test import Client
from onevoice.console import entrance
browser = Client(SERVER_NAME="127.0.0.1")
link = entrance.owner_link()
entrance.add("sales@example.com", "sales")
path = link.removeprefix(settings.url)
print(browser.get(path).status_code, browser.get(path).status_code)
pages = ("/", "/people", "/people?q=ada", "/health", "/rejected", "/campaigns")
print(*(browser.get(page).status_code for page in pages))
print(*(email for email, *_ in entrance.members()))
"""


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_console_stands_on_both_stores(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Migrating twice, signing in by a link that then is spent, and every page work on SQLite and PostgreSQL."""
    lines = ["workspace: corner-shop"]
    if store == "postgres":
        lines.append(f"state: {request.getfixturevalue('postgres_url')}?schema=console_test")
    (tmp_path / "onevoice.yaml").write_text("\n".join(lines))

    done = subprocess.run([sys.executable, "-c", VISIT, str(tmp_path)], capture_output=True, text=True, check=False)

    assert "" == "".join(line for line in done.stderr.splitlines() if "Error" in line)
    assert ["302 403", "200 200 200 200 200 200", "owner@workspace.local sales@example.com"] == done.stdout.splitlines()


def test_users_are_added_from_the_shell(tmp_path: Path) -> None:
    """`onevoice users` adds, lists and prints links; a second member of one address is refused in one sentence."""
    (tmp_path / "onevoice.yaml").write_text("workspace: corner-shop")

    def onevoice(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(Path(sys.executable).parent / "onevoice"), "users", *words],
            capture_output=True,
            text=True,
            check=False,
            env={"ONEVOICE_HOME": str(tmp_path), "PATH": ""},
        )

    assert "http://127.0.0.1:8000/invitation/" in onevoice("add", "ann@example.com", "--role", "sales").stdout
    assert "ann@example.com" in onevoice("list").stdout
    assert "http://127.0.0.1:8000/sign-in/" in onevoice("link").stdout
    again = onevoice("add", "ANN@example.com")
    assert (1, "onevoice: Somebody with that e-mail address is a member already.\n") == (again.returncode, again.stderr)


def test_postgres_url_becomes_django_settings() -> None:
    """Host, user, escaped password and our schema arrive where Django wants them; other URLs are refused."""
    from onevoice.console.configuration import databases

    found = databases("postgresql://ann:p%40ss@db:5433/shop?sslmode=require&schema=corner")["default"]

    assert ("db", "5433", "ann", "p@ss", "shop") == tuple(
        found[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")
    )
    assert {"sslmode": "require", "options": "-c search_path=corner,public"} == found["OPTIONS"]
    with pytest.raises(BadStoreUrl):
        databases("mysql://nowhere")


def test_settings_follow_the_workspace(tmp_path: Path) -> None:
    """Language and zone of the console are the workspace's."""
    from onevoice.console.configuration import django_settings

    (tmp_path / "onevoice.yaml").write_text("locale: de\ntime_zone: Europe/Berlin\n")
    found = django_settings(settings_of.read(tmp_path, {}), "secret")

    assert ("de", "Europe/Berlin", False) == (found["LANGUAGE_CODE"], found["TIME_ZONE"], found["DEBUG"])
