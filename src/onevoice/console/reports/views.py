"""The dashboard."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from onevoice.console import house
from onevoice.console.reports import queries
from onevoice.console.reports.figures import RANGES
from onevoice.console.shell.doors import needs
from onevoice.console.tour.queries import card
from onevoice.console.workspace.queries import example


@needs("see")
def home(request: HttpRequest) -> HttpResponse:
    """Show the figures at once, and the charts as soon as the engine has them."""
    chosen = queries.range_of(request.GET.get("range", ""))
    counters = queries.counters(house.now())
    page = {
        "counters": counters,
        "ranges": RANGES,
        "chosen": chosen,
        "charts": queries.charts_ready(chosen) if counters["events"] else [],
        "tour": card(request.user, counters["events"]),
        "example": example("WRITE_KEY", house.settings().url),
    }
    return render(request, "reports/home.html", page)


@needs("see")
def live(request: HttpRequest) -> HttpResponse:
    """Return the counters."""
    return render(request, "reports/counters.html", {"counters": queries.counters(house.now())})


@needs("see")
def charts(request: HttpRequest) -> HttpResponse:
    """Return the charts of a range."""
    chosen = queries.range_of(request.GET.get("range", ""))
    return render(request, "reports/charts.html", {"charts": queries.charts(chosen)})
