"""The dashboard's numbers, against sums made by hand."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.domain.moment import DAY, HOUR

ORDER = "Order Completed"
MOMENTS = st.integers(0, 20_000 * DAY)


@given(MOMENTS, st.integers(0, 4_000 * DAY), st.sampled_from([0, 30, 90, 365]))
def test_bars_cover_the_period(first: int, length: int, days: int) -> None:
    """Bars are equal, at most eighty (but for decades), begin on a day, and the newest event lies in the last."""
    from onevoice.console.reports.figures import BARS, WIDTHS, period

    last = first + length
    bars = period(days, first, last)

    assert bars.since % DAY == 0
    assert (last - bars.since) // bars.width == bars.bars - 1
    assert bars.bars <= BARS or bars.width == WIDTHS[-1] * DAY
    assert len(bars.labels) == bars.bars
    assert days == 0 or bars.until - bars.since <= days * DAY


def everything(workspace: Any) -> list[tuple[str, Event]]:
    """Return person and event for the whole log."""
    stores = workspace.stores
    owner = dict(stores.state.query("SELECT node, person FROM nodes"))
    return [(owner[one.node], one.event) for one in stores.log.events(0, 100_000)]


def charts(workspace: Any) -> dict[str, Any]:
    """Return the charts over all time, computed now."""
    from onevoice.console.engine import analysis
    from onevoice.console.reports.figures import overview

    with analysis.session() as (engine, tables):
        return {chart.key: chart for chart in overview(engine, tables, 0, "USD")}


def test_charts_add_up_to_the_log(workspace: Any) -> None:
    """Events by channel, people, revenue and places are the sums over the log, made by hand."""
    found, log = charts(workspace), everything(workspace)
    orders = [event for _, event in log if event.name == ORDER]
    spent = Counter({event.channel: 0 for event in orders})
    for event in orders:
        spent[event.channel] += round(event.properties["total"] * 100)

    by_channel = {one.tone: sum(one.data) for one in found["channels"].series}
    assert abs(sum(by_channel.values()) - len(log)) <= len(log) * 0.2
    assert by_channel["store"] == Counter(event.channel for _, event in log)["store"]
    assert abs(found["people"].series[0].data[-1] - len({person for person, _ in log})) <= 3
    assert round(100 * sum(found["revenue"].series[0].data)) == sum(spent.values())
    assert [spent["store"], spent["web"]] == [round(100 * sum(one.data)) for one in found["places"].series]


def test_research_counts_store_orders_after_a_visit(workspace: Any) -> None:
    """A store purchase is researched if the same person was online within the thirty days before it."""
    from onevoice.console.engine import analysis, expressions

    log = everything(workspace)
    visits: dict[str, list[int]] = {}
    for person, event in log:
        if event.channel in {"web", "app"}:
            visits.setdefault(person, []).append(event.occurred_at)
    bought = [(person, event.occurred_at) for person, event in log if event.channel == "store" and event.name == ORDER]
    expected = sum(any(0 <= at - seen <= 30 * DAY for seen in visits.get(person, [])) for person, at in bought)

    with analysis.session() as (engine, tables):
        rows = engine.fetch(expressions.researched(tables["events"], 0, 10_000 * DAY))
    assert (len(bought), expected) == (sum(row["orders"] for row in rows), sum(row["researched"] for row in rows))
    assert 0 < expected


def test_an_empty_log_has_no_charts() -> None:
    """Without events nothing is drawn."""
    from onevoice.adapters import columns
    from onevoice.adapters.engine import open_engine
    from onevoice.console.reports.figures import overview

    engine = open_engine("duckdb")
    for name, schema in columns.SCHEMAS.items():
        engine.mount(name, schema.empty_table())

    assert [] == overview(engine, engine.tables(), 90, "USD")


def test_dashboard_says_in_words_what_it_draws(signed_in: Any) -> None:
    """Each chart has a sentence, a table with the same numbers, and its data as JSON."""
    page = signed_in("analyst").get("/dashboard/charts?range=all").content.decode()

    assert 5 == page.count('role="img"') == page.count("<table") == page.count('type="application/json"')
    assert "of them met in this period" in page
    assert "was earned in stores" in page


def test_counters_come_from_the_stores(signed_in: Any, workspace: Any) -> None:
    """The live figures are the store's, and what happened in the last minute counts."""
    from onevoice.console.reports import queries
    from onevoice.wiring.workspace import now

    found = queries.counters(now())

    assert workspace.stores.log.last() == found["events"]
    assert found["minute"] <= found["events"]
    assert 0 == queries.counters(now() + HOUR)["minute"]
    assert 200 == signed_in("sales").get("/dashboard/counters").status_code
