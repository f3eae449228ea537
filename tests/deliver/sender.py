"""One sender process, told where to die: `python -m tests.deliver.sender HOME URL PEOPLE POINT NTH OFFSET`."""

import os
import sys
from pathlib import Path

from onevoice.adapters.database import connect
from onevoice.adapters.migrations import migrate
from onevoice.wiring.workspace import now
from onevoice.worker.deliveries import Deliveries
from tests.deliver.people import People, Stores, person, settings


def main() -> None:
    """Send everything that is due, unless told to die first."""
    home, url, state, count, point, nth, offset = sys.argv[1:8]
    left = [int(nth)]

    def watch(reached: str) -> None:
        left[0] -= reached == point
        if left[0] == 0 and reached == point:
            os._exit(9)

    database = connect(state)
    migrate(database, "state", now=now())
    sender = Deliveries(
        Stores(database),
        settings(Path(home), smtp=url, state=state),
        clock=lambda: now() + int(offset),
        recipients=People([person(number) for number in range(int(count))]),
        watch=watch,
    )
    while sender.step():
        pass
    sender.close()


if __name__ == "__main__":
    main()
