"""An export holds everything about one person, readable by people and by machines."""

import re
from pathlib import Path

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.dossier import Dossiers
from onevoice.adapters.state.profiles import PersonNotFound, Profiles
from onevoice.domain.event import Event
from tests.state.settling import START, event, settle

ANN = "ann.lee@example.com"
NAME = "<script>alert(1)</script>"
HISTORY = [
    event(1, "Identify", ("user_id", "ann-77"), ("email", ANN), traits={"name": NAME, "vip": True}),
    event(2, "Consent Granted", ("email", ANN), properties={"channel": "email", "text_version": "v3"}),
    event(3, "Note Added", ("email", ANN), properties={"text": "Likes tea & cake"}),
    *(event(number, "Page Viewed", ("user_id", "ann-77")) for number in range(4, 1_300)),
    event(2_000, "Page Viewed", ("user_id", "bob-88")),
]


@pytest.fixture
def export(database: Database, tmp_path: Path) -> Path:
    """Return the folder of an export of Ann."""
    settle(database, HISTORY)
    folder = tmp_path / "ann"
    count = Dossiers(database).export(Profiles(database).lookup("email", ANN).person, folder, now=START)
    assert len(HISTORY) - 1 <= count
    return folder


def test_every_event_is_in_both_forms(export: Path) -> None:
    """Each event of the person, and none of another's, is in the lines and on the page, newest first."""
    lines = [msgspec.json.decode(line, type=Event) for line in (export / "events.jsonl").read_bytes().splitlines()]
    told = [one for one in lines if not one.derived]
    wanted = [one.id for one in reversed(HISTORY) if one.id != "m2000"]

    assert wanted == [one.id for one in told]
    assert {one.id: one for one in HISTORY}["m1"] == told[-1]
    assert set(wanted) <= set(re.findall(r"<td>(m\d+)</td>", (export / "index.html").read_text()))


def test_the_json_says_everything_else(export: Path) -> None:
    """Identifiers and why they belong together, traits with their source, consent with its proof, what others keep."""
    told = msgspec.json.decode((export / "person.json").read_bytes())

    assert {("email", ANN, "verified"), ("user_id", "ann-77", "verified")} == {
        (one["kind"], one["value"], one["trust"]) for one in told["identifiers"]
    }
    assert "shop" == told["provenance"]["vip"]["source"]
    assert [("email", "granted", "v3", "m2")] == [
        (one["channel"], one["state"], one["text_version"], one["event"]) for one in told["consents"]
    ]
    assert ["Likes tea & cake"] == [one["text"] for one in told["notes"]]
    assert "Seen together in 1 event since 2023-11-14." in {one["sentence"] for one in told["why"]}
    assert {"audiences", "messages", "codes"} <= told.keys()


def test_the_page_is_safe_and_self_contained(export: Path) -> None:
    """What people typed is shown as text, and the page loads nothing from anywhere."""
    page = (export / "index.html").read_text()

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Likes tea &amp; cake" in page
    assert [] == re.findall(r"(?:src|href)\s*=", page)
    assert "default-src 'none'" in page


def test_nobody_cannot_be_exported(database: Database, tmp_path: Path) -> None:
    """An unknown person is an error, and nothing is written."""
    with pytest.raises(PersonNotFound):
        Dossiers(database).export("nobody", tmp_path / "x", now=START)
    assert not (tmp_path / "x").exists()
