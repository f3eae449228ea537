"""The figures of the first page, on both engines, against sums done by hand."""

import random

import pyarrow as pa
import pytest

from onevoice.adapters import columns
from onevoice.domain.estimate import Estimate, Inconclusive, Refused
from onevoice.domain.moment import DAY
from onevoice.measure import dashboard

MONDAY = 1_767_571_200_000_000  #: 2026-01-05T00:00Z
NODES = [(n, "email", f"{n}@example.com", f"p{n}", "h1" if n < 3 else None) for n in range(1, 6)]


def event(seq, node, channel, at, revenue=None, currency="EUR", name="Page Viewed"):
    """Return one row of `events`."""
    sale = revenue is not None
    name = "Order Completed" if sale else name
    return (
        seq,
        f"m{seq}",
        name,
        channel,
        node,
        at,
        at,
        revenue,
        currency if sale else None,
        None,
        None,
        None,
        None,
        "{}",
    )


def tables_of(engine, events, lines=()):
    """Mount events and lines with five people."""
    people = [(person, household, "{}") for _, _, _, person, household in NODES]
    for name, schema, rows in (
        ("events", columns.EVENTS, events),
        ("lines", columns.LINES, lines),
        ("nodes", columns.NODES, NODES),
        ("people", columns.PEOPLE, people),
    ):
        engine.mount(name, columns.table(schema, rows))
    return engine.tables()


EVENTS = [
    event(1, 1, "store", MONDAY, 5_000_000),
    event(2, 1, "store", MONDAY + DAY, 7_000_000),
    event(3, 2, "web", MONDAY + 6 * DAY, 3_000_000),
    event(4, 2, "web", MONDAY - 1),
    event(5, 3, "app", MONDAY + 7 * DAY, 1_000_000, "USD"),
    event(6, 1, "store", MONDAY + DAY, -2_000_000),
    event(7, 1, "store", MONDAY + DAY, 1_000_000),
]


def test_figures_by_channel_and_week(engine):
    """Events, revenue and places add up per week, channel and currency; refunds subtract and are no orders."""
    tables = tables_of(engine, EVENTS)

    assert [{"people": 5, "households": 1}] == engine.fetch(dashboard.people(tables))
    assert [
        (MONDAY - 7 * DAY, "web", 1, 1),
        (MONDAY, "store", 4, 1),
        (MONDAY, "web", 1, 1),
        (MONDAY + 7 * DAY, "app", 1, 1),
    ] == [
        (r["week"], r["channel"], r["events"], r["people"]) for r in engine.fetch(dashboard.events_by_channel(tables))
    ]
    assert [
        (MONDAY, "store", "EUR", 3, 11_000_000),
        (MONDAY, "web", "EUR", 1, 3_000_000),
        (MONDAY + 7 * DAY, "app", "USD", 1, 1_000_000),
    ] == [
        (r["week"], r["channel"], r["currency"], r["orders"], r["revenue"])
        for r in engine.fetch(dashboard.revenue_by_channel(tables))
    ]
    assert [
        ("EUR", "online", 1, 3_000_000, 1),
        ("EUR", "store", 3, 11_000_000, 1),
        ("USD", "online", 1, 1_000_000, 1),
    ] == [
        (r["currency"], r["place"], r["orders"], r["revenue"], r["people"])
        for r in engine.fetch(dashboard.store_and_online(tables))
    ]


def test_repeat_buyers_come_on_another_day(engine):
    """Two orders on one day are one visit; only another day makes a repeat buyer."""
    assert [{"buyers": 3, "repeated": 1}] == engine.fetch(dashboard.repeat_buyers(tables_of(engine, EVENTS)))


def test_top_categories_are_net(engine):
    """Categories rank by what they earned after refunds."""
    lines = [
        (1, 1, MONDAY, "store", "a", "soap", None, 1.0, 4_000_000),
        (2, 2, MONDAY, "web", "a", "soap", None, 2.0, 4_000_000),
        (3, 1, MONDAY, "store", "a", "soap", None, -1.0, -4_000_000),
        (3, 1, MONDAY, "store", "b", "wine", None, 1.0, 9_000_000),
        (3, 1, MONDAY, "store", "c", None, None, 1.0, 99_000_000),
    ]

    found = engine.fetch(dashboard.top_categories(tables_of(engine, EVENTS, lines)))

    assert [
        {"category": "wine", "amount": 9_000_000, "quantity": 1.0, "people": 1},
        {"category": "soap", "amount": 4_000_000, "quantity": 2.0, "people": 2},
    ] == found


def shoppers(led):
    """Return events of five people over forty weeks: random visits, store orders, and visits that led to orders."""
    rng = random.Random(5)
    events = []

    def add(node, channel, at, revenue=None):
        events.append(event(len(events) + 1, node, channel, at, revenue))

    for node in range(1, 6):
        for day in range(280):
            if rng.random() < 0.08:
                add(node, "web", MONDAY + day * DAY + rng.randrange(DAY))
            if rng.random() < 0.1:
                at = MONDAY + day * DAY + rng.randrange(DAY)
                add(node, "store", at, 1_000_000)
                if rng.random() < led:
                    add(node, "web", at - rng.randrange(1, 3 * DAY))
    return events


def plainly(events, days=7, weeks=4):
    """Compute the two shares one order at a time."""
    web = [(e[4], e[5]) for e in events if e[3] == "web"]
    first = min(at for _, at in web)
    near = far = n = 0
    for e in events:
        if e[3] != "store" or e[5] < first + days * DAY + weeks * 7 * DAY:
            continue
        n += 1
        near += any(node == e[4] and e[5] - days * DAY <= at < e[5] for node, at in web)
        late = e[5] - weeks * 7 * DAY
        far += any(node == e[4] and late - days * DAY <= at < late for node, at in web)
    return n, near / n, far / n


@pytest.mark.parametrize(("led", "expected"), [(0.6, Estimate), (0.0, Inconclusive)])
def test_research_online_is_what_exceeds_the_placebo(engine, led, expected):
    """Visits that led to the shop are found beyond the placebo window; habit alone is not mistaken for them."""
    events = shoppers(led)

    (row,) = engine.fetch(dashboard.ropo_counts(tables_of(engine, events)))
    found = dashboard.ropo(row)

    assert plainly(events) == (found.seen, found.with_visit, found.with_placebo)
    assert sum(e[3] == "store" for e in events) == found.store_orders
    assert expected is type(found.answer)
    if expected is Estimate:
        assert found.answer.point == found.with_visit - found.with_placebo


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_without_visits_research_is_refused(engine):
    """Where nobody was met online the figure is refused, not zero."""
    (row,) = engine.fetch(dashboard.ropo_counts(tables_of(engine, EVENTS[:2])))

    assert isinstance(dashboard.ropo(row).answer, Refused)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_week_starts_on_monday(engine):
    """The last moment of a Sunday belongs to the week before, the first of a Monday to the new one."""
    moments = engine.mount("moments", pa.table({"at": [MONDAY - 1, MONDAY]}))

    found = engine.run(moments.select(week=dashboard.week(moments.at)).order_by("week"))

    assert [MONDAY - 7 * DAY, MONDAY] == found["week"].to_pylist()
