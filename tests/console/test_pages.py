"""Every page in a real browser: accessible, without overflow, quiet in the console, usable by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.chromium

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/",
    "/?range=all",
    "/people",
    "/people?q=zzzzqqqq",
    "PERSON",
    "PERSON/split",
    "/people?channel=phone&tag=nobodys",
    "PERSON/erase",
    "/audiences",
    "/audiences/buyers",
    "/campaigns",
    "/campaigns/summer",
    "/campaigns/winter",
    "MESSAGE",
    "/rejected",
    "/rejected?state=discarded",
    "GROUP",
    "RULE",
    "MEND",
    "/health",
    "/settings/keys",
    "/settings/users",
    "/settings/workspace",
    "/settings/password",
    "/nowhere",
)
#: The browser says so when a preview's counting pixel is blocked, which is what we want.
WANTED = re.compile(r"/o/[^']+\.gif' violates|status of 404")
CHECK = """tags => axe.run(document, {runOnly: tags}).then(found => found.violations.map(
    one => one.id + ': ' + one.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary).join(' | ')))"""


@pytest.fixture(scope="session")
def places(workspace: Any) -> dict[str, str]:
    """Return addresses that hold ids made at run time."""
    stores = workspace.stores
    person = stores.graph.person("email", "ada.lovelace0@example.com")
    piece = stores.state.one("SELECT piece FROM deliveries WHERE state = 'accepted' ORDER BY send_key LIMIT 1")[0]
    group = stores.log.groups()[0]
    rule = next(one for one in stores.log.groups() if one.reason == "schema_violation")
    return {
        "PERSON": f"/people/{person}",
        "MESSAGE": f"/campaigns/summer/messages/{piece}",
        "GROUP": f"/rejected/{group.fingerprint}",
        "RULE": f"/rejected/{rule.fingerprint}",
        "MEND": f"/rejected/event/{group.newest}",
    }


def tab(chromium: Any, site: str, cookie: str, size: str, theme: str = "light") -> Any:
    """Open a browser tab that is signed in."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    if cookie:
        context.add_cookies([{"name": "onevoice_session", "value": cookie, "url": site}])
    return context.new_page()


@pytest.fixture(params=["desktop light", "phone light", "desktop dark"])
def page(request: pytest.FixtureRequest, places: Any, cookies: Any, site: str, chromium: Any) -> Iterator[Any]:
    """Yield a signed-in tab of one size and theme; what its console says is kept in `said`."""
    made = tab(chromium, site, cookies["owner"], *request.param.split())
    made.said = []
    made.on("console", lambda message: message.type == "error" and made.said.append(message.text))
    made.on("pageerror", lambda error: made.said.append(str(error)))
    yield made
    made.context.close()


