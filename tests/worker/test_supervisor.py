"""Children are kept alive, and ended with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from onevoice.cli.supervisor import FIRST_WAIT, Child, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def until(condition: object, seconds: float = 15) -> bool:
    """Wait until a condition holds, and say whether it did."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_a_dead_child_is_started_again_after_a_growing_pause() -> None:
    """Each early death doubles the pause; the clock alone decides when the next start is due."""
    clock = Clock()
    child = Child(name="c", argv=[sys.executable, "-c", "raise SystemExit(3)"])
    supervisor = Supervisor([child], clock)
    pauses = []
    for _ in range(3):
        supervisor.turn()
        assert child.process is not None
        child.process.wait()
        supervisor.turn()
        pauses.append(child.due - clock.now)
        clock.now = child.due

    assert [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4] == pauses
    assert 3 == child.deaths


def test_a_long_life_is_forgiven() -> None:
    """A child that lived long starts again with the shortest pause."""
    clock = Clock()
    child = Child(name="c", argv=SLEEP, deaths=5)
    supervisor = Supervisor([child], clock)
    supervisor.turn()
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    clock.now += 61
    supervisor.turn()

    assert (1, clock.now + FIRST_WAIT) == (child.deaths, child.due)


def test_the_end_reaches_every_child() -> None:
    """Stopping ends all children and reports nothing left."""
    children = [Child(name=name, argv=SLEEP) for name in "ab"]
    supervisor = Supervisor(children)
    stop = threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    assert until(lambda: all(child.process for child in children))
    stop.set()
    thread.join(15)

    assert [-signal.SIGTERM, -signal.SIGTERM] == [child.process.returncode for child in children if child.process]


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    """After kill -9 of the parent, a child that follows it ends by itself."""
    pid_file = tmp_path / "pid"
    child = (
        "import os, pathlib, time; from onevoice.cli.supervisor import follow_parent; follow_parent(0.05);"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"]
    )
    assert until(lambda: pid_file.exists() and pid_file.read_text())
    pid = int(pid_file.read_text())
    parent.kill()
    parent.wait()

    assert until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    """Tell whether a process is running, zombies not counted."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
