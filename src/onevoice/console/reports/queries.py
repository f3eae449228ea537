"""What the dashboard shows: live counters from the state store, charts from the engine."""

from django.core.cache import cache

from onevoice.console import house
from onevoice.console.engine import analysis
from onevoice.console.operations import queries as operations
from onevoice.console.reports.figures import RANGES, Chart, Range, overview
from onevoice.domain.moment import MINUTE

FRESH = 20  #: seconds for which charts are shown again without asking the engine


def range_of(key: str) -> Range:
    """Return a range by its key, 90 days unless said otherwise."""
    return next((one for one in RANGES if one.key == key), RANGES[1])


def counters(now: int) -> dict[str, int]:
    """Return what changes while one looks: people, events, the last minute, what waits, what was refused."""
    stores = house.stores()
    last = stores.log.last()
    minute = stores.state.one(
        "SELECT count(*) FROM events WHERE seq > ? AND received_at > ?", (last - operations.RECENT, now - MINUTE)
    )
    return {
        "people": analysis.people_count(),
        "events": last,
        "minute": int(minute[0]) if minute else 0,
        "waiting": operations.waiting(),
        "rejected": operations.counts()["open"],
    }


def charts(chosen: Range) -> list[Chart]:
    """Return the charts of a range."""
    key = f"charts:{chosen.key}:{house.settings().workspace}"
    found = cache.get(key)
    if found is None:
        with analysis.session() as (engine, tables):
            found = overview(engine, tables, chosen.days, house.settings().currency)
        cache.set(key, found, FRESH)
    return found


def charts_ready(chosen: Range) -> list[Chart] | None:
    """Return the charts of a range if they need no waiting."""
    return cache.get(f"charts:{chosen.key}:{house.settings().workspace}")