def test_every_page_is_accessible_and_fits(page: Any, site: str, places: dict[str, str]) -> None:
    """Axe finds nothing against WCAG 2.2 AA, nothing is wider than the screen, no script fails, no policy is broken."""
    faults = []
    for name in PAGES:
        path = re.sub(r"^[A-Z]+", lambda found: places[found[0]], name)
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE.read_text())
        faults += [f"{name}: {fault}" for fault in page.evaluate(CHECK, STANDARD)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: is wider than the screen")
    faults += [text for text in page.said if not WANTED.search(text)]

    assert [] == faults


@pytest.mark.parametrize("size", SIZES)
def test_sign_in_page_is_accessible(chromium: Any, site: str, size: str) -> None:
    """The door itself is held to the same standard."""
    made = tab(chromium, site, "", size)
    made.goto(f"{site}/sign-in")
    made.evaluate(AXE.read_text())

    assert [] == made.evaluate(CHECK, STANDARD)
    made.context.close()


@pytest.fixture
def desk(places: Any, cookies: Any, site: str, chromium: Any) -> Iterator[Any]:
    """Yield a signed-in desktop tab."""
    made = tab(chromium, site, cookies["owner"], "desktop")
    yield made
    made.context.close()


def test_people_are_found_and_opened_by_keyboard(desk: Any, site: str, places: dict[str, str]) -> None:
    """`/` goes to the search, typing filters at once, `j` chooses, Enter opens."""
    desk.goto(f"{site}/people")
    desk.keyboard.press("/")
    desk.keyboard.type("Ada Lovelac", delay=20)
    desk.wait_for_function("() => document.querySelectorAll('[data-row]').length < 20")
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    assert desk.evaluate("document.activeElement.closest('[data-row]') !== null")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/people/*")

    assert "Ada Lovelace" == desk.locator("h1").inner_text()


def test_rows_move_up_and_down(desk: Any, site: str) -> None:
    """`j` and `k` walk the rows and stop at the ends."""
    desk.goto(f"{site}/people")
    at = "[...document.querySelectorAll('[data-row]')].findIndex(row => row.contains(document.activeElement))"
    seen = []
    for key in ("j", "j", "k", "k"):
        desk.keyboard.press(key)
        seen.append(desk.evaluate(at))

    assert [0, 1, 0, 0] == seen


def test_palette_opens_a_page_without_a_mouse(desk: Any, site: str) -> None:
    """Ctrl-K, a few letters and Enter lead to a page; Escape leaves everything as it was."""
    desk.goto(f"{site}/")
    desk.keyboard.press("Control+k")
    desk.wait_for_selector("#palette[open] .palette-found a")
    desk.keyboard.press("Escape")
    assert 0 == desk.locator("#palette[open]").count()
    desk.keyboard.press("Control+k")
    desk.keyboard.type("healt", delay=20)
    desk.wait_for_function("() => document.querySelectorAll('.palette-found a').length === 1")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/health")


def test_letters_after_g_change_the_page(desk: Any, site: str) -> None:
    """`g` and a letter go to a page, but never while one is typing."""
    desk.goto(f"{site}/people")
    desk.keyboard.press("g")
    desk.keyboard.press("c")
    desk.wait_for_url("**/campaigns")
    desk.goto(f"{site}/people")
    desk.focus("[data-search]")
    desk.keyboard.type("gc")
    assert desk.url.split("?")[0] == f"{site}/people"


def test_skip_link_is_the_first_stop(desk: Any, site: str) -> None:
    """The first Tab offers to skip the menu, and it does."""
    desk.goto(f"{site}/people")
    desk.keyboard.press("Tab")
    assert "Skip to content" == desk.evaluate("document.activeElement.textContent")
    desk.keyboard.press("Enter")
    assert "main" == desk.evaluate("document.activeElement.id || location.hash.slice(1)")


def test_menu_on_the_phone_opens_and_closes_by_keyboard(places: Any, cookies: Any, site: str, chromium: Any) -> None:
    """On a phone the menu is hidden until it is asked for, holds the focus, and Escape gives it back."""
    phone = tab(chromium, site, cookies["owner"], "phone")
    phone.goto(f"{site}/")
    assert not phone.locator("#side").is_visible()
    phone.focus("[data-bs-toggle=offcanvas]")
    phone.keyboard.press("Enter")
    phone.wait_for_selector("#side.show")
    assert phone.locator("#side a", has_text="People").is_visible()
    phone.keyboard.press("Escape")
    phone.wait_for_selector("#side", state="hidden")
    phone.context.close()


def test_theme_is_chosen_and_kept(desk: Any, site: str) -> None:
    """Dark stays dark on the next page, before anything is painted."""
    desk.goto(f"{site}/")
    desk.click(".topbar [data-bs-toggle=dropdown]")
    desk.click("[data-theme-choice=dark]")
    assert "dark" == desk.get_attribute("html", "data-bs-theme")
    desk.goto(f"{site}/people")
    assert ("dark", "dark") == (desk.get_attribute("html", "data-theme"), desk.get_attribute("html", "data-bs-theme"))


def test_counters_renew_themselves(desk: Any, site: str, workspace: Any) -> None:
    """A new event shows on the dashboard without a reload."""
    from onevoice.wiring.workspace import now

    desk.goto(f"{site}/")
    before = desk.locator(".figure", has_text="Events").locator("dd").inner_text()
    body = b'{"type":"track","userId":"live-1","event":"Bell Rung"}'
    workspace.stores.intake.append([(now(), "till", 2, "track", b"{}", body)])
    desk.wait_for_function(
        "before => [...document.querySelectorAll('.figure')].some("
        "one => one.querySelector('dt').textContent.trim() === 'Events' && "
        "one.querySelector('dd').textContent !== before)",
        arg=before,
        timeout=15_000,
    )


def test_dialog_returns_the_focus(desk: Any, site: str, places: dict[str, str]) -> None:
    """A dialog takes the focus, and Escape gives it back to the button that opened it."""
    desk.goto(site + places["PERSON"])
    desk.focus("[data-opens=note-dialog]")
    desk.keyboard.press("Enter")
    assert "note-text" == desk.evaluate("document.activeElement.id")
    desk.keyboard.press("Escape")
    assert "note-dialog" == desk.evaluate("document.activeElement.dataset.opens")
