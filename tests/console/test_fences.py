"""What protects a page: tokens, headers, escaping."""

import re
from typing import Any

import pytest

from tests.console.seed import HOSTILE, card_number

PAGES = ("/", "/people", "/audiences", "/campaigns", "/rejected", "/health", "/settings/keys", "/settings/users")


def test_writes_need_a_token(signed_in: Any, person: str) -> None:
    """A form that another site posts is refused, and nothing changes."""
    browser = signed_in("owner", strict=True)

    for path in (f"/people/{person}/tag", "/settings/keys", "/sign-out", "/sign-in"):
        assert 403 == browser.post(path, {"tag": "stolen", "name": "stolen", "kind": "write"}).status_code
    assert b"stolen" not in browser.get("/settings/keys").content


@pytest.mark.parametrize("path", [*PAGES, "/sign-in", "/nowhere"])
def test_pages_allow_no_inline_code(signed_in: Any, path: str) -> None:
    """Every page forbids inline scripts and styles, and holds none; it is kept by no cache and shown in no frame."""
    answer = signed_in("owner").get(path, follow=True)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))

    assert ("'none'", "'self'", "'self'") == (policy["default-src"], policy["script-src"], policy["style-src"])
    assert "'none'" == policy["frame-ancestors"]
    assert "private, no-store" == answer.headers["Cache-Control"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    page = answer.content.decode()
    assert [] == re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
    assert [] == re.findall(r"<style|\sstyle=|\son\w+=\"|href=\"javascript:", page)


def test_session_cookie_is_out_of_reach_of_scripts(client: Any) -> None:
    """Scripts cannot read the session, and other sites cannot send it along."""
    client.post("/sign-in", {"email": "sales@example.com", "password": "correct horse sales"})
    cookie = client.cookies["onevoice_session"]

    assert (True, "Lax") == (cookie["httponly"], cookie["samesite"])


def test_cookies_are_secure_behind_tls() -> None:
    """With an https address, cookies travel over TLS only."""
    from onevoice.console.configuration import security

    found = security("https://shop.example.com/")

    assert (True, True) == (found["SESSION_COOKIE_SECURE"], found["CSRF_COOKIE_SECURE"])
    assert ["https://shop.example.com"] == found["CSRF_TRUSTED_ORIGINS"]


def test_hostile_names_stay_text(signed_in: Any, workspace: Any) -> None:
    """A name that tries to be markup is shown as it was written, wherever it appears."""
    browser = signed_in("owner")
    hostile = workspace.stores.graph.person("loyalty_id@till", card_number(3))

    for path in ("/people", f"/people/{hostile}", f"/people/{hostile}/erase", "/search?q=hara", "/campaigns/summer"):
        page = browser.get(path).content
        assert b"&lt;img src=x onerror=alert(1)&gt;" in page, path
        assert b"<img src=x" not in page, path
    assert HOSTILE in workspace.stores.profiles.profile(hostile).value("name")


@pytest.mark.parametrize(
    "name",
    ["../house.py", "console/../../house.py", "/etc/passwd", "vendor/VERSIONS.md", "console/", "console/none.js"],
)
def test_only_listed_files_are_served(client: Any, name: str) -> None:
    """No path leads out of the folder of static files, nor to anything that is not listed."""
    assert 404 == client.get(f"/static/0/{name}").status_code


def test_static_files_are_kept_for_ever_under_their_stamp(client: Any) -> None:
    """The stamped address may be cached for ever, any other for a minute; text comes compressed to who can read it."""
    from onevoice.console.shell.assets import address

    stamped = client.get(address("console/frame.css"), headers={"Accept-Encoding": "gzip"})
    other = client.get("/static/old/console/frame.css")

    assert ("public, max-age=31536000, immutable", "gzip") == (
        stamped.headers["Cache-Control"],
        stamped.headers["Content-Encoding"],
    )
    assert "public, max-age=60" == other.headers["Cache-Control"]
    assert other.content.startswith(b"/* The frame")


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    """No template asks for a picture that is not there."""
    from importlib import resources

    from onevoice.console.shell import words
    from onevoice.profile.sentence import OTHER, SENTENCES

    root = resources.files("onevoice.console")
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (root / "static/vendor/tabler-icons/sprite.svg").read_text()))
    folders = [one for one in (root / "templates").iterdir() if one.is_dir()]
    pages = [
        page for folder in (root / "templates", *folders) for page in folder.iterdir() if page.name.endswith(".html")
    ]
    asked = {name for page in pages for name in re.findall(r'{% icon "([^"]+)"', page.read_text())}
    asked |= set(words.CHANNEL_ICONS.values()) | set(words.KIND_ICONS.values())
    asked |= {icon for icon, _ in SENTENCES.values()} | {OTHER[0]}

    assert set() == asked - sprite
