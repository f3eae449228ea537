"""
Audiences and reports over everything there is: the lake, what is not exported yet, and the state of people.

The pure stages build the questions; this runs them, keeps memberships and puts the changes into the intake.
"""

import threading
from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa
import pyarrow.dataset as pads

from onevoice.adapters.database import Database
from onevoice.adapters.engine import Engine, Tables
from onevoice.adapters.lake import Lake
from onevoice.adapters.picture import Picture
from onevoice.adapters.portrait import STATE, Mark, Portrait
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.members import Members
from onevoice.decide import audience as audiences
from onevoice.decide import explanation
from onevoice.domain.audience import Audience, BadAudience, Reason
from onevoice.domain.errors import NotFound
from onevoice.domain.estimate import CampaignResult, Flight, Window
from onevoice.domain.identifier import Identifier
from onevoice.domain.moment import DAY
from onevoice.measure import campaign, dashboard

KIND = "audience"  #: of the documents


class NoSuchAudience(NotFound):
    """There is no audience of that name."""


class NoSuchCampaign(NotFound):
    """The log knows nothing of that campaign."""


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh of an audience changed."""

    audience: str
    size: int
    entered: int
    left: int


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the first page, as rows; money in micros, weeks as the moment of their Monday."""

    people: int
    households: int
    events: list[dict[str, object]]
    revenue: list[dict[str, object]]
    places: list[dict[str, object]]
    categories: list[dict[str, object]]
    buyers: int
    repeated: int
    ropo: dashboard.Ropo


