"""The command line of the machine room: serve, worker, rebuild, doctor, rejected."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from onevoice.cli import app
from onevoice.wiring.stores import Stores
from tests.servers import free_port
from tests.worker.houses import house, resolve, settings_of, tell, track

run = CliRunner()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """Yield a workspace that the command line stands in."""
    (tmp_path / "onevoice.yaml").write_text(yaml.safe_dump({"workspace": "shop"}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    with house(tmp_path) as stores:
        yield stores


def said(*arguments: str, code: int = 0) -> str:
    """Return what a command printed."""
    done = run.invoke(app, arguments)
    assert code == done.exit_code, done.output + repr(done.exception)
    return done.stdout if code == 0 else str(done.exception)


BAD = {"type": "track", "messageId": "bad", "userId": "u1", "event": "Order Completed", "properties": {"total": "much"}}


def refuse(stores: Stores, *messages: dict[str, Any]) -> list[int]:
    """Have messages refused and return their numbers."""
    tell(stores, list(messages))
    resolve(stores)
    return [row.id for row in stores.log.rejected()]


def test_rejected_events_are_listed_by_cause(shop: Stores) -> None:
    """Two events with one cause are one line with their number, the reason and what to do."""
    refuse(shop, BAD, {**BAD, "messageId": "bad2"})

    lines = said("rejected", "list").splitlines()
    assert 2 == len(lines)
    assert "schema_violation" in lines[1]
    assert shop.log.groups()[0].fingerprint == lines[1].split()[0]
    assert "2" == lines[1].split()[1]
    assert 2 == len(said("rejected", "list", "--each").splitlines())


def test_a_rejected_event_is_shown_with_its_bytes(shop: Stores) -> None:
    """Showing one gives the reason, the place in the JSON, and the body."""
    (number,) = refuse(shop, BAD)

    text = said("rejected", "show", str(number))
    assert "schema_violation" in text
    assert '"messageId": "bad"' in text


def test_a_mended_event_comes_in(shop: Stores) -> None:
    """Setting the wrong property and replaying takes the event in, once."""
    (number,) = refuse(shop, BAD)

    assert "Mended and replayed.\n" == said("rejected", "mend", str(number), "--set", "properties.total=12.5")
    resolve(shop)
    assert [12.5] == [one.event.properties["total"] for one in shop.log.events(0, 9)]
    assert "It was replayed before; nothing was done.\n" == said(
        "rejected", "mend", str(number), "--set", "properties.total=13"
    )


def test_a_whole_corrected_body_may_be_given(shop: Stores, tmp_path: Path) -> None:
    """A file takes the place of the stored bytes."""
    (number,) = refuse(shop, BAD)
    (tmp_path / "fixed.json").write_text(json.dumps(track(7)))

    said("rejected", "mend", str(number), "--file", "fixed.json")
    resolve(shop)
    assert ["m7"] == [one.event.id for one in shop.log.events(0, 9)]


@pytest.mark.parametrize("change", ["nonsense", "properties.total=", "a.b.c=not json", "type.x=1"])
def test_a_change_that_cannot_be_made_says_how(shop: Stores, change: str) -> None:
    """A change in the wrong form is refused with an example, and nothing is replayed."""
    (number,) = refuse(shop, BAD)

    assert "properties.total=12.5" in said("rejected", "mend", str(number), "--set", change, code=1)
    assert 1 == len(shop.log.rejected())


def test_all_of_one_cause_are_replayed_or_discarded(shop: Stores) -> None:
    """Naming a cause takes every open reject of it, and only those."""
    refuse(shop, BAD, {**BAD, "messageId": "b2"}, {"type": "track", "userId": "u", "messageId": "b3"})
    cause = next(group.fingerprint for group in shop.log.groups() if group.count == 2)

    assert "2 discarded.\n" == said("rejected", "discard", "--cause", cause)
    assert ["no_event_name"] == [row.what.reason for row in shop.log.rejected()]
    assert "1 replayed.\n" == said("rejected", "replay", str(shop.log.rejected()[0].id))


def test_a_choice_is_asked_for(shop: Stores) -> None:
    """Replaying without saying which, or one that is not there, is refused in a sentence."""
    assert "Say which" in said("rejected", "replay", code=1)
    assert "There is no rejected event" in said("rejected", "show", "77", code=1)
    assert "open, fixed, replayed or discarded" in said("rejected", "list", "--state", "odd", code=1)


def test_rebuild_checks_and_mends(shop: Stores) -> None:
    """--check names a difference and fails; without it the difference is put right; then there is none."""
    tell(shop, [track(1), track(2)])
    resolve(shop)
    assert "No difference: 2 events replayed.\n" == said("rebuild", "--check")
    shop.state.execute("UPDATE nodes SET person = 'x' WHERE node = 1")

    assert "1 differences" in said("rebuild", "--check", code=1)
    assert said("rebuild").endswith("Rebuilt: 1 differences put right.\n")
    assert "No difference: 2 events replayed.\n" == said("rebuild", "--check")


def test_the_doctor_finds_a_healthy_house_well(shop: Stores) -> None:
    """A new workspace passes; what is only advisable is a warning."""
    text = said("doctor")

    assert "✗" not in text
    assert "Everything that came in is resolved." in text


def test_the_doctor_names_what_waits(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that nobody resolves, open rejects and a dead mail server are each named; the last is a failure."""
    refuse(shop, BAD)
    tell(shop, [track(1)])
    monkeypatch.setenv("ONEVOICE_SMTP", f"smtp://127.0.0.1:{free_port()}")

    done = run.invoke(app, ["doctor"])
    assert 1 == done.exit_code
    assert "1 bodies wait" in done.stdout
    assert "1 rejected events are open" in done.stdout
    assert "✗  mail" in done.stdout


