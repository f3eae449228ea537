"""The forerunner reads what the resolver would read, follows plan and place, and never outlives the resolver."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from onevoice.wiring.stores import Stores
from onevoice.worker.forerunner import Forerunner
from onevoice.worker.reading import Portion, Reader
from onevoice.worker.supply import Supply
from tests.conftest import NOW
from tests.worker.houses import batch, house, track

#: Messages of one packet, and packets: two of each packet's messages are refused.
MESSAGES, PACKETS = 7, 40

#: A parent that starts a forerunner, says its number, and waits to be killed.
PARENT = """
import sys, time
import msgspec
from onevoice.wiring.settings import Settings
from onevoice.worker.forerunner import Forerunner
runner = Forerunner(msgspec.json.decode(sys.argv[1], type=Settings))
print(runner.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """A house with a backlog."""
    with house(tmp_path, micro_batch=10) as made:
        for at in range(PACKETS):
            told = [track(at * MESSAGES + number) for number in range(MESSAGES)]
            made.intake.append([batch([*told, {"type": "track", "event": ""}, {"type": "nothing"}])])
        yield made


def eventually(told: Callable[[], bool]) -> bool:
    """Wait up to a minute for something to become true."""
    deadline = time.monotonic() + 60
    while not told() and time.monotonic() < deadline:
        time.sleep(0.02)
    return told()


@pytest.fixture
def runner(stores: Stores) -> Iterator[Forerunner]:
    """A forerunner that has started up."""
    made = Forerunner(stores.settings)
    assert eventually(made.ready)
    yield made
    made.close()


def alone(stores: Stores, events: int) -> list[Portion]:
    """Return every portion as the resolver reads it without help."""
    reader, plan, found = Reader(stores.intake), stores.plan.plan(), list[Portion]()
    while (portion := reader.portion(found[-1].last if found else 0, plan, events)) is not None:
        found.append(portion)
    return found


def test_a_forerunner_reads_what_the_resolver_would(stores: Stores, runner: Forerunner) -> None:
    """Its portions are the same events, keys, bytes and refusals, and after the last there is none."""
    wanted = alone(stores, 50)
    found, at = list[Portion](), 0
    for _ in wanted:
        runner.ask(at, 50)
        portion = runner.answer(at, stores.plan.stamp)
        assert portion is not None
        found.append(portion)
        at = portion.last
    runner.ask(at, 50)

    assert (wanted, None) == (found, runner.answer(at, stores.plan.stamp))
    assert (PACKETS * MESSAGES, PACKETS * 2) == (
        sum(len(one.said) for one in found),
        sum(len(one.refused) for one in found),
    )


def test_what_was_read_for_another_place_or_plan_is_dropped(stores: Stores, runner: Forerunner) -> None:
    """After the resolver moved or a document changed, what comes is of no use; asked again, it is right."""
    stores.plan.plan()
    runner.ask(3, 10)
    assert runner.answer(2, stores.plan.stamp) is None
    runner.ask(0, 10)
    stores.definitions.put("plan", "blocked", {"events": ["Order Completed"]}, now=NOW, by="ann")
    old = stores.plan.stamp
    stores.plan.plan()
    assert old != stores.plan.stamp
    first = runner.answer(0, stores.plan.stamp)
    runner.ask(0, 10)
    again = first or runner.answer(0, stores.plan.stamp)

    assert again is not None
    assert [] == again.said
    assert {"plan_blocked"} <= {one.reason for one in again.refused}


def test_supply_goes_on_when_its_forerunner_is_killed(stores: Stores) -> None:
    """With a forerunner, without, and with one that dies on the way, the same events come in the same order."""
    wanted = [one for portion in alone(stores, 10) for one in portion.said]
    supply = Supply(stores, stores.settings, far_behind=1)
    found, at, killed = list(wanted[:0]), 0, False
    while (portion := supply.portion(at)) is not None:
        found += portion.said
        at, runner = portion.last, supply.forerunner
        if runner is not None and not killed:
            assert eventually(runner.ready)
        if runner is not None and runner.asked and not killed:
            os.kill(runner.pid, signal.SIGKILL)
            killed = True
    supply.close()

    assert (wanted, True) == (found, killed)


def test_a_forerunner_ends_with_the_resolver(stores: Stores) -> None:
    """When the resolver is killed outright, its forerunner ends by itself."""
    settings = msgspec.json.encode(stores.settings).decode()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, settings], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    number = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert eventually(lambda: not _runs(number))


def _runs(number: int) -> bool:
    """Tell whether a process runs; one that ended but was not waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
