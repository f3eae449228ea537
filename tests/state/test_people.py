"""The list of people and the search, the same on both databases."""

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.state.people import key
from onevoice.adapters.state.profiles import PersonNotFound, Profiles
from onevoice.adapters.state.search import Search
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.profile.facet import Facets, fold

START = 1_700_000_000_000_000

#: person, name, e-mail, loyalty card, phone.
PEOPLE = [
    ("p1", "Anna Müller", "anna.mueller@example.com", "L-100", "+12025550101"),
    ("p2", "Ann Miller", "ann@example.com", "L-101", "+12025550102"),
    ("p3", "John Smith", "john.smith@example.com", "L-102", "+12025550103"),
    ("p4", "Jon Smyth", "jon@example.com", "L-103", "+12025550104"),
    ("p5", "Katherine O'Brien", "kate@example.com", "L-104", "+12025550105"),
    ("p6", "Guillermo Rodríguez", "guille@example.com", "L-105", "+12025550106"),
]


def add_node(database: Database, node: int, person: str, kind: str, value: str, trust: int = 2) -> None:
    """Write one row of the graph."""
    columns = (
        "node", "kind", "value", "person", "component", "status", "trust", "first_at", "marks", "neighbours", "founded",
        "dormant", "held",
    )  # fmt: skip
    row = (node, kind, value, person, node, 0, trust, START, "", 0, 0, "", 0)
    database.insert("nodes", columns, [row])
    person_row = (person, START, node, "", "")
    columns = ("id", "founded_at", "founder", "household", "redirect")
    database.insert("persons", columns, [person_row], "ON CONFLICT DO NOTHING")


def tell(database: Database, node: int, number: int, name: str = "Page Viewed", **given: object) -> Event:
    """Fold one event into a node and store it."""
    fields = {"channel": "web", "occurred_at": START + number, "received_at": START, "source": "shop", **given}
    identifiers = (Identifier("user_id", f"u{node}", Trust.VERIFIED),)
    event = Event(id=f"m{number}", name=name, identifiers=identifiers, **fields)  # type: ignore[arg-type]
    facets, profiles = Facets(), Profiles(database)
    profiles.fill(facets, [node])
    fold(facets, node, event)
    profiles.save(facets)
    return event


@pytest.fixture
def shop(database: Database) -> Database:
    """Return a store with six people, the last seen last."""
    for number, (person, name, email, card, phone) in enumerate(PEOPLE, 1):
        add_node(database, number * 10, person, "email", email)
        add_node(database, number * 10 + 1, person, "loyalty_id@till", card)
        add_node(database, number * 10 + 2, person, "phone", phone)
        channel = "store" if number % 2 else "web"
        tell(database, number * 10, number, "Identify", traits={"name": name}, channel=channel)
    Profiles(database).refresh(person for person, *_ in PEOPLE)
    return database


def found(shop: Database, text: str) -> list[str]:
    """Return the names of the answers, best first."""
    return [hit.summary.name for hit in Search(shop).find(text)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ANN@Example.com ", "Ann Miller"),
        ("(202) 555-0103", "John Smith"),
        ("+12025550105", "Katherine O'Brien"),
        ("L-105", "Guillermo Rodríguez"),
        ("loyalty_id@till:L-103", "Jon Smyth"),
    ],
)
def test_identifiers_are_found_exactly(shop: Database, typed: str, expected: str) -> None:
    """Any identifier of any kind finds its person first, however it is written."""
    hits = Search(shop).find(typed)

    assert (expected, 1.0) == (hits[0].summary.name, hits[0].score)
    assert "name" != hits[0].found_by


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("john smith", ["John Smith", "Jon Smyth"]),
        ("smith john", ["John Smith", "Jon Smyth"]),
        ("jhon smtih", ["John Smith"]),
        ("katehrine", ["Katherine O'Brien"]),
        ("obrien", ["Katherine O'Brien"]),
        ("rodriguez", ["Guillermo Rodríguez"]),
        ("guilermo rodrigues", ["Guillermo Rodríguez"]),
        ("muller", ["Anna Müller", "Ann Miller"]),
        ("ann mi", ["Ann Miller"]),
        ("kath", ["Katherine O'Brien"]),
        ("nobody", []),
        ("zz top", []),
        ("", []),
        ("%_'\"; --", []),
    ],
)
def test_names_are_found_as_typed_begun_or_mistyped(shop: Database, typed: str, expected: list[str]) -> None:
    """Order, case, accents, apostrophes, beginnings and small typos do not matter; the best answer comes first."""
    answer = found(shop, typed)

    assert expected == answer[: len(expected)]
    assert not expected or len(answer) <= 3
    assert expected or answer == []


def test_pages_of_the_list_are_the_whole_newest_first(shop: Database) -> None:
    """Page by page every person comes once, the last seen first."""
    people = Profiles(shop).people
    first = people.page(limit=4)
    second = people.page(key(first[-1]), limit=4)

    assert ["p6", "p5", "p4", "p3", "p2", "p1"] == [one.person for one in first + second]
    assert 6 == people.count()