def test_the_doctor_notices_a_clock_that_went_back(shop: Stores) -> None:
    """A store that was written in the future means that the clock is wrong."""
    shop.log.move("people", 1, 4_102_444_800_000_000)

    assert "hours behind" in run.invoke(app, ["doctor"]).stdout


def test_outside_a_workspace_commands_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no workspace, one sentence says how to get one."""
    monkeypatch.chdir(tmp_path)

    for command in (["serve"], ["worker"], ["rebuild"], ["doctor"], ["rejected", "list"]):
        assert "onevoice init" in said(*command, code=1)


def test_a_taken_port_is_said_before_anything_starts(shop: Stores) -> None:
    """A port in use stops `serve` with a sentence."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "cannot be used" in said("serve", "--port", str(other.getsockname()[1]), code=1)


def get(url: str, **headers: str) -> tuple[int, bytes]:
    """Return status and body of a page, 0 while nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def until(condition: Any, seconds: float = 60) -> bool:
    """Wait until a condition holds, and say whether it did."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_serve_runs_everything_and_survives_a_dead_worker(tmp_path: Path) -> None:
    """One command takes in, resolves and answers; a killed worker comes back; SIGTERM ends all of it."""
    onevoice = [sys.executable, "-m", "onevoice.cli"]
    subprocess.run([*onevoice, "init", "shop"], cwd=tmp_path, check=True, capture_output=True)
    home, port = tmp_path / "shop", free_port()
    add = [*onevoice, "keys", "add", "server", "--kind", "secret"]
    key = subprocess.run(add, cwd=home, check=True, capture_output=True, text=True).stdout.strip()
    log = (tmp_path / "serve.log").open("w+")
    house = subprocess.Popen([*onevoice, "serve", "--port", str(port)], cwd=home, stderr=log)
    base, bearer = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {key}"}
    try:
        assert until(lambda: get(f"{base}/readyz")[0] == 200)
        assert until(lambda: f"Onevoice is ready: {base}" in (tmp_path / "serve.log").read_text())
        assert until(lambda: get(f"{base}/")[0] == 200)
        send(base, key, "ann")
        assert until(lambda: get(f"{base}/api/v1/people/lookup?user_id=ann", **bearer)[0] == 200)

        resolver = next(pid for pid in children(house.pid) if "resolve" in command_line(pid))
        os.kill(resolver, signal.SIGKILL)
        send(base, key, "bob")
        assert until(lambda: get(f"{base}/api/v1/people/lookup?user_id=bob", **bearer)[0] == 200)
        assert "resolver died and is started again" in (tmp_path / "serve.log").read_text()
        family = children(house.pid)
    finally:
        house.terminate()
        code = house.wait(40)
        log.close()

    assert 0 == code
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10)
    stores = Stores.open(settings_of(home))
    assert ["ann", "bob"] == [one.event.identifiers[0].value for one in stores.log.events(0, 9)]
    stores.close()


def send(base: str, key: str, user: str) -> None:
    """Track one order of a user, in the body-key way."""
    body = json.dumps(
        {"writeKey": key, "userId": user, "event": "Order Completed", "properties": {"total": 5}}
    ).encode()
    request = urllib.request.Request(f"{base}/v1/track", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def children(pid: int) -> list[int]:
    """Return all descendants of a process."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [grandchild for child in found for grandchild in children(child)]


def command_line(pid: int) -> str:
    """Return how a process was started."""
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
