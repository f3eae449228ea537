"""The dashboard's figures: rows from the engine, turned into charts that also say in words what they show."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

import ibis
import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onevoice.console.engine import expressions
from onevoice.console.shell.tags import compact, money, number, percent
from onevoice.console.shell.words import channel_name
from onevoice.domain.event import CHANNELS
from onevoice.domain.moment import DAY, to_datetime
from onevoice.domain.money import MICROS

BARS = 80  #: bars that a chart may have
WIDTHS = (1, 7, 28, 91, 364)  #: days of one bar


class Fetching(Protocol):
    """What the figures need of an engine."""

    def fetch(self, expression: ibis.Table) -> list[dict[str, Any]]:
        """Evaluate a small expression as rows."""


class Range(NamedTuple):
    """One choice of period."""

    key: str
    name: Any
    days: int  #: 0: everything


RANGES = (
    Range("30d", gettext_lazy("30 days"), 30),
    Range("90d", gettext_lazy("90 days"), 90),
    Range("1y", gettext_lazy("1 year"), 365),
    Range("all", gettext_lazy("All"), 0),
)


class Period(NamedTuple):
    """The bars of a chart: so many of one width from a moment on."""

    since: int
    until: int
    width: int

    @property
    def bars(self) -> int:
        """How many bars there are."""
        return -(-(self.until - self.since) // self.width)

    @property
    def labels(self) -> list[str]:
        """The first day of each bar, ISO 8601."""
        first = to_datetime(self.since).date()
        return [(first + timedelta(days=at * (self.width // DAY))).isoformat() for at in range(self.bars)]


class Series(msgspec.Struct, frozen=True):
    """One line or one colour of bars."""

    name: str
    tone: str
    data: list[float]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One chart: what it is called, what it shows in a sentence, and its numbers."""

    key: str
    title: str
    sentence: str
    form: str  #: stacked, bars, line
    labels: list[str]
    series: list[Series]
    unit: str = ""
    wide: bool = False

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The same numbers as a table, the newest first, empty bars left out."""
        written = [(label, [one.data[at] for one in self.series]) for at, label in enumerate(self.labels)]
        return [
            (label, [self.written(value) for value in values]) for label, values in reversed(written) if any(values)
        ]

    def written(self, value: float) -> str:
        """Return a number of this chart as text."""
        if self.unit == "%":
            return f"{value:.1f}\N{NO-BREAK SPACE}%"
        return f"{value:,.2f}\N{NO-BREAK SPACE}{self.unit}" if self.unit else number(value)


def period(days: int, first: int, last: int) -> Period:
    """Return the bars of a range that ends with the newest event's day."""
    until = (last // DAY + 1) * DAY
    since = max(until - days * DAY, first // DAY * DAY) if days else first // DAY * DAY
    length = max(1, (until - since) // DAY)
    width = next((width for width in WIDTHS if length <= width * BARS), WIDTHS[-1])
    return Period(since, until, width * DAY)


def _filled(rows: list[dict[str, Any]], bars: int, name: str) -> list[int]:
    values = [0] * bars
    for row in rows:
        if 0 <= row["bucket"] < bars:
            values[row["bucket"]] += int(row[name] or 0)
    return values


def overview(engine: Fetching, tables: Mapping[str, ibis.Table], days: int, currency: str) -> list[Chart]:
    """Return every chart of the dashboard for so many days up to the newest event; none if there are no events."""
    everything = engine.fetch(expressions.span(tables["events"]))[0]
    if not everything["n"]:
        return []
    bars = period(days, everything["first"], everything["last"])
    events = expressions.within(tables["events"], bars.since, bars.until)
    sums = engine.fetch(expressions.by_channel(events, bars.since, bars.width))
    met = engine.fetch(expressions.newcomers(tables["events"], bars.since, bars.width))
    # The window looks back beyond the period's first day.
    earlier = expressions.within(tables["events"], bars.since - expressions.WINDOW, bars.until)
    visits = engine.fetch(expressions.researched(earlier, bars.since, bars.width))
    return [
        channels_chart(sums, bars),
        people_chart(met, bars),
        revenue_chart(sums, bars, currency),
        places_chart(sums, bars, currency),
        research_chart(visits, bars),
    ]


def _rank(channel: str) -> int:
    return CHANNELS.index(channel) if channel in CHANNELS else len(CHANNELS)


def channels_chart(sums: list[dict[str, Any]], bars: Period) -> Chart:
    """Return events by channel over time."""
    names = sorted({row["channel"] for row in sums}, key=_rank)
    series = [
        Series(channel_name(name), name, list(_filled([row for row in sums if row["channel"] == name], bars.bars, "n")))
        for name in names
    ]
    total = sum(sum(one.data) for one in series)
    best = max(series, key=lambda one: sum(one.data), default=None)
    sentence = _("%(count)s events; most in %(channel)s (%(share)s).") % {
        "count": number(total),
        "channel": best.name if best else "–",
        "share": percent(sum(best.data) / total if best and total else None),
    }
    return Chart(
        key="channels",
        title=_("Events by channel"),
        sentence=sentence,
        form="stacked",
        labels=bars.labels,
        series=series,
        wide=True,
    )


def people_chart(met: list[dict[str, Any]], bars: Period) -> Chart:
    """Return how many people are known over time."""
    before = sum(int(row["n"]) for row in met if row["bucket"] < 0)
    new = _filled(met, bars.bars, "n")
    sentence = _("%(count)s people, %(new)s of them met in this period.") % {
        "count": number(before + sum(new)),
        "new": number(sum(new)),
    }
    total = [float(before + value) for value in accumulate(new)]
    return Chart(
        key="people",
        title=_("People"),
        sentence=sentence,
        form="line",
        labels=bars.labels,
        series=[Series(_("People met so far"), "accent", total)],
    )


def revenue_chart(sums: list[dict[str, Any]], bars: Period, currency: str) -> Chart:
    """Return revenue over time."""
    micros = _filled(sums, bars.bars, "revenue")
    orders = sum(int(row["orders"] or 0) for row in sums)
    sentence = _("%(sum)s from %(orders)s orders.") % {"sum": money(sum(micros), currency), "orders": number(orders)}
    data = [value / MICROS for value in micros]
    return Chart(
        key="revenue",
        title=_("Revenue"),
        sentence=sentence,
        form="line",
        labels=bars.labels,
        series=[Series(_("Revenue"), "accent", data)],
        unit=currency,
    )


def places_chart(sums: list[dict[str, Any]], bars: Period, currency: str) -> Chart:
    """Return revenue in stores against revenue online."""
    store = _filled([row for row in sums if row["channel"] == "store"], bars.bars, "revenue")
    online = _filled([row for row in sums if row["channel"] in expressions.ONLINE], bars.bars, "revenue")
    both = sum(store) + sum(online)
    sentence = _("%(share)s of %(sum)s was earned in stores.") % {
        "share": percent(sum(store) / both if both else None),
        "sum": money(both, currency),
    }
    return Chart(
        key="places",
        title=_("Store and online"),
        sentence=sentence,
        form="bars",
        labels=bars.labels,
        series=[
            Series(_("Store"), "store", [value / MICROS for value in store]),
            Series(_("Online"), "web", [value / MICROS for value in online]),
        ],
        unit=currency,
    )


def research_chart(visits: list[dict[str, Any]], bars: Period) -> Chart:
    """Return the share of store purchases that followed an online visit of the same person."""
    orders = _filled(visits, bars.bars, "orders")
    followed = _filled(visits, bars.bars, "researched")
    total = sum(orders)
    sentence = _("%(share)s of %(orders)s store purchases came within 30 days of a visit to the website or app.") % {
        "share": percent(sum(followed) / total if total else None),
        "orders": compact(total),
    }
    data = [100 * part / whole if whole else 0.0 for part, whole in zip(followed, orders, strict=True)]
    return Chart(
        key="research",
        title=_("Researched online, bought in store"),
        sentence=sentence,
        form="line",
        labels=bars.labels,
        series=[Series(_("Share of store purchases"), "web", data)],
        unit="%",
    )
