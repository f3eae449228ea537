"""The loop runs what is due, hurries when there is more, and waits longer after each failure."""

import threading

from onevoice.domain.errors import Unavailable
from onevoice.worker.schedule import LONGEST_WAIT, Schedule, Task


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_task_with_more_to_do_runs_again_at_once() -> None:
    """While a task reports work it stays due; when it is idle it rests for its interval."""
    left = [2, 1, 0, 0]
    clock = Clock()
    task = Task(name="t", every=5, run=lambda: left.pop(0))
    schedule = Schedule([task], clock)

    assert [2, 1, 0, 0] == [schedule.turn() for _ in range(4)]
    assert [0] == left
    assert 105.0 == task.due


def test_a_failing_task_waits_longer_each_time_and_does_not_stop_the_others() -> None:
    """Failures double the wait up to a bound; another task runs on; success forgives."""
    clock, ran, waits = Clock(), [], []
    broken = [True]

    def fail() -> int:
        if broken[0]:
            raise Unavailable
        return 0

    bad = Task(name="bad", every=1, run=fail)
    schedule = Schedule([bad, Task(name="good", every=1, run=lambda: ran.append(1) or 0)], clock)
    for _ in range(7):
        schedule.turn()
        waits.append(bad.due - clock.now)
        clock.now = bad.due

    assert [2.0, 4.0, 8.0, 16.0, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT] == waits
    assert 7 == len(ran)
    broken[0] = False
    schedule.turn()
    assert (0, clock.now + 1) == (bad.failures, bad.due)


def test_an_unexpected_error_is_survived() -> None:
    """A defect in a task is logged and retried; the loop lives."""
    clock = Clock()
    task = Task(name="t", every=1, run=lambda: 1 // 0)

    assert 0 == Schedule([task], clock).turn()
    assert 1 == task.failures


def test_the_loop_stops_after_the_task_in_hand() -> None:
    """Setting stop ends the loop without starting another task."""
    stop, ran = threading.Event(), []

    def first() -> int:
        ran.append("first")
        stop.set()
        return 1

    second = Task(name="second", every=1, run=lambda: ran.append("second") or 1)
    Schedule([Task(name="first", every=1, run=first), second]).run(stop)

    assert ["first"] == ran
