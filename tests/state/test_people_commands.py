"""The shell's commands about people, on a workspace of their own."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from onevoice.cli import app
from onevoice.domain.errors import OnevoiceError
from onevoice.wiring import settings as settings_of
from onevoice.wiring.workspace import open_state
from tests.state.settling import event, settle

ANN = "ann.lee@example.com"
run = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a workspace with two people, stood in."""
    folder = tmp_path / "shop"
    assert 0 == run.invoke(app, ["init", str(folder)]).exit_code
    monkeypatch.chdir(folder)
    state = open_state(settings_of.read())
    settle(
        state,
        [
            event(1, "Identify", ("user_id", "ann-77"), ("email", ANN), traits={"name": "Ann Lee"}),
            event(2, "Order Completed", ("email", ANN), channel="store", properties={"total": 12.4, "currency": "USD"}),
            event(3, "Identify", ("user_id", "bob-88"), traits={"name": "Bob Ray"}),
        ],
        "shop",
    )
    state.close()
    yield folder


def said(*words: str, given: str = "") -> str:
    """Run a command that must succeed and return what it prints."""
    result = run.invoke(app, list(words), input=given)
    assert 0 == result.exit_code, result.output
    return result.output


def test_people_are_printed_one_a_line(shop: Path) -> None:
    """`people --format jsonl` gives id, identifiers, traits, facets and household of everybody, newest first."""
    lines = [msgspec.json.decode(line) for line in said("people", "--format", "jsonl").splitlines()]

    assert ["Bob Ray", "Ann Lee"] == [line["traits"]["name"] for line in lines]
    assert {"id", "identifiers", "traits", "facets", "household"} <= lines[1].keys()
    assert {"kind": "email", "value": ANN, "trust": "verified", "contactable": True} in lines[1]["identifiers"]
    assert (1, {"USD": "12.40"}) == (lines[1]["facets"]["orders"], lines[1]["facets"]["revenue"])


def test_people_are_found(shop: Path) -> None:
    """A word finds its people in spite of a typo, and a limit holds."""
    assert "Ann Lee" in said("people", "ann lea")
    assert "Bob Ray" not in said("people", "ann lea")
    assert 1 == len(said("people", "--format", "jsonl", "--limit", "1").splitlines())
    assert "2 of 2 people" in said("people")


def test_one_person_is_shown(shop: Path) -> None:
    """A person is found by kind and value however it is spelled, and shown with sentences."""
    shown = said("person", "email:ANN.lee@Example.com")

    assert "Bought something for $12.40" in shown
    assert "name: Ann Lee (shop, 2023-11-14)" in shown
    assert "ann-77" in said("person", "email:" + ANN, "--format", "json")


def test_a_person_is_exported(shop: Path) -> None:
    """The three files of an export are written."""
    assert "with 2 events" in said("export-person", "email:" + ANN, "--to", "ann")
    assert {"index.html", "person.json", "events.jsonl"} == {path.name for path in Path("ann").iterdir()}


def test_erasing_asks_first_and_prints_the_proof(shop: Path) -> None:
    """Without a yes nothing happens; with it the receipt says that nothing is left."""
    refused = run.invoke(app, ["erase", "email:" + ANN], input="n\n")
    assert isinstance(refused.exception, OnevoiceError)
    assert "Ann Lee" in said("people")

    receipt = msgspec.json.decode(said("erase", "email:" + ANN, "--yes"))
    assert "No difference" in said("rebuild", "--check")
    assert ({}, 1) == (receipt["left"], receipt["removed"]["people"])
    assert "Ann Lee" not in said("people")


def test_who_shared_an_identifier_is_resolved_anew(shop: Path) -> None:
    """After somebody entangled with others is erased, the tables are what the rest of the log makes of them."""
    state = open_state(settings_of.read())
    phone = ("phone", "+12025550101")
    shared = [
        event(20, "Identify", ("user_id", "carl-1"), phone),
        event(21, "Identify", ("user_id", "ann-77"), phone),
        event(22, "Identify", ("user_id", "dora-1"), phone),
    ]
    settle(state, shared, "shop")
    state.close()

    said("erase", "email:" + ANN, "--yes")

    assert "No difference" in said("rebuild", "--check")


def test_an_erasure_can_wait_and_be_taken_back(shop: Path) -> None:
    """`--after` schedules; `erasures cancel` takes back; `erasures run` carries out only what is due."""
    assert "onevoice erasures cancel 1" in said("erase", "email:" + ANN, "--after", "30d")
    assert "waiting" in said("erasures", "list")
    assert "" == said("erasures", "run")
    said("erasures", "cancel", "1")
    assert "cancelled" in said("erasures", "list")
    assert "Ann Lee" in said("people")


@pytest.mark.parametrize(
    "words",
    [["person", "email:no@example.com"], ["person", "nobody"], ["people", "--format", "xml"], ["erase", "nobody"]],
)
def test_mistakes_are_plain_errors(shop: Path, words: list[str]) -> None:
    """An unknown person or a bad choice is an expected error, not a crash."""
    assert isinstance(run.invoke(app, words).exception, OnevoiceError)
