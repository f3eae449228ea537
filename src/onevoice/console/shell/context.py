"""What the frame of every page knows."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from onevoice.console import house
from onevoice.console.shell.notices import told


class Place(NamedTuple):
    """One entry of the sidebar."""

    view: str
    name: Any
    icon: str
    need: str
    key: str  #: the second key of the `g …` shortcut


PLACES = (
    Place("home", _("Dashboard"), "layout-dashboard", "see", "d"),
    Place("people", _("People"), "users", "see", "p"),
    Place("audiences", _("Audiences"), "users-group", "see", "a"),
    Place("campaigns", _("Campaigns"), "speakerphone", "see", "c"),
    Place("rejected", _("Rejected events"), "alert-triangle", "inspect", "r"),
    Place("health", _("Sources & health"), "activity-heartbeat", "inspect", "h"),
    Place("settings", _("Settings"), "settings", "self", "s"),
)
THEMES = {"light", "dark", "auto"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the sidebar, the notices and the workspace's name."""
    member = getattr(request, "user", None)
    signed_in = member is not None and member.is_authenticated
    theme = request.COOKIES.get("onevoice_theme", "auto")
    return {
        "places": [place for place in PLACES if signed_in and member.may(place.need)],
        "notices": told(request) if signed_in and not getattr(request, "htmx", False) else [],
        "workspace": house.settings().workspace,
        "currency": house.settings().currency,
        "here": request.path.strip("/").partition("/")[0] or "home",
        "theme": theme if theme in THEMES else "auto",
        "now": house.now(),
    }
