"""The command palette: people and pages from one box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from onevoice.console.people import queries as people
from onevoice.console.shell.context import PLACES
from onevoice.console.shell.doors import needs

FOUND = 6  #: people shown in the palette


@needs("see")
def palette(request: HttpRequest) -> HttpResponse:
    """Return the pages and the people that match what was typed."""
    wanted = request.GET.get("q", "").strip()
    mine = [place for place in PLACES if request.user.may(place.need)]
    pages = [place for place in mine if wanted.lower() in str(place.name).lower()]
    found = people.search(wanted, limit=FOUND) if wanted else []
    return render(request, "shell/found.html", {"pages": pages, "people": found, "wanted": wanted})
