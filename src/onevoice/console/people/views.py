"""The list of people, and one person in full."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from onevoice.console import house
from onevoice.console.people import access, actions, erasing, queries
from onevoice.console.shell.doors import needs
from onevoice.console.shell.notices import Undo, tell
from onevoice.domain.event import CHANNELS


@needs("see")
def people(request: HttpRequest) -> HttpResponse:
    """List people, the most recently seen first, or those that match what was typed and chosen."""
    sieve = sieve_of(request)
    rows, after = queries.listed(sieve, request.GET.get("after", ""))
    page = {"rows": rows, "after": after, "sieve": sieve, "continued": "after" in request.GET}
    if request.htmx:
        return render(request, "people/rows.html" if page["continued"] else "people/results.html", page)
    return render(request, "people/people.html", {**page, "channels": CHANNELS, "tags": queries.tags()})


def sieve_of(request: HttpRequest) -> queries.Sieve:
    """Return what an address asks for; a channel that is none asks for nothing."""
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "channel", "tag")}
    channel = asked["channel"] if asked["channel"] in CHANNELS else ""
    return queries.Sieve(wanted=asked["q"], channel=channel, tag=asked["tag"])


@needs("see")
def person(request: HttpRequest, person: str) -> HttpResponse:
    """Show everything about one person."""
    profile = access.profile(person)
    if profile.person != person:
        return redirect("person", profile.person)
    channel = request.GET.get("channel", "")
    page = {
        **queries.shown(profile),
        "timeline": queries.timeline(profile, "", channel),
        "channel": channel,
        "erasure": erasing.waiting(profile),
        "may_split": len(profile.identifiers) > 1 and request.user.may("identify"),
    }
    return render(request, "people/person.html", page)


@needs("see")
def timeline(request: HttpRequest, person: str) -> HttpResponse:
    """Return one page of a person's timeline."""
    profile = access.profile(person)
    channel = request.GET.get("channel", "")
    page = {
        "profile": profile,
        "timeline": queries.timeline(profile, request.GET.get("after", ""), channel),
        "channel": channel,
    }
    return render(request, "people/timeline.html", page)


@needs("see")
def why(request: HttpRequest, person: str) -> HttpResponse:
    """Say in plain words why these identifiers are one person."""
    profile = access.profile(person)
    page = {"profile": profile, "name": queries.name(profile), "links": queries.why(profile)}
    return render(request, "people/why.html", page)


@needs("annotate")
@require_POST
def note(request: HttpRequest, person: str) -> HttpResponse:
    """Write a note."""
    profile = access.profile(person)
    actions.add_note(profile, text=request.POST.get("text", ""), by=request.user, now=house.now())
    tell(request, _("The note is kept."))
    return redirect("person", profile.person)


@needs("annotate")
@require_POST
def tag(request: HttpRequest, person: str) -> HttpResponse:
    """Put a tag on."""
    profile = access.profile(person)
    wanted = actions.clean_tag(request.POST.get("tag", ""))
    actions.add_tag(profile, tag=wanted, by=request.user, now=house.now())
    undo = Undo("person-untag", {"person": profile.person}, {"tag": wanted})
    tell(request, _("Tagged “%(tag)s”.") % {"tag": wanted}, undo=undo)
    return redirect("person", profile.person)


@needs("annotate")
@require_POST
def untag(request: HttpRequest, person: str) -> HttpResponse:
    """Take a tag off."""
    profile = access.profile(person)
    wanted = actions.clean_tag(request.POST.get("tag", ""))
    actions.remove_tag(profile, tag=wanted, by=request.user, now=house.now())
    undo = Undo("person-tag", {"person": profile.person}, {"tag": wanted})
    tell(request, _("“%(tag)s” is taken off.") % {"tag": wanted}, undo=undo)
    return redirect("person", profile.person)


@needs("identify")
def split(request: HttpRequest, person: str) -> HttpResponse:
    """Let somebody say which identifiers belong to another person."""
    profile = access.profile(person)
    if request.method == "POST":
        nodes = [int(text) for text in request.POST.getlist("node") if text.isdigit()]
        pairs = actions.pairs_of(profile, nodes)
        actions.assert_pairs(pairs, "not_same", by=request.user, now=house.now())
        undo = Undo("person-rejoin", {"person": profile.person}, {"pairs": actions.packed(pairs)})
        tell(request, _("Parted. What was ticked is a person of its own now."), undo=undo)
        return redirect("person", profile.person)
    page = {**queries.shown(profile), "links": queries.why(profile)}
    return render(request, "people/split.html", page)


@needs("identify")
@require_POST
def rejoin(request: HttpRequest, person: str) -> HttpResponse:
    """Take back that identifiers are not the same person's."""
    pairs = actions.unpacked(request.POST.get("pairs", ""))
    actions.assert_pairs(pairs, "withdrawn", by=request.user, now=house.now())
    tell(request, _("Taken back. The evidence decides again."))
    return redirect("person", person)


@needs("export")
def export(request: HttpRequest, person: str) -> HttpResponse:
    """Hand out everything about a person, for people and machines."""
    profile = access.profile(person)
    response = HttpResponse(queries.exported(profile), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="person-{profile.person}.zip"'
    return response


@needs("erase")
def erase(request: HttpRequest, person: str) -> HttpResponse:
    """Ask once more, then have a person forgotten when the grace is over."""
    profile = access.profile(person)
    wrong = request.method == "POST" and request.POST.get("confirm", "").strip() != queries.name(profile).strip()
    if request.method == "POST" and not wrong:
        asked = erasing.ask(profile, by=request.user, now=house.now())
        tell(request, _("Will be erased in an hour."), undo=Undo("person-keep", {"erasure_id": asked.id}))
        return redirect("person", profile.person)
    page = {**queries.shown(profile), "wrong": wrong}
    return render(request, "people/erase.html", page, status=400 if wrong else 200)


@needs("erase")
@require_POST
def keep(request: HttpRequest, erasure_id: int) -> HttpResponse:
    """Take an erasure back."""
    kept = erasing.cancel(erasure_id)
    tell(request, _("Kept. Nothing is erased."))
    return redirect("person", kept.person)
