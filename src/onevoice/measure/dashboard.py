"""
The figures of the first page, each one expression: people, events and revenue by channel, categories, repeat buyers.

Weeks start on Monday, UTC. Money stays in whole micros until the last step, per currency.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import ibis
import msgspec

from onevoice.domain.estimate import Answer, Estimate, Inconclusive, Refused
from onevoice.domain.money import MICROS
from onevoice.measure import interval

Tables = Mapping[str, ibis.Table]
Fetch = Callable[[ibis.Table], list[dict[str, Any]]]

DAY = 24 * 3600 * MICROS  #: microseconds
WEEK = 7 * DAY
#: 1970-01-01 was a Thursday: weeks that start on Monday start this much later.
MONDAY = 4 * DAY

STORE = ("store",)
ONLINE = ("web", "app")

LOOKBACK = 7  #: days in which a web visit may have led to the shop
SHIFT = 4  #: weeks by which the placebo window is earlier
FEWEST = 30  #: store orders below which nothing is said


class Ropo(msgspec.Struct, frozen=True, kw_only=True):
    """Research online, buy in store: what of it is more than chance, and what it was computed from."""

    answer: Answer
    store_orders: int
    seen: int  #: of them, by people whom we ever met online: only these can be judged
    with_visit: float  #: share of the seen orders with an online visit in the days before
    with_placebo: float  #: the same, weeks earlier, when it cannot have led to this order
    days: int = LOOKBACK
    weeks: int = SHIFT


def week(at: Any) -> Any:
    """Return the Monday, as a moment, of the week in which a moment lies."""
    return (at - MONDAY) // WEEK * WEEK + MONDAY


def people(tables: Tables) -> ibis.Table:
    """Return how many people and households there are."""
    known = tables["people"]
    return known.aggregate(people=known.count(), households=known.household.nunique())


def events_by_channel(tables: Tables) -> ibis.Table:
    """Return events per channel and week."""
    events = tables["events"]
    return (
        events.group_by(events.channel, week=week(events.occurred_at))
        .aggregate(events=events.count(), people=events.person.nunique())
        .order_by("week", "channel")
    )


def revenue_by_channel(tables: Tables) -> ibis.Table:
    """Return orders and revenue (micros) per channel, currency and week."""
    sales = _sales(tables)
    return (
        sales.group_by(sales.channel, sales.currency, week=week(sales.occurred_at))
        .aggregate(orders=(sales.revenue >= 0).cast("int64").sum(), revenue=sales.revenue.sum())
        .order_by("week", "channel", "currency")
    )


def store_and_online(tables: Tables) -> ibis.Table:
    """Return orders, revenue (micros) and people for store, online and everything else, per currency."""
    sales = _sales(tables)
    place = ibis.cases((sales.channel.isin(STORE), "store"), (sales.channel.isin(ONLINE), "online"), else_="other")
    return (
        sales.group_by(sales.currency, place=place)
        .aggregate(
            orders=(sales.revenue >= 0).cast("int64").sum(), revenue=sales.revenue.sum(), people=sales.person.nunique()
        )
        .order_by("currency", "place")
    )


def top_categories(tables: Tables, limit: int = 10) -> ibis.Table:
    """Return the categories that earned most, refunds taken off."""
    lines = tables["lines"].filter(tables["lines"].category.notnull())
    return (
        lines.group_by("category")
        .aggregate(amount=lines.amount.sum(), quantity=lines.quantity.sum(), people=lines.person.nunique())
        .order_by(ibis.desc("amount"), "category")
        .limit(limit)
    )


def repeat_buyers(tables: Tables) -> ibis.Table:
    """Return how many people bought at all, and how many on at least two days."""
    sales = _sales(tables)
    bought = sales.filter(sales.revenue >= 0)
    days = bought.group_by("person").aggregate(days=(bought.occurred_at // DAY).nunique())
    return days.aggregate(buyers=days.count(), repeated=(days.days >= 2).cast("int64").sum())


def _sales(tables: Tables) -> ibis.Table:
    events = tables["events"]
    sales = events.filter(events.revenue.notnull())
    return sales.mutate(currency=sales.currency.fill_null(""))


def ropo_counts(tables: Tables, days: int = LOOKBACK, weeks: int = SHIFT) -> ibis.Table:
    """Return one row: store orders, those judged, and sums per person from which share and error follow."""
    events = tables["events"]
    online = events.filter(events.channel.isin(ONLINE)).select("person", "occurred_at").distinct()
    start = online.aggregate(start=online.occurred_at.min())
    visits = online.select(visitor=online.person, seen_at=online.occurred_at)
    orders = events.filter(events.channel.isin(STORE), events.revenue >= 0).select("id", "person", "occurred_at")
    # Orders too early for a full placebo window would make the placebo look rarer than it is.
    judged = orders.semi_join(online, "person").cross_join(start)
    judged = judged.filter(judged.occurred_at >= judged.start + days * DAY + weeks * WEEK).drop("start")
    length, back = days * DAY, weeks * WEEK
    near = _visited(judged, visits, judged.occurred_at - length, judged.occurred_at).mutate(near=1, far=0)
    far = _visited(judged, visits, judged.occurred_at - length - back, judged.occurred_at - back).mutate(near=0, far=1)
    found = near.union(far).group_by("id").aggregate(near=ibis._.near.max(), far=ibis._.far.max())
    flags = judged.left_join(found, "id").drop("id_right")
    flags = flags.mutate(near=flags.near.fill_null(0).cast("int64"), far=flags.far.fill_null(0).cast("int64"))
    per = flags.group_by("person").aggregate(n=flags.count(), near=flags.near.sum(), far=flags.far.sum())
    d = per.near - per.far
    sums = per.aggregate(
        judged=per.n.sum().fill_null(0), near=per.near.sum().fill_null(0), far=per.far.sum().fill_null(0),
        people=per.count(), dd=(d * d).sum().fill_null(0), dn=(d * per.n).sum().fill_null(0),
        nn=(per.n * per.n).sum().fill_null(0),
    )  # fmt: skip
    return sums.cross_join(orders.aggregate(store_orders=orders.count()))


def _visited(orders: ibis.Table, visits: ibis.Table, low: Any, high: Any) -> ibis.Table:
    """Return the ids of orders whose person visited from *low* on and before *high*."""
    bounded = orders.mutate(low=low, high=high)
    met = bounded.inner_join(visits, bounded.person == visits.visitor)
    return met.filter(met.seen_at >= met.low, met.seen_at < met.high).select("id").distinct()


def ropo(row: Mapping[str, Any], days: int = LOOKBACK, weeks: int = SHIFT) -> Ropo:
    """
    Read the counts: the share of store orders with an online visit before, less the same weeks earlier.

    The interval is that of a ratio over people, so one person's many orders count as one person's.
    """
    n = int(row["judged"])
    with_visit, with_placebo = (int(row["near"]) / n, int(row["far"]) / n) if n else (0.0, 0.0)
    return Ropo(
        answer=_ropo_answer(row, n, with_visit - with_placebo),
        store_orders=int(row["store_orders"]),
        seen=n,
        with_visit=with_visit,
        with_placebo=with_placebo,
        days=days,
        weeks=weeks,
    )


def _ropo_answer(row: Mapping[str, Any], n: int, share: float) -> Answer:
    if not n:
        return Refused(
            reason="No store order belongs to anybody whom we met online long enough before.",
            needs="Online visits of customers who identify themselves in the store too, over several weeks.",
        )
    if n < FEWEST or int(row["people"]) < 2:
        return Inconclusive(reason=f"Only {n} store orders belong to people whom we met online.")
    squares = int(row["dd"]) - 2 * share * int(row["dn"]) + share * share * int(row["nn"])
    groups = int(row["people"])  # few people: Student's quantile, and the usual correction of the variance
    half = interval.student(groups - 1) * math.sqrt(max(0.0, squares) * groups / (groups - 1)) / n
    found = Estimate(
        point=share,
        low=share - half,
        high=share + half,
        n=groups,
        method="visits before the order, less visits in a placebo window",
        assumptions=("Identified customers only.", "Habit alone would bring visits as often weeks earlier."),
    )
    return found if found.sure else Inconclusive(reason="The interval includes zero.", evidence=(found,))
