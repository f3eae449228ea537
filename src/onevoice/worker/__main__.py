"""`python -m onevoice.worker --drain`: resolve what waits and end, unless a worker is at it already."""

import sys

from onevoice.wiring import logs, settings
from onevoice.wiring.stores import Stores
from onevoice.worker.lock import lock_of
from onevoice.worker.shift import Role, drain


def main() -> None:
    """Drain the workspace we stand in; where a worker runs, it does the work."""
    found = settings.read()
    logs.configure(found)
    stores = Stores.open(found)
    locks = [lock_of(stores.state, role.value) for role in Role]
    if all(lock.take() for lock in locks):
        drain(stores, found)


if __name__ == "__main__":
    if sys.argv[1:] != ["--drain"]:
        sys.exit("usage: python -m onevoice.worker --drain")
    main()
