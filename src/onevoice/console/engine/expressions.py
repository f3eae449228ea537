"""What the dashboard asks of the events: Ibis expressions, the same on every engine."""

from typing import Any

import ibis

from onevoice.domain.moment import DAY
from onevoice.measure.campaign import REDEEMED, SENT, WITHHELD

ONLINE = ("web", "app")
WINDOW = 30 * DAY  #: how long before a purchase in a store an online visit counts as its research
ORDER = "Order Completed"


def within(events: ibis.Table, since: int, until: int) -> ibis.Table:
    """Return the events of a period."""
    return events.filter(events.occurred_at >= since, events.occurred_at < until)


def _bucket(at: Any, origin: int, width: int) -> Any:
    return ((at - origin) // width).cast("int64")


def span(events: ibis.Table) -> ibis.Table:
    """Return how many events there are, from when to when."""
    return events.aggregate(n=events.count(), first=events.occurred_at.min(), last=events.occurred_at.max())


def by_channel(events: ibis.Table, origin: int, width: int) -> ibis.Table:
    """Return bucket, channel, number of events and revenue in micros."""
    marked = events.mutate(bucket=_bucket(events.occurred_at, origin, width))
    return marked.group_by("bucket", "channel").aggregate(
        n=marked.count(),
        revenue=marked.revenue.sum(),
        orders=(marked.name == ORDER).cast("int64").sum(),
    )


def newcomers(events: ibis.Table, origin: int, width: int) -> ibis.Table:
    """Return bucket and how many people were first met in it."""
    first = events.group_by("person").aggregate(first=events.occurred_at.min())
    marked = first.mutate(bucket=_bucket(first.first, origin, width))
    return marked.group_by("bucket").aggregate(n=marked.count())


def researched(events: ibis.Table, origin: int, width: int) -> ibis.Table:
    """
    Return bucket, store orders, and how many of them followed an online visit of the same person within the window.

    The newest online moment up to each row is a running maximum, so no row is joined to another.
    """
    online = events.channel.isin(ONLINE)
    bought = (events.channel == "store") & (events.name == ORDER)
    some = events.filter(online | bought)
    marked = some.mutate(visit=ibis.ifelse(some.channel.isin(ONLINE), some.occurred_at, ibis.null("int64")))
    running = ibis.window(group_by=marked.person, order_by=marked.occurred_at, preceding=None, following=0)
    seen = marked.mutate(visited=marked.visit.max().over(running))
    orders = seen.filter(seen.channel == "store").mutate(bucket=_bucket(seen.occurred_at, origin, width))
    followed = (orders.visited >= orders.occurred_at - WINDOW).fill_null(False)
    return orders.group_by("bucket").aggregate(
        orders=orders.count(),
        researched=followed.cast("int64").sum(),
        revenue=orders.revenue.sum(),
        researched_revenue=ibis.ifelse(followed, orders.revenue, ibis.literal(0, "int64")).sum(),
    )


def flights(events: ibis.Table) -> ibis.Table:
    """Return every campaign that sent something: its people, its first and last letter, how many redeemed."""
    ours = events.filter(events.campaign.notnull(), events.name.isin((*SENT, *REDEEMED)))
    sent = ours.name.isin(SENT)
    found = ours.group_by("campaign").aggregate(
        people=ours.person.nunique(where=sent),
        first=ours.occurred_at.min(where=sent),
        last=ours.occurred_at.max(where=sent),
        redeemed=ours.person.nunique(where=ours.name.isin(REDEEMED)),
    )
    return found.filter(found.people > 0).order_by(ibis.desc("first"), "campaign")


def flight_of(events: ibis.Table, campaign: str) -> ibis.Table:
    """Return when a campaign sent its first letter, and when the last of its codes was redeemed."""
    ours = events.filter(events.campaign == campaign)
    return ours.aggregate(
        first=ours.occurred_at.min(where=ours.name.isin((*SENT, *WITHHELD))),
        last=ours.occurred_at.max(where=ours.name.isin(REDEEMED)),
    )
