"""Membership is history: who came, who left, each told to the log once, on both stores."""

from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.adapters.database import SqliteDatabase
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.members import Members, Size
from onevoice.domain.identifier import Identifier
from tests.conftest import NOW


class Crash(Exception):
    """The process dies here."""


class Log:
    """What the log makes of what it is given: every id once, in order of arrival."""

    def __init__(self):
        self.events = {}
        self.dies = False

    def emit(self, events):
        """Keep events by id; die afterwards if told to."""
        for event in events:
            self.events.setdefault(event.id, event)
        if self.dies:
            raise Crash

    def steps(self):
        """Return (name, person, stay) in order."""
        return [
            (e.name.removeprefix("Audience ").lower(), e.identifiers[0].value, e.properties["stay"])
            for e in self.events.values()
        ]


def identify(persons):
    """Every person is a user id, but p9, who was merged away."""
    return {person: (Identifier("user_id", person), Identifier("email", "x")) for person in persons if person != "p9"}


def test_members_come_and_go(database):
    """A refresh opens and closes stays, keeps history and the trend, and repeating it changes nothing."""
    members = Members(database)

    assert (["p1", "p2"], []) == members.replace("loyal", 1, ["p2", "p1"], NOW)
    assert ([], []) == members.replace("loyal", 1, ["p1", "p2"], NOW + 1)
    assert (["p3"], ["p1"]) == members.replace("loyal", 2, ["p2", "p3"], NOW + 2)
    assert (["p1"], []) == members.replace("loyal", 2, ["p1", "p2", "p3"], NOW + 3)
    members.replace("other", 1, ["p1"], NOW + 4)

    assert ["p1", "p2", "p3"] == sorted(members.people("loyal"))
    assert ["p2", "p3"] == [stay.person for stay in members.page("loyal", after="p1")]
    assert 3 == members.size("loyal")
    assert [("other", 1, NOW + 4, None), ("loyal", 2, NOW + 3, None), ("loyal", 1, NOW, NOW + 2)] == [
        (stay.audience, stay.stay, stay.entered_at, stay.left_at) for stay in members.of_person("p1")
    ]
    assert [
        Size(at=NOW + 3, version=2, size=3, entered=1, gone=0),
        Size(at=NOW + 2, version=2, size=2, entered=1, gone=1),
    ] == members.trend("loyal", limit=2)


def test_changes_are_told_in_order(database):
    """Entering and leaving become events on the person's strongest identifier, with version and time."""
    members, log = Members(database), Log()
    members.replace("loyal", 1, ["p1", "p9"], NOW)
    members.replace("loyal", 3, [], NOW + 5)

    assert 2 == members.tell(identify, log.emit)

    entered, left = log.events.values()
    assert ("Audience Entered", NOW, 1, "loyal") == (
        entered.name, entered.occurred_at, entered.properties["version"], entered.properties["audience"],
    )  # fmt: skip
    assert ("Audience Left", NOW + 5, 3) == (left.name, left.occurred_at, left.properties["version"])
    assert (Identifier("user_id", "p1"),) == entered.identifiers
    assert 0 == members.tell(identify, log.emit)


def test_leaving_while_being_told_is_told_too(database):
    """A person who leaves between the telling and its mark is still heard of."""
    members, log = Members(database), Log()
    members.replace("loyal", 1, ["p1"], NOW)

    def emit(events):
        log.emit(events)
        if len(log.events) == 1:
            members.replace("loyal", 1, [], NOW + 1)

    members.tell(identify, emit)
    members.tell(identify, emit)

    assert [("entered", "p1", 1), ("left", "p1", 1)] == log.steps()


def test_forgotten_person_leaves_no_stay(database):
    """Erasure removes every stay of a person."""
    members = Members(database)
    members.replace("a", 1, ["p1", "p2"], NOW)
    members.replace("a", 1, ["p2"], NOW + 1)
    members.replace("b", 1, ["p1"], NOW)

    assert 2 == members.forget(["p1"])
    assert [] == members.of_person("p1")
    assert ["p2"] == list(members.people("a"))


@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from(["p1", "p2", "p3"])), st.sampled_from(["tell", "crash", ""])), max_size=8
    )
)
@settings(max_examples=40)
def test_log_hears_every_change_once_whatever_crashes(tmp_path_factory, steps):
    """However refreshes, tellings and crashes follow each other, the log holds each step once and in order."""
    database = SqliteDatabase(tmp_path_factory.mktemp("state") / "state.db", durable=False)
    migrate(database, "state", now=NOW)
    members, log = Members(database), Log()
    expected, inside, stays = set(), set(), {}
    for at, (people, what) in enumerate([*steps, (set(), "tell")]):
        for person in people - inside:
            stays[person] = stays.get(person, 0) + 1
            expected.add(("entered", person, stays[person]))
        expected |= {("left", person, stays[person]) for person in inside - people}
        inside = people
        members.replace("a", 1, people, NOW + at)
        log.dies = what == "crash"
        try:
            if what:
                members.tell(identify, log.emit)
        except Crash:
            pass
    database.close()

    assert sorted(expected) == sorted(log.steps())
    for person, stay in stays.items():
        assert ["entered", "left"] == [s for s, p, n in log.steps() if (p, n) == (person, stay)]
