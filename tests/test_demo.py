"""The demo, end to end: a year of real shopping becomes people, and one campaign goes out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onevoice.adapters.database import SqliteDatabase
from onevoice.adapters.mailbox import Mailbox
from onevoice.cli.demo.contacts import contacts
from onevoice.cli.demo.data import opened

pytestmark = pytest.mark.timeout(900)


def onevoice(*words: str, home: Path) -> str:
    """Run the command line and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "onevoice.cli", *words],
        env={**os.environ, "ONEVOICE_HOME": str(home)}, cwd=home.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a demo that was run to its end."""
    home = tmp_path_factory.mktemp("demo") / "demo"
    onevoice("demo", str(home), "--no-serve", home=home)
    return home


@pytest.mark.slow
def test_every_real_purchase_is_there(house: Path) -> None:
    """Baskets, revenue, mailings and redemptions are those that SQL counts in the package's own files."""
    state = SqliteDatabase(house / ".onevoice" / "state.db")
    expected = dict(
        opened().execute(
            "SELECT 'Order Completed', count(DISTINCT basket_id) FROM transactions UNION ALL "
            "SELECT 'Coupon Redeemed', count(*) FROM coupon_redemptions"
        ).fetchall()
    )  # fmt: skip
    mailed = opened().execute("SELECT count(*) FROM campaigns").fetchone()[0]
    revenue = opened().execute("SELECT round(sum(sales_value), 2) FROM transactions").fetchone()[0]

    found = dict(state.query("SELECT name, count(*) FROM events GROUP BY name"))
    (own,) = state.one("SELECT count(*) FROM deliveries WHERE channel = 'print' AND state = 'accepted'")
    assert expected == {name: found[name] for name in expected}
    assert mailed + own == found["Mail Piece Sent"]
    assert [] == state.query("SELECT * FROM rejected")
    (total,) = state.one("SELECT sum(revenue) FROM people")
    assert revenue == round(total / 1_000_000, 2)


@pytest.mark.slow
def test_every_household_is_one_customer(house: Path) -> None:
    """Each of the 2,469 loyalty cards is another person, and the people of the service desk were found again."""
    state = SqliteDatabase(house / ".onevoice" / "state.db")
    (cards, owners) = state.one("SELECT count(*), count(DISTINCT person) FROM nodes WHERE kind = 'loyalty_id'")
    rows = opened().execute("SELECT household_id, household_comp FROM demographics").fetchall()
    adults = [row for household, composition in rows for row in contacts(household, composition, "2025-01-01")]
    wrong = state.query(
        "SELECT d.value FROM nodes d JOIN nodes c ON c.kind = 'crm_id' AND d.value = 'case-' || c.value "
        "WHERE d.kind = 'crm_id@desk' AND d.person <> c.person"
    )

    assert (2_469, 2_469) == (cards, owners)
    assert (len(adults),) == state.one("SELECT count(DISTINCT person) FROM nodes WHERE kind = 'crm_id'")
    assert [] == wrong


@pytest.mark.slow
def test_the_campaign_arrived(house: Path) -> None:
    """The mailbox holds exactly the accepted letters, and the ledger accounts for everybody."""
    state = SqliteDatabase(house / ".onevoice" / "state.db")
    counts = dict(state.query("SELECT state, count(*) FROM deliveries WHERE channel = 'email' GROUP BY state"))

    assert {"accepted", "withheld"} == set(counts)
    assert counts["accepted"] == Mailbox(house / "mailbox").count()


@pytest.mark.slow
def test_replay_finds_no_difference(house: Path) -> None:
    """Everything below the log is what a replay of the log makes of it."""
    assert "No difference" in onevoice("rebuild", "--check", home=house)


@pytest.mark.slow
def test_a_second_demo_changes_nothing(house: Path) -> None:
    """Running the demo again finds every file taken in and every letter sent."""
    state = SqliteDatabase(house / ".onevoice" / "state.db")
    before = state.query("SELECT name, count(*) FROM events WHERE derived = 0 GROUP BY name ORDER BY name")

    onevoice("demo", str(house), "--no-serve", home=house)

    after = state.query("SELECT name, count(*) FROM events WHERE derived = 0 GROUP BY name ORDER BY name")
    assert [row for row in before if not row[0].startswith(("Audience", "Identity"))] == [
        row for row in after if not row[0].startswith(("Audience", "Identity"))
    ]
