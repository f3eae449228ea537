"""The commands of audiences and reports, as a person types them."""

import json

import pytest
from typer.testing import CliRunner

from onevoice import cli
from onevoice.domain.moment import DAY
from onevoice.wiring.analysis import open_analysis
from onevoice.wiring.settings import read
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now
from tests.decide.test_analysis import LOYAL, order, put_in

runner = CliRunner()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Stand in a workspace where Ann is loyal and was mailed to, and Bob is not."""
    assert 0 == runner.invoke(cli.app, ["init", str(tmp_path / "shop")]).exit_code
    monkeypatch.chdir(tmp_path / "shop")
    stores = Stores.open(read(tmp_path / "shop"))
    at = now() - DAY
    put_in(
        stores,
        order(1, "ann", at),
        order(2, "ann", at),
        order(3, "bob", at),
        order(4, "ann", at - 60, name="Mail Piece Sent", campaign_id="spring", piece_id="1"),
    )
    analysis = open_analysis(stores)
    analysis.put("loyal", LOYAL, now=now(), by="test")
    analysis.close()
    ann = stores.graph.person("user_id", "ann")
    stores.close()
    return ann


def told(*words):
    """Return what a command prints."""
    result = runner.invoke(cli.app, list(words))
    assert 0 == result.exit_code, result.output
    return result.output


def test_audience_is_counted_refreshed_and_listed(shop):
    """Count says who satisfies it now; refresh keeps members; list and members show them."""
    assert "1\n" == told("audience", "count", "loyal")
    assert "never" in told("audience", "list")
    assert "loyal: 1 people, 1 entered, 0 left.\n" == told("audience", "refresh")
    assert [shop] == [
        json.loads(line)["person"] for line in told("audience", "members", "loyal", "--format", "jsonl").splitlines()
    ]
    assert ["person,since,stay"] == told("audience", "members", "loyal", "--format", "csv").splitlines()[:1]
    assert told("audience", "members", "loyal").startswith(f"{shop}  since ")


def test_audience_is_shown_and_explained(shop):
    """Show reads the audience back; explain says what was found for a person."""
    shown = told("audience", "show", "loyal", "--sql")
    explained = told("audience", "explain", "loyal", shop)

    assert "People who did “Order Completed” at least 2 times in the last 90 days." in shown
    assert "SELECT" in shown
    assert "is in loyal" in " ".join(explained.split())
    assert "(2)" in explained


def test_campaign_report_is_honest(shop):
    """The report counts what happened, and claims no effect of one letter."""
    result = json.loads(told("report", "campaign", "spring", "--json"))

    assert (2, 1, 1, 0) == (result["people"], result["targeted"], result["reached"], result["redeemed"])
    assert "inconclusive" == result["effect"]["type"]
    assert "No reliable effect" in told("report", "campaign", "spring")


def test_dashboard_prints(shop):
    """The dashboard prints the figures of the first page."""
    assert "2 people in 0 households" in told("report", "dashboard")
    assert 2 == json.loads(told("report", "dashboard", "--json"))["people"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["audience", "count", "gone"], "no audience named 'gone'"),
        (["audience", "members", "loyal", "--format", "xml"], "--format is one of"),
        (["report", "campaign", "gone"], "named 'gone'"),
        (["report", "campaign", "spring", "--since", "2026-01-02", "--until", "2026-01-01"], "end after it starts"),
        (["report", "campaign", "spring", "--since", "spring"], "no date"),
    ],
)
def test_mistakes_are_told(shop, words, message):
    """What cannot be done is refused in one sentence."""
    result = runner.invoke(cli.app, words)

    assert 1 == result.exit_code
    assert message in str(result.exception)
