"""Audiences and campaigns, as documents and as they go out."""

import re
from typing import Any


def test_audience_says_who_is_in_it(signed_in: Any) -> None:
    """The page of an audience has its rule as a sentence, its size and some of its members."""
    browser = signed_in("marketer")
    page = browser.get("/audiences/buyers").content.decode()

    assert "People who did “Order Completed” in the last 90 days." in page
    assert "<dt>People</dt><dd>25" in page
    assert 12 == len(re.findall(r"<tr data-row", page))
    assert "Recent buyers" in browser.get("/audiences").content.decode()
    assert 404 == browser.get("/audiences/none").status_code


def test_audience_is_shown_as_sql(signed_in: Any) -> None:
    """The SQL that the engine is asked is there to read."""
    page = signed_in("analyst").get("/audiences/buyers/sql").content.decode()

    assert "SELECT" in page
    assert "Order Completed" in page


def test_campaign_is_shown_in_every_medium_with_its_proof(signed_in: Any) -> None:
    """E-mail, text message and postcard are previewed, and each fact is proven in each."""
    browser = signed_in("marketer")
    page = browser.get("/campaigns/summer/preview").content.decode()

    assert 3 == page.count(">proven</span></figcaption>")
    assert "circle-x" not in page
    assert "20% off" in browser.get("/campaigns/summer/email").content.decode()
    for side in (0, 1):
        assert b"\x89PNG" == browser.get(f"/campaigns/summer/postcard/{side}").content[:4]
    assert 404 == browser.get("/campaigns/summer/postcard/2").status_code


def test_letters_run_in_a_sandbox(signed_in: Any) -> None:
    """The HTML of an e-mail may bring styles, but no script, form or foreign frame, and only our pages may frame it."""
    answer = signed_in("marketer").get("/campaigns/summer/email")
    policy = answer.headers["Content-Security-Policy"]

    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "SAMEORIGIN" == answer.headers["X-Frame-Options"]


def test_deliveries_are_counted_as_the_ledger_has_them(signed_in: Any, workspace: Any) -> None:
    """The figures of a campaign are the ledger's, and whoever was not written to is counted with the reason."""
    counts = dict(workspace.stores.state.query("SELECT state, count(*) FROM deliveries GROUP BY state"))
    page = signed_in("marketer").get("/campaigns/summer").content.decode()

    assert f"<dt>Planned</dt><dd>{sum(counts.values())}</dd>" in page
    assert f"<dt>Sent</dt><dd>{counts['accepted']}<" in page
    assert "no sms address" in page
    assert "Draft" in signed_in("marketer").get("/campaigns/winter").content.decode()


def test_message_is_shown_as_received(signed_in: Any, workspace: Any) -> None:
    """A received message opens with its envelope and its HTML; a piece of another campaign does not."""
    piece = workspace.stores.state.one(
        "SELECT piece FROM deliveries WHERE state = 'accepted' ORDER BY send_key LIMIT 1"
    )[0]
    browser = signed_in("marketer")

    page = browser.get(f"/campaigns/summer/messages/{piece}").content.decode()
    assert "20% off your summer basket" in page
    assert "Harvest &amp; Hearth" in page
    assert b"20% off" in browser.get(f"/campaigns/summer/messages/{piece}/html").content
    assert 404 == browser.get(f"/campaigns/winter/messages/{piece}").status_code
    assert 404 == browser.get("/campaigns/summer/messages/none").status_code


def test_results_are_honest_about_few_people(signed_in: Any) -> None:
    """A campaign that the log knows nothing of has no results yet, and says what they will be."""
    assert b"Results appear once it has been sent" in signed_in("analyst").get("/campaigns/summer/results").content
