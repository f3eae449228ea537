"""The steps of the first look: go there and tick it off, send it away, bring it back."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from onevoice.console.shell.doors import needs
from onevoice.console.shell.notices import Undo, tell
from onevoice.console.tour import actions, queries
from onevoice.console.tour.steps import DISMISSED, SIGHTS, STARTS

STEPS = {step.key: step for step in (*SIGHTS, *STARTS)}


@needs("see")
@require_safe
def go(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to what a step is about, and tick it off."""
    if key not in STEPS or not request.user.may(STEPS[key].need):
        raise Http404
    there = queries.target(key)
    actions.look(request.user, key)
    return redirect(there)


@needs("see")
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """Send the first look away."""
    actions.look(request.user, DISMISSED)
    tell(request, _("The first look is put away."), undo=Undo("tour-again"))
    return redirect("home")


@needs("see")
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Bring the first look back."""
    actions.bring_back(request.user)
    return redirect("home")
