"""
Random workers, crashes, silences and sweeps against the real ledger, with a channel that counts what it took.

The channel's own log is the oracle: no marketing letter twice, none lost, and the rows always add up.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from onevoice.adapters.database import SqliteDatabase
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.ledger import Ledger
from onevoice.deliver import ledger as rules
from onevoice.domain.delivery import Accepted, Delivery, Later, Receipt, Refused, Unknown
from onevoice.domain.moment import MINUTE, SECOND
from tests.conftest import NOW
from tests.deliver.people import People, person, planner

PEOPLE = 12
CHANNELS = ("email",)


class Sending(RuleBasedStateMachine):
    """Workers hold rows in their hands while time passes and others work."""

    held = Bundle("held")
    begun = Bundle("begun")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        database = SqliteDatabase(Path(self.folder.name) / "state.db", durable=False)
        migrate(database, "state", now=NOW)
        people = People([person(number) for number in range(PEOPLE)])
        made = planner(database, people, channels=CHANNELS)
        self.run = made.plan("summer", lambda: people.known, now=NOW).id
        self.ledger: Ledger = made.ledger
        self.now = NOW
        self.took: dict[str, int] = {}

    @rule(target=held, limit=st.integers(1, 5))
    def claim(self, limit: int) -> list[Delivery]:
        """A worker claims some rows."""
        return self.ledger.claim(self.now, limit, CHANNELS)

    @rule(target=begun, rows=held)
    def submit(self, rows: list[Delivery]) -> list[Delivery]:
        """A worker, perhaps a stale one, commits to send."""
        return self.ledger.submit(rows, self.now)

    @rule(rows=begun, answer=st.sampled_from(["taken", "lost reply", "refused", "busy", "died before", "died after"]))
    def send(self, rows: list[Delivery], answer: str) -> None:
        """The channel takes, refuses, keeps silent; or the worker dies before or after the call."""
        for row in rows:
            if self.ledger.piece(row.piece) != row:
                continue  # its call deadline is shorter than the lease: a worker that late no longer calls
            if answer in {"taken", "lost reply", "died after"}:
                self.took[row.piece] = self.took.get(row.piece, 0) + 1
            receipt: Receipt | None = {
                "taken": Accepted("1"),
                "lost reply": Unknown("silence"),
                "refused": Refused("no"),
                "busy": Later("busy"),
            }.get(answer)
            if receipt is not None:
                self.ledger.apply([(row, rules.answered(row, receipt, self.now))], self.now)

    @rule(seconds=st.sampled_from([1, 15, 30, 71, 200]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += seconds * SECOND

    @rule()
    def sweep(self) -> None:
        """The sweeper ends leases and resolves what is in doubt."""
        moves = self.ledger.lapsed(self.now)
        moves += [(row, move) for row in self.ledger.unknown() if (move := rules.resolved(row, self.now))]
        self.ledger.apply(moves, self.now)

    @rule(state=st.sampled_from(["paused", "running"]))
    def pause(self, state: str) -> None:
        """Somebody pauses or resumes the campaign."""
        self.ledger.set_state(self.run, state, self.now)

    @invariant()
    def nothing_went_twice(self) -> None:
        """The channel never took one letter twice."""
        assert all(number == 1 for number in self.took.values())

    @invariant()
    def the_rows_add_up(self) -> None:
        """Every planned row is in exactly one state."""
        assert sum(self.ledger.counts(self.run).values()) == PEOPLE

    def teardown(self) -> None:
        """At the end everything is let go on: each row ends, and the ledger agrees with the channel."""
        self.ledger.set_state(self.run, "running", self.now)
        for _ in range(40):
            self.now += 5 * MINUTE
            self.sweep()
            for row in self.ledger.submit(self.ledger.claim(self.now, PEOPLE, CHANNELS), self.now):
                self.took[row.piece] = self.took.get(row.piece, 0) + 1
                self.ledger.apply([(row, rules.answered(row, Accepted("1"), self.now))], self.now)
        rows = self.ledger.of_send(self.run)
        assert {row.state for row in rows} <= {"accepted", "rejected", "unknown_final"}
        assert all(self.took.get(row.piece) == 1 for row in rows if row.state == "accepted")
        assert all(self.took.get(row.piece, 0) == 0 for row in rows if row.state == "rejected")
        assert all(number == 1 for number in self.took.values())
        self.ledger.database.close()
        self.folder.cleanup()


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
