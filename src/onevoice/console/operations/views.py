"""Rejected events: why, mend, replay, set aside. Sources and health."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from onevoice.adapters.database import Database
from onevoice.adapters.state.rejects import Group
from onevoice.console import house
from onevoice.console.operations import access, actions, mending, queries
from onevoice.console.shell.doors import needs
from onevoice.console.shell.notices import Undo, tell


def counted(one: str, many: str, count: int) -> str:
    """Return a sentence about so many rejects."""
    return ngettext(one, many, count) % {"count": count}


@needs("inspect")
def rejected(request: HttpRequest) -> HttpResponse:
    """List the causes for which events were refused."""
    state = queries.state_of(request.GET.get("state", "open"))
    page = {"state": state, "groups": queries.groups(state), "counts": queries.counts(), "states": queries.STATES}
    return render(request, "operations/rejected.html", page)


@needs("inspect")
def group(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Show one cause and the events refused for it."""
    state = queries.state_of(request.GET.get("state", "open"))
    found = access.group(fingerprint, state)
    before = int(request.GET["before"]) if request.GET.get("before", "").isdigit() else None
    rows = queries.rejects(fingerprint, state, before)
    page = {
        "group": found,
        "state": state,
        "advice": queries.advice(found.reason),
        "rows": [(row, queries.pretty(row.what.raw)) for row in rows],
        "older": rows[-1].id if len(rows) == queries.PAGE else None,
        **(rule_form(request, found) if state == "open" and mending.is_mendable(found) else {}),
    }
    return render(request, "operations/group.html", page)


@needs("operate")
def mend(request: HttpRequest, reject_id: int) -> HttpResponse:
    """Let somebody correct one refused event and send it again."""
    row = access.reject(reject_id)
    text, fault = queries.pretty(row.what.raw), ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            actions.mend(reject_id, text)
        except actions.NotJson as error:
            fault = str(error)
        else:
            tell(request, _("Sent through the door again. If it is refused once more, it comes back here."))
            return redirect("rejected")
    page = {"row": row, "text": text, "fault": fault, "advice": queries.advice(row.what.reason)}
    return render(request, "operations/mend.html", page, status=400 if fault else 200)


def rule_form(request: HttpRequest, group: Group) -> dict[str, object]:
    """Return the form for a mending rule, and what the rule would make of the group's newest event."""
    given = request.POST if request.method == "POST" else request.GET
    draft = mending.draft_of(given, group)
    form: dict[str, object] = {"draft": draft, "deeds": mending.DEEDS, "types": mending.TYPES}
    try:
        return {**form, "trial": mending.try_out(group, draft)}
    except mending.IncompleteRule as error:
        return {**form, "fault": str(error)}


@needs("operate")
def rule(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Try a rule: the outcome alone for htmx, else a page with the form."""
    found = access.group(fingerprint, "open")
    page = {"group": found, **rule_form(request, found)}
    return render(request, "operations/trial.html" if request.htmx else "operations/rule.html", page)


@needs("operate")
@require_POST
def keep_rule(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Keep a rule and send the group again."""
    found = access.group(fingerprint, "open")
    try:
        kept, count = mending.keep(found, mending.draft_of(request.POST, found), by=request.user, now=house.now())
    except mending.IncompleteRule:
        return render(request, "operations/rule.html", {"group": found, **rule_form(request, found)}, status=400)
    sent = counted("%(count)s event goes through the door again.", "%(count)s events go through the door again.", count)
    undo = Undo("reject-rule-undo", {"name": kept.name})
    tell(request, _("The rule for “%(event)s” is kept.") % {"event": found.name[:80]} + f" {sent}", undo=undo)
    return redirect("rejected")


@needs("operate")
@require_POST
def undo_rule(request: HttpRequest, name: str) -> HttpResponse:
    """Take the newest step of a rule back."""
    mending.take_back(name, by=request.user, now=house.now())
    tell(request, _("The rule is taken back. What came through with it stays."))
    return redirect("rejected")


@needs("operate")
@require_POST
def replay_all(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Send a whole group through the door again."""
    count = actions.replay(actions.open_ids(fingerprint, queries.state_of(request.POST.get("state", "open"))))
    tell(
        request,
        counted("%(count)s event goes through the door again.", "%(count)s events go through the door again.", count),
    )
    return redirect("rejected")


@needs("operate")
@require_POST
def discard_all(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Set a whole group aside."""
    ids = actions.open_ids(fingerprint)
    count = actions.discard(ids)
    undo = Undo("reject-reopen", {"fingerprint": fingerprint}, {"ids": ",".join(map(str, ids))})
    tell(request, counted("%(count)s event is set aside.", "%(count)s events are set aside.", count), undo=undo)
    return redirect("rejected")


@needs("operate")
@require_POST
def reopen(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Take back that events were set aside: those named, or the whole group."""
    named = [int(part) for part in request.POST.get("ids", "").split(",") if part.isdigit()]
    count = actions.reopen(named or actions.open_ids(fingerprint, "discarded"))
    tell(request, counted("%(count)s event is open again.", "%(count)s events are open again.", count))
    return redirect("rejected")


@needs("inspect")
def health(request: HttpRequest) -> HttpResponse:
    """Show who sends, who reads, and whether there is room."""
    now = house.now()
    database: Database = house.stores().state
    page = {
        "sources": queries.sources(now),
        "readers": queries.readers(),
        "waiting": queries.waiting(),
        "counts": queries.counts(),
        "events": access.log().last(),
        "disk": queries.disk(),
        "dialect": database.dialect,
        "settings": house.settings(),
    }
    template = "operations/health_live.html" if request.htmx else "operations/health.html"
    return render(request, template, page)
