"""Segment's clients for Node and the browser work unmodified, told only where we are."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import servers
from tests.gateway.house import House
from tests.sdk.conftest import events_of
from tests.sdk.test_python_sdks import ALL

pytestmark = pytest.mark.node


def test_node_client(house: House, packages: Path) -> None:
    """Every call of the Node client is acknowledged and read as the event it is."""
    command = ["node", "send.mjs", house.url, house.write]

    done = subprocess.run(command, cwd=packages, capture_output=True, text=True, timeout=60, check=True)

    events = events_of(house)
    assert {"failed": []} == json.loads(done.stdout)
    assert sorted(ALL) == sorted(event.name for event in events)
    assert {"analytics-node", "@segment/analytics-node"} >= {event.context["library"]["name"] for event in events}


PACKAGED = """<!doctype html><title>shop</title><script src="/index.js"></script><script>
window.analytics = AnalyticsNext.AnalyticsBrowser.load(
  {writeKey: "%(key)s", cdnURL: "%(host)s"},
  {integrations: {"Segment.io": {deliveryStrategy: {strategy: "%(strategy)s", config: {size: 2, timeout: 200}}}}})
</script>"""

SNIPPET = """<!doctype html><title>shop</title><script>
var analytics = window.analytics = window.analytics || [];
analytics.methods = ["identify", "track", "page", "group", "alias", "ready"];
analytics.methods.forEach(function (name) {
  analytics[name] = function () { analytics.push([name].concat([].slice.call(arguments))); return analytics; };
});
analytics._writeKey = "%(key)s";
analytics._loadOptions = {};
analytics.page();
</script><script async src="%(host)s/analytics.js/v1/%(key)s/analytics.min.js"></script>"""


def visit(page: Page, site: tuple[Path, str], text: str) -> None:
    """Open a page of the shop, name the customer and buy something."""
    folder, url = site
    (folder / "index.html").write_text(text)
    page.goto(f"{url}/index.html?utm_source=mail&utm_campaign=spring")
    page.evaluate("analytics.identify('browser-1', {email: 'ada@example.com'})")
    page.evaluate("analytics.track('Order Completed', {order_id: 'o-1', total: 12.5})")


def arrived(house: House, count: int) -> list[str]:
    """Wait until so many events are in the intake, and return their names."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = [event.name for event in events_of(house)]
        if len(found) >= count:
            break
        time.sleep(0.1)
    return sorted(found)


@pytest.fixture
def page() -> object:
    """Yield a page of headless Chromium that uses no proxy."""
    flags = [*servers.CHROMIUM_FLAGS, "--no-proxy-server"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.chromium_path(), args=flags)
        yield browser.new_page()
        browser.close()


@pytest.mark.chromium
@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_browser_client_of_the_package(
    house: House, packages: Path, site: tuple[Path, str], page: Page, strategy: str
) -> None:
    """The npm package, told `cdnURL` only, fetches its settings here and posts here, from a page of another origin."""
    shutil.copy(packages / "node_modules/@segment/analytics-next/dist/umd/index.js", site[0])

    visit(page, site, PACKAGED % {"key": house.write, "host": house.url, "strategy": strategy})

    assert ["Order Completed", "User Identified"] == arrived(house, 2)
    anchors = {event.identifiers[0].key for event in events_of(house)}
    assert {("user_id", "browser-1")} == anchors
    assert {"spring"} == {event.context["campaign"]["name"] for event in events_of(house)}
    paths = {"standard": {"identify", "track"}, "batching": {"batch"}}
    assert paths[strategy] == {row[2] for row in house.rows()}


@pytest.mark.chromium
def test_browser_client_from_our_address(house: House, site: tuple[Path, str], page: Page) -> None:
    """The script that we serve knows its key and its host: the usual snippet with our address is all a page needs."""
    visit(page, site, SNIPPET % {"key": house.write, "host": house.url})

    assert ["Order Completed", "Page Viewed", "User Identified"] == arrived(house, 3)
