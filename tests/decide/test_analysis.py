"""Audiences over a living workspace: intake to log to lake to members and back into the log, on both stores."""

import pytest

from onevoice.adapters import columns
from onevoice.adapters.analysis import NoSuchAudience, NoSuchCampaign
from onevoice.domain import audience as rules
from onevoice.domain.audience import Audience, BadAudience
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import DAY
from onevoice.wiring.analysis import open_analysis
from tests.conftest import NOW
from tests.worker.houses import house, resolve

LOYAL = Audience(title="Loyal", where=rules.Happened(name="Order Completed", value=2, within="90d"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request, tmp_path):
    """Yield the stores of an empty workspace, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url) as made:
        yield made


@pytest.fixture
def analysis(stores):
    """Yield the engine over the workspace."""
    made = open_analysis(stores)
    yield made
    made.close()


def order(number, user, at, **properties):
    """Return one order, as an importer would speak it."""
    return Event(
        id=f"m{number}",
        name=properties.pop("name", "Order Completed"),
        channel="store",
        occurred_at=at,
        received_at=at,
        identifiers=(Identifier("user_id", user, Trust.VERIFIED),),
        traits={"city": f"{user}ville"},
        properties={"total": 10, "currency": "EUR", "products": [{"product_id": "a", "price": 10}]} | properties,
    )


def put_in(stores, *events):
    """Put events into the intake, and resolve them."""
    stores.intake.emit(events, "test", NOW)
    resolve(stores)


def export(stores, upto=10**9):
    """Export the log up to a number."""
    rows = [(one.seq, one.node, one.event) for one in stores.log.events(0, 1_000) if one.seq <= upto]
    stores.lake.append_events(rows)


def persons(stores, *users):
    """Return the persons behind user ids."""
    return {stores.graph.person("user_id", user) for user in users}


def test_members_follow_the_log_through_lake_and_tail(stores, analysis):
    """Exported, half exported or still in the store: the same people are in, and changes are told once."""
    analysis.put("loyal", LOYAL, now=NOW, by="test")
    put_in(stores, order(1, "ann", NOW - DAY), order(2, "ann", NOW - 2 * DAY), order(3, "bob", NOW - DAY))

    first = analysis.refresh("loyal", NOW)
    export(stores, upto=2)
    again = analysis.refresh("loyal", NOW + 1)
    resolve(stores)
    put_in(stores, order(4, "bob", NOW - 3 * DAY))
    export(stores)
    analysis.snapshot()
    third = analysis.refresh("loyal", NOW + 2)
    later = analysis.refresh("loyal", NOW + 90 * DAY)
    resolve(stores)

    assert [(1, 1, 0), (1, 0, 0), (2, 1, 0), (0, 0, 2)] == [
        (one.size, one.entered, one.left) for one in (first, again, third, later)
    ]
    told = [one.event for one in stores.log.events(0, 1_000) if one.event.name.startswith("Audience")]
    assert {
        ("Audience Entered", "ann"),
        ("Audience Entered", "bob"),
        ("Audience Left", "ann"),
        ("Audience Left", "bob"),
    } == {(event.name, event.anchor.value) for event in told}
    assert 4 == len(told)


def test_half_finished_export_counts_no_line_twice(stores, analysis):
    """After a crash between lines and events, what was bought is still counted once."""
    put_in(stores, order(1, "ann", NOW - DAY), order(2, "ann", NOW - DAY))
    rows = [(one.seq, one.node, one.event) for one in stores.log.events(0, 10)]
    stores.lake.append("lines", columns.lines_table(rows), rows[-1][0])

    spent = Audience(where=rules.Bought(measure="amount", op="eq", value=20))
    assert 1 == analysis.count(spent, NOW)


def test_traits_and_consent_come_from_the_state(stores, analysis):
    """Traits and the newest word of consent are asked as they are now, before any export."""
    put_in(stores, order(1, "ann", NOW), order(2, "bob", NOW))
    put_in(
        stores,
        *(
            Event(
                id=f"c{user}{state}", name=f"Consent {state}", channel="web", occurred_at=NOW + at, received_at=NOW,
                identifiers=(Identifier("user_id", user, Trust.VERIFIED),),
                properties={"channel": "email", "purpose": "marketing"},
            )
            for user, state, at in (("ann", "Granted", 1), ("bob", "Granted", 1), ("bob", "Withdrawn", 2))
        ),
    )  # fmt: skip

    city = Audience(where=rules.Trait(name="city", op="eq", value="annville"))
    agreed = Audience(where=rules.Agreed(channel="email"))

    assert persons(stores, "ann") == set(analysis.sample(city, NOW + 9))
    assert persons(stores, "ann") == set(analysis.sample(agreed, NOW + 9))
    (ann,) = persons(stores, "ann")
    assert "annville" == analysis.explain(city, ann, NOW + 9).found


def test_audience_must_be_answerable_to_be_stored(stores, analysis):
    """An audience that mentions what is not there is refused and not stored; asking for none says so."""
    with pytest.raises(BadAudience, match="gone"):
        analysis.put("a", Audience(where=rules.Member(name="gone")), now=NOW, by="test")
    with pytest.raises(NoSuchAudience, match="'a'"):
        analysis.refresh("a", NOW)

    assert {} == analysis.audiences()


def test_campaign_is_measured_from_its_own_events(stores, analysis):
    """A campaign's window and counts come from the log; a campaign that sent nothing is not there."""
    put_in(
        stores,
        order(1, "ann", NOW, name="Mail Piece Sent", campaign_id="spring", piece_id="1"),
        order(2, "ann", NOW + 40 * DAY, name="Coupon Redeemed", campaign_id="spring", coupon="X", redemption_id="r"),
        order(3, "ann", NOW + DAY),
        order(4, "bob", NOW - DAY),
    )

    flight = analysis.flight("spring")
    result = analysis.campaign(flight)

    assert (NOW, NOW + 41 * DAY) == (flight.window.start, flight.window.end)
    assert (2, 1, 1, 1) == (result.people, result.targeted, result.reached, result.redeemed)
    assert (10.0, 0.0) == (result.targeted_arm.revenue, result.other_arm.revenue)
    with pytest.raises(NoSuchCampaign, match="autumn"):
        analysis.flight("autumn")


def test_dashboard_of_an_empty_workspace(stores, analysis):
    """Before anything happened every figure is there, and empty."""
    found = analysis.dashboard()

    assert (0, 0, [], [], 0) == (found.people, found.buyers, found.events, found.categories, found.ropo.store_orders)