class Analysis:
    """One engine over one workspace. Calls of several threads wait for each other."""

    def __init__(self, state: Database, intake: Intake, lake: Lake, engine: Engine) -> None:
        self.lake = lake
        self.engine = engine
        self.members = Members(state)
        self._picture = Picture(state)
        self._portrait = Portrait(state)
        self._definitions = Definitions(state)
        self._graph = GraphStore(state)
        self._intake = intake
        self._busy = threading.RLock()
        self._mounted: tuple[Mark, tuple[int, ...]] | None = None
        self._tables: Tables = {}

    def close(self) -> None:
        """Let go of the engine."""
        self.engine.close()

    # --- what there is

    def tables(self) -> Tables:
        """Return every table as of now; nothing is read anew while log and lake stand still."""
        with self._busy:
            while self._mounted != (now := (self._portrait.now(), self.lake.versions())):
                self._tables = self._mount(now[0])
                self._mounted = now  # should the exporter have been at work meanwhile, mount again
            return self._tables

    def _mount(self, now: Mark) -> Tables:
        state = {} if all(self.lake.reflects(name) == now for name in STATE) else self._state()
        tail = self._picture.tail(self.lake.last_seq())
        # Lines are exported before their events: a crash between the two leaves some of the tail's lines in the lake.
        lines = tail["lines"].filter(pads.field("seq") > self.lake.upto("lines"))
        return self.engine.mount_lake(self.lake, {"events": tail["events"], "lines": lines, **state}, fresh=state)

    def _state(self) -> Mapping[str, pa.Table]:
        """Return the tables of the state as they are now, following the log from where they were last looked at."""
        self._portrait.hold(self.lake)
        return self._portrait.tables()

    def snapshot(self) -> int:
        """Write the state to the lake for other readers, and return the log number it reflects."""
        with self._busy:
            now = self._portrait.now()
            if any(self.lake.reflects(name) != now for name in STATE):
                state = self._state()
                now = self._portrait.mark
                for name in STATE:
                    self.lake.snapshot(name, state[name], *now)
            return now[0]

    # --- audiences

    def audiences(self) -> dict[str, Audience]:
        """Return the newest version of every audience."""
        return {one.name: msgspec.json.decode(bytes(one.body), type=Audience) for one in self._definitions.newest(KIND)}

    def audience(self, name: str) -> tuple[Audience, int]:
        """
        Return an audience and its version.

        Raises:
            NoSuchAudience: There is none of that name.
        """
        found = self._definitions.find(KIND, name)
        if found is None:
            raise NoSuchAudience(f"There is no audience named {name!r}.", name=name)
        return msgspec.json.decode(bytes(found.body), type=Audience), found.version

    def put(self, name: str, audience: Audience, *, now: int, by: str) -> int:
        """
        Store an audience if it can be answered, and return its version.

        Raises:
            BadAudience: It mentions an audience that does not exist, or itself.
        """
        audiences.check(audience, {**self.audiences(), name: audience})
        return self._definitions.put(KIND, name, audience, now=now, by=by).version

    def count(self, audience: Audience, now: int) -> int:
        """Return how many people satisfy an audience."""
        with self._busy:
            return self.engine.count(audiences.select(audience, self.tables(), now=now, audiences=self.audiences()))

    def sample(self, audience: Audience, now: int, limit: int = 20) -> list[str]:
        """Return some people who satisfy an audience, in the order of their ids."""
        with self._busy:
            chosen = audiences.select(audience, self.tables(), now=now, audiences=self.audiences())
            return [str(row["person"]) for row in self.engine.fetch(chosen.order_by("person").limit(limit))]

    def sql(self, audience: Audience, now: int) -> str:
        """Return the SQL that an audience becomes."""
        with self._busy:
            return self.engine.sql(audiences.select(audience, self.tables(), now=now, audiences=self.audiences()))

    def explain(self, audience: Audience, person: str, now: int) -> Reason:
        """Return why a person is in an audience, or is not."""
        others = self.audiences()
        with self._busy:
            asked = explanation.question(audience, self.tables(), person, now=now, audiences=others)
            return explanation.reason(audience, self.engine.fetch(asked), audiences=others)

    def refresh(self, name: str, now: int) -> Refreshed:
        """Compute an audience anew, keep who is in it, and tell the log who came and who left."""
        audience, version = self.audience(name)
        with self._busy:
            chosen = audiences.select(audience, self.tables(), now=now, audiences=self.audiences())
            persons = [p for batch in self.engine.batches(chosen) for p in batch["person"].to_pylist()]
        entered, left = self.members.replace(name, version, persons, now)
        self.tell(now)
        return Refreshed(audience=name, size=len(persons), entered=len(entered), left=len(left))

    def refresh_all(self, now: int) -> list[Refreshed]:
        """Compute every audience anew; one that cannot be answered leaves the others alone."""
        done = []
        for name in self.audiences():
            try:
                done.append(self.refresh(name, now))
            except BadAudience:
                continue
        return done

    def tell(self, now: int) -> int:
        """Put membership changes that the log has not heard of into the intake."""
        return self.members.tell(self._identify, lambda events: self._intake.emit(events, "decide", now))

    def _identify(self, persons: Sequence[str]) -> Mapping[str, Sequence[Identifier]]:
        found = {person: self._graph.identifiers(person) for person in persons}
        return {person: _strongest(identifiers) for person, identifiers in found.items() if identifiers}

    # --- reports

    def flight(self, name: str, days: int = 28) -> Flight:
        """
        Return a campaign's window as the log shows it: from its first letter to its last redemption, or so many days.

        Raises:
            NoSuchCampaign: It never sent anything.
        """
        events = self.tables()["events"]
        sent = events.filter(events.campaign == name, events.name.isin((*campaign.SENT, *campaign.WITHHELD)))
        used = events.filter(events.campaign == name, events.name.isin(campaign.REDEEMED))
        (first,) = self.engine.fetch(sent.aggregate(at=sent.occurred_at.min()))
        (last,) = self.engine.fetch(used.aggregate(at=used.occurred_at.max()))
        if first["at"] is None:
            raise NoSuchCampaign(f"The log knows nothing sent by a campaign named {name!r}.", campaign=name)
        start = int(first["at"]) // DAY * DAY
        end = max(start + days * DAY, (int(last["at"] or 0) // DAY + 1) * DAY)
        return Flight(campaign=name, window=Window(start=start, end=end))

    def campaign(self, flight: Flight, share: float = 0.0) -> CampaignResult:
        """Return what a campaign did; *share* is the percentage planned as holdout."""
        with self._busy:
            return campaign.measure(self.tables(), flight, self.engine.fetch, share=share)

    def dashboard(self) -> Dashboard:
        """Return the figures of the first page."""
        with self._busy:
            tables, fetch = self.tables(), self.engine.fetch
            (people,), (buyers,) = fetch(dashboard.people(tables)), fetch(dashboard.repeat_buyers(tables))
            (counts,) = fetch(dashboard.ropo_counts(tables))
            return Dashboard(
                people=people["people"],
                households=people["households"],
                events=fetch(dashboard.events_by_channel(tables)),
                revenue=fetch(dashboard.revenue_by_channel(tables)),
                places=fetch(dashboard.store_and_online(tables)),
                categories=fetch(dashboard.top_categories(tables)),
                buyers=buyers["buyers"],
                repeated=buyers["repeated"] or 0,
                ropo=dashboard.ropo(counts),
            )


def _strongest(identifiers: Sequence[Identifier]) -> list[Identifier]:
    return sorted(identifiers, key=lambda one: (-one.trust, one.kind, one.value))