def test_list_is_narrowed_by_channel_and_tag(shop: Database) -> None:
    """Those met in a channel, those with a tag; a tag taken off counts no more."""
    people = Profiles(shop).people
    tell(shop, 20, 101, "Tag Added", properties={"tag": "VIP guest"})
    tell(shop, 30, 102, "Tag Added", properties={"tag": "VIP guest"})
    tell(shop, 30, 103, "Tag Removed", properties={"tag": "VIP guest"})
    Profiles(shop).refresh(["p2", "p3"])

    assert ["p5", "p3", "p1"] == [one.person for one in people.page(channel="store")]
    assert ["p2"] == [one.person for one in people.page(tag="VIP guest")]
    assert {"VIP guest": 1} == people.tags()


def test_line_says_what_the_profile_says(shop: Database) -> None:
    """A line carries name, addresses, channels, spending and consent."""
    tell(shop, 30, 200, "Order Completed", channel="store", properties={"total": 12.5, "currency": "USD"})
    tell(shop, 30, 201, "Consent Granted", properties={"channel": "email"})
    Profiles(shop).refresh(["p3"])
    line = Profiles(shop).people.of(["p3"])[0]

    assert ("John Smith", "JS", "john.smith@example.com", "+12025550103", True, 3) == (
        *(line.name, line.initials, line.email, line.phone),
        *(line.known, line.identifiers),
    )
    assert (("store",), 1, 12_500_000, "USD", {"email": "granted"}) == (
        *(line.channels, line.orders),
        *(line.revenue, line.currency, line.consent),
    )


def test_absorbed_people_vanish_from_list_and_search(shop: Database) -> None:
    """After two people were joined one line is left, with both names' words."""
    shop.execute("UPDATE nodes SET person = 'p3' WHERE person = 'p4'")
    shop.execute("UPDATE persons SET redirect = 'p3' WHERE id = 'p4'")
    Profiles(shop).refresh(["p3"])

    assert 5 == Profiles(shop).people.count()
    assert ["p3"] == [hit.summary.person for hit in Search(shop).find("jon@example.com")]
    assert ("p3", ("p4",)) == (Profiles(shop).profile("p4").person, Profiles(shop).profile("p4").absorbed)


def test_a_new_name_replaces_the_old_in_the_search(shop: Database) -> None:
    """Words nobody has any more leave no trace in terms and vocabulary."""
    tell(shop, 50, 300, "Identify", traits={"name": "Maria Weber"})
    Profiles(shop).refresh(["p5"])

    assert ["Maria Weber"] == found(shop, "weber")
    assert [] == found(shop, "katherine")
    assert [] == shop.query("SELECT * FROM people_grams WHERE word IN ('katherine', 'obrien')")


def test_refreshing_twice_changes_nothing(shop: Database) -> None:
    """The pass over changed people may be repeated after a crash."""
    tables = ("people", "people_terms", "people_grams")
    before = [sorted(shop.query(f"SELECT * FROM {table}")) for table in tables]
    Profiles(shop).refresh(["p1", "p2", "p3", "p4", "p5", "p6"])

    assert before == [sorted(shop.query(f"SELECT * FROM {table}")) for table in tables]


def test_profiles_are_found_by_identifier(shop: Database) -> None:
    """A profile is looked up by any identifier; nobody gives a named error."""
    profile = Profiles(shop).lookup("loyalty_id@till", "L-100")

    assert ("p1", "Anna Müller") == (profile.person, profile.value("name"))
    assert {"email", "loyalty_id@till", "phone"} == {one.identifier.kind for one in profile.identifiers}
    with pytest.raises(PersonNotFound):
        Profiles(shop).lookup("email", "nobody@example.com")
    with pytest.raises(PersonNotFound):
        Profiles(shop).profile("p99")


def test_people_without_a_name_are_called_by_what_is_known(database: Database) -> None:
    """An address, else a member number, else a visitor."""
    add_node(database, 1, "a", "email", "lee@example.com", trust=1)
    add_node(database, 2, "b", "loyalty_id", "77")
    add_node(database, 3, "c", "anonymous_id", "xyz", trust=1)
    Profiles(database).refresh(["a", "b", "c"])
    lines = {one.person: (one.name, one.known) for one in Profiles(database).people.of(["a", "b", "c"])}

    assert {"a": ("lee@example.com", False), "b": ("Loyalty 77", True), "c": ("Unknown visitor", False)} == lines
    assert ["b"] == [one.person for one in Profiles(database).people.page(known=True)]


def test_contact_of_a_claim_is_marked(database: Database) -> None:
    """An address that only a public key claimed is shown but may not be written to."""
    add_node(database, 1, "a", "email", "lee@example.com", trust=1)
    add_node(database, 2, "a", "user_id", "u1", trust=2)
    profile = Profiles(database).profile("a")

    assert {"email": False, "user_id": True} == {one.identifier.kind: one.contactable for one in profile.identifiers}
    assert msgspec.json.encode(profile)
